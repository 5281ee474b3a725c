"""POST /ocr: a picture in, its text lines out."""

from functools import partial

import flask

from ocr_server import extension, record
from ocr_server.connection import check_still_there
from ocr_server.formats.format import Format, chosen
from ocr_server.intake import receive
from ocr_server.options import Options
from ocr_server.serializer import indexed_dict, to_json

blueprint = flask.Blueprint("ocr", __name__)

_JSON = Format("json", ("application/json",))


@blueprint.post("/ocr", strict_slashes=False)
def ocr() -> flask.Response:
    """Read the text in a picture."""
    ocr_server, told = extension.current(), record.of(flask.request.environ)
    with told.stopwatch.time("upload"):
        upload, wait = receive(ocr_server.settings.max_image_bytes)
    options = Options.from_fields(upload.fields)
    chosen([_JSON], upload.fields, list(flask.request.accept_mimetypes.values()))
    still_there = partial(check_still_there, flask.request.environ)
    with ocr_server.reader.read(upload.files[0], options, wait, told, still_there) as reading:
        page = reading.page
    with told.stopwatch.time("serialize"):
        body = to_json(indexed_dict(page.lines))
    return flask.Response(body, content_type="application/json; charset=utf-8")
