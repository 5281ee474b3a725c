"""What a PNG file tells before its pixels are decoded (PNG specification, third edition)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNKS = 65_536
_CHUNK_FRAME_BYTES = 12  # length, name and checksum
_GREY = 0
_ESSENTIAL = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")


class BrokenPng(Exception):
    """The file is not a whole PNG."""


@dataclass(frozen=True, slots=True)
class Png:
    """Size in pixels, the EXIF block, the transparent level of grey if any, and the pixels' file.

    transparent_grey: a level of decoded pixels: 0 to 255, or 0 to 65535 with 16 bits a pixel.
    essence: a PNG of nothing but the chunks that make the pixels.
    """

    width: int
    height: int
    exif: bytes
    transparent_grey: int | None
    essence: bytes


def read_png(data: bytes) -> Png:
    """Read a PNG's chunks, from the first to the end mark. Raises BrokenPng.

    Decoders allocate whatever length a chunk claims and unpack compressed texts, so each chunk
    is held against the file's length, and only those that make the pixels are passed on. Of an
    animation that is the still picture.
    """
    chunks = list(_chunks(data))
    contents = {name: content[8:-4] for name, content in reversed(chunks)}
    header = contents.get(b"IHDR", b"")
    if len(header) != 13:
        raise BrokenPng
    width, height, depth, colour_type = struct.unpack_from(">IIBB", header)
    key = bytes(contents.get(b"tRNS", b""))
    transparent_grey = None
    if colour_type == _GREY and len(key) == 2:
        levels = 2**depth - 1
        largest = 65535 if depth == 16 else 255
        transparent_grey = int.from_bytes(key, "big") * largest // max(levels, 1)
    essence = [content for name, content in chunks if name in _ESSENTIAL]
    exif = bytes(contents.get(b"eXIf", b""))
    return Png(width, height, exif, transparent_grey, b"".join([SIGNATURE, *essence]))


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Give each chunk's name and all its bytes: length, name, content, checksum."""
    view = memoryview(data)
    position = len(SIGNATURE)
    for _ in range(_MAX_CHUNKS):
        room = len(data) - position - _CHUNK_FRAME_BYTES
        if room < 0:
            raise BrokenPng
        length, name = struct.unpack_from(">I4s", data, position)
        if length > room:
            raise BrokenPng
        end = position + length + _CHUNK_FRAME_BYTES
        yield name, view[position:end]
        if name == b"IEND":
            return
        position = end
    raise BrokenPng
