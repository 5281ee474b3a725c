"""What holds for every reply of the server, whatever was sent."""

import json
import re
import sys
from importlib.metadata import version
from pathlib import Path

from tests.live.gunicorn_server import ROOT

PACKAGES = ["flask", "werkzeug", "gunicorn", "numpy", "onnxruntime", "opencv-python-headless"]
_TRACES = [
    r"Traceback",
    r"\w\.py\b",
    r"site-packages",
    re.escape(str(ROOT)),
    re.escape(sys.prefix),
    re.escape(str(Path.home())) + "/",
    *(rf"(?<![\d.]){re.escape(version(name))}(?![\d.])" for name in PACKAGES),
    rf"[Pp]ython/?\s*{sys.version_info.major}\.{sys.version_info.minor}",
]
TRACE = re.compile("|".join(_TRACES))
_MEMBERS = {"type", "title", "status", "detail", "code", "request_id"}


def check(status: int, headers: str, body: str) -> str:
    """Check a reply of the application; return the error's code, or "" where there is none."""
    assert status < 500 or status == 503, body
    assert not TRACE.search(headers + body), headers + body
    if status < 400:
        return ""
    problem = json.loads(body)
    assert "application/problem+json" in headers
    assert problem.keys() == _MEMBERS
    assert problem["status"] == status
    assert isinstance(problem["code"], str)
    return str(problem["code"])
