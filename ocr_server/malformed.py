"""Requests that are not proper HTTP: gunicorn's complaints -> our errors and their answers."""

from http import HTTPStatus

from gunicorn.http import errors as http

from ocr_server import errors, problem
from ocr_server.errors import OcrServerError
from ocr_server.request_id import HEADER

_CLIENT_FAULTS = (http.ParseException, http.LimitRequestHeaders, http.LimitRequestLine)
_SERVER_FAULTS = (
    http.ConfigurationProblem,
    http.InvalidResponseHeader,  # type: ignore[attr-defined] # newer than the types
    http.InvalidResponseHeaderName,  # type: ignore[attr-defined]
)


def error_of(complaint: BaseException, needs_key: bool) -> OcrServerError | None:
    """Return what to tell the client; None if the fault is not the client's.

    Where keys are needed, headers too large to read hold none.
    """
    if not isinstance(complaint, _CLIENT_FAULTS) or isinstance(complaint, _SERVER_FAULTS):
        return None
    if isinstance(complaint, http.LimitRequestLine):
        return errors.RequestLineTooLong("The request line is too long. Send options in the form.")
    if isinstance(complaint, http.LimitRequestHeaders):
        if needs_key:
            return errors.InvalidKey("The headers are too large to look for an API key in them.")
        return errors.HeadersTooLarge("The request headers are too large. Send fewer and shorter.")
    return errors.ClientError("The request is not proper HTTP/1.1. Let your HTTP client build it.")


def answer(error: OcrServerError, request_id: str) -> bytes:
    """Return a whole HTTP response, after which the connection is to be closed."""
    body = problem.body_of(error, request_id)
    head = [
        f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}",
        f"Content-Type: {problem.CONTENT_TYPE}",
        f"Content-Length: {len(body)}",
        f"{HEADER}: {request_id}",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
    ]
    if isinstance(error, errors.InvalidKey):
        head.append(f"WWW-Authenticate: {problem.CHALLENGE}")
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body
