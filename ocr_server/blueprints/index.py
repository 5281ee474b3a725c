"""GET /: says what this is. GET /healthz: says that the process answers."""

import flask

blueprint = flask.Blueprint("index", __name__)


@blueprint.get("/")
def index() -> dict[str, str]:
    """Tell a person how to use the server."""
    return {"message": "OCR server. Send a picture with POST /ocr, as the file image_file."}


@blueprint.get("/healthz")
def healthz() -> dict[str, str]:
    """Tell a monitor that this process is alive."""
    return {"status": "ok"}
