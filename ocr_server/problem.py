"""Errors -> RFC 9457 problem details. No traceback, path or version leaves the server here."""

import json
from http import HTTPStatus

import flask
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

from ocr_server.errors import BodyTooLarge, ClientError, OcrServerError
from ocr_server.request_id import current_request_id

CONTENT_TYPE = "application/problem+json"


def register(app: flask.Flask) -> None:
    """Answer every error of the application with a problem."""
    app.register_error_handler(OcrServerError, _answer)
    app.register_error_handler(HTTPException, _answer_http_exception)
    app.register_error_handler(Exception, _answer_surprise)


def problem(code: str, status: int, title: str, detail: str) -> flask.Response:
    """Return a problem+json response; `code` is the stable word that clients can switch on."""
    members = {
        "type": f"urn:ocr-server:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": current_request_id(),
    }
    body = json.dumps(members, ensure_ascii=False)
    return flask.Response(body, status, content_type=CONTENT_TYPE)


def _answer(error: OcrServerError) -> flask.Response:
    return problem(error.code, error.status, error.title, str(error))


def _answer_http_exception(error: HTTPException) -> flask.Response:
    response = _describe(error)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _describe(error: HTTPException) -> flask.Response:
    method, path = flask.request.method, flask.request.path
    if isinstance(error, RequestEntityTooLarge):
        limit = flask.current_app.config["MAX_CONTENT_LENGTH"]
        return _answer(BodyTooLarge(f"The request body may have at most {limit} bytes."))
    if isinstance(error, NotFound):
        return problem("not_found", 404, "Not found", f"There is nothing at {path}; see /.")
    if isinstance(error, MethodNotAllowed):
        detail = f"{method} is not allowed here; see the Allow header."
        return problem("method_not_allowed", 405, "Method not allowed", detail)
    status = error.code or 500
    code = ClientError.code if status < 500 else OcrServerError.code
    return problem(code, status, HTTPStatus(status).phrase, "The request cannot be processed.")


def _answer_surprise(error: Exception) -> flask.Response:
    flask.current_app.logger.exception("Request %s failed", current_request_id(), exc_info=error)
    return _answer(
        OcrServerError(
            "The server failed on this request; its log has the cause under this request_id."
        )
    )
