"""What README tells a person to type, typed."""

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import pictures
from tests.live.gunicorn_server import ROOT, Server

README = (ROOT / "README.md").read_text("utf-8")
README_URL = "http://127.0.0.1:9003"


def block(language: str, containing: str) -> str:
    blocks = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    (found,) = (text for text in blocks if containing in text)
    return str(found)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a picture named as in README."""
    shutil.copy(pictures.FOLDER / "page_latin.png", tmp_path / "1.png")
    return tmp_path


def texts(answer: dict[str, dict[str, str]]) -> list[str]:
    return [entry["rec_txt"] for entry in answer.values()]


def test_the_curl_call_works(server: Server, folder: Path) -> None:
    command = block("bash", "curl").replace(README_URL, server.url)
    run = subprocess.run(command, shell=True, cwd=folder, capture_output=True, check=True)
    assert texts(json.loads(run.stdout)) == pictures.LINES["page_latin.png"]


def test_both_requests_calls_work(server: Server, folder: Path) -> None:
    script = block("python", "requests").replace(README_URL, server.url)
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    answers = [ast.literal_eval(line) for line in run.stdout.splitlines()]
    assert [texts(answer) for answer in answers] == [pictures.LINES["page_latin.png"]] * 2
