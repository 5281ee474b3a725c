"""Bytes of a picture -> pixels as a person sees them. OpenCV decodes, Pillow reads the header."""

import io
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from ocr_server.errors import ImageTooLarge, InvalidImage, UnsupportedFormat
from ocr_server.png import SIGNATURE, BrokenPng, read_png
from ocr_server.tiff import BrokenTiff, check_directory

Pixels = npt.NDArray[np.uint8]
AnyPixels = npt.NDArray[Any]

FORMATS = {
    b"\xff\xd8\xff": "JPEG",
    SIGNATURE: "PNG",
    b"BM": "BMP",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"RIFF": "WEBP",
}
_ORIENTATION_TAG = 0x0112
_OPAQUE = 255
_BAND_PIXELS = 1_000_000
_MAX_JPEG_SCANS = 100
# Pillow's names of those that tell when they are broken.
_CHECKED_COMPRESSIONS = {"tiff_lzw", "tiff_deflate", "tiff_adobe_deflate", "lzma", "zstd"}

# The limit on pixels is a setting here, and held before anything is decoded.
Image.MAX_IMAGE_PIXELS = None
# What a broken picture makes the libraries complain of goes to the client, as an error.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

# EXIF 2.32, tag 274: how the stored picture is turned to be seen upright.
_UPRIGHT: dict[int, Callable[[Pixels], Pixels]] = {
    2: np.fliplr,
    3: lambda image: np.rot90(image, 2),
    4: np.flipud,
    5: lambda image: image.transpose(1, 0, 2),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: np.rot90(image.transpose(1, 0, 2), 2),
    8: lambda image: np.rot90(image, 1),
}
_FIRST_ORIENTATION_ON_ITS_SIDE = 5


@dataclass(frozen=True, slots=True)
class Header:
    """What a picture's file tells before decoding: format, width and height as a person sees it.

    orientation: 1 to 8, how the stored pixels must still be turned after decoding.
    mode: Pillow's name of the pixel layout; empty for PNG.
    transparent_grey: the level of grey that means transparent, if any.
    """

    format: str
    width: int
    height: int
    orientation: int
    mode: str = ""
    transparent_grey: int | None = None


def read_header(data: bytes, max_pixels: int) -> Header:
    """Read format, size and orientation without decoding pixels.

    Raises InvalidImage, UnsupportedFormat, ImageTooLarge (more than `max_pixels`).
    """
    if not data:
        raise InvalidImage("The picture is empty (0 bytes). Check that the file was read and sent.")
    format_name = format_of(data)
    header = _png_header(data) if format_name == "PNG" else _other_header(data, format_name)
    if header.width * header.height > max_pixels:
        raise ImageTooLarge(
            f"The picture has {header.width} x {header.height} pixels; at most {max_pixels} are "
            "allowed. Send it smaller."
        )
    if header.orientation >= _FIRST_ORIENTATION_ON_ITS_SIDE:
        header = replace(header, width=header.height, height=header.width)
    return header


def decode(data: bytes, header: Header) -> Pixels:
    """Decode a picture to BGR, shape (height, width, 3), values 0 to 255.

    The picture is turned upright after its EXIF orientation, transparency is laid over white or
    black, whichever the visible part stands out from. Raises InvalidImage, UnsupportedFormat.
    """
    image = _pixels(data, header)
    # OpenCV multiplies a TIFF's alpha into its colours, but only in pictures of 8 bits.
    premultiplied = header.format == "TIFF" and header.mode == "RGBA" and image.dtype == np.uint8
    if header.transparent_grey is not None:
        image = _with_alpha(image, header.transparent_grey)
    image = _bgr(_in_eight_bits(image), premultiplied)
    if header.orientation in _UPRIGHT:
        image = _UPRIGHT[header.orientation](image)
    return np.ascontiguousarray(image)


def on_background(image: Pixels) -> Pixels:
    """Return a BGRA picture, shape (height, width, 4), as BGR, as `decode` lays it down."""
    return np.ascontiguousarray(_over_background(image, premultiplied=False))


def _png_header(data: bytes) -> Header:
    # Not by Pillow, which decodes the pixels when it is asked for EXIF data that is not there.
    try:
        png = read_png(data)
    except BrokenPng as error:
        raise _broken("PNG") from error
    orientation = _orientation(lambda: _parse_exif(png.exif))
    return Header("PNG", png.width, png.height, orientation, "", png.transparent_grey)


def _other_header(data: bytes, format_name: str) -> Header:
    _check_for_bombs(data, format_name)
    with _open(data, format_name) as image:
        width, height = image.size
        # Pillow's size and OpenCV's pixels of a TIFF are turned upright already.
        orientation = 1 if format_name == "TIFF" else _orientation(image.getexif)
        return Header(format_name, width, height, orientation, image.mode)


def is_pdf(data: bytes) -> bool:
    """Return whether a file says that it is a PDF; readers look for it in the first 1024 bytes.

    A picture may have those letters among its metadata, and stays a picture.
    """
    return b"%PDF-" in data[:1024] and not data.startswith(tuple(FORMATS))


def format_of(data: bytes) -> str:
    """Return the name of a picture's format, by its first bytes. Raises UnsupportedFormat."""
    for magic, name in FORMATS.items():
        if data.startswith(magic) and (name != "WEBP" or data[8:12] == b"WEBP"):
            return name
    if is_pdf(data):
        raise UnsupportedFormat("This is a PDF, which is a document: send it to /ocr/document.")
    names = ", ".join(sorted(set(FORMATS.values())))
    raise UnsupportedFormat(
        f"The bytes are not a picture in a format read here: {names}. Nor are they a PDF."
    )


def _open(data: bytes, format_name: str) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=[format_name])
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise _broken(format_name) from error


def _check_for_bombs(data: bytes, format_name: str) -> None:
    """Refuse files that take a decoder very long for their size."""
    # Within compressed pixels 0xFF is never followed by 0xDA, so this counts scans.
    if format_name == "JPEG" and data.count(b"\xff\xda") > _MAX_JPEG_SCANS:
        raise _broken(format_name)
    if format_name == "TIFF":
        try:
            check_directory(data)
        except BrokenTiff as error:
            raise _broken(format_name) from error


def _parse_exif(block: bytes) -> Image.Exif:
    exif: Image.Exif = Image.Exif()
    exif.load(block)
    return exif


def _orientation(read_exif: Callable[[], Image.Exif]) -> int:
    """Return EXIF orientation 1 to 8; an absent, broken or senseless one counts as 1, upright."""
    try:
        orientation = read_exif().get(_ORIENTATION_TAG, 1)
    except Exception:  # Whatever is wrong with the metadata, the picture itself may be fine.
        return 1
    return orientation if orientation in range(1, 9) else 1


def _pixels(data: bytes, header: Header) -> AnyPixels:
    if header.format == "TIFF" and header.mode == "LA":
        return _decode_with_pillow(data)
    if header.format == "PNG":
        data = read_png(data).essence
    if header.format == "TIFF":
        _check_strips(data)
    try:
        image: AnyPixels | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise _broken(header.format) from error
    # The limits were held against the header's size; decoders must not see another one.
    if image is None or sorted(image.shape[:2]) != sorted((header.height, header.width)):
        raise _broken(header.format)
    return image


def _check_strips(data: bytes) -> None:
    """Raise InvalidImage if a part of a TIFF cannot be unpacked; OpenCV leaves such parts blank."""
    with _open(data, "TIFF") as image:
        if image.info.get("compression") in _CHECKED_COMPRESSIONS:
            try:
                image.load()
            except (OSError, ValueError, SyntaxError, EOFError) as error:
                raise _broken("TIFF") from error


def _decode_with_pillow(data: bytes) -> AnyPixels:
    """Decode grey with alpha from a TIFF, whose alpha OpenCV drops, to BGRA."""
    try:
        with Image.open(io.BytesIO(data), formats=["TIFF"]) as image:
            red_first = np.asarray(image.convert("LA").convert("RGBA"))
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise _broken("TIFF") from error
    return red_first[:, :, [2, 1, 0, 3]]


def _with_alpha(image: AnyPixels, transparent_grey: int) -> AnyPixels:
    """Return a grey picture of three equal channels with the alpha that OpenCV dropped."""
    opaque = np.iinfo(image.dtype).max
    grey = image if image.ndim == 2 else image[:, :, 0]
    alpha = np.where(grey == transparent_grey, 0, opaque).astype(image.dtype)
    return np.dstack([grey, grey, grey, alpha])


def _in_eight_bits(image: AnyPixels) -> Pixels:
    if image.dtype == np.uint8:
        return image
    if image.dtype == np.uint16:
        return (image >> 8).astype(np.uint8)
    if image.dtype == np.float32:
        image = np.nan_to_num(image, posinf=1.0, neginf=0.0)
        # Levels are 0 to 1 by convention, but some programs write 0 to 255.
        scale = 255.0 if image.max() <= 1.0 else 1.0
        return (image * scale).clip(0, 255).astype(np.uint8)
    raise UnsupportedFormat(
        f"Pixels of type {image.dtype} are not read. Save the picture with 8 or 16 bits a channel."
    )


def _bgr(image: Pixels, premultiplied: bool) -> Pixels:
    channels = 1 if image.ndim == 2 else image.shape[2]
    if channels == 1:
        return np.dstack([image, image, image])
    if channels == 3:
        return image
    if channels == 4:
        return _over_background(image, premultiplied)
    raise UnsupportedFormat(f"Pictures with {channels} channels are not read. Use grey or RGB.")


def _over_background(image: Pixels, premultiplied: bool) -> Pixels:
    """Lay a BGRA picture over white or black, whichever is further from what is visible."""
    colour, alpha = image[:, :, :3], image[:, :, 3]
    if alpha.min() == _OPAQUE:
        return colour
    laid = np.empty_like(colour, order="C")
    for rows in _bands(image):
        weight = np.dstack([alpha[rows]] * 3)
        laid[rows] = (
            colour[rows] if premultiplied else cv2.multiply(colour[rows], weight, scale=1 / _OPAQUE)
        )
    if laid.mean() > alpha.mean() / 2:
        return laid  # The visible part is light: over black, which adds nothing.
    for rows in _bands(image):
        laid[rows] = cv2.add(laid[rows], np.dstack([_OPAQUE - alpha[rows]] * 3))
    return laid


def _bands(image: Pixels) -> Iterator[slice]:
    """Cut a picture into bands of rows, so that what is computed between takes little memory."""
    height, width = image.shape[:2]
    rows = max(1, _BAND_PIXELS // width)
    return (slice(top, top + rows) for top in range(0, height, rows))


def _broken(format_name: str) -> InvalidImage:
    return InvalidImage(
        f"The {format_name} picture is broken, cut short or of an unusual kind. Check that it "
        "opens in a viewer and that all of it was sent, or save it as an ordinary PNG or JPEG."
    )
