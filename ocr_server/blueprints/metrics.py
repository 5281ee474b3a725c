"""GET /metrics: how the server does, for Prometheus."""

import flask

from ocr_server import extension, metrics

blueprint = flask.Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def show() -> flask.Response:
    """Tell the metrics of all workers."""
    ocr_server = extension.current()
    text = ocr_server.metrics.text(ocr_server.slots)
    return flask.Response(text, content_type=metrics.CONTENT_TYPE)
