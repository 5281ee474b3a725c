"""GET /: the page for people. GET /healthz: that it lives. GET /readyz: that it has room."""

import flask

from ocr_server import extension
from ocr_server.assets import page
from ocr_server.blueprints.assets import answer

blueprint = flask.Blueprint("index", __name__)

_WORDS = {
    "message": "OCR server. Send a picture with POST /ocr, as the file image_file.",
    "docs": "/docs",
    "openapi": "/openapi.json",
}


@blueprint.get("/")
def index() -> flask.Response:
    """Show a browser the page, and tell a program how to use the server."""
    named = list(flask.request.accept_mimetypes.values())
    response = answer(page("index.html")) if "text/html" in named else flask.jsonify(_WORDS)
    response.vary.add("Accept")
    return response


@blueprint.get("/healthz")
def healthz() -> dict[str, str]:
    """Tell a monitor that this process is alive."""
    return {"status": "ok"}


@blueprint.get("/readyz")
def readyz() -> dict[str, str]:
    """Tell a proxy that a picture sent now would be read: engine loaded, room in the queue."""
    extension.current().slots.check_room()
    return {"status": "ready"}
