"""PNG files before decoding."""

import io
import struct
import time
import zlib

import pytest
from PIL import Image

from ocr_server.png import SIGNATURE, BrokenPng, read_png


def chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def ihdr(width: int = 8, height: int = 5, depth: int = 8, colour_type: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0))


END = chunk(b"IEND", b"")


def test_width_and_height_are_read() -> None:
    file = io.BytesIO()
    Image.new("RGB", (30, 20)).save(file, "PNG")
    header = read_png(file.getvalue())
    assert (header.width, header.height) == (30, 20)


def test_bytes_after_the_end_are_ignored() -> None:
    assert read_png(SIGNATURE + ihdr() + END + b"more").width == 8


@pytest.mark.parametrize(
    ("depth", "key", "level"),
    [(1, 1, 255), (2, 1, 85), (4, 15, 255), (8, 9, 9), (16, 999, 999)],
)
def test_the_transparent_grey_is_a_level_of_decoded_pixels(
    depth: int, key: int, level: int
) -> None:
    data = SIGNATURE + ihdr(depth=depth) + chunk(b"tRNS", struct.pack(">H", key)) + END
    assert read_png(data).transparent_grey == level


def test_only_what_makes_the_pixels_is_passed_on() -> None:
    text, animation = chunk(b"zTXt", b"a bomb"), chunk(b"acTL", bytes(8))
    pixels = chunk(b"IDAT", b"pixels")
    png = read_png(SIGNATURE + ihdr() + text + animation + pixels + END + b"more")
    assert png.essence == SIGNATURE + ihdr() + pixels + END


def test_a_transparent_colour_is_left_to_the_decoder() -> None:
    data = SIGNATURE + ihdr(colour_type=2) + chunk(b"tRNS", bytes(6)) + END
    assert read_png(data).transparent_grey is None


@pytest.mark.parametrize("name", [b"IDAT", b"IEND", b"tEXt"])
@pytest.mark.parametrize("length", [2**32 - 1, 2**31 - 1, 5])
def test_a_chunk_longer_than_the_file_is_broken(name: bytes, length: int) -> None:
    with pytest.raises(BrokenPng):
        read_png(SIGNATURE + ihdr() + struct.pack(">I", length) + name + bytes(4))


@pytest.mark.parametrize("data", [SIGNATURE, SIGNATURE + ihdr(), SIGNATURE + END])
def test_a_file_without_beginning_or_end_is_broken(data: bytes) -> None:
    with pytest.raises(BrokenPng):
        read_png(data)


def test_millions_of_empty_chunks_are_refused_quickly() -> None:
    data = SIGNATURE + ihdr() + chunk(b"tEXt", b"") * 1_000_000 + END
    start = time.process_time()
    with pytest.raises(BrokenPng):
        read_png(data)
    assert time.process_time() - start < 1
