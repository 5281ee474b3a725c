"""Pages made of pictures, for a searchable PDF of what was no PDF."""

from dataclasses import dataclass

import pikepdf
from pikepdf import Array, Dictionary, Name

# What a picture is printed at that does not tell its resolution.
_USUAL_DPI = 96
_POINTS_PER_INCH = 72
# Larger and smaller pages are refused by many readers (ISO 32000-1, annex C).
_LEAST_POINTS, _MOST_POINTS = 3, 14_400


@dataclass(frozen=True, slots=True)
class Jpeg:
    """A JPEG file, upright, of three channels or one.

    width, height: in pixels.
    dpi: dots an inch; None where nobody knows.
    """

    content: bytes
    width: int
    height: int
    is_grey: bool = False
    dpi: float | None = None


def add_picture_page(pdf: pikepdf.Pdf, jpeg: Jpeg) -> None:
    """Append a page that a picture fills. The JPEG stays as it is, and in memory until saved."""
    width, height = _size(jpeg)
    image = pdf.make_stream(
        jpeg.content,
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=jpeg.width,
        Height=jpeg.height,
        ColorSpace=Name.DeviceGray if jpeg.is_grey else Name.DeviceRGB,
        BitsPerComponent=8,
        Filter=Name.DCTDecode,
    )
    page = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, width, height]),
        Resources=Dictionary(XObject=Dictionary(Picture=image)),
        Contents=pdf.make_stream(b"q %f 0 0 %f 0 0 cm /Picture Do Q\n" % (width, height)),
    )
    pdf.pages.append(pikepdf.Page(page))


def _size(jpeg: Jpeg) -> tuple[float, float]:
    """Return the page's width and height in points, in the picture's proportions if possible."""
    scale = _POINTS_PER_INCH / (jpeg.dpi or _USUAL_DPI)
    scale = min(scale, _MOST_POINTS / max(jpeg.width, jpeg.height))
    return max(jpeg.width * scale, _LEAST_POINTS), max(jpeg.height * scale, _LEAST_POINTS)
