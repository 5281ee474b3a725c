"""Inputs made by hand to hurt a server, each with the answer it must get."""

import base64
import io
import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from tests import pictures

_RAW = "application/octet-stream"
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_PARTS = "multipart/form-data; boundary=x"
_MANY = 400_000


@dataclass(frozen=True, slots=True)
class BadInput:
    """A request body, and the error that it must get; "" if it must be read."""

    name: str
    code: str
    body: bytes
    content_type: str = _RAW
    query: str = ""


def bad_inputs() -> list[BadInput]:
    """Return them all."""
    return [
        *_no_pictures(),
        *_giant_headers(),
        *_truncations(),
        *_wrong_headers(),
        *_bombs(),
        *_refused_formats(),
        *_bad_text(),
        *_crowded_forms(),
    ]


def aspects() -> list[BadInput]:
    """Return pictures of every aspect, all within the limits, to be read like any other."""
    sizes = [
        (1, 1), (1, 10), (10, 1), (1, 100), (100, 1), (1, 1000), (1000, 1), (1, 2000), (2000, 1),
        (1, 10_000), (10_000, 1), (1, 65_535), (65_535, 1), (1, 100_000), (100_000, 1),
        (3, 100_000), (100_000, 3), (10, 4000), (4000, 10), (30, 30_000), (30_000, 30),
    ]  # fmt: skip
    return [BadInput(f"{w} x {h}", "", _encoded("PNG", (w, h))) for w, h in sizes]


def _encoded(format_name: str, size: tuple[int, int] = (64, 40), mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, "white").save(file, format_name)
    return file.getvalue()


def _no_pictures() -> Iterator[BadInput]:
    yield BadInput("nothing", "missing_image", b"")
    yield BadInput("an empty form", "missing_image", b"--x--\r\n", _PARTS)
    yield BadInput("an empty urlencoded form", "missing_image", b"", _FORM)
    yield BadInput("an empty JSON object", "missing_image", b"{}", _JSON)
    part = b'--x\r\nContent-Disposition: form-data; name="image_file"; filename="a"\r\n\r\n\r\n'
    yield BadInput("an empty file", "invalid_image", part + b"--x--\r\n", _PARTS)
    yield BadInput("a text", "unsupported_format", b"hello there")
    yield BadInput("zeros", "unsupported_format", bytes(100_000))
    yield BadInput("a web page", "unsupported_format", b"<html><body>404</body></html>")
    yield BadInput("an unknown content type", "unsupported_media_type", b"x", "text/plain")


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + checksum


def _png(width: int, height: int, *more: bytes, depth: int = 8, colour: int = 0) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    pixels = _chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"".join(
        [b"\x89PNG\r\n\x1a\n", _chunk(b"IHDR", header), *more, pixels, _chunk(b"IEND", b"")]
    )


def _tiff(*entries: tuple[int, int, int, int]) -> bytes:
    table = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + table + bytes(4)


def _giant_headers() -> Iterator[BadInput]:
    most = (1 << 31) - 1
    for width, height in [(most, most), (most, 1), (1, most), (100_000, 100_000), (70_001, 1000)]:
        yield BadInput(f"PNG of {width} x {height}", "image_too_large", _png(width, height))
    gif = b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0) + b","
    gif += struct.pack("<HHHHB", 0, 0, 65535, 65535, 0) + b"\x02\x02\x4c\x01\0;"
    yield BadInput("GIF of 65535 x 65535", "image_too_large", gif)
    bmp = b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 90_000, 90_000, 1, 24, *[0] * 6)
    yield BadInput("BMP of 90000 x 90000", "image_too_large", bmp + bytes(100))
    jpeg = bytearray(_encoded("JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = struct.pack(">HH", 65_500, 65_500)
    yield BadInput("JPEG of 65500 x 65500", "image_too_large", bytes(jpeg))
    bits = (16383 << 14) | 16383
    webp = b"VP8L" + struct.pack("<I", 50) + b"\x2f" + struct.pack("<I", bits) + bytes(45)
    riff = b"RIFF" + struct.pack("<I", len(webp) + 4) + b"WEBP"
    yield BadInput("WebP of 16384 x 16384", "image_too_large", riff + webp)
    size = [(256, 4, 1, 200_000), (257, 4, 1, 200_000)]
    rest = [(258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8), (279, 4, 1, 100)]
    yield BadInput("TIFF of 200000 x 200000", "image_too_large", _tiff(*size, *rest))


def _truncations() -> Iterator[BadInput]:
    page = pictures.read("noisy.jpg")
    marks = [place for place in range(3, 9000) if page[place] == 0xFF and page[place + 1]]
    for place in [*marks[:12], len(page) // 2, len(page) - 2000]:
        yield BadInput(f"JPEG cut at {place}", "invalid_image", page[:place])
    small = pictures.read("small.png")
    place = 8
    while place < len(small):
        yield BadInput(f"PNG cut at {place}", "invalid_image", small[:place])
        yield BadInput(f"PNG cut at {place + 6}", "invalid_image", small[: place + 6])
        place += 12 + struct.unpack_from(">I", small, place)[0]
    for format_name in ("WEBP", "BMP", "GIF", "TIFF"):
        whole = _encoded(format_name, (300, 200))
        for share in (0.1, 0.5, 0.9):
            cut = whole[: max(12, int(len(whole) * share))]
            yield BadInput(f"{format_name} cut at {share:.0%}", "invalid_image", cut)


def _wrong_headers() -> Iterator[BadInput]:
    yield BadInput("PNG of no width", "invalid_image", _png(0, 10))
    yield BadInput("PNG of an unknown colour type", "invalid_image", _png(10, 10, colour=5))
    yield BadInput("PNG of 3 bits", "invalid_image", _png(10, 10, depth=3))
    yield BadInput("PNG of too few pixels", "invalid_image", _png(3000, 3000))
    long = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", (1 << 31) - 1, b"IHDR") + bytes(13)
    yield BadInput("PNG whose first chunk claims 2 GB", "invalid_image", long)
    marks = {"PNG": b"\x89PNG\r\n\x1a\n", "JPEG": b"\xff\xd8\xff", "GIF": b"GIF89a"}
    for name, mark in marks.items():
        yield BadInput(f"{name}'s mark alone", "invalid_image", mark)
        yield BadInput(f"{name}'s mark and junk", "invalid_image", mark + b"\xaa" * 5000)
    yield BadInput("WebP's mark alone", "invalid_image", b"RIFF\4\0\0\0WEBP")
    yield BadInput("TIFF whose directory is itself", "invalid_image", b"II*\0\4\0\0\0" * 4)
    bmp = bytearray(_encoded("BMP"))
    bmp[10:14] = struct.pack("<I", 1 << 31)
    yield BadInput("BMP whose pixels lie beyond its end", "invalid_image", bytes(bmp))


def _bombs() -> Iterator[BadInput]:
    text = _chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(7_900_000), 9))
    yield BadInput("PNG with texts of 2 GB packed", "", _png(10, 10, text * 250))
    chunks = _chunk(b"tEXt", b"a\0b") * 66_000
    yield BadInput("PNG of 66 000 chunks", "invalid_image", _png(10, 10, chunks))
    scans = bytearray(pictures.read("noisy.jpg"))
    scan = bytes(scans[scans.index(b"\xff\xda") : scans.index(b"\xff\xda") + 14])
    yield BadInput("JPEG of 2000 scans", "invalid_image", bytes(scans[:-2]) + scan * 2000)
    size = [(256, 4, 1, 10), (257, 4, 1, 10), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    rest = [(273, 4, 1, 8), (279, 4, 1, 100)]
    same = [(40_000 + number, 2, 1_000_000, 8) for number in range(20_000)]
    tags = _tiff(*size, *rest, *same) + bytes(1_000_000)
    yield BadInput("TIFF of 20 000 tags with the same megabyte each", "invalid_image", tags)


def _refused_formats() -> Iterator[BadInput]:
    marks = {
        "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n",
        "JPEG 2000 stream": b"\xff\x4f\xff\x51",
        "AVIF": b"\0\0\0\x1cftypavif",
        "HEIC": b"\0\0\0\x18ftypheic",
        "OpenEXR": b"\x76\x2f\x31\x01",
        "PNM": b"P6\n10 10\n255\n",
        "Radiance": b"#?RADIANCE\n",
        "Sun raster": b"\x59\xa6\x6a\x95",
        "PDF": b"%PDF-1.7\n",
        "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "ZIP": b"PK\x03\x04",
        "a program": b"\x7fELF",
        "BigTIFF": b"II+\0\x08\0\0\0",
        "RIFF that is no WebP": b"RIFF\4\0\0\0WAVE",
    }
    for name, mark in marks.items():
        yield BadInput(name, "unsupported_format", mark + bytes(200))


def _bad_text() -> Iterator[BadInput]:
    texts = {"a web page": "<html>", "one character": "A", "a star": "AA*A", "an emoji": "😀"}
    for name, text in texts.items():
        as_json = json.dumps({"image_data": text}).encode()
        yield BadInput(f"base64 that is {name}", "invalid_base64", as_json, _JSON)
    padding = b"image_data=" + b"=" * 1000
    yield BadInput("base64 of padding only", "invalid_image", padding, _FORM)
    as_text = base64.b64encode(b"hello there")
    yield BadInput("base64 of a text", "unsupported_format", b"image_data=" + as_text, _FORM)
    yield BadInput("JSON cut short", "invalid_json", b'{"image_data": "', _JSON)
    yield BadInput("JSON that is a list", "invalid_json", b"[]", _JSON)
    yield BadInput("JSON that is no UTF-8", "invalid_json", b'{"a": "\xff"}', _JSON)
    yield BadInput("JSON with a number for a picture", "invalid_json", b'{"image_data":1}', _JSON)
    small = pictures.read("small.png")
    yield BadInput("an unknown flag", "invalid_option", small, query="?use_det=maybe")


def _crowded_forms() -> Iterator[BadInput]:
    yield BadInput("urlencoded bomb", "invalid_form", b"a&" * _MANY, _FORM)
    yield BadInput("urlencoded bomb of pairs", "invalid_form", b"a=b&" * _MANY, _FORM)
    yield BadInput("a field's name of 1 MB", "invalid_form", b"a" * 1_000_000 + b"=1", _FORM)
    yield BadInput("JSON of depth 400 000", "invalid_json", b"[" * _MANY, _JSON)
    yield BadInput("JSON of 400 000 objects", "invalid_json", b'{"a":' * _MANY, _JSON)
    lists = b'{"a": [' + b"[]," * _MANY + b"0]}"
    yield BadInput("JSON of 400 000 lists", "invalid_json", lists, _JSON)
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'
    yield BadInput("a form of 5000 parts", "body_too_large", part * 5000 + b"--x--\r\n", _PARTS)
    yield BadInput("a form without its end", "invalid_form", part, _PARTS)
    yield BadInput("a form without a boundary", "invalid_form", part, "multipart/form-data")
    head = b"--x\r\nContent-Disposition: form-data; name=" + b"a" * 200_000
    yield BadInput("a part whose head is 200 kB", "invalid_form", head, _PARTS)
    yield BadInput("a picture of 21 MiB", "image_too_large", b"BM" + bytes(21 << 20))
