"""Text -> its picture in grey, as large as a box allows."""

from collections.abc import Iterator
from itertools import groupby
from math import ceil
from threading import Lock
from unicodedata import east_asian_width

import cv2
import numpy as np
from PIL import Image, ImageDraw

from ocr_server.decoder import Pixels
from ocr_server.drawing.fonts import Typeface, typefaces

_SIZE_IN_HEIGHTS = 0.85
_LEAST_SIZE, _MOST_SIZE = 8, 512
# Each size in use is a font in memory: large ones are drawn in steps.
_STEP_IN_SIZES = 16
# Parts of the size: how far the middle of a Chinese character lies above the line on which letters
# stand; the width of a space, of a character that is wide, of another; the gap beside a frame, and
# beside all of the text.
_MIDDLE = 0.38
_SPACE, _WIDE, _NARROW, _GAP = 0.3, 1.0, 0.6, 0.08
_MARGIN = 0.1
# FreeType's fonts are for one thread at a time.
_LOCK = Lock()


def lettered(text: str, width: int, height: int) -> Pixels:
    """Draw a line of text from the left, in the middle of a box's height; any thread may call it.

    Return shape (height, width), 0 where there is nothing to 255 where there is ink. Text too long
    for the box is drawn smaller. A character that no font has is drawn as an empty frame.
    """
    with _LOCK:
        runs = list(_runs(text))
        size = _stepped(height * _SIZE_IN_HEIGHTS)
        length = _length(runs, size)
        if length > width:
            size = _stepped(size * width / length)
            length = _length(runs, size)
        # What is still too large when drawn as small as can be read is made smaller as a picture.
        canvas = Image.new("L", (max(width, ceil(length)), max(height, size)))
        _draw(ImageDraw.Draw(canvas), runs, size, canvas.height / 2 + _MIDDLE * size)
    mask = np.asarray(canvas)
    if canvas.size == (width, height):
        return mask
    return np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _stepped(size: float) -> int:
    step = max(1, int(size / _STEP_IN_SIZES))
    return int(min(max(size // step * step, _LEAST_SIZE), _MOST_SIZE))


def _runs(text: str) -> Iterator[tuple[Typeface | None, str]]:
    """Cut text where the font changes; None stands for no font, and for spaces."""
    for face, characters in groupby(text, _typeface):
        yield face, "".join(characters)


def _typeface(character: str) -> Typeface | None:
    if character.isspace():
        return None
    return next((face for face in typefaces() if face.covers(character)), None)


def _length(runs: list[tuple[Typeface | None, str]], size: int) -> float:
    return 2 * _MARGIN * size + sum(_run_length(face, text, size) for face, text in runs)


def _run_length(face: Typeface | None, text: str, size: int) -> float:
    if face is None:
        return sum(_width(character) for character in text) * size
    return face.at(size).getlength(text)


def _width(character: str) -> float:
    if character.isspace():
        return _SPACE
    return _WIDE if east_asian_width(character) in ("W", "F") else _NARROW


def _draw(
    pen: ImageDraw.ImageDraw,
    runs: list[tuple[Typeface | None, str]],
    size: int,
    baseline: float,
) -> None:
    left = _MARGIN * size
    for face, text in runs:
        if face is None:
            _draw_frames(pen, text, left, size, baseline)
        else:
            pen.text((left, baseline), text, fill=255, font=face.at(size), anchor="ls")
        left += _run_length(face, text, size)


def _draw_frames(
    pen: ImageDraw.ImageDraw, text: str, left: float, size: int, baseline: float
) -> None:
    top, gap = baseline - 2 * _MIDDLE * size, _GAP * size
    for character in text:
        right = left + _width(character) * size
        if not character.isspace():
            frame = (left + gap, top, max(right - gap, left + gap), baseline)
            pen.rectangle(frame, outline=255, width=max(1, size // 16))
        left = right
