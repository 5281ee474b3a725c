import io

import pytest
from PIL import Image

from ocr_server.reading.kinds import is_document
from tests import pictures


def picture(kind: str, frames: int) -> bytes:
    first, *others = [Image.new("L", (8, 8), 255 - 40 * index) for index in range(frames)]
    file = io.BytesIO()
    first.save(file, kind, save_all=True, append_images=others)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["TIFF", "GIF", "WEBP"])
def test_a_picture_of_several_frames_is_a_document(kind: str) -> None:
    assert is_document(picture(kind, 2))
    assert not is_document(picture(kind, 1))


def test_a_pdf_is_a_document_and_a_picture_is_none() -> None:
    assert is_document(b"%PDF-1.7")
    assert not is_document(pictures.read("small.png"))


@pytest.mark.parametrize("data", [b"", b"nothing", b"GIF89a", b"II*\0"])
def test_what_cannot_be_opened_is_no_document(data: bytes) -> None:
    assert not is_document(data)
