"""What a PNG file tells before its pixels are decoded (PNG specification, third edition)."""

import struct
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNKS = 65_536
_CHUNK_FRAME_BYTES = 12  # length, name and checksum
_GREY = 0


class BrokenPng(Exception):
    """The file is not a whole PNG."""


@dataclass(frozen=True, slots=True)
class PngHeader:
    """Size in pixels, the EXIF block, and the level of grey that means transparent, if any.

    The level is that of decoded pixels: 0 to 255, or 0 to 65535 with 16 bits a pixel.
    """

    width: int
    height: int
    exif: bytes
    transparent_grey: int | None


def read_png_header(data: bytes) -> PngHeader:
    """Read a PNG's chunks, from the first to the end mark. Raises BrokenPng.

    OpenCV allocates whatever length a chunk claims, so each is held against the file's length.
    """
    chunks = _chunks(data)
    header = chunks.get(b"IHDR", b"")
    if len(header) != 13:
        raise BrokenPng
    width, height, depth, colour_type = struct.unpack_from(">IIBB", header)
    key = chunks.get(b"tRNS", b"")
    transparent_grey = None
    if colour_type == _GREY and len(key) == 2:
        levels = 2**depth - 1
        largest = 65535 if depth == 16 else 255
        transparent_grey = int.from_bytes(key, "big") * largest // max(levels, 1)
    return PngHeader(width, height, chunks.get(b"eXIf", b""), transparent_grey)


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """Return the content of the chunks that are needed here; all are checked."""
    found: dict[bytes, bytes] = {}
    position = len(SIGNATURE)
    for _ in range(_MAX_CHUNKS):
        room = len(data) - position - _CHUNK_FRAME_BYTES
        if room < 0:
            raise BrokenPng
        length, name = struct.unpack_from(">I4s", data, position)
        if length > room:
            raise BrokenPng
        if name in (b"IHDR", b"tRNS", b"eXIf"):
            found.setdefault(name, data[position + 8 : position + 8 + length])
        if name == b"IEND":
            return found
        position += length + _CHUNK_FRAME_BYTES
    raise BrokenPng
