"""Small blank pictures and documents: random bytes are none, and large ones take long.

Those in `TEXTS` are ASCII, so that schemathesis can look at a form that holds them as text.
"""

import io
from typing import Any

import pikepdf
from PIL import Image

_SIZE = (16, 16)
_GREY = 0x7F
# Behind the first line qpdf puts bytes that tell programs that this is no text.
_BINARY_MARK = b"\xbf\xf7\xa2\xfe"


def _picture(form: str, frames: int = 1) -> bytes:
    mode = "RGB" if form == "BMP" else "L"
    shades = [Image.new("L", _SIZE, _GREY - number).convert(mode) for number in range(frames)]
    file = io.BytesIO()
    more: dict[str, Any] = {"dpi": (1, 1)} if form == "BMP" else {}
    if frames > 1:
        more |= {"save_all": True, "append_images": shades[1:]}
    shades[0].save(file, form, **more)
    return file.getvalue()


def _pdf(pages: int) -> bytes:
    file = io.BytesIO()
    with pikepdf.new() as document:
        for _ in range(pages):
            document.add_blank_page(page_size=_SIZE)
        document.save(file, deterministic_id=True)
    return file.getvalue().replace(_BINARY_MARK, b"text")


# /ocr reads the first frame of those that have several.
PICTURES = [_picture(form) for form in ("PNG", "JPEG", "BMP", "TIFF", "GIF", "WEBP")]
PICTURES += [_picture(form, frames=2) for form in ("TIFF", "GIF", "WEBP")]
PDFS = [_pdf(pages) for pages in (1, 2)]
TEXTS = [picture.decode("ascii") for picture in map(_picture, ("BMP", "TIFF"))]
PDF_TEXTS = [pdf.decode("ascii") for pdf in PDFS]
