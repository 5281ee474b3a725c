"""TIFF files, GIFs and WebPs of too many pages or frames, too large ones or broken ones."""

import io
import struct
from collections.abc import Iterator
from functools import cache

from PIL import Image

from tests.chaos.bad_document import INTACT, READ, BadDocument
from tests.scale import scaled

_MANY = scaled(100_000, 1_000_000)


def bad_animations() -> Iterator[BadDocument]:
    """Give them one at a time: some are large."""
    yield from _tiffs()
    yield from _animations()


def _tiff(*pages: list[tuple[int, int, int, int]], last: int = 0) -> bytes:
    """Return a TIFF whose pages are given by tags, types, counts and values."""
    data, place = bytearray(b"II*\0\x08\0\0\0"), 8
    for number, entries in enumerate(pages):
        place += 2 + 12 * len(entries) + 4
        following = last if number == len(pages) - 1 else place
        data += struct.pack("<H", len(entries))
        data += b"".join(struct.pack("<HHII", *entry) for entry in entries)
        data += struct.pack("<I", following)
    return bytes(data)


def _grey(width: int, height: int, strip: int = 8) -> list[tuple[int, int, int, int]]:
    return [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 4, 1, strip), (277, 3, 1, 1), (278, 4, 1, height),
        (279, 4, 1, min(width * height, 10**9)),
    ]  # fmt: skip


def _tiffs() -> Iterator[BadDocument]:
    small = _grey(8, 8)
    many = _tiff(*[small] * _MANY) + bytes(100)
    yield BadDocument(f"TIFF of {_MANY} pages", ("too_many_pages",), many)
    yield BadDocument("TIFF in a circle", ("invalid_image",), _tiff(small, small, last=8))
    yield BadDocument(
        "TIFF that goes on beyond its end", ("invalid_image",), _tiff(small, last=1 << 31)
    )
    yield BadDocument("TIFF of no page", ("invalid_image",), b"II*\0" + bytes(8))
    second = _tiff(small, _grey(200_000, 200_000)) + bytes(100)
    yield BadDocument("TIFF whose second page is too large", (READ, "image_too_large"), second)
    broken = _tiff(small, _grey(0, 0), small) + bytes(100)
    yield BadDocument("TIFF whose second page has no size", (READ, "invalid_image"), broken)
    shared = _tiff(*[_grey(3000, 2000)] * 30) + bytes(6_000_100)
    yield BadDocument("TIFF of 30 pages of the same bytes", INTACT, shared, "?pages=1-3")


def _gif(size: tuple[int, int], frames: bytes) -> bytes:
    palette = bytes(6)
    return b"GIF89a" + struct.pack("<HHBBB", *size, 0x80, 0, 0) + palette + frames + b";"


def _gif_frame(size: tuple[int, int], at: tuple[int, int] = (0, 0), pixels: bytes = b"") -> bytes:
    """Return a frame; without pixels it is cut short after the first."""
    return b"," + struct.pack("<HHHHB", *at, *size, 0) + b"\x02" + (pixels or b"\x02\x4c\x01\0")


@cache
def _large_gif() -> tuple[bytes, bytes]:
    """Return the first frame of a GIF of 6000 x 6000 pixels, and one that changes nothing."""
    file = io.BytesIO()
    Image.new("P", (6000, 6000)).save(file, "GIF")
    data = file.getvalue()
    start = data.index(b",", 13)
    return data[:start], data[start:-1]


def _animations() -> Iterator[BadDocument]:
    million = _gif((8, 8), _gif_frame((8, 8)) * 1_000_000)
    yield BadDocument("GIF of a million frames", ("too_many_pages",), million)
    beyond = _gif((8, 8), _gif_frame((1, 1)) + _gif_frame((65535, 65535)))
    either = (READ, "invalid_image", "image_too_large")
    yield BadDocument("GIF whose second frame is huge", either, beyond)
    aside = _gif((8, 8), _gif_frame((1, 1)) + _gif_frame((1, 1), (65534, 65534)))
    yield BadDocument("GIF whose second frame lies far away", either, aside)
    head, frame = _large_gif()
    skipped = head + frame * 900 + b";"
    slow = (READ, "invalid_image", "invalid_page")
    yield BadDocument("the 900th frame of a GIF of 6000 x 6000", slow, skipped, "?pages=900")
    yield BadDocument("the first frames of a GIF of 6000 x 6000", INTACT, skipped, "?pages=1-2")
    yield BadDocument(
        "GIF cut in its second frame", (READ, "invalid_image"), head + frame + frame[:1000]
    )
    one = _webp_frame((1, 1))
    yield BadDocument("WebP of 100 000 frames", ("too_many_pages",), _webp((16, 16), one * 100_000))
    wide = _webp((16383, 4000), one * 900)
    yield BadDocument("WebP of 900 frames of 16383 x 4000", ("image_too_large",), wide)
    wide = _webp((16383, 2000), one * 900)
    yield BadDocument("the 900th frame of a WebP of 16383 x 2000", slow, wide, "?pages=900")
    giant = _webp((1 << 24, 1 << 24), one * 3)
    yield BadDocument("WebP of 2^24 x 2^24", ("invalid_image", "image_too_large"), giant)


def _webp(size: tuple[int, int], frames: bytes) -> bytes:
    canvas = b"\x02\0\0\0" + b"".join(struct.pack("<I", side - 1)[:3] for side in size)
    chunks = b"VP8X" + struct.pack("<I", 10) + canvas + b"ANIM\6\0\0\0" + bytes(6) + frames
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def _webp_frame(size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "white").save(file, "WEBP", lossless=True)
    picture = file.getvalue()[12:]
    sides = b"".join(struct.pack("<I", side - 1)[:3] for side in size)
    content = bytes(6) + sides + b"\x64\0\0\0" + picture
    return b"ANMF" + struct.pack("<I", len(content)) + content
