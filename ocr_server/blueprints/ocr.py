"""POST /ocr: a picture in, its text lines out."""

import flask

from ocr_server import extension
from ocr_server.connection import check_still_there, upload_within
from ocr_server.decoder import decode, read_header
from ocr_server.errors import ServerBusy
from ocr_server.payload import discard_body, read_request
from ocr_server.request_start import HEADER, seconds_left
from ocr_server.serializer import indexed_dict, to_json

blueprint = flask.Blueprint("ocr", __name__)


@blueprint.post("/ocr", strict_slashes=False)
def ocr() -> flask.Response:
    """Read the text in a picture."""
    ocr_server = extension.current()
    settings, slots = ocr_server.settings, ocr_server.slots
    connection = flask.request.environ
    with upload_within(settings.max_upload_seconds, connection, ocr_server.deadlines):
        try:
            wait = seconds_left(settings.max_wait_seconds, flask.request.headers.get(HEADER, ""))
            slots.check_room()
        except ServerBusy:
            discard_body(flask.request)
            raise
        ocr_request = read_request(flask.request, settings.max_image_bytes)
    image, options = ocr_request.image, ocr_request.options
    header = read_header(image, settings.max_image_pixels)
    # Decoding counts as work too: inside the slot it neither competes with inferences nor piles
    # up decoded pictures of requests that still wait.
    with slots.hold(wait):
        check_still_there(connection)
        with ocr_server.watchdog.watch():
            lines = ocr_server.engine.recognize(decode(image, header), options, ocr_server.cores)
    return flask.Response(
        to_json(indexed_dict(lines)), content_type="application/json; charset=utf-8"
    )
