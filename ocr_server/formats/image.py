"""A picture with its boxes and texts drawn, as PNG or WebP."""

from collections.abc import Sequence

import cv2

from ocr_server.decoder import Pixels
from ocr_server.drawing.drawing import draw
from ocr_server.formats.format import Format
from ocr_server.text_line import TextLine

FORMAT = Format("image", ("image/png", "image/webp"))
_ENDINGS = {"image/png": ".png", "image/webp": ".webp"}
_PARAMETERS = {
    "image/png": (cv2.IMWRITE_PNG_COMPRESSION, 3),
    "image/webp": (cv2.IMWRITE_WEBP_QUALITY, 85),
}


def write(image: Pixels, lines: Sequence[TextLine], media_type: str) -> bytes:
    """Return a drawn picture's file, of one of the format's media types.

    image: BGR, shape (height, width, 3), not changed.
    """
    drawn = draw(image, lines)
    _, encoded = cv2.imencode(_ENDINGS[media_type], drawn, _PARAMETERS[media_type])
    return encoded.tobytes()
