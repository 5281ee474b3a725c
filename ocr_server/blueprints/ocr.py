"""POST /ocr: a picture in, its text lines out."""

import flask

from ocr_server import extension
from ocr_server.decoder import decode, read_header
from ocr_server.engine import check_size
from ocr_server.payload import read_request
from ocr_server.serializer import indexed_dict, to_json

blueprint = flask.Blueprint("ocr", __name__)


@blueprint.post("/ocr", strict_slashes=False)
def ocr() -> flask.Response:
    """Read the text in a picture."""
    ocr_server = extension.current()
    settings = ocr_server.settings
    ocr_request = read_request(flask.request, settings.max_image_bytes)
    image, options = ocr_request.image, ocr_request.options
    header = read_header(image, settings.max_image_pixels)
    check_size(header.width, header.height, options, settings.max_inference_pixels)
    # Decoding counts as work too: inside the slot it neither competes with inferences nor piles
    # up decoded pictures of requests that still wait.
    with ocr_server.slots.hold():
        lines = ocr_server.engine.recognize(decode(image, header), options, ocr_server.cores)
    return flask.Response(
        to_json(indexed_dict(lines)), content_type="application/json; charset=utf-8"
    )
