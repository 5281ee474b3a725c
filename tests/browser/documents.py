"""Documents made of the committed pictures."""

import io
from collections.abc import Sequence

import pikepdf
from PIL import Image, ImageOps
from playwright.sync_api import FilePayload

from tests import pictures

PAGES = ("small.png", "page_latin.png", "grey.jpg")


def pdf(
    names: Sequence[str] = PAGES, password: str = "", broken_page: int | None = None
) -> FilePayload:
    """Return a PDF with a picture a page, encrypted if there is a password.

    `broken_page` counts from 1.
    """
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(_saved(names, "PDF", resolution=200))) as document:
        if broken_page:
            # A branch of the tree of pages that says it has one and has none.
            branch = pikepdf.Dictionary(Type=pikepdf.Name.Pages, Count=1)
            document.Root.Pages.Kids[broken_page - 1] = document.make_indirect(branch)
        locked = pikepdf.Encryption(owner=password, user=password) if password else False
        document.save(made, encryption=locked)
    return {"name": "scan.pdf", "mimeType": "application/pdf", "buffer": made.getvalue()}


def tiff(names: Sequence[str] = PAGES) -> FilePayload:
    """Return a TIFF with a picture a page."""
    content = _saved(names, "TIFF", compression="tiff_deflate")
    return {"name": "scan.tif", "mimeType": "image/tiff", "buffer": content}


def gif(names: Sequence[str] = PAGES) -> FilePayload:
    """Return a GIF with a picture a frame."""
    images = _images(names)
    # The first frame's size is the screen's, which no frame may leave.
    size = max(image.width for image in images), max(image.height for image in images)
    frames = [ImageOps.pad(image, size, color="white") for image in images]
    made = io.BytesIO()
    frames[0].save(made, "GIF", save_all=True, append_images=frames[1:])
    return {"name": "scan.gif", "mimeType": "image/gif", "buffer": made.getvalue()}


def _images(names: Sequence[str]) -> list[Image.Image]:
    return [Image.open(io.BytesIO(pictures.read(name))).convert("RGB") for name in names]


def _saved(names: Sequence[str], kind: str, **options: object) -> bytes:
    images = _images(names)
    made = io.BytesIO()
    images[0].save(made, kind, save_all=True, append_images=images[1:], **options)
    return made.getvalue()
