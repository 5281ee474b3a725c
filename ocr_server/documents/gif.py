"""How many frames a GIF has, counted without decoding any (GIF89a specification)."""

import struct

_SCREEN_BYTES = 13  # signature, and what describes the screen
_FRAME_BYTES = 10
_TABLE_FLAG = 0x80
_EXTENSION, _FRAME = 0x21, 0x2C
# Of at most 255 bytes each, behind one another: more than the largest file needs.
_MOST_BLOCKS = 1_000_000


class BrokenGif(Exception):
    """A frame does not lie within the picture, or is cut into very many pieces."""


def count_frames(data: bytes, most: int) -> int:
    """Return the number of frames, at most `most` + 1: whether there are more is enough to know.

    What cannot be followed ends the count, as it ends a decoder's work. Raises BrokenGif if a
    frame leaves the screen, or the first frame where that is larger: decoders would make room for
    all of it.
    """
    frames = 0
    try:
        room = struct.unpack_from("<HH", data, 6)
        place = _SCREEN_BYTES + _table_bytes(data[10])
        while frames <= most:
            kind = data[place]
            if kind == _FRAME:
                left, top, width, height = struct.unpack_from("<HHHH", data, place + 1)
                reach = left + width, top + height
                if frames == 0:
                    room = max(room[0], reach[0]), max(room[1], reach[1])
                if reach[0] > room[0] or reach[1] > room[1]:
                    raise BrokenGif
                frames += 1
                # Behind the frame and its own table of colours stands one byte, then the pixels.
                place += _FRAME_BYTES + _table_bytes(data[place + 9]) + 1
            elif kind == _EXTENSION:
                place += 2
            else:
                break
            place = _behind_blocks(data, place)
    except (IndexError, struct.error):
        pass
    return frames


def _table_bytes(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & _TABLE_FLAG else 0


def _behind_blocks(data: bytes, place: int) -> int:
    for _ in range(_MOST_BLOCKS):
        if not data[place]:
            return place + 1
        place += data[place] + 1
    raise BrokenGif
