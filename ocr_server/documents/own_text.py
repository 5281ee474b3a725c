"""The text that a PDF page has of its own, so that a text layer does not say it twice."""

import ctypes
import dataclasses
import math
from collections.abc import Iterator

import pypdfium2
import pypdfium2.raw as pdfium

from ocr_server.page import Page
from ocr_server.text_line import Box, Point, TextLine

# Where on a line its text is looked for, and how far from its middle, in parts of its height.
_POINTS = 10
_REACH = 0.4
# A page with more characters than this has text enough; looking each line up would take long.
_MANY_CHARACTERS = 50_000


def without_own_text(page: Page, document_page: pypdfium2.PdfPage) -> Page:
    """Leave out the lines of a page that are text in the document already.

    This is the one rule for pages that are not, or not only, scans: a line is left out if the
    page has readable text of its own, seen or unseen, under at least half of it. So a page that
    was made on a computer keeps its own text, a scan gets all of its lines, and a scan with a
    stamp or page number, or a page with pictures of text, gets those lines that it lacks.

    page: as read from a picture of the whole `document_page`.
    Raises pypdfium2.PdfiumError.
    """
    text = document_page.get_textpage()
    try:
        count = text.count_chars()
        if count <= 0:
            return page
        if count > _MANY_CHARACTERS:
            return dataclasses.replace(page, lines=())
        lines = (line for line in page.lines if not _is_own(line, page, document_page, text))
        return dataclasses.replace(page, lines=tuple(lines))
    finally:
        text.close()


def _is_own(
    line: TextLine, page: Page, document_page: pypdfium2.PdfPage, text: pypdfium2.PdfTextPage
) -> bool:
    box = line.box or ((0, 0), (page.width, 0), (page.width, page.height), (0, page.height))
    points_per_pixel = math.hypot(*document_page.get_size()) / math.hypot(page.width, page.height)
    # pdfium reaches half of a tolerance to each side.
    tolerance = 2 * _REACH * points_per_pixel * _height(box)
    found = 0
    for point in _along(box):
        x, y = _in_document(point, page, document_page)
        index = text.get_index(x, y, tolerance, tolerance)
        found += index is not None and not pdfium.FPDFText_HasUnicodeMapError(text, index)
    return 2 * found >= _POINTS


def _height(box: Box) -> float:
    top_left, top_right, _, bottom_left = box
    return min(math.dist(top_left, top_right), math.dist(top_left, bottom_left))


def _along(box: Box) -> Iterator[Point]:
    """Give points spread over the middle of a box, from end to end of its longer side."""
    top_left, top_right, bottom_right, bottom_left = box
    if math.dist(top_left, top_right) >= math.dist(top_left, bottom_left):
        start, end = _middle(top_left, bottom_left), _middle(top_right, bottom_right)
    else:
        start, end = _middle(top_left, top_right), _middle(bottom_left, bottom_right)
    for number in range(_POINTS):
        part = (number + 0.5) / _POINTS
        yield start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1])


def _middle(one: Point, other: Point) -> Point:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2


def _in_document(point: Point, page: Page, document_page: pypdfium2.PdfPage) -> Point:
    """Return where a pixel lies in the document page's user space."""
    x, y = ctypes.c_double(), ctypes.c_double()
    area = (0, 0, page.width, page.height, 0)
    pdfium.FPDF_DeviceToPage(document_page, *area, round(point[0]), round(point[1]), x, y)
    return x.value, y.value
