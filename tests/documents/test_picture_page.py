"""Pages made of pictures."""

import io

import numpy as np
import pikepdf
import pytest
from PIL import Image

from ocr_server.documents.picture_page import Jpeg, add_picture_page
from ocr_server.text_line import TextLine
from tests.pdfs import (
    complaints,
    layered,
    opened,
    page_of,
    pdftotext,
    pdftotext_boxes,
    rectangle,
    rendered,
    saved,
)


def gradient(mode: str, width: int = 400, height: int = 300) -> Image.Image:
    grey = Image.linear_gradient("L").resize((width, height))
    return grey if mode == "L" else Image.merge("RGB", [grey, grey.rotate(180), grey.rotate(90)])


def jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=95)
    return file.getvalue()


def of_pictures(*given: Jpeg) -> pikepdf.Pdf:
    pdf = pikepdf.new()
    for picture in given:
        add_picture_page(pdf, picture)
    return pdf


def page_size(data: bytes) -> tuple[float, float]:
    with opened(data) as pdf:
        width, height = pdf[0].get_size()
    return width, height


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_page_shows_its_picture(mode: str) -> None:
    image = gradient(mode)
    data = saved(of_pictures(Jpeg(jpeg(image), 400, 300, is_grey=mode == "L", dpi=72)))
    (shown,) = rendered(data)
    blue_green_red = np.asarray(image.convert("RGB"), np.int16)[:, :, ::-1]
    assert np.abs(shown.astype(np.int16) - blue_green_red).mean() < 2
    assert complaints(data) == ""


def test_a_picture_is_kept_as_it_is() -> None:
    content = jpeg(gradient("RGB"))
    assert content in saved(of_pictures(Jpeg(content, 400, 300)))


@pytest.mark.parametrize(("dpi", "size"), [(200, (144, 108)), (72, (400, 300)), (None, (300, 225))])
def test_a_page_is_as_large_as_the_picture_is_in_print(
    dpi: float | None, size: tuple[float, float]
) -> None:
    assert page_size(saved(of_pictures(Jpeg(b"", 400, 300, dpi=dpi)))) == pytest.approx(size)


@pytest.mark.parametrize(
    ("width", "height", "dpi", "size"),
    [(60_000, 30_000, 72, (14_400, 7_200)), (1, 1, 300, (3, 3)), (30_000, 1, None, (14_400, 3))],
)
def test_a_page_is_of_a_size_that_readers_take(
    width: int, height: int, dpi: float | None, size: tuple[float, float]
) -> None:
    data = saved(of_pictures(Jpeg(b"", width, height, dpi=dpi)))
    assert page_size(data) == pytest.approx(size)


def test_each_page_has_its_text_where_it_was_read() -> None:
    picture = Jpeg(jpeg(gradient("L")), 400, 300, is_grey=True, dpi=144)
    first, second = (
        page_of(TextLine(rectangle(40, 20, 200, 60), text, 1.0), width=400, height=300)
        for text in ("first", "second")
    )
    data = layered(of_pictures(picture, picture), first, second)
    assert pdftotext(data) == [["first"], ["second"]]
    for _, box in pdftotext_boxes(data):
        assert box == pytest.approx((20, 10, 100, 30), abs=0.1)
    assert complaints(data) == ""
