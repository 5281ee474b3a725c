"""Long thin pictures: what is made of them, and that they are read."""

import random

import numpy as np
import pytest

from ocr_server.decoder import Pixels, decode, read_header
from ocr_server.elongated import framed, is_elongated
from ocr_server.engine import Engine
from ocr_server.inference_size import detector_pixels, recognizer_pixels
from ocr_server.options import Options
from tests import pictures

LINE = Options(use_det=False)
MOST = 4_500_000  # the least that the setting may be
EXTREMES = [(2000, 1), (1, 2000), (4000, 10), (100_000, 1), (1, 100_000), (60, 1900), (9999, 33)]


def random_sizes() -> list[tuple[int, int]]:
    generator = random.Random(5)
    sides = [int(10 ** generator.uniform(0, 4)) for _ in range(600)]
    return list(zip(sides[::2], sides[1::2], strict=True))


def below(name: str, height: int) -> Pixels:
    """A picture at the top of a tall column of its own background."""
    image = pixels(name)
    column = np.empty((height, *image.shape[1:]), np.uint8)
    column[:] = image[0, 0]
    column[: image.shape[0]] = image
    return column


def pixels(name: str) -> Pixels:
    data = pictures.read(name)
    return decode(data, read_header(data, 10**8))


@pytest.mark.parametrize(("width", "height"), EXTREMES)
def test_a_picture_that_would_grow_too_large_is_elongated(width: int, height: int) -> None:
    assert is_elongated(width, height, Options(), 6_000_000)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (709, 132), (2480, 3508), (100, 800)])
def test_an_ordinary_picture_is_not(width: int, height: int) -> None:
    assert not is_elongated(width, height, Options(), MOST)


def test_a_picture_as_long_as_a_text_line_is_not_if_it_is_taken_as_one() -> None:
    assert not is_elongated(2000, 33, LINE, MOST)


@pytest.mark.parametrize("options", [Options(), LINE], ids=["page", "line"])
def test_whatever_is_elongated_is_framed_within_bounds(options: Options) -> None:
    count = detector_pixels if options.use_det else recognizer_pixels
    elongated = [size for size in EXTREMES + random_sizes() if is_elongated(*size, options, MOST)]
    assert len(elongated) > 20
    for width, height in elongated:
        image, _ = framed(np.zeros((height, width, 3), np.uint8), options)
        assert 0 < count(image.shape[1], image.shape[0]) <= MOST, (width, height)


def test_the_padding_has_the_colour_of_the_background() -> None:
    image = np.full((3000, 10, 3), (10, 200, 30), np.uint8)
    image[5] = 0
    assert framed(image, Options())[0][0, -1].tolist() == [10, 200, 30]


def test_text_in_a_tall_column_is_read_where_it_stands(engine: Engine) -> None:
    column = below("small.png", 1990)
    assert is_elongated(column.shape[1], column.shape[0], Options(), 6_000_000)
    (line,) = engine.recognize(column, Options())
    (expected,) = engine.recognize(pixels("small.png"), Options())
    assert line.text == expected.text == "Harvest"
    np.testing.assert_allclose(np.array(line.box), np.array(expected.box), atol=4)


def test_boxes_of_a_picture_that_was_shrunk_are_in_its_own_pixels(engine: Engine) -> None:
    column = below("small.png", 1990).repeat(2, axis=0).repeat(2, axis=1)
    (line,) = engine.recognize(column, Options())
    (expected,) = engine.recognize(pixels("small.png"), Options())
    np.testing.assert_allclose(np.array(line.box), 2 * np.array(expected.box), atol=8)


@pytest.mark.parametrize(("width", "height"), EXTREMES)
def test_boxes_lie_within_the_picture(width: int, height: int, engine: Engine) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    for line in engine.recognize(noise, Options(use_rec=False)):
        corners = np.array(line.box)
        assert (corners >= 0).all()
        assert (corners <= (width, height)).all()


def test_each_side_has_its_own_shrinkage() -> None:
    _, (across, down) = framed(np.zeros((1, 100_000, 3), np.uint8), Options())
    assert (across, down) == (50.0, 1.0)


def test_a_long_picture_taken_as_a_line_gives_one_answer(engine: Engine) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1, 5000, 3), np.uint8)
    assert len(engine.recognize(noise, LINE)) == 1
