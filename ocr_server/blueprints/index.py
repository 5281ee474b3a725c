"""GET /: says what this is. GET /healthz: that it lives. GET /readyz: that it has room."""

import flask

from ocr_server import extension

blueprint = flask.Blueprint("index", __name__)


@blueprint.get("/")
def index() -> dict[str, str]:
    """Tell a person how to use the server."""
    return {"message": "OCR server. Send a picture with POST /ocr, as the file image_file."}


@blueprint.get("/healthz")
def healthz() -> dict[str, str]:
    """Tell a monitor that this process is alive."""
    return {"status": "ok"}


@blueprint.get("/readyz")
def readyz() -> dict[str, str]:
    """Tell a proxy that a picture sent now would be read: engine loaded, room in the queue."""
    extension.current().slots.check_room()
    return {"status": "ready"}
