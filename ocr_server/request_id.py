"""The id of a request: the client's or the proxy's if well formed, else made here; echoed."""

import re
import uuid

import flask

HEADER = "X-Request-ID"
_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,64}")


def register(app: flask.Flask) -> None:
    """Send the request's id with every response."""
    app.after_request(_echo)


def current_request_id() -> str:
    """Return the id of the request being answered."""
    if "request_id" not in flask.g:
        given = flask.request.headers.get(HEADER, "")
        flask.g.request_id = given if _WELL_FORMED.fullmatch(given) else uuid.uuid4().hex
    return str(flask.g.request_id)


def _echo(response: flask.Response) -> flask.Response:
    response.headers[HEADER] = current_request_id()
    return response
