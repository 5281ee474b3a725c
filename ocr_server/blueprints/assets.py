"""GET /assets/<name>: what the pages are made of."""

import flask

from ocr_server.assets import Asset, assets
from ocr_server.errors import NotFound

blueprint = flask.Blueprint("assets", __name__)


@blueprint.get("/assets/<name>")
def show(name: str) -> flask.Response:
    """Send one of a fixed list of files."""
    found = assets().get(name)
    if found is None:
        raise NotFound("There is no such file.")
    return answer(found)


def answer(asset: Asset) -> flask.Response:
    """Send a file, or word that the browser's copy is still good."""
    response = flask.Response(asset.content, content_type=asset.content_type)
    response.set_etag(asset.tag)
    # A copy is kept, and asked about each time: after an upgrade no old script meets a new page.
    response.cache_control.no_cache = True
    response.make_conditional(flask.request)
    return response
