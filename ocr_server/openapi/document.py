"""The OpenAPI document as a whole."""

from typing import Any

from ocr_server import __version__
from ocr_server.openapi import answers, bodies, fields, problems
from ocr_server.openapi.api import Api
from ocr_server.openapi.paths import TAGS, paths

Schema = dict[str, Any]

_DESCRIPTION = """
Send a picture or a document, get the text in it, with boxes and scores.

Errors are problem details (RFC 9457), whose `code` never changes. Unknown fields are ignored.
Where the server has API keys, send one as `Authorization: Bearer KEY` or as `X-API-Key: KEY`.
""".strip()
_KEY = "An API key; needed only if the server has keys."
_REQUEST_ID: Schema = {
    "name": "X-Request-ID",
    "in": "header",
    "description": "An id to find the request by: at most 64 letters, digits and `._-`. Any other "
    "is replaced.",
    "schema": {"type": "string"},
}


def document(api: Api) -> Schema:
    """Return the OpenAPI 3.1 document of a server."""
    with_key: list[Schema] = [{"bearer": []}, {"apiKey": []}]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "OCR server",
            "version": __version__,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        # A server without keys of its own lets everybody in, with a key or without.
        "security": with_key if api.needs_key else [{}, *with_key],
        "tags": [{"name": name} for name in TAGS],
        "paths": paths(api),
        "components": {
            "schemas": {
                "Base64": bodies.base64_schema(),
                "Flag": fields.FLAG,
                "JsonFlag": fields.JSON_FLAG,
                **answers.schemas(),
                "Problem": problems.schema(),
            },
            "headers": problems.HEADERS,
            "parameters": {"RequestId": _REQUEST_ID},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": _KEY},
                "apiKey": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-API-Key",
                    "description": _KEY,
                },
            },
        },
    }
