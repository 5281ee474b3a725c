# Everything happens in .venv; nothing is installed outside it.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --no-deps

.PHONY: help run install test check fix bench bench-engine fuzz chaos soak container-test lock readme wheel pictures clean

help: ## Show this help
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

run: install ## Serve on port 9003
	$(BIN)/gunicorn -c gunicorn.conf.py wsgi:app

install: .venv/installed ## Make .venv with the pinned dependencies

test: .venv/installed-dev ## Run all tests, with coverage
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

check: .venv/installed-dev ## Lint, format and types; changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fix: .venv/installed-dev ## Mend what lint and format can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/installed-dev ## Compare with the demo servers (IMAGES=folder: more pictures)
	$(BIN)/python -m benchmarks.servers $(if $(IMAGES),--images $(IMAGES))

bench-engine: .venv/installed-dev ## Compare with stock RapidOCR, stage by stage (IMAGES=folder)
	$(BIN)/python -m benchmarks.engine $(if $(IMAGES),--images $(IMAGES))

fuzz: .venv/installed-dev ## Random requests and pictures, more than in `make test` (an hour and a half)
	OCR_SERVER_LONG_TESTS=1 $(BIN)/python -m pytest -s tests/fuzz tests/openapi

chaos: .venv/installed-dev ## Overload, kills, hangs, reloads, a full disk (a quarter of an hour)
	OCR_SERVER_LONG_TESTS=1 $(BIN)/python -m pytest -s tests/chaos

soak: .venv/installed-dev ## Mixed load for half an hour, or OCR_SERVER_SOAK_SECONDS
	OCR_SERVER_LONG_TESTS=1 $(BIN)/python -m pytest -s tests/soak

container-test: .venv/installed-dev ## Replay deploy/Dockerfile in a fresh Debian and try it (root)
	$(BIN)/python -m tests.deploy.replay

lock: .venv/installed-dev ## Pin the newest allowed dependencies again
	$(BIN)/uv pip compile $(LOCK) --extra build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile $(LOCK) --extra build --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

readme: .venv/installed-dev ## Write the generated tables in docs anew
	$(BIN)/python -m tests.readme

wheel: .venv/installed-dev ## Build the wheel into dist/
	$(BIN)/python -m pip --disable-pip-version-check --quiet wheel --no-deps --no-build-isolation -w dist .

pictures: .venv/installed-dev ## Render the test pictures again (needs Debian's fonts-noto-cjk)
	$(BIN)/python tests/pictures/render.py

clean: ## Remove .venv and all caches
	rm -rf .venv .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# opencv-python, the desktop build, must not stand beside opencv-python-headless.
LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	--no-emit-package opencv-python --upgrade

.venv/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON)."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' \
		|| { echo "ocr_server needs Python 3.11 or 3.12: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv .venv

.venv/installed: requirements.lock pyproject.toml | .venv/bin/python
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-build-isolation --editable .
	@touch $@

.venv/installed-dev: requirements-dev.lock .venv/installed
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@
