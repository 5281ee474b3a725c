"""Frames of GIF files, counted."""

import io
import time

import pytest
from PIL import Image

from ocr_server.documents.gif import BrokenGif, count_frames


def gif(count: int, size: tuple[int, int] = (30, 20)) -> bytes:
    """A GIF of frames that differ all over."""
    frames = [Image.new("L", size, 10 * number) for number in range(count)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], loop=0, duration=50)
    return file.getvalue()


@pytest.mark.parametrize("count", [1, 2, 7])
def test_frames_are_counted_as_pillow_counts_them(count: int) -> None:
    data = gif(count)
    with Image.open(io.BytesIO(data)) as image:
        assert getattr(image, "n_frames", 1) == count
    assert count_frames(data, 100) == count


def test_the_count_ends_when_there_are_more_than_wanted() -> None:
    assert count_frames(gif(7), 3) == 4


def test_a_file_cut_anywhere_has_no_more_frames_than_the_whole() -> None:
    data = gif(3)
    counts = [count_frames(data[:length], 100) for length in range(len(data))]
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (0, 3)


def test_a_frame_that_leaves_the_picture_makes_it_a_broken_one() -> None:
    data = bytearray(gif(2))
    second = data.rindex(b",\0\0\0\0\x1e\0\x14\0")
    data[second + 5 : second + 9] = b"\xff\xff\xff\xff"
    with pytest.raises(BrokenGif):
        count_frames(bytes(data), 100)
    data[second + 5 : second + 9] = b"\x1e\0\x14\0"
    data[second + 1] = 1
    with pytest.raises(BrokenGif):
        count_frames(bytes(data), 100)


def test_a_first_frame_larger_than_the_screen_makes_room_for_itself_and_those_that_follow() -> None:
    data = bytearray(gif(2))
    data[6:10] = b"\x01\0\x01\0"
    assert count_frames(bytes(data), 100) == 2


def test_a_frame_in_very_many_pieces_is_refused_at_once() -> None:
    whole = gif(2)
    place = whole.index(b"\x21\xf9")
    comment = b"\x21\xfe" + b"\x01x" * 5_000_000 + b"\x00"
    start = time.process_time()
    with pytest.raises(BrokenGif):
        count_frames(whole[:place] + comment + whole[place:], 1000)
    assert time.process_time() - start < 3
