"""What the pages in docs tell a person to run, run: they give what is shown."""

import hashlib
import re
import secrets
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.live.busy_once import busy_once
from tests.live.examples import COMMANDS, Example, check, examples, run
from tests.live.gunicorn_server import ROOT, Server, serve

EXAMPLES = {
    f"{name}:{example}": example
    for name in ("api.md", "documents.md", "formats.md")
    for example in examples(ROOT / "docs" / name)
}
(MAKES_FILES,) = (name for name in EXAMPLES if "import pikepdf" in EXAMPLES[name].code)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like a checkout, with the pictures, `.venv` and the files to try."""
    made = tmp_path_factory.mktemp("checkout")
    (made / "tests").mkdir()
    (made / "tests" / "pictures").symlink_to(ROOT / "tests" / "pictures")
    (made / ".venv").symlink_to(sys.prefix)
    run(EXAMPLES[MAKES_FILES], made)
    (made / "try" / "password.txt").write_text("quince", "utf-8")
    return made


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """A server with an API key, and the key."""
    key = secrets.token_urlsafe(32)
    key_hash = hashlib.sha256(key.encode()).hexdigest()
    place = tmp_path_factory.mktemp("locked")
    with serve(place, ["-w", "1"], slots="1", api_keys=key_hash) as server:
        yield server, key


def those(kind: str) -> list[str]:
    return [name for name in EXAMPLES if kind_of(EXAMPLES[name]) == kind]


def kind_of(example: Example) -> str:
    """Return which server an example is for."""
    if "OCR_SERVER_KEY" in example.code:
        return "locked"
    return "busy" if re.search("--retry|Retry-After", example.code) else "plain"


@pytest.mark.parametrize("name", those("plain"))
def test_an_example_gives_what_is_shown(name: str, server: Server, folder: Path) -> None:
    check(EXAMPLES[name], run(EXAMPLES[name], folder, server.url))


@pytest.mark.parametrize("name", those("locked"))
def test_an_example_with_a_key_is_let_in(
    name: str, locked: tuple[Server, str], folder: Path
) -> None:
    server, key = locked
    check(EXAMPLES[name], run(EXAMPLES[name], folder, server.url, OCR_SERVER_KEY=key))


@pytest.mark.parametrize("name", those("busy"))
def test_an_example_tries_again_when_the_server_is_busy(
    name: str, server: Server, folder: Path
) -> None:
    with busy_once(server.url) as busy:
        check(EXAMPLES[name], run(EXAMPLES[name], folder, busy.url))
        assert (busy.refused, busy.passed_on) == (1, 1)


def test_a_server_with_a_key_is_tried_as_told(folder: Path) -> None:
    (example,) = (
        example
        for example in examples(ROOT / "docs" / "operations.md")
        if "ocr_server key" in example.code
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    moved = replace(example, code=example.code.replace("9004", port))
    assert '"rec_txt": "Harvest"' in run(moved, folder, PYTHONPATH=str(ROOT))


def test_there_are_examples_of_each_kind_in_each_language() -> None:
    told = {(EXAMPLES[name].language, kind_of(EXAMPLES[name])) for name in EXAMPLES}
    assert told == {
        (language, kind) for language in COMMANDS for kind in ("plain", "locked", "busy")
    }
