import random

import numpy as np
import pytest
from rapidocr_onnxruntime import RapidOCR
from rapidocr_onnxruntime.utils.process_img import ResizeImgError

from ocr_server.inference_size import detector_pixels, recognizer_pixels


def stock_detector_pixels(stock: RapidOCR, width: int, height: int) -> int:
    """Send an empty picture through the stock engine's own steps, up to the detector."""
    try:
        image, _, _ = stock.preprocess(np.zeros((height, width), np.uint8))
    except ResizeImgError:
        return 0
    image, _ = stock.maybe_add_letterbox(image, {})
    resized = stock.text_det.get_preprocess(max(image.shape[:2])).resize(image)
    return 0 if resized is None else int(resized.shape[0] * resized.shape[1])


def sizes_around_the_engines_limits() -> list[tuple[int, int]]:
    sides = [30, 31, 47, 48, 240, 241, 735, 736, 737, 752, 1999, 2000, 2001, 2032, 4000]
    return [
        (width, height) for width in sides for height in sides if max(width, height) <= 1200
    ] + [(width, height) for width, height in zip(sides, reversed(sides), strict=True)]


def random_sizes() -> list[tuple[int, int]]:
    generator = random.Random(1)
    sides = [int(10 ** generator.uniform(1.6, 3.6)) for _ in range(120)]
    return list(zip(sides[::2], sides[1::2], strict=True))


EXTREME_SIZES = [
    *[(1, 1), (1, 2), (2, 1), (1, 10), (10, 1), (29, 29), (29, 30), (30, 29), (1, 60), (60, 1)],
    *[(8, 1), (9, 1), (40, 5), (29, 232), (29, 233), (232, 29), (233, 29), (240, 30), (272, 31)],
    *[(2001, 16), (16, 2001), (2000, 240), (240, 2000), (2000, 100), (100, 2000), (2000, 30)],
    *[(2001, 15), (15, 2001), (20000, 1), (1, 20000), (20000, 200), (200, 20000), (5000, 5000)],
]


@pytest.mark.parametrize(
    "sizes", [sizes_around_the_engines_limits(), random_sizes(), EXTREME_SIZES]
)
def test_the_detector_sees_as_many_pixels_as_in_the_stock_engine(
    stock: RapidOCR, sizes: list[tuple[int, int]]
) -> None:
    ours = {size: detector_pixels(*size) for size in sizes}
    assert ours == {size: stock_detector_pixels(stock, *size) for size in sizes}


def test_a_very_thin_picture_grows_to_900_million_pixels() -> None:
    assert detector_pixels(2000, 1) == 60_000 * 15_008


def test_a_thin_tall_picture_grows_too() -> None:
    assert detector_pixels(1, 2000) > 1_000_000_000


def test_a_picture_that_shrinks_to_nothing_has_no_pixels() -> None:
    assert detector_pixels(20_000, 1) == recognizer_pixels(20_000, 1) == 0


@pytest.mark.parametrize(
    ("width", "height"), [(1654, 2339), (1920, 1080), (4000, 3000), (640, 480)]
)
def test_pages_and_photographs_stay_below_six_million_pixels(width: int, height: int) -> None:
    assert 0 < detector_pixels(width, height) < 6_000_000


@pytest.mark.parametrize(("width", "height"), [(400, 48), (1000, 30), (3000, 100), (2000, 31)])
def test_the_recognizer_sees_no_more_pixels_than_counted(
    stock: RapidOCR, width: int, height: int
) -> None:
    line, _, _ = stock.preprocess(np.zeros((height, width, 3), np.uint8))
    seen = stock.text_rec.resize_norm_img(line, line.shape[1] / line.shape[0])
    assert recognizer_pixels(width, height) >= seen.shape[1] * seen.shape[2]
