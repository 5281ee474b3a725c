"""TIFF files before decoding."""

import io
import struct
import time

import pytest
from PIL import Image

from ocr_server.tiff import BrokenTiff, beginning_with, check_directory, directories


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


def pages(*levels: int) -> bytes:
    """A TIFF of pages of these levels of grey, of different sizes."""
    images = [Image.new("L", (20 + level, 10), level) for level in levels]
    file = io.BytesIO()
    images[0].save(file, "TIFF", save_all=True, append_images=images[1:])
    return file.getvalue()


def chain(*places: int, order: str = "<") -> bytes:
    """A TIFF whose directories, each without entries, stand at 8, 14, ... and name these next."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    following = b"".join(struct.pack(f"{order}HI", 0, place) for place in places)
    return mark + struct.pack(f"{order}I", 8) + following


def test_each_page_can_be_made_the_first() -> None:
    data = pages(1, 2, 3)
    found = directories(data, 100)
    assert len(found) == 3
    for level, place in enumerate(found, 1):
        with Image.open(io.BytesIO(beginning_with(data, place))) as image:
            assert (image.size, image.getpixel((0, 0))) == ((20 + level, 10), level)


@pytest.mark.parametrize("order", ["<", ">"])
def test_directories_are_found_in_either_order_of_bytes(order: str) -> None:
    data = chain(14, 20, 0, order=order)
    assert directories(data, 100) == [8, 14, 20]
    assert directories(beginning_with(data, 14), 100) == [14, 20]


def test_no_more_directories_are_found_than_one_more_than_wanted() -> None:
    assert directories(pages(1, 2, 3, 4, 5), 2) == directories(pages(1, 2, 3, 4, 5), 9)[:3]


@pytest.mark.parametrize("places", [(8,), (14, 8), (14, 14), (14, 20, 14)])
def test_a_chain_that_comes_back_to_itself_is_broken(places: tuple[int, ...]) -> None:
    with pytest.raises(BrokenTiff):
        directories(chain(*places), 100)


@pytest.mark.parametrize("place", [15, 1000, 2**32 - 1])
def test_a_chain_that_leaves_the_file_is_broken(place: int) -> None:
    with pytest.raises(BrokenTiff):
        directories(chain(place), 100)


def test_a_hundred_thousand_directories_are_found_at_once() -> None:
    count = 100_000
    data = chain(*range(14, 8 + 6 * count, 6), 0)
    start = time.process_time()
    assert len(directories(data, count)) == count
    assert time.process_time() - start < 2
