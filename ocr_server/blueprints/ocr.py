"""POST /ocr: a picture in, its text lines out; of several pictures a list."""

from contextlib import ExitStack, closing
from functools import partial

import flask

from ocr_server import extension, record
from ocr_server.answer import accepted, content_type, streamed, work
from ocr_server.connection import check_still_there
from ocr_server.documents.document import Pictures
from ocr_server.errors import InvalidOption
from ocr_server.formats import image
from ocr_server.formats.choices import IMAGE, OF_PICTURES
from ocr_server.formats.format import Format, chosen
from ocr_server.intake import receive
from ocr_server.options import Options
from ocr_server.pages import Pages
from ocr_server.request_id import current_request_id
from ocr_server.serializer import batch_json, indexed_dict, to_json

blueprint = flask.Blueprint("ocr", __name__)


@blueprint.post("/ocr", strict_slashes=False)
def ocr() -> flask.Response:
    """Read the text in a picture, or in several."""
    ocr_server, told = extension.current(), record.of(flask.request.environ)
    with told.stopwatch.time("upload"):
        upload, wait = receive(ocr_server.settings.max_image_bytes)
    told.image_bytes = sum(map(len, upload.files))
    format_ = chosen(OF_PICTURES, upload.fields, accepted())
    options = format_.options(Options.from_fields(upload.fields))
    pictures = Pictures(upload.files, ocr_server.settings.max_image_pixels)
    if pictures.page_count > 1:
        return _read_several(pictures, options, format_, wait)
    return _read_one(pictures, options, format_, wait)


def _read_one(pictures: Pictures, options: Options, format_: Format, wait: float) -> flask.Response:
    told, reader = record.of(flask.request.environ), extension.current().reader
    kind = content_type(format_)
    with reader.read(pictures.page(1), work(options, wait)) as reading:
        page = reading.page
        told.add(page)
        if format_ is IMAGE:
            with told.stopwatch.time("serialize"):
                drawn = image.write(reading.picture.pixels, page.lines, kind)
            return flask.Response(drawn, content_type=kind)
    with told.stopwatch.time("serialize"):
        written = format_.write([page]) if format_.write else to_json(indexed_dict(page.lines))
        body = "".join(written)
    return flask.Response(body, content_type=kind)


def _read_several(
    pictures: Pictures, options: Options, format_: Format, wait: float
) -> flask.Response:
    if format_ is IMAGE:
        raise InvalidOption("format image takes one picture. Send each by itself.")
    write = format_.write or partial(batch_json, request_id=current_request_id())
    ocr_server = extension.current()
    with ExitStack() as held:
        still_there = partial(check_still_there, flask.request.environ)
        wait = held.enter_context(ocr_server.places.hold(wait, still_there))
        with ocr_server.slots.hold(wait):
            pass  # It has waited like everybody else; its pictures need not ask for room again.
        pages = Pages(ocr_server.reader, pictures, pictures.numbers, work(options, None))
        return streamed(write, held.enter_context(closing(pages.read())), format_, held.pop_all())
