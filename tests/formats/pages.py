"""Pages made by hand, and pages read by the real engine."""

from pathlib import Path

import cv2
import numpy as np

from ocr_server.decoder import Pixels
from ocr_server.engine import Engine
from ocr_server.options import Options
from ocr_server.page import Page
from ocr_server.text_line import Box, TextLine, Word

PICTURES = Path(__file__).parents[1] / "pictures"


def box(left: float, top: float, width: float, height: float) -> Box:
    right, bottom = left + width, top + height
    return (left, top), (right, top), (right, bottom), (left, bottom)


def line(text: str | None, left: float, top: float, width: float, height: float = 20) -> TextLine:
    score = None if text is None else 0.9
    return TextLine(box=box(left, top, width, height), text=text, score=score)


def with_characters(text: str, left: float, top: float, size: float) -> TextLine:
    """Return a text line that tells where each of its characters lies, all `size` wide."""
    words = tuple(
        Word(character, box(left + index * size, top, size, size), 0.5 + index / 100)
        for index, character in enumerate(text)
    )
    return TextLine(box(left, top, len(text) * size, size), text, 0.9, words=words)


def page(*lines: TextLine, number: int = 1, dpi: int | None = None) -> Page:
    return Page(number, 1000, 800, lines, dpi)


def picture(name: str) -> Pixels:
    image = cv2.imread(str(PICTURES / name))
    assert image is not None
    return np.asarray(image, np.uint8)


def read(engine: Engine, image: Pixels) -> Page:
    height, width = image.shape[:2]
    return Page(1, width, height, tuple(engine.recognize(image, Options(return_word_box=True))))
