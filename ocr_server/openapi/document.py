"""The OpenAPI document as a whole: its paths, and what they share."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ocr_server.errors import OcrServerError, ServerBusy
from ocr_server.openapi import answers, bodies, fields, problems
from ocr_server.openapi.api import Api

Schema = dict[str, Any]

_OPEN: list[Schema] = []
_DESCRIPTION = """
Send a picture or a document, get the text in it, with boxes and scores.

Errors are problem details (RFC 9457), whose `code` never changes. Unknown fields are ignored.
Where the server has API keys, send one as `Authorization: Bearer KEY` or as `X-API-Key: KEY`.
""".strip()
_HEALTH = "Health"
_READING = "Reading"
_ABOUT = "About"


def document(api: Api) -> Schema:
    """Return the OpenAPI 3.1 document of a server."""
    with_key: list[Schema] = [{"bearer": []}, {"apiKey": []}]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "OCR server",
            "version": "1.0.0",  # the interface's, not the program's
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        # Without keys of its own the server lets everybody in, with a key or without.
        "security": with_key if api.needs_key else [{}, *with_key],
        "tags": [{"name": name} for name in (_READING, _HEALTH, _ABOUT)],
        "paths": {**_reading(api), **_health(api), **_about()},
        "components": {
            "schemas": {
                "Base64": bodies.base64_schema(),
                "Flag": fields.FLAG,
                **answers.schemas(),
                "Problem": problems.schema(),
            },
            "headers": problems.HEADERS,
            "parameters": {"RequestId": _REQUEST_ID},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "An API key."},
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
    }


_REQUEST_ID: Schema = {
    "name": "X-Request-ID",
    "in": "header",
    "description": "An id to find the request by: at most 64 letters, digits and `._-`. Any other "
    "is replaced.",
    "schema": {"type": "string"},
}


def _reading(api: Api) -> Mapping[str, Schema]:
    return {
        "/ocr": {
            "post": _operation(
                "readPicture",
                _READING,
                "Read the text in a picture",
                answers.picture_content(api.picture_formats),
                "The text lines; of several pictures a list, in the pictures' order.",
                kinds=problems.PICTURE,
                parameters=fields.query_parameters(api.picture_formats),
                body=bodies.request_body(
                    bodies.picture(),
                    fields.body_fields(api.picture_formats),
                    api.max_fields,
                ),
            )
        },
    }


def _health(api: Api) -> Mapping[str, Schema]:
    return {
        "/healthz": {
            "get": _operation(
                "isAlive",
                _HEALTH,
                "Tell whether the process lives",
                _constant("status", "ok"),
                "It lives, also while all cores are busy.",
                security=_OPEN,
            )
        },
        "/readyz": {
            "get": _operation(
                "isReady",
                _HEALTH,
                "Tell whether a picture sent now would be read",
                _constant("status", "ready"),
                "It would.",
                kinds=(ServerBusy,),
                security=_OPEN,
            )
        },
        "/metrics": {
            "get": _operation(
                "showMetrics",
                _HEALTH,
                "Tell how the server does, for Prometheus",
                _text("text/plain"),
                "The metrics of all workers.",
                security=_OPEN if api.open_metrics else None,
            )
        },
    }


def _about() -> Mapping[str, Schema]:
    message = {
        "type": "object",
        "required": ["message"],
        "properties": {"message": {"type": "string"}},
    }
    return {
        "/": {
            "get": _operation(
                "showIndex",
                _ABOUT,
                "Tell what this is",
                {"application/json": {"schema": message}},
                "How to use the server.",
                security=_OPEN,
            )
        },
        "/openapi.json": {
            "get": _operation(
                "showOpenApi",
                _ABOUT,
                "Describe the interface",
                {"application/json": {"schema": {"type": "object", "required": ["openapi"]}}},
                "This document.",
                security=_OPEN,
            )
        },
    }


def _operation(  # noqa: PLR0913 - the members of an operation, each once
    name: str,
    tag: str,
    summary: str,
    content: Schema,
    meaning: str,
    kinds: Iterable[type[OcrServerError]] = (),
    parameters: Sequence[Schema] = (),
    body: Schema | None = None,
    security: Sequence[Schema] | None = None,
) -> Schema:
    headers = {
        "X-Request-ID": {"$ref": "#/components/headers/X-Request-ID"},
        "Server-Timing": {"$ref": "#/components/headers/Server-Timing"},
    }
    answer = {"description": meaning, "headers": headers, "content": content}
    return {
        "operationId": name,
        "tags": [tag],
        "summary": summary,
        "parameters": [*parameters, {"$ref": "#/components/parameters/RequestId"}],
        **({} if body is None else {"requestBody": body}),
        "responses": {"200": answer, **problems.responses([*problems.ANYWHERE, *kinds])},
        **({} if security is None else {"security": list(security)}),
    }


def _constant(name: str, value: str) -> Schema:
    schema = {"type": "object", "required": [name], "properties": {name: {"const": value}}}
    return {"application/json": {"schema": schema, "example": {name: value}}}


def _text(media_type: str) -> Schema:
    return {media_type: {"schema": {"type": "string"}}}
