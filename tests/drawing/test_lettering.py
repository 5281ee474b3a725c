"""Text as a picture."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ocr_server.decoder import Pixels
from ocr_server.drawing.lettering import lettered

# In the private use area: no font has it.
UNKNOWN = "\ue123"


def ink(text: str, width: int = 400, height: int = 40) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of what is drawn."""
    rows, columns = np.nonzero(lettered(text, width, height) > 128)
    return int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())


@pytest.mark.parametrize("text", ["Harvest", "周末读书会", "繁體字", "Ωμέγα", "½ № ①", "a  b\tc"])
def test_text_is_drawn_from_the_left_in_the_middle(text: str) -> None:
    left, top, right, bottom = ink(text)
    assert left < 12
    assert right < 380
    assert 10 < (top + bottom) / 2 < 30


def test_text_too_long_for_its_box_is_drawn_smaller() -> None:
    left, top, right, bottom = ink("a long row of text " * 2, width=200)
    assert (left < 10, 150 < right < 200, bottom - top < 25) == (True, True, True)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 100), (100, 3), (60, 12)])
def test_a_box_in_which_nothing_can_be_read_is_no_error(width: int, height: int) -> None:
    assert lettered("some text 周末" * 10, width, height).shape == (height, width)


def test_a_character_that_no_font_has_is_an_empty_frame() -> None:
    mask = lettered(f"a{UNKNOWN}b", 200, 40)
    (left, top, right, bottom), (end, *_) = ink(UNKNOWN), ink(f"{UNKNOWN}b")
    assert bottom - top > 20
    assert right - left > 10
    assert mask.any()
    assert end == left
    middle = lettered(UNKNOWN, 400, 40)[(top + bottom) // 2, left + 3 : right - 2]
    assert not middle.any()


def test_no_text_is_no_ink() -> None:
    assert not lettered("", 100, 40).any()
    assert not lettered(" \u3000", 100, 40).any()


def test_any_number_of_threads_draw_the_same() -> None:
    texts = [f"周末读书会 {index} Reading {UNKNOWN}" for index in range(40)]

    def drawn(index: int) -> Pixels:
        return lettered(texts[index], 300 + index, 20 + index)

    alone = [drawn(index) for index in range(40)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(drawn, range(40)))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))
