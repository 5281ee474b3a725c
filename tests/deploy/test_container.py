"""What deploy/Dockerfile says; tests/deploy/replay.py does and tries all of it."""

import os
import re
import socket
import subprocess
import sys
import tomllib

import pytest
from flask.testing import FlaskClient

from ocr_server.settings import Settings
from tests.deploy import dockerfile
from tests.deploy.dockerfile import ROOT

STAGES = dockerfile.read()
IMAGE = STAGES[-1]
IGNORED = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] != "#"]
COPIED = [
    source
    for stage in STAGES
    for step in stage.all("COPY")
    if "from" not in step.flags
    for source in step.words[:-1]
]


def test_all_stages_have_one_python_that_the_project_allows() -> None:
    (base,) = {stage.base for stage in STAGES}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    bounds = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", project["requires-python"])
    found = re.fullmatch(r"python:3\.(\d+)-slim-\w+", base)
    assert bounds
    assert found
    assert int(bounds[1]) <= int(found[1]) < int(bounds[2])


def test_the_user_is_a_number_and_not_root() -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", IMAGE.last("USER").text)


@pytest.mark.parametrize("source", COPIED)
def test_what_is_copied_is_there(source: str) -> None:
    assert (ROOT / source).exists()


def test_nothing_else_is_given_to_the_build() -> None:
    first, *others = IGNORED
    assert first == "*"
    assert {line[1:] for line in others if line.startswith("!")} == set(COPIED)


def test_the_port_is_the_servers() -> None:
    assert int(IMAGE.last("EXPOSE").text) == Settings.model_fields["port"].default


def test_the_server_is_started_without_a_shell() -> None:
    entry = IMAGE.last("ENTRYPOINT")
    assert entry.is_exec_form
    assert entry.words == ["ocr_server"]


def test_the_path_of_the_health_check_exists(client: FlaskClient) -> None:
    (path,) = re.findall(r"http://127\.0\.0\.1:%s(/\w+)", IMAGE.last("HEALTHCHECK").text)
    assert client.get(path).status_code == 200


def test_the_health_check_fails_where_nobody_answers() -> None:
    program, *arguments = IMAGE.last("HEALTHCHECK").words
    assert program == "python3"
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # and does not listen
        environment = {**os.environ, "OCR_SERVER_PORT": str(silent.getsockname()[1])}
        command = [sys.executable, *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert b"refused" in done.stderr
    assert done.returncode == 1
