"""GET /docs: the interface described, for people."""

import flask

from ocr_server import security_headers
from ocr_server.assets import page
from ocr_server.blueprints.assets import answer

blueprint = flask.Blueprint("docs", __name__)


@blueprint.get("/docs")
def show() -> flask.Response:
    """Show Swagger UI with /openapi.json."""
    response = answer(page("docs.html"))
    response.headers["Content-Security-Policy"] = security_headers.SWAGGER_POLICY
    return response
