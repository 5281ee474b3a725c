"""TIFF files before decoding."""

import io
import struct

import pytest
from PIL import Image

from ocr_server.tiff import BrokenTiff, check_directory


def tiff(entries: list[tuple[int, int, int]], order: str = "<", size: int = 10_000) -> bytes:
    """A file of tags, types and counts that all point at its end."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    directory = struct.pack(f"{order}H", len(entries)) + b"".join(
        struct.pack(f"{order}HHII", *entry, 1000) for entry in entries
    )
    data = mark + struct.pack(f"{order}I", 8) + directory + bytes(4)
    return data + bytes(size - len(data))


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "jpeg"])
def test_an_ordinary_picture_is_sensible(compression: str | None) -> None:
    file = io.BytesIO()
    Image.new("RGB", (300, 200)).save(file, "TIFF", compression=compression)
    check_directory(file.getvalue())


@pytest.mark.parametrize("order", ["<", ">"])
def test_entries_that_claim_more_than_the_file_are_broken(order: str) -> None:
    check_directory(tiff([(60_000, 1, 5000)], order))
    with pytest.raises(BrokenTiff):
        check_directory(tiff([(60_000 + index, 1, 5000) for index in range(3)], order))


def test_hundreds_of_entries_are_broken() -> None:
    with pytest.raises(BrokenTiff):
        check_directory(tiff([(60_000 + index, 1, 1) for index in range(201)]))


def test_millions_of_strips_are_broken() -> None:
    with pytest.raises(BrokenTiff):
        check_directory(tiff([(273, 3, 100_000)], size=1_000_000))


@pytest.mark.parametrize("data", [b"II*\0", b"II*\0\xff\xff\xff\xff", tiff([(1, 1, 1)] * 3)[:30]])
def test_a_directory_outside_the_file_is_broken(data: bytes) -> None:
    with pytest.raises(BrokenTiff):
        check_directory(data)
