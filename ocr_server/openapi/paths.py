"""The paths of the document."""

from collections.abc import Mapping, Sequence
from typing import Any

from ocr_server.assets import assets
from ocr_server.documents.searchable import FAILED_PAGES
from ocr_server.errors import NotFound, ServerBusy
from ocr_server.formats.format import Format
from ocr_server.openapi import answers, bodies, fields, problems
from ocr_server.openapi.api import Api
from ocr_server.openapi.operation import Operation

Schema = dict[str, Any]

_READING = "Reading"
_HEALTH = "Health"
_ABOUT = "About"
TAGS = (_READING, _HEALTH, _ABOUT)


def paths(api: Api) -> Schema:
    """Return the paths with their operations."""
    operations = {
        "/ocr": {"post": _read_picture(api)},
        "/ocr/document": {"post": _read_document(api)},
        "/healthz": {"get": _HEALTHZ},
        "/readyz": {"get": _READYZ},
        "/metrics": {"get": _metrics(api.open_metrics)},
        "/": {"get": _INDEX},
        "/docs": {"get": _DOCS},
        "/assets/{name}": {"get": _asset()},
        "/openapi.json": {"get": _OPENAPI},
    }
    return {
        path: {method: operation.members() for method, operation in methods.items()}
        for path, methods in operations.items()
    }


def _read_picture(api: Api) -> Operation:
    return Operation(
        "readPicture",
        _READING,
        "Read the text in a picture, or in several",
        "The text lines; of several pictures a list, in their order.",
        answers.picture_content(api.picture_formats),
        problems.PICTURE,
        _parameters(api.picture_formats),
        _body(bodies.picture(), api.picture_formats, api.max_fields),
    )


def _read_document(api: Api) -> Operation:
    options = fields.document_options()
    return Operation(
        "readDocument",
        _READING,
        "Read the text in a document, page by page",
        "The pages, each sent as soon as it is read. A page that fails hurts no other.",
        answers.document_content(api.document_formats),
        problems.DOCUMENT,
        _parameters(api.document_formats, options),
        _body(bodies.document(), api.document_formats, api.max_fields, options),
        headers=(FAILED_PAGES,),
    )


def _parameters(
    formats: Sequence[Format], more: Mapping[str, Schema] | None = None
) -> Sequence[Schema]:
    choice = fields.format_option(formats)
    return fields.parameters({**fields.options({"type": "boolean"}), **(more or {}), **choice})


def _body(
    upload: bodies.Upload,
    formats: Sequence[Format],
    max_fields: int,
    more: Mapping[str, Schema] | None = None,
) -> Schema:
    others = {**(more or {}), **fields.format_option(formats)}
    form, as_json = (
        {**fields.options({"$ref": f"#/components/schemas/{flag}"}), **others}
        for flag in ("Flag", "JsonFlag")
    )
    return bodies.request_body(upload, form, as_json, max_fields)


def _constant(name: str, value: str) -> Mapping[str, Schema]:
    schema = {"type": "object", "required": [name], "properties": {name: {"const": value}}}
    return {"application/json": {"schema": schema, "example": {name: value}}}


_HEALTHZ = Operation(
    "isAlive",
    _HEALTH,
    "Tell whether the process lives",
    "It lives, also while all cores are busy.",
    _constant("status", "ok"),
    is_open=True,
)
_READYZ = Operation(
    "isReady",
    _HEALTH,
    "Tell whether a picture sent now would be read",
    "It would.",
    _constant("status", "ready"),
    (ServerBusy,),
    is_open=True,
)
_TEXT = {"schema": {"type": "string"}}
_WORDS = ("message", "docs", "openapi")
_INDEX = Operation(
    "showIndex",
    _ABOUT,
    "Show the page to browsers, and tell programs what this is",
    "The page where the Accept header names text/html, else words.",
    {
        "application/json": {
            "schema": {
                "type": "object",
                "required": list(_WORDS),
                "properties": {name: {"type": "string"} for name in _WORDS},
            }
        },
        "text/html": _TEXT,
    },
    is_open=True,
    is_kept=True,
)
_DOCS = Operation(
    "showDocs",
    _ABOUT,
    "Describe the interface to people",
    "A page.",
    {"text/html": _TEXT},
    is_open=True,
    is_kept=True,
)
_OPENAPI = Operation(
    "showOpenApi",
    _ABOUT,
    "Describe the interface to programs",
    "This document.",
    {"application/json": {"schema": {"type": "object", "required": ["openapi", "paths"]}}},
    is_open=True,
)


def _metrics(is_open: bool) -> Operation:
    return Operation(
        "showMetrics",
        _HEALTH,
        "Tell how the server does, for Prometheus",
        "The metrics of all workers.",
        {"text/plain": {"schema": {"type": "string"}}},
        is_open=is_open,
    )


def _asset() -> Operation:
    named = assets()
    name = {
        "name": "name",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "enum": list(named)},
    }
    kinds = {asset.content_type.partition(";")[0] for asset in named.values()}
    return Operation(
        "showAsset",
        _ABOUT,
        "Send what the pages are made of",
        "A file.",
        dict.fromkeys(sorted(kinds), _TEXT),
        (NotFound,),
        [name],
        is_open=True,
        is_kept=True,
    )
