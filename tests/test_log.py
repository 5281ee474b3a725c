"""One line a request, in which a client's words cannot do harm."""

import json
import logging
from datetime import timedelta
from types import SimpleNamespace

import pytest
from gunicorn.config import Config

from ocr_server import record
from ocr_server.log import JsonFormatter, Logger
from ocr_server.record import Record

ANSWER = SimpleNamespace(status="200 OK", sent=12)
WICKED = '/a"b\r\nforged line\x1b[31m\u2028é'


def line_of(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    form: str,
    **environ: object,
) -> str:
    monkeypatch.setenv("OCR_SERVER_LOG_FORMAT", form)
    config = Config()
    config.set("accesslog", "-")
    Logger(config).access(ANSWER, None, environ, timedelta(seconds=1))
    return capsys.readouterr().out


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_a_client_sends_stays_one_line_of_printable_characters(
    form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = line_of(
        monkeypatch,
        capsys,
        form,
        REQUEST_METHOD="POST",
        RAW_URI=WICKED,
        HTTP_USER_AGENT=WICKED,
        HTTP_X_FORWARDED_FOR=WICKED,
    )
    assert line.endswith("\n")
    assert line[:-1].isprintable()
    assert line.isascii()


def test_a_json_line_has_all_there_is_to_know(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = Record("an-id", image_bytes=5, image_pixels=6, text_lines=7)
    with told.stopwatch.time("decode"):
        pass
    line = line_of(
        monkeypatch,
        capsys,
        "json",
        REQUEST_METHOD="POST",
        RAW_URI="/ocr?secret=1",
        **{record.NAME: told},
    )
    found = json.loads(line)
    assert (found["event"], found["id"], found["path"]) == ("request", "an-id", "/ocr")
    assert (found["status"], found["code"], found["sent_bytes"]) == (200, "ok", 12)
    assert (found["image_bytes"], found["image_pixels"], found["text_lines"]) == (5, 6, 7)
    assert found["total_ms"] == 1000
    assert found["decode_ms"] >= 0
    assert "secret" not in line


def test_a_text_line_quotes_what_is_not_a_plain_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = line_of(monkeypatch, capsys, "text", REQUEST_METHOD="GET", RAW_URI="/a b")
    assert ' method=GET path="/a b" status=200 ' in line


def test_a_line_stays_short_whatever_a_client_sends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fields = dict.fromkeys(["RAW_URI", "HTTP_USER_AGENT", "HTTP_X_FORWARDED_FOR"], "x" * 8000)
    line = line_of(
        monkeypatch, capsys, "text", **fields, **{record.NAME: Record(reason="x" * 8000)}
    )
    assert len(line) < 2000


def test_other_messages_are_json_too_with_their_traceback() -> None:
    try:
        raise KeyError("x")
    except KeyError as error:
        info = (KeyError, error, error.__traceback__)
    message = logging.LogRecord("a", logging.ERROR, "", 1, "failed %s", ("here",), info)
    found = json.loads(JsonFormatter().format(message))
    assert (found["event"], found["level"]) == ("failed here", "error")
    assert "KeyError: 'x'" in found["traceback"]
