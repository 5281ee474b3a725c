"""GET /openapi.json: describes the interface to programs."""

import json
from functools import cache

import flask

from ocr_server import extension
from ocr_server.formats.choices import OF_DOCUMENTS, OF_PICTURES
from ocr_server.openapi.api import Api
from ocr_server.openapi.document import document
from ocr_server.payload import MAX_FIELDS

blueprint = flask.Blueprint("openapi", __name__)


@blueprint.get("/openapi.json")
def show() -> flask.Response:
    """Describe the interface."""
    ocr_server = extension.current()
    body = _serialized(bool(ocr_server.keys), ocr_server.settings.open_metrics)
    return flask.Response(body, content_type="application/json; charset=utf-8")


@cache
def _serialized(needs_key: bool, open_metrics: bool) -> bytes:
    api = Api(
        picture_formats=OF_PICTURES,
        document_formats=OF_DOCUMENTS,
        max_fields=MAX_FIELDS,
        needs_key=needs_key,
        open_metrics=open_metrics,
    )
    return json.dumps(document(api), ensure_ascii=False).encode()
