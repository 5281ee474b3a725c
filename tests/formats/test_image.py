"""A drawn picture's file."""

import io

import numpy as np
import pytest
from PIL import Image

from ocr_server.drawing.drawing import draw
from ocr_server.formats.image import FORMAT, write
from tests.formats.pages import line, picture


@pytest.mark.parametrize(("media_type", "name"), [("image/png", "PNG"), ("image/webp", "WEBP")])
def test_a_picture_comes_in_the_media_type_asked_for(media_type: str, name: str) -> None:
    image, lines = picture("small.png"), [line("Harvest", 10, 5, 90, 30)]
    with Image.open(io.BytesIO(write(image, lines, media_type))) as written:
        drawn = draw(image, lines)
        assert (written.format, written.size) == (name, (drawn.shape[1], drawn.shape[0]))


def test_png_keeps_every_pixel() -> None:
    image, lines = picture("grey.jpg"), [line("text", 10, 5, 90, 30)]
    with Image.open(io.BytesIO(write(image, lines, "image/png"))) as written:
        assert np.array_equal(np.asarray(written)[:, :, ::-1], draw(image, lines))


def test_pages_alone_are_not_enough_for_it() -> None:
    assert FORMAT.write is None
