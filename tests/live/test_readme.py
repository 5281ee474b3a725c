"""What README tells a person to type, typed."""

import ast
import json
import re
import subprocess
import sys

import pytest

from tests import pictures
from tests.live.gunicorn_server import ROOT, Server

README = (ROOT / "README.md").read_text("utf-8")
README_URL = "http://127.0.0.1:9003"


def block(language: str, containing: str) -> str:
    blocks = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    (found,) = (text for text in blocks if containing in text)
    return str(found)


def test_the_curl_call_gives_the_answer_shown(server: Server) -> None:
    command = block("bash", "curl").replace(README_URL, server.url)
    run = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, check=True)
    shown, given = json.loads(block("json", "Harvest"))["0"], json.loads(run.stdout)["0"]
    assert list(given) == list(shown)
    assert given["rec_txt"] == shown["rec_txt"]
    assert float(given["score"]) == pytest.approx(float(shown["score"]), abs=1e-3)
    for given_corner, shown_corner in zip(given["dt_boxes"], shown["dt_boxes"], strict=True):
        assert given_corner == pytest.approx(shown_corner, abs=1)


def test_both_requests_calls_work(server: Server) -> None:
    script = block("python", "requests").replace(README_URL, server.url)
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    answers = [ast.literal_eval(line) for line in run.stdout.splitlines()]
    texts = [[entry["rec_txt"] for entry in answer.values()] for answer in answers]
    assert texts == [pictures.LINES["small.png"]] * 2
