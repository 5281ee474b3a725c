"""Pictures too long and thin for the models, made fit for them.

RapidOCR enlarges the shorter side of a picture until text in it could be read, however long the
other side becomes: 2000 x 1 pixels would grow to 900 megapixels. A picture of which the models
would see more than is allowed is shrunk to the longest side that RapidOCR allows and padded on its
right or at its bottom. RapidOCR would fail on most of them; of the others it sees more detail.
"""

from dataclasses import replace

import cv2
import numpy as np

from ocr_server.decoder import Pixels
from ocr_server.inference_size import MAX_SIDE, detector_pixels, recognizer_pixels
from ocr_server.options import Options
from ocr_server.text_line import Box, TextLine

# At 8 to 1 the detector sees at most 736 x 5888 pixels, and RapidOCR pads pictures wider than
# that itself. A text line taken as such may be as long as keeps it 32 pixels high.
_MAX_RATIO = 8
_MAX_LINE_RATIO = 60

Shrinkage = tuple[float, float]  # across and down


def is_elongated(width: int, height: int, options: Options, max_pixels: int) -> bool:
    """Return whether the models would see more than `max_pixels` of a picture, or nothing."""
    pixels = (detector_pixels if options.use_det else recognizer_pixels)(width, height)
    return not 0 < pixels <= max_pixels


def framed(image: Pixels, options: Options) -> tuple[Pixels, Shrinkage]:
    """Return an elongated picture shrunk and padded, and how many times smaller it became."""
    full_height, full_width = height, width = image.shape[:2]
    shrunk = max(1.0, max(width, height) / MAX_SIDE)
    if shrunk > 1:
        size = max(1, round(width / shrunk)), max(1, round(height / shrunk))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    height, width = image.shape[:2]
    least = -(-max(width, height) // (_MAX_RATIO if options.use_det else _MAX_LINE_RATIO))
    ground = [float(level) for level in np.median(image, axis=(0, 1))]
    padded = cv2.copyMakeBorder(
        image,
        0,
        max(0, least - height),
        0,
        max(0, least - width),
        cv2.BORDER_CONSTANT,
        value=ground,
    )
    return np.asarray(padded, np.uint8), (full_width / width, full_height / height)


def in_picture(line: TextLine, shrinkage: Shrinkage, width: int, height: int) -> TextLine:
    """Return a text line found in a framed picture with its boxes in the picture itself."""
    if line.box is None:
        return line
    words = line.words and tuple(
        replace(word, box=_box_in_picture(word.box, shrinkage, width, height))
        for word in line.words
    )
    return replace(line, box=_box_in_picture(line.box, shrinkage, width, height), words=words)


def _box_in_picture(box: Box, shrinkage: Shrinkage, width: int, height: int) -> Box:
    across, down = shrinkage
    corners = ((min(x * across, float(width)), min(y * down, float(height))) for x, y in box)
    top_left, top_right, bottom_right, bottom_left = corners
    return top_left, top_right, bottom_right, bottom_left
