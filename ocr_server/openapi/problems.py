"""Error answers: problem details, with the codes that each operation may answer."""

from collections.abc import Iterable
from typing import Any

from ocr_server import errors
from ocr_server.documents.searchable import FAILED_PAGES
from ocr_server.errors import OcrServerError

Schema = dict[str, Any]

# What any request may get, the last three already for its head.
ANYWHERE = (
    errors.OcrServerError,
    errors.InvalidKey,
    errors.MethodNotAllowed,
    errors.ClientError,
    errors.RequestLineTooLong,
    errors.HeadersTooLarge,
)
PICTURE = (
    errors.MissingImage,
    errors.InvalidBase64,
    errors.InvalidJson,
    errors.InvalidForm,
    errors.InvalidOption,
    errors.InvalidImage,
    errors.BodyTooLarge,
    errors.ImageTooLarge,
    errors.UnsupportedMediaType,
    errors.UnsupportedFormat,
    errors.UploadTimeout,
    errors.ClientGone,
    errors.ServerBusy,
)
DOCUMENT = (
    *PICTURE,
    errors.InvalidDocument,
    errors.InvalidPassword,
    errors.TooManyPages,
)

HEADERS: Schema = {
    "X-Request-ID": {
        "description": "The request's id: the client's if well formed, else one made here.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
    },
    "Server-Timing": {
        "description": "How many milliseconds each stage took. Not with errors of HTTP itself.",
        "schema": {"type": "string", "pattern": "^[a-z_]+;dur=[0-9.]+(, [a-z_]+;dur=[0-9.]+)*$"},
        "example": "upload;dur=0.4, queue;dur=0.0, decode;dur=0.2, total;dur=31.9",
    },
    "Retry-After": {
        "description": "Seconds after which it is worth trying again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "WWW-Authenticate": {
        "description": "How to send a key.",
        "required": True,
        "schema": {"type": "string", "pattern": "^Bearer "},
    },
    "ETag": {
        "description": "Names this content; other content has another. JSON has none.",
        "schema": {"type": "string", "pattern": '^"[0-9a-f]+"$'},
    },
    FAILED_PAGES: {
        "description": "With a searchable PDF: the pages that have no text in it, if there are "
        "any. Many ranges end in `...`.",
        "schema": {
            "type": "string",
            "pattern": "^[0-9]+(-[0-9]+)?(, [0-9]+(-[0-9]+)?)*(, \\.\\.\\.)?$",
        },
        "example": "2, 7-9",
    },
    "Allow": {
        "description": "The methods that the path has.",
        "required": True,
        "schema": {"type": "string"},
    },
}
ON_EVERY_ANSWER = ("X-Request-ID", "Server-Timing")
_HEADERS_OF_STATUS = {401: "WWW-Authenticate", 405: "Allow", 503: "Retry-After"}


def schema() -> Schema:
    """Return the schema of all problems."""
    kinds = errors.all_errors()
    lines = "\n".join(f"- `{kind.code}` ({kind.status}): {_meaning(kind)}" for kind in kinds)
    members: Schema = {
        "type": {"type": "string", "pattern": "^urn:ocr-server:problem:[a-z0-9_]+$"},
        "title": {"type": "string", "enum": [kind.title for kind in kinds]},
        "status": {"type": "integer", "enum": sorted({kind.status for kind in kinds})},
        "detail": {
            "type": "string",
            "description": "What was wrong, what is allowed and how to mend it.",
        },
        "code": {
            "type": "string",
            "enum": [kind.code for kind in kinds],
            "description": f"Never changes; programs should look at this.\n\n{lines}",
        },
        "request_id": {"type": "string", "description": "As in the header X-Request-ID."},
    }
    return {
        "type": "object",
        "description": "Problem details (RFC 9457).",
        "required": list(members),
        "properties": members,
        "additionalProperties": False,
    }


def responses(kinds: Iterable[type[OcrServerError]]) -> dict[str, Schema]:
    """Return the responses of these errors, by status."""
    by_status: dict[int, list[type[OcrServerError]]] = {}
    for kind in kinds:
        by_status.setdefault(kind.status, []).append(kind)
    return {str(status): _response(status, by_status[status]) for status in sorted(by_status)}


def _response(status: int, kinds: list[type[OcrServerError]]) -> Schema:
    names = list(ON_EVERY_ANSWER)
    if status in _HEADERS_OF_STATUS:
        names.append(_HEADERS_OF_STATUS[status])
    narrowed = {
        "status": {"const": status},
        "code": {"enum": [kind.code for kind in kinds]},
    }
    return {
        "description": "\n".join(f"- `{kind.code}`: {_meaning(kind)}" for kind in kinds),
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
        "content": {
            "application/problem+json": {
                "schema": {
                    "allOf": [{"$ref": "#/components/schemas/Problem"}, {"properties": narrowed}]
                },
                "examples": {kind.code: {"value": _example(kind)} for kind in kinds},
            }
        },
    }


def _example(kind: type[OcrServerError]) -> Schema:
    return {
        "type": f"urn:ocr-server:problem:{kind.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": _meaning(kind),
        "code": kind.code,
        "request_id": "3f0c9d2e51b74f4c8e6a7d1b9a0c2e4f",
    }


def _meaning(kind: type[OcrServerError]) -> str:
    return (kind.__doc__ or "").strip()
