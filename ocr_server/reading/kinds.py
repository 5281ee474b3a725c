"""Whether a file is a picture or a document of pages."""

import io

from PIL import Image

# Importing it sets Pillow up: no warnings, no limit of its own.
from ocr_server import decoder as _decoder  # noqa: F401

PDF = b"%PDF-"
_SEVERAL_FRAMES = ("TIFF", "GIF", "WEBP")


def is_pdf(data: bytes) -> bool:
    """Return whether these are the bytes of a PDF."""
    return data.startswith(PDF)


def is_document(data: bytes) -> bool:
    """Return whether a file has pages: a PDF, or a picture of several frames."""
    if is_pdf(data):
        return True
    try:
        with Image.open(io.BytesIO(data), formats=_SEVERAL_FRAMES) as image:
            return bool(getattr(image, "is_animated", False))
    except Exception:  # Whoever reads it says what is wrong with it.
        return False
