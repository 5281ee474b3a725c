"""Bytes of a picture -> pixels as a person sees them. OpenCV decodes, Pillow reads the header."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from ocr_server.errors import ImageTooLarge, InvalidImage, UnsupportedFormat

Pixels = npt.NDArray[np.uint8]
AnyPixels = npt.NDArray[Any]

FORMATS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"BM": "BMP",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"RIFF": "WEBP",
}
_ORIENTATION_TAG = 0x0112
_OPAQUE = 255

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
    """What a picture's first bytes tell: format, width and height in pixels as a person sees it."""

    format: str
    width: int
    height: int
    orientation: int
    mode: str


def read_header(data: bytes, max_pixels: int) -> Header:
    """Read format, size and orientation without decoding pixels.

    Raises InvalidImage, UnsupportedFormat, ImageTooLarge (more than `max_pixels`).
    """
    if not data:
        raise InvalidImage("The picture is empty (0 bytes). Check that the file was read and sent.")
    image = _open(data, _format_of(data))
    with image:
        width, height = image.size
        orientation = _orientation_of(image)
        mode = image.mode
        format_name = image.format or ""
    if width * height > max_pixels:
        raise ImageTooLarge(
            f"The picture has {width} x {height} pixels; at most {max_pixels} are allowed. "
            "Send it smaller."
        )
    if orientation >= _FIRST_ORIENTATION_ON_ITS_SIDE:
        width, height = height, width
    return Header(format_name, width, height, orientation, mode)


def decode(data: bytes, header: Header) -> Pixels:
    """Decode a picture to BGR, shape (height, width, 3), values 0 to 255.

    The picture is turned upright after its EXIF orientation, transparency is laid over white or
    black, whichever the visible part stands out from. Raises InvalidImage, UnsupportedFormat.
    """
    image = _bgr(_in_eight_bits(_pixels(data, header)), header)
    # OpenCV turns TIFF pictures upright by itself, whatever the flags.
    if header.format != "TIFF" and header.orientation in _UPRIGHT:
        image = _UPRIGHT[header.orientation](image)
    return np.ascontiguousarray(image)


def _format_of(data: bytes) -> str:
    for magic, name in FORMATS.items():
        if data.startswith(magic) and (name != "WEBP" or data[8:12] == b"WEBP"):
            return name
    names = ", ".join(sorted(set(FORMATS.values())))
    raise UnsupportedFormat(f"The bytes are not a picture in a format read here: {names}.")


def _open(data: bytes, format_name: str) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=[format_name])
    except Image.DecompressionBombError as error:
        raise ImageTooLarge("The picture has far too many pixels. Send it smaller.") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise _broken(format_name) from error


def _orientation_of(image: Image.Image) -> int:
    """Return EXIF orientation 1 to 8; a broken or absent tag counts as 1, upright."""
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # Whatever is wrong with the metadata, the picture itself may be fine.
        return 1
    return orientation if orientation in range(1, 9) else 1


def _pixels(data: bytes, header: Header) -> AnyPixels:
    if header.format == "TIFF" and header.mode == "LA":
        return _decode_with_pillow(data)
    try:
        image: AnyPixels | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise _broken(header.format) from error
    if image is None:
        raise _broken(header.format)
    return image


def _decode_with_pillow(data: bytes) -> AnyPixels:
    """Decode grey with alpha from a TIFF, whose alpha OpenCV drops; BGRA, alpha multiplied in."""
    try:
        with Image.open(io.BytesIO(data), formats=["TIFF"]) as image:
            red_first = np.asarray(image.convert("RGBa"))
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise _broken("TIFF") from error
    return red_first[:, :, [2, 1, 0, 3]]


def _in_eight_bits(image: AnyPixels) -> Pixels:
    if image.dtype == np.uint8:
        return image
    if image.dtype == np.uint16:
        return (image >> 8).astype(np.uint8)
    if image.dtype == np.float32:
        return (np.nan_to_num(image).clip(0.0, 1.0) * 255.0).astype(np.uint8)
    raise UnsupportedFormat(
        f"Pixels of type {image.dtype} are not read. Save the picture with 8 or 16 bits a channel."
    )


def _bgr(image: Pixels, header: Header) -> Pixels:
    channels = 1 if image.ndim == 2 else image.shape[2]
    if channels == 1:
        return np.dstack([image, image, image])
    if channels == 3:
        return image
    if channels == 4:
        # OpenCV gives a TIFF's colours with alpha multiplied in already.
        return _over_background(image, premultiplied=header.format == "TIFF")
    raise UnsupportedFormat(f"Pictures with {channels} channels are not read. Use grey or RGB.")


def _over_background(image: Pixels, *, premultiplied: bool) -> Pixels:
    """Lay a BGRA picture over white or black, whichever is further from what is visible."""
    colour, alpha = image[:, :, :3], image[:, :, 3]
    if alpha.min() == _OPAQUE:
        return colour
    weight = np.dstack([alpha, alpha, alpha])
    if not premultiplied:
        colour = np.asarray(cv2.multiply(colour, weight, scale=1 / _OPAQUE), np.uint8)
    visible_brightness = colour.mean() / max(alpha.mean(), 1.0)
    if visible_brightness > 0.5:
        return colour  # Over black, which adds nothing.
    return np.asarray(cv2.add(colour, _OPAQUE - weight), np.uint8)


def _broken(format_name: str) -> InvalidImage:
    return InvalidImage(
        f"The {format_name} picture is broken or cut short. Check that it opens in a viewer and "
        "that all of it was sent."
    )
