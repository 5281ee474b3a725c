"""Documents for the tests of the text layer, and what other programs see in them."""

import io
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal
from xml.etree import ElementTree

import numpy as np
import pikepdf
import pypdfium2
from pikepdf import Array, Dictionary, Name
from PIL import Image

from ocr_server.documents.text_layer import TextLayer
from ocr_server.page import Page
from ocr_server.text_line import Box, TextLine, Word
from tests import pictures

Rectangle = tuple[float, float, float, float]

# A light square in a grey page, so that pages do not look the same whichever way they are turned.
DRAWING = b"0.5 g -999 -999 2999 2999 re f 1 g 100 120 60 60 re f\n"


def document(pages: int = 1, drawing: bytes = DRAWING) -> pikepdf.Pdf:
    """Pages of 400 by 300 points, each with a drawing and no text."""
    pdf = pikepdf.new()
    for _ in range(pages):
        page = Dictionary(
            Type=Name.Page,
            MediaBox=Array([0, 0, 400, 300]),
            Resources=Dictionary(),
            Contents=pdf.make_stream(drawing),
        )
        pdf.pages.append(pikepdf.Page(page))
    return pdf


def saved(pdf: pikepdf.Pdf) -> bytes:
    """The document's bytes."""
    file = io.BytesIO()
    pdf.save(file, deterministic_id=True)
    return file.getvalue()


def layered(pdf: pikepdf.Pdf, *pages: Page) -> bytes:
    """A document's bytes with these pages' text on its first pages."""
    layer = TextLayer(pdf)
    for index, page in enumerate(pages):
        layer.add(index, page)
    file = io.BytesIO()
    layer.save(file)
    return file.getvalue()


def page_of(*lines: TextLine, width: int = 800, height: int = 600) -> Page:
    """A page as it was read; by default from a picture with twice as many pixels as points."""
    return Page(1, width, height, lines)


def rectangle(left: float, top: float, right: float, bottom: float) -> Box:
    """An upright box."""
    return (left, top), (right, top), (right, bottom), (left, bottom)


def words_of(text: str, box: Box) -> tuple[Word, ...]:
    """A word for each character, spread evenly over an upright box."""
    (left, top), _, (right, bottom), _ = box
    width = (right - left) / len(text)
    return tuple(
        Word(
            character,
            rectangle(left + width * number, top, left + width * (number + 1), bottom),
            1.0,
        )
        for number, character in enumerate(text)
    )


def pdftotext(data: bytes, *options: str) -> list[list[str]]:
    """The lines that poppler finds on each page."""
    command = ["pdftotext", *options, "-", "-"]
    done = subprocess.run(command, input=data, capture_output=True, check=True)
    assert done.stderr == b""
    *pages, end = done.stdout.decode().split("\f")
    assert end == ""
    return [[line for line in page.split("\n") if line] for page in pages]


def pdftotext_boxes(data: bytes) -> list[tuple[str, Rectangle]]:
    """The words that poppler finds, with left, top, right, bottom on the page as it is seen."""
    command = ["pdftotext", "-bbox", "-cropbox", "-", "-"]
    done = subprocess.run(command, input=data, capture_output=True, check=True)
    words = ElementTree.fromstring(done.stdout).iter("{http://www.w3.org/1999/xhtml}word")
    return [
        (
            word.text or "",
            (
                float(word.attrib["xMin"]),
                float(word.attrib["yMin"]),
                float(word.attrib["xMax"]),
                float(word.attrib["yMax"]),
            ),
        )
        for word in words
    ]


@contextmanager
def opened(data: bytes) -> Iterator[pypdfium2.PdfDocument]:
    """The document as pdfium sees it."""
    pdf = pypdfium2.PdfDocument(data)
    try:
        yield pdf
    finally:
        pdf.close()


def pdfium_box(data: bytes) -> Rectangle:
    """Where pdfium finds text on the first page: left, bottom, right, top in its user space."""
    with opened(data) as pdf:
        text = pdf[0].get_textpage()
        boxes = [text.get_charbox(index) for index in range(text.count_chars())]
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


def pdfium_text(data: bytes) -> list[list[str]]:
    """The lines that pdfium finds on each page."""
    with opened(data) as pdf:
        texts = [page.get_textpage().get_text_range() for page in pdf]
    return [text.split("\r\n") if text else [] for text in texts]


def rendered(data: bytes, scale: float = 1) -> list[np.ndarray]:
    """What pdfium shows of each page."""
    with opened(data) as pdf:
        return [page.render(scale=scale).to_numpy().copy() for page in pdf]


def complaints(data: bytes) -> str:
    """What qpdf says against a document; nothing if it is flawless."""
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(data)
        file.flush()
        command = ["qpdf", "--check", file.name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def error_rate(read: Sequence[str], known: Sequence[str]) -> float:
    """Edits that it takes to make one text of the other, per character of the known one."""
    first, second = "\n".join(read), "\n".join(known)
    row = list(range(len(second) + 1))
    for index, character in enumerate(first):
        previous, row[0] = row[0], index + 1
        for column, other in enumerate(second):
            best = min(row[column] + 1, row[column + 1] + 1, previous + (character != other))
            previous, row[column + 1] = row[column + 1], best
    return row[-1] / max(len(second), 1)


def of_pictures(*names: str) -> pikepdf.Pdf:
    """A page for each of the test pictures, which fills it; at 72 dots an inch it is the page."""
    pdf = pikepdf.new()
    for name in names:
        with Image.open(pictures.FOLDER / name) as image:
            rgb = image.convert("RGB")
        stream = pdf.make_stream(
            rgb.tobytes(),
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=rgb.width,
            Height=rgb.height,
            ColorSpace=Name.DeviceRGB,
            BitsPerComponent=8,
        )
        page = Dictionary(
            Type=Name.Page,
            MediaBox=Array([0, 0, *rgb.size]),
            Resources=Dictionary(XObject=Dictionary(Picture=stream)),
            Contents=pdf.make_stream(b"%d 0 0 %d 0 0 cm /Picture Do" % rgb.size),
        )
        pdf.pages.append(pikepdf.Page(page))
    return pdf


def encrypted(
    pdf: pikepdf.Pdf, user: str, owner: str = "owner", revision: Literal[3, 4, 6] = 6
) -> bytes:
    """The document's bytes, to be opened with a password; revision 3 is RC4, 6 is AES-256."""
    file = io.BytesIO()
    encryption = pikepdf.Encryption(
        user=user, owner=owner, R=revision, aes=revision >= 4, metadata=revision >= 4
    )
    pdf.save(file, encryption=encryption)
    return file.getvalue()
