"""Whether a file is a picture or a document of pages."""

import io

from PIL import Image

from ocr_server.decoder import format_of, is_pdf
from ocr_server.errors import UnsupportedFormat

_MAY_HAVE_FRAMES = ("TIFF", "GIF", "WEBP")


def is_document(data: bytes) -> bool:
    """Return whether a file has pages: a PDF, or a picture of several frames."""
    try:
        kind = format_of(data)
    except UnsupportedFormat:
        return is_pdf(data)
    if kind not in _MAY_HAVE_FRAMES:
        return False
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as image:
            return bool(getattr(image, "is_animated", False))
    except Exception:  # Whoever reads it says what is wrong with it.
        return False
