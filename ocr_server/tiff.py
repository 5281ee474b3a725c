"""What a TIFF file tells before its pixels are decoded (TIFF revision 6.0, section 2)."""

import struct

_MAX_ENTRIES = 200
_MAX_STRIPS = 70_000
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_STRIP_TAGS = (273, 279, 324, 325)
_ENTRY_BYTES = 12


class BrokenTiff(Exception):
    """The file is not a sensible TIFF."""


def check_directory(data: bytes) -> None:
    """Check that the first picture's entries are few and lie within the file. Raises BrokenTiff.

    Decoders read every entry, and let many of them point at the same large piece of the file.
    """
    order = _order(data)
    try:
        (start,) = struct.unpack_from(f"{order}I", data, 4)
        (count,) = struct.unpack_from(f"{order}H", data, start)
        if count > _MAX_ENTRIES:
            raise BrokenTiff
        entries = [
            struct.unpack_from(f"{order}HHI", data, start + 2 + _ENTRY_BYTES * index)
            for index in range(count)
        ]
    except struct.error as error:
        raise BrokenTiff from error
    claimed = sum(values * _TYPE_BYTES.get(kind, 1) for _, kind, values in entries)
    strips = max((values for tag, _, values in entries if tag in _STRIP_TAGS), default=0)
    if claimed > len(data) or strips > _MAX_STRIPS:
        raise BrokenTiff


def directories(data: bytes, most: int) -> list[int]:
    """Return where the pictures' directories stand, at most `most` + 1 of them.

    Raises BrokenTiff if the chain of directories leaves the file or comes back to itself.
    """
    order = _order(data)
    found: dict[int, None] = {}  # in their order
    try:
        (place,) = struct.unpack_from(f"{order}I", data, 4)
        while place and len(found) <= most:
            if place in found:
                raise BrokenTiff
            found[place] = None
            (count,) = struct.unpack_from(f"{order}H", data, place)
            (place,) = struct.unpack_from(f"{order}I", data, place + 2 + _ENTRY_BYTES * count)
    except struct.error as error:
        raise BrokenTiff from error
    return list(found)


def beginning_with(data: bytes, directory: int) -> bytes:
    """Return the file with another of its pictures as the first; all else stays in place."""
    return data[:4] + struct.pack(f"{_order(data)}I", directory) + data[8:]


def _order(data: bytes) -> str:
    return "<" if data[:2] == b"II" else ">"
