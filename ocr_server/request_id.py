"""The id of a request: the client's or the proxy's if well formed, else made here; echoed."""

import re
import uuid

import flask

from ocr_server import record

HEADER = "X-Request-ID"
_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,64}")


def register(app: flask.Flask) -> None:
    """Send the request's id with every response."""
    app.after_request(_echo)


def current_request_id() -> str:
    """Return the id of the request being answered."""
    told = record.of(flask.request.environ)
    if not told.request_id:
        given = flask.request.headers.get(HEADER, "")
        told.request_id = given if _WELL_FORMED.fullmatch(given) else make()
    return told.request_id


def make() -> str:
    """Return a new id."""
    return uuid.uuid4().hex


def _echo(response: flask.Response) -> flask.Response:
    response.headers[HEADER] = current_request_id()
    return response
