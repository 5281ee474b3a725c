"""A picture and its text lines -> a picture that shows both: boxes, and what was read in them.

Beside the picture, or below one that is much wider than high, is a white panel of the same size
with each text where it was read. A box has the same colour in both.
"""

from collections.abc import Sequence
from math import hypot, sqrt
from statistics import median

import cv2
import numpy as np

from ocr_server.decoder import Pixels
from ocr_server.drawing.lettering import lettered
from ocr_server.text_line import TextLine

# WebP's own limit is 16383.
_MOST_SIDE, _MOST_PIXELS = 16_000, 16_000_000
# Small text is enlarged until it can be read, within reason.
_LEGIBLE_HEIGHT, _MOST_ENLARGED = 24, 3
_WIDE_RATIO = 2
# Of sideways text the box is higher than wide by this, RapidOCR's own measure.
_SIDEWAYS_RATIO = 1.5
# Seen on white as on black, blue first: azure, vermilion, green, magenta, orange, teal.
_COLOURS = (
    (245, 135, 20),
    (40, 80, 235),
    (70, 165, 0),
    (200, 60, 200),
    (0, 140, 235),
    (160, 160, 0),
)
_SIDE_PER_THICKNESS = 400
_INK = (30, 30, 30)
_SEPARATOR = (190, 190, 190)
_WHITE = 255

Quad = np.ndarray[tuple[int, int], np.dtype[np.int32]]


def draw(image: Pixels, lines: Sequence[TextLine]) -> Pixels:
    """Return the picture with its boxes and, if text was read, the panel; BGR as the picture.

    image: shape (height, width, 3). The answer has at most 16 million pixels: large pictures are
    shown smaller. A line without a box is taken to fill the picture.
    """
    height, width = image.shape[:2]
    has_text = any(line.text for line in lines)
    is_beside = width <= _WIDE_RATIO * height
    scale = _scale(width, height, lines, 1 + has_text, is_beside)
    width, height = max(1, round(width * scale)), max(1, round(height * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    picture = np.asarray(cv2.resize(image, (width, height), interpolation=how), np.uint8)
    quads = [_quad(line, scale, width, height) for line in lines]
    _outline(picture, quads)
    if not has_text:
        return picture
    panel = _panel(lines, quads, width, height)
    return np.ascontiguousarray(np.concatenate([picture, panel], axis=1 if is_beside else 0))


def _scale(
    width: int, height: int, lines: Sequence[TextLine], parts: int, is_beside: bool
) -> float:
    longest = max(width * parts, height) if is_beside else max(width, height * parts)
    most = min(_MOST_SIDE / longest, sqrt(_MOST_PIXELS / (width * height * parts)))
    heights = [_length(line.box[0], line.box[3]) for line in lines if line.box]
    wanted = _LEGIBLE_HEIGHT / max(1.0, median(heights)) if heights else 1.0
    return min(max(1.0, min(wanted, _MOST_ENLARGED)), most)


def _quad(line: TextLine, scale: float, width: int, height: int) -> Quad:
    whole = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
    corners = np.array(line.box, np.float64) * scale if line.box else np.array(whole)
    return np.asarray(corners.round().clip(0, (width - 1, height - 1)), np.int32)


def _outline(picture: Pixels, quads: Sequence[Quad]) -> None:
    thickness = max(1, round(sqrt(picture.shape[0] * picture.shape[1]) / _SIDE_PER_THICKNESS))
    for index, quad in enumerate(quads):
        colour = _COLOURS[index % len(_COLOURS)]
        cv2.polylines(picture, [quad], True, colour, thickness, cv2.LINE_AA)


def _panel(lines: Sequence[TextLine], quads: Sequence[Quad], width: int, height: int) -> Pixels:
    panel = np.full((height, width, 3), _WHITE, np.uint8)
    cv2.rectangle(panel, (0, 0), (width - 1, height - 1), _SEPARATOR)
    _outline(panel, quads)
    for line, quad in zip(lines, quads, strict=True):
        if line.text:
            _write(panel, line.text, quad)
    return panel


def _write(panel: Pixels, text: str, quad: Quad) -> None:
    """Write a text into its box on the panel, leaning as the box leans."""
    corners = quad
    width, height = _length(quad[0], quad[1]), _length(quad[0], quad[3])
    if height >= _SIDEWAYS_RATIO * width and len(text) > 1:
        corners = np.roll(quad, -1, axis=0)
        width, height = height, width
    left, top = quad.min(axis=0)
    right, bottom = quad.max(axis=0) + 1
    across, down = max(1, round(width)), max(1, round(height))
    source = np.array([[0, 0], [across, 0], [across, down], [0, down]], np.float32)
    target = np.asarray(corners - (left, top), np.float32)
    if cv2.contourArea(target) < 1:
        return
    matrix = cv2.getPerspectiveTransform(source, target)
    size = (int(right - left), int(bottom - top))
    mask = cv2.warpPerspective(lettered(text, across, down), matrix, size)
    weight = np.asarray(mask, np.float32)[:, :, None] / 255
    region = panel[top:bottom, left:right]
    region[:] = region * (1 - weight) + np.array(_INK, np.float32) * weight


def _length(start: Sequence[float], end: Sequence[float]) -> float:
    return hypot(end[0] - start[0], end[1] - start[1])
