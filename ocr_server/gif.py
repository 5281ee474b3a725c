"""How many frames a GIF has, counted without decoding any (GIF89a specification)."""

_SCREEN_BYTES = 13  # signature, and what describes the screen
_FRAME_BYTES = 10
_TABLE_FLAG = 0x80
_EXTENSION, _FRAME = 0x21, 0x2C


def count_frames(data: bytes, most: int) -> int:
    """Return the number of frames, at most `most` + 1: whether there are more is enough to know.

    What cannot be followed ends the count, as it ends a decoder's work.
    """
    frames = 0
    try:
        place = _SCREEN_BYTES + _table_bytes(data[10])
        while frames <= most:
            kind = data[place]
            if kind == _FRAME:
                frames += 1
                # Behind the frame and its own table of colours stands one byte, then the pixels.
                place += _FRAME_BYTES + _table_bytes(data[place + 9]) + 1
            elif kind == _EXTENSION:
                place += 2
            else:
                break
            place = _behind_blocks(data, place)
    except IndexError:
        pass
    return frames


def _table_bytes(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & _TABLE_FLAG else 0


def _behind_blocks(data: bytes, place: int) -> int:
    while data[place]:
        place += data[place] + 1
    return place + 1
