"""A picture with its boxes and texts."""

import cv2
import numpy as np
import pytest

from ocr_server.decoder import Pixels
from ocr_server.drawing.drawing import draw
from ocr_server.engine import Engine
from ocr_server.options import Options
from ocr_server.text_line import Box, TextLine
from tests.formats.pages import line, picture


def blank(width: int, height: int) -> Pixels:
    return np.full((height, width, 3), 255, np.uint8)


def dark(image: Pixels) -> bool:
    return bool((image.max(axis=2) < 100).any())


def coloured(image: Pixels) -> bool:
    return bool((image.max(axis=2).astype(int) - image.min(axis=2) > 100).any())


def without_spaces(lines: list[TextLine]) -> list[str]:
    return ["".join((line.text or "").split()) for line in lines]


def test_the_picture_is_not_changed() -> None:
    image = picture("grey.jpg")
    before = image.copy()
    draw(image, [line("text", 10, 10, 200, 40)])
    assert np.array_equal(image, before)


def test_boxes_are_drawn_on_the_picture_and_texts_beside_it() -> None:
    drawn = draw(blank(400, 300), [line("text", 50, 100, 200, 40)])
    assert drawn.shape == (300, 800, 3)
    left, right = drawn[:, :400], drawn[:, 400:]
    assert coloured(left[95:145, 45:255])
    assert not dark(left)
    assert dark(right[100:140, 50:250])
    assert not dark(right[:95])
    assert not dark(right[145:])


def test_the_panel_of_a_wide_picture_is_below_it() -> None:
    assert draw(blank(900, 100), [line("text", 50, 30, 200, 40)]).shape == (200, 900, 3)


@pytest.mark.parametrize("lines", [[], [line(None, 50, 100, 200, 40)]])
def test_without_text_there_is_no_panel(lines: list[TextLine]) -> None:
    drawn = draw(blank(400, 300), lines)
    assert drawn.shape == (300, 400, 3)
    assert coloured(drawn) is bool(lines)


def test_a_line_without_a_box_is_drawn_as_large_as_the_picture() -> None:
    drawn = draw(blank(400, 100), [TextLine(text="all of it", score=0.9)])
    rows, columns = np.nonzero(drawn[100:].max(axis=2) < 100)
    assert columns.max() - columns.min() > 200
    assert rows.max() - rows.min() > 30


@pytest.mark.parametrize(("width", "height"), [(10_000, 7_000), (2_000, 30_000), (40_000, 100)])
def test_a_large_picture_is_shown_smaller(width: int, height: int) -> None:
    drawn = draw(blank(width, height), [line("text", 50, 10, 2000, 80)])
    assert max(drawn.shape) <= 16_000
    assert drawn.shape[0] * drawn.shape[1] <= 16_100_000


def test_small_text_is_shown_larger() -> None:
    assert draw(blank(200, 150), [line("tiny", 10, 10, 60, 12)]).shape == (300, 800, 3)


@pytest.mark.parametrize(
    "box",
    [
        ((5, 5), (5, 5), (5, 5), (5, 5)),
        ((-50, -50), (900, -50), (900, 900), (-50, 900)),
        ((500, 500), (600, 500), (600, 540), (500, 540)),
        ((10, 10), (90, 90), (92, 92), (12, 12)),
    ],
)
def test_a_box_that_is_odd_or_outside_is_no_error(box: Box) -> None:
    assert draw(blank(100, 100), [TextLine(box, "text", 0.9)]).shape[2] == 3


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 5000), (5000, 1)])
def test_a_picture_of_hardly_any_pixels_is_no_error(width: int, height: int) -> None:
    assert draw(blank(width, height), [line("text", 0, 0, 1, 1)]).shape[2] == 3


def test_text_in_a_tall_box_runs_from_top_to_bottom() -> None:
    tall = draw(blank(300, 300), [line("sideways text", 100, 50, 40, 200)])[:, 300:]
    flat = draw(blank(300, 300), [line("sideways text", 50, 100, 200, 40)])[:, 300:]
    upright = cv2.rotate(tall, cv2.ROTATE_90_COUNTERCLOCKWISE)
    ink_of_tall, ink_of_flat = (image.max(axis=2) < 100 for image in (upright, flat))
    rows, columns = np.nonzero(ink_of_tall)
    expected_rows, expected_columns = np.nonzero(ink_of_flat)
    assert abs(np.ptp(rows) - np.ptp(expected_rows)) <= 2
    assert abs(np.ptp(columns) - np.ptp(expected_columns)) <= 2


@pytest.mark.parametrize("name", ["page_mixed_sizes.png", "rotated.jpg", "light_on_dark.png"])
def test_the_panel_reads_as_the_picture_does(engine: Engine, name: str) -> None:
    image = picture(name)
    lines = engine.recognize(image, Options())
    panel = draw(image, lines)[:, image.shape[1] :]
    read_again = engine.recognize(np.ascontiguousarray(panel), Options())
    # The recognizer may take a narrow space for none.
    assert without_spaces(read_again) == without_spaces(lines)
