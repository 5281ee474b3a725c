"""The log: gunicorn's, with one line a request of our own, as text or as JSON.

The lines are written with the standard library. What clients send stands in them as JSON strings,
which escape line breaks and what a terminal would obey; structlog's text renderer lets those pass.
"""

import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from gunicorn.config import Config
from gunicorn.glogging import Logger as GunicornLogger

from ocr_server import record
from ocr_server.settings import Settings

_APPLICATION = "ocr_server"  # Flask's logger has the application's name.
_PLAIN = re.compile(r"[A-Za-z0-9._-]+")
_MOST_CHARACTERS = 256  # of what a client sends, for each field


class Logger(GunicornLogger):
    """gunicorn's logger; its `--access-logformat` is not used."""

    worker: int | None = None  # this process's number among the workers

    def setup(self, cfg: Config) -> None:
        """Set the handlers up, for the application's own messages too."""
        super().setup(cfg)
        if Settings.from_environment().log_format == "json":
            formatter: logging.Formatter = JsonFormatter()
        else:
            formatter = logging.Formatter(self.error_fmt, self.datefmt)
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            if getattr(handler, "_gunicorn", False):  # not those of --logconfig
                handler.setFormatter(formatter)
        application = logging.getLogger(_APPLICATION)
        application.handlers = self.error_log.handlers
        application.propagate = False

    def access(
        self,
        resp: Any,
        req: Any,  # noqa: ARG002 - gunicorn's order of arguments
        environ: Any,
        request_time: timedelta,
    ) -> None:
        """Log a request that was answered."""
        if self.access_log_enabled:
            fields = {**_fields(resp, environ, request_time), "worker": self.worker}
            self.access_log.info("request %s", _Text(fields), extra={"fields": fields})


class JsonFormatter(logging.Formatter):
    """Each message as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "process": record.process,
        }
        fields = getattr(record, "fields", None)
        if fields is not None:
            return json.dumps({**line, "event": "request", **fields})
        line["event"] = record.getMessage()
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


class _Text:
    """Fields of a request as text, made only if the line is written."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields

    def __str__(self) -> str:
        return " ".join(f"{name}={_text(value)}" for name, value in self._fields.items())


def _text(value: Any) -> str:
    plain = not isinstance(value, str) or _PLAIN.fullmatch(value)
    return str(value) if plain else json.dumps(value)


def _fields(resp: Any, environ: Any, request_time: timedelta) -> dict[str, Any]:
    told = record.of(environ)
    status = str(resp.status).split(maxsplit=1)[0]
    stages = told.stopwatch.seconds
    return {
        "id": told.request_id,
        "method": environ.get("REQUEST_METHOD", ""),
        # Not the query: some clients put secrets there.
        "path": environ.get("RAW_URI", "").partition("?")[0][:_MOST_CHARACTERS],
        "status": int(status) if status.isdigit() else status,
        "code": told.code,
        **({"reason": told.reason[:_MOST_CHARACTERS]} if told.reason else {}),
        "client": environ.get("REMOTE_ADDR", ""),
        "forwarded_for": environ.get("HTTP_X_FORWARDED_FOR", "")[:_MOST_CHARACTERS],
        "agent": environ.get("HTTP_USER_AGENT", "")[:_MOST_CHARACTERS],
        "image_bytes": told.image_bytes,
        "image_pixels": told.image_pixels,
        "text_lines": told.text_lines,
        "pages": told.pages,
        "sent_bytes": getattr(resp, "sent", None),
        **{f"{stage}_ms": round(seconds * 1000, 1) for stage, seconds in stages.items()},
        "total_ms": round(request_time.total_seconds() * 1000, 1),
    }
