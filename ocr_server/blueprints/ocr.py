"""POST /ocr: a picture in, its text lines out."""

from contextlib import ExitStack

import flask

from ocr_server import extension, record
from ocr_server.connection import check_still_there, upload_within
from ocr_server.decoder import decode, read_header
from ocr_server.errors import ServerBusy
from ocr_server.payload import OcrRequest, discard_body, read_request
from ocr_server.request_start import HEADER, seconds_left
from ocr_server.serializer import indexed_dict, to_json
from ocr_server.text_line import TextLine

blueprint = flask.Blueprint("ocr", __name__)


@blueprint.post("/ocr", strict_slashes=False)
def ocr() -> flask.Response:
    """Read the text in a picture."""
    stopwatch = record.of(flask.request.environ).stopwatch
    with stopwatch.time("upload"):
        ocr_request, wait = _receive()
    lines = _read(ocr_request, wait)
    with stopwatch.time("serialize"):
        body = to_json(indexed_dict(lines))
    return flask.Response(body, content_type="application/json; charset=utf-8")


def _receive() -> tuple[OcrRequest, float]:
    """Return what is asked, and how many seconds it may wait for a slot."""
    ocr_server = extension.current()
    settings = ocr_server.settings
    connection = flask.request.environ
    with upload_within(settings.max_upload_seconds, connection, ocr_server.deadlines):
        try:
            wait = seconds_left(settings.max_wait_seconds, flask.request.headers.get(HEADER, ""))
            ocr_server.slots.check_room()
        except ServerBusy:
            discard_body(flask.request)
            raise
        return read_request(flask.request, settings.max_image_bytes), wait


def _read(ocr_request: OcrRequest, wait: float) -> list[TextLine]:
    """Return the text lines of a picture, when its turn has come."""
    ocr_server, told = extension.current(), record.of(flask.request.environ)
    told.image_bytes = len(ocr_request.image)
    header = read_header(ocr_request.image, ocr_server.settings.max_image_pixels)
    told.image_pixels = header.width * header.height
    with ExitStack() as held:
        with told.stopwatch.time("queue"):
            slot = held.enter_context(ocr_server.slots.hold(wait))
        check_still_there(flask.request.environ)
        held.enter_context(ocr_server.watchdog.watch())
        # Decoding counts as work too: inside the slot it neither competes with inferences nor
        # piles up decoded pictures of requests that still wait.
        with told.stopwatch.time("decode"):
            image = decode(ocr_request.image, header)
        lines = ocr_server.engine.recognize(
            image, ocr_request.options, ocr_server.cores, told.stopwatch, slot.lent
        )
    told.text_lines = len(lines)
    return lines
