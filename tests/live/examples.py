"""The examples in README and docs: what they tell a person to run, and what that gives."""

import json
import math
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

URL = "http://127.0.0.1:9003"
COMMANDS = {
    "bash": ["bash", "-o", "pipefail", "-ec"],
    "python": [sys.executable, "-W", "error::DeprecationWarning", "-c"],
    "javascript": ["node", "--input-type=module", "-e"],
}
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# Boxes may differ by this between processors, scores less.
_PIXELS, _SCORE = 1, 1e-3
# Numbers that stand for themselves, and not in a name such as word_1_2.
_NUMBER = re.compile(r"(?<![\w.-])-?\d+(?:\.\d+)?(?![\w.-])")


@dataclass(frozen=True)
class Example:
    """What is to be run, and the answers that are shown below it.

    line: where it begins on its page. shown: language and text of each answer.
    """

    line: int
    language: str
    code: str
    shown: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"{self.line}-{self.language}"


def examples(page: Path) -> list[Example]:
    """Return a page's examples; blocks in other languages are the answers to the one above."""
    text = page.read_text("utf-8")
    found = list[Example]()
    for block in _BLOCK.finditer(text):
        language, content = block.groups()
        if language in COMMANDS:
            line = text.count("\n", 0, block.start()) + 1
            found.append(Example(line, language, content, ()))
        elif language and found:
            last = found[-1]
            shown = (*last.shown, (language, content))
            found[-1] = Example(last.line, last.language, last.code, shown)
    return found


def run(example: Example, folder: Path, url: str = URL, **environment: str) -> str:
    """Run an example against the server at `url`; it must succeed. Return its output."""
    done = subprocess.run(
        [*COMMANDS[example.language], example.code.replace(URL, url)],
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def check(example: Example, given: str) -> None:
    """Compare what an example gave with what is shown; errors must be shown to be allowed."""
    if not example.shown:
        assert "urn:ocr-server:problem" not in given
    for language, shown in example.shown:
        if language == "json":
            assert_alike(documents(given), documents(shown))
        elif language in ("html", "xml", "tsv"):
            assert_text_alike(given, shown)
        else:
            assert given.replace("\f", "").rstrip("\n") == shown.rstrip("\n")


def documents(text: str) -> list[Any]:
    """Return what is written in JSON, one after the other."""
    decoder, found, place = json.JSONDecoder(), [], 0
    while place < len(text.rstrip()):
        place += len(text[place:]) - len(text[place:].lstrip())
        document, place = decoder.raw_decode(text, place)
        found.append(document)
    return found


def assert_alike(given: Any, shown: Any, name: str = "") -> None:
    """Compare answers; boxes and scores may differ by little, and each request has its own id."""
    if isinstance(shown, dict):
        assert list(given) == list(shown)
        for key, value in shown.items():
            assert_alike(given[key], value, key)
    elif isinstance(shown, list):
        assert len(given) == len(shown)
        for one, other in zip(given, shown, strict=True):
            assert_alike(one, other, name)
    elif name in ("dt_boxes", "word_boxes"):
        assert math.isclose(given, shown, abs_tol=_PIXELS, rel_tol=0)
    elif name in ("score", "word_scores"):
        assert math.isclose(float(given), float(shown), abs_tol=_SCORE, rel_tol=0)
    elif name != "request_id":
        assert given == shown


def assert_text_alike(given: str, shown: str) -> None:
    """Compare texts with numbers in them, which may differ by a pixel or a percent."""
    # Pages are written without blanks at the ends of lines.
    given, shown = ("\n".join(map(str.rstrip, text.splitlines())) for text in (given, shown))
    assert _NUMBER.sub("0", given).strip() == _NUMBER.sub("0", shown).strip()
    for one, other in zip(_NUMBER.findall(given), _NUMBER.findall(shown), strict=True):
        assert math.isclose(float(one), float(other), abs_tol=_PIXELS, rel_tol=0), (one, other)
