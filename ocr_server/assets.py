"""The files that pages are made of, ours and Swagger UI's, held in memory. Knows no HTTP server."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

HTML = "text/html; charset=utf-8"
_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": HTML,
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_OURS = (
    "client.js",
    "docs.css",
    "docs.js",
    "docs_forms.js",
    "document.js",
    "elements.js",
    "favicon.svg",
    "item.js",
    "key.js",
    "lines.js",
    "options.js",
    "picture.js",
    "problem.js",
    "save.js",
    "script.js",
    "style.css",
)
_SWAGGER = {"swagger-ui.css": "css", "swagger-ui-bundle.js": "js"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent.

    content_type: of the Content-Type header.
    tag: for the ETag header; other content has another.
    """

    content: bytes
    content_type: str
    tag: str


@cache
def page(name: str) -> Asset:
    """Return one of our HTML pages."""
    return _read(_web() / name)


@cache
def assets() -> Mapping[str, Asset]:
    """Return all that pages load, by the name that they load it by."""
    swagger = files("flask_openapi3_swagger") / "templates" / "swagger"
    found = {name: _web() / name for name in _OURS}
    found |= {name: swagger / folder / name for name, folder in _SWAGGER.items()}
    return {name: _read(file) for name, file in found.items()}


def _web() -> Traversable:
    return files("ocr_server") / "web"


def _read(file: Traversable) -> Asset:
    content = file.read_bytes()
    kind = file.name.rpartition(".")[2]
    return Asset(content, _TYPES[kind], hashlib.sha256(content).hexdigest()[:32])
