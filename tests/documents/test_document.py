"""Documents of any kind, told apart by their bytes."""

import io
from collections.abc import Iterator
from contextlib import closing, contextmanager

import numpy as np
import pytest
from PIL import Image

from ocr_server.decoder import decode, read_header
from ocr_server.documents.document import Document, Pictures, open_document
from ocr_server.documents.document_options import DocumentOptions
from ocr_server.errors import ClientError, InvalidImage, TooManyPages, UnsupportedFormat
from ocr_server.settings import Settings
from tests import pictures
from tests.pdfs import document, saved

SMALL = pictures.read("small.png")


@contextmanager
def opened(data: bytes, most: int = 1000) -> Iterator[Document]:
    found = open_document(data, DocumentOptions(), Settings(max_pages=most))
    with closing(found):
        yield found


def picture(format_name: str, count: int = 1, **options: object) -> bytes:
    frames = [Image.new("L", (40, 30), 20 * number) for number in range(count)]
    file = io.BytesIO()
    frames[0].save(file, format_name, save_all=count > 1, append_images=frames[1:], **options)
    return file.getvalue()


@pytest.mark.parametrize("format_name", ["TIFF", "GIF", "WEBP"])
@pytest.mark.parametrize("count", [1, 3])
def test_a_file_of_several_pictures_has_as_many_pages(format_name: str, count: int) -> None:
    with opened(picture(format_name, count)) as found:
        assert found.page_count == count
        for number in range(1, count + 1):
            assert found.page(number)().pixels.shape == (30, 40, 3)


@pytest.mark.parametrize("name", ["small.png", "rotated.jpg", "palette.png"])
def test_a_picture_is_a_document_of_one_page(name: str) -> None:
    data = pictures.read(name)
    with opened(data) as found:
        assert found.page_count == 1
        page = found.page(1)()
    np.testing.assert_array_equal(page.pixels, decode(data, read_header(data, 10**8)))
    assert page.dpi is None


@pytest.mark.parametrize("format_name", ["WEBP", "TIFF"])
def test_a_picture_that_could_be_an_animation_is_turned_upright_like_any_other(
    format_name: str,
) -> None:
    exif = Image.Exif()
    exif[274] = 6
    data = picture(format_name, exif=exif)
    with opened(data) as found:
        assert found.page(1)().pixels.shape == (40, 30, 3)


def test_a_pdf_has_its_pages() -> None:
    with opened(saved(document(3))) as found:
        assert found.page_count == 3


def test_a_pdf_may_stand_behind_other_bytes() -> None:
    with opened(b"\n" * 1000 + saved(document(2))) as found:
        assert found.page_count == 2


def test_a_picture_that_speaks_of_pdf_stays_a_picture() -> None:
    file = io.BytesIO()
    Image.new("L", (40, 30)).save(file, "JPEG", comment=b"%PDF-1.7")
    assert b"%PDF-" in file.getvalue()[:1024]
    with opened(file.getvalue()) as found:
        assert found.page(1)().pixels.shape == (30, 40, 3)


@pytest.mark.parametrize("format_name", ["TIFF", "GIF", "WEBP"])
def test_more_pages_than_are_read_are_too_many(format_name: str) -> None:
    with opened(picture(format_name, 3), most=3) as found:
        assert found.page_count == 3
    with (
        pytest.raises(TooManyPages, match="more than 2 pages or frames"),
        opened(picture(format_name, 3), most=2),
    ):
        pass


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", InvalidImage),
        (b"hello there", UnsupportedFormat),
        (SMALL[:60], InvalidImage),
        (b"II*\0\0\0\0\0", InvalidImage),
        (b"GIF89a", InvalidImage),
        (b"RIFF\4\0\0\0WEBP", InvalidImage),
    ],
)
def test_what_is_no_document_is_refused_when_it_is_opened(
    data: bytes, error: type[ClientError]
) -> None:
    with pytest.raises(error), opened(data):
        pass


def test_a_broken_first_page_of_several_is_an_error_of_that_page() -> None:
    data = bytearray(picture("TIFF", 2))
    (directory,) = np.frombuffer(bytes(data[4:8]), "<u4")
    data[directory + 10 : directory + 14] = b"\0\0\0\0"  # the width, the first of the entries
    with opened(bytes(data)) as found:
        with pytest.raises(InvalidImage):
            found.page(1)()
        assert found.page(2)().pixels.shape == (30, 40, 3)


def test_several_pictures_are_pages_whatever_they_are() -> None:
    found = Pictures([SMALL, b"no picture", pictures.read("rotated.jpg")], 10**8)
    assert (found.page_count, list(found.numbers)) == (3, [1, 2, 3])
    assert found.page(1)().pixels.ndim == 3
    with pytest.raises(UnsupportedFormat):
        found.page(2)
    assert found.page(3)().pixels.ndim == 3
