"""Errors -> RFC 9457 problem details. No traceback, path or version leaves the server here."""

import json
from contextlib import suppress

import flask
from gunicorn.http.errors import ParseException
from werkzeug import exceptions
from werkzeug.exceptions import HTTPException

from ocr_server import errors, extension, record
from ocr_server.connection import upload_within
from ocr_server.errors import OcrServerError
from ocr_server.payload import MAX_FIELDS
from ocr_server.request_id import current_request_id

CONTENT_TYPE = "application/problem+json"
_SECONDS = 10
_PIECE_BYTES = 64 * 1024
CHALLENGE = 'Bearer realm="ocr_server"'


def register(app: flask.Flask) -> None:
    """Answer every error of the application with a problem."""
    app.register_error_handler(OcrServerError, _answer)
    app.register_error_handler(HTTPException, _answer_http_exception)
    app.register_error_handler(ParseException, _answer_broken_body)
    app.register_error_handler(Exception, _answer_surprise)


def body_of(error: OcrServerError, request_id: str) -> bytes:
    """Return the problem details of an error."""
    return json.dumps(error.members(request_id), ensure_ascii=False).encode()


def _answer(error: OcrServerError) -> flask.Response:
    record.of(flask.request.environ).code = error.code
    body = body_of(error, current_request_id())
    response = flask.Response(body, error.status, content_type=CONTENT_TYPE)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, errors.InvalidKey):
        response.headers["WWW-Authenticate"] = CHALLENGE
    if isinstance(error, errors.UploadTimeout | errors.InvalidKey):
        response.headers["Connection"] = "close"  # The rest of the body may still come.
    return response


def _answer_http_exception(error: HTTPException) -> flask.Response:
    has_passed = not isinstance(error, exceptions.RequestEntityTooLarge) or _let_pass()
    response = _answer(_translate(error))
    if not has_passed:
        response.headers["Connection"] = "close"
    if isinstance(error, exceptions.MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _let_pass() -> bool:
    """Let a body pass by that is larger than is read; many clients send all before they listen.

    Returns whether its end came in time.
    """
    environ, deadlines = flask.request.environ, extension.current().deadlines
    with suppress(OSError, ParseException, errors.UploadTimeout):
        with upload_within(_SECONDS, environ, deadlines):
            while environ["wsgi.input"].read(_PIECE_BYTES):
                pass
        return True
    return False


def _answer_broken_body(_: ParseException) -> flask.Response:
    """Answer a body whose framing gunicorn cannot read; what follows it cannot be trusted."""
    response = _answer(errors.ClientError("The request body is cut short or broken."))
    record.of(flask.request.environ).reason = "broken body"
    response.headers["Connection"] = "close"
    return response


def _translate(error: HTTPException) -> OcrServerError:
    """Return the error of ours that Flask's or Werkzeug's stands for."""
    if isinstance(error, exceptions.NotFound):
        return errors.NotFound("There is nothing at this path; GET / tells what there is.")
    if isinstance(error, exceptions.MethodNotAllowed):
        return errors.MethodNotAllowed(
            f"{flask.request.method} is not allowed at this path. Pictures are sent with POST to "
            "/ocr, documents to /ocr/document; / is a page to try it on."
        )
    if isinstance(error, exceptions.RequestEntityTooLarge):
        limit = flask.current_app.config["MAX_CONTENT_LENGTH"]
        return errors.BodyTooLarge(
            f"The request body may have at most {limit} bytes and {MAX_FIELDS} fields. Send less."
        )
    if error.code is not None and 400 <= error.code < 500:
        return errors.ClientError("The request cannot be processed. Let your HTTP client build it.")
    return OcrServerError("The server failed on this request.")


def _answer_surprise(error: Exception) -> flask.Response:
    flask.current_app.logger.exception("Request %s failed", current_request_id(), exc_info=error)
    return _answer(
        OcrServerError(
            "The server failed on this request; its log has the cause under this request_id."
        )
    )
