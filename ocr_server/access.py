"""Who is let in: with API keys set, those who send one."""

from collections.abc import Iterator
from contextlib import suppress

import flask
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import HTTPException

from ocr_server import extension
from ocr_server.connection import upload_within
from ocr_server.errors import InvalidKey, UploadTimeout
from ocr_server.payload import discard_body

_BEARER = "bearer "
_OPEN = {
    "assets.show",
    "docs.show",
    "index.healthz",
    "index.index",
    "index.readyz",
    "openapi.show",
}
_METRICS = "metrics.show"
# For how long a body without a key is let pass by; who sends it slowly must not hold a thread.
_STRANGER_SECONDS = 2


def register(app: flask.Flask) -> None:
    """Check the key of each request before anything is done for it."""
    app.before_request(_check)


def _check() -> None:
    ocr_server = extension.current()
    settings, keys = ocr_server.settings, ocr_server.keys
    endpoint = flask.request.endpoint
    is_open = endpoint in _OPEN or (endpoint == _METRICS and settings.open_metrics)
    if not keys or is_open or any(map(keys.hold, _presented())):
        return
    # Whatever is wrong with the body, it is the key that the client must be told of.
    seconds = min(_STRANGER_SECONDS, settings.max_upload_seconds)
    with (
        suppress(HTTPException, ParseException, UploadTimeout),
        upload_within(seconds, flask.request.environ, ocr_server.deadlines),
    ):
        discard_body(flask.request)
    raise InvalidKey(
        "An API key is needed: send `Authorization: Bearer KEY` or `X-API-Key: KEY`. "
        "Ask whoever runs this server for one."
    )


def _presented() -> Iterator[str]:
    headers = flask.request.headers
    authorization = headers.get("Authorization", "")
    if authorization[: len(_BEARER)].lower() == _BEARER:
        yield authorization[len(_BEARER) :].strip()
    if "X-API-Key" in headers:
        yield headers["X-API-Key"].strip()
