"""A small TrueType font that shows nothing (OpenType specification, 1.9)."""

import struct
from collections.abc import Sequence

UNITS = 1000
_ALL_BITS = 0xFFFFFFFF
_CHECKSUM_OF_A_FONT = 0xB1B0AFBA
_CHECKSUM_POSITION = 8


def truetype(widths: Sequence[int]) -> bytes:
    """Return a font with a glyph for each width, in thousandths of its size.

    It has the tables that PDF asks for (ISO 32000-2, 9.9). Characters reach from the baseline to
    the font's size above it.
    """
    glyphs = [_glyph(width) for width in widths]
    tables = {
        b"glyf": b"".join(glyphs),
        b"head": _head(),
        b"hhea": _hhea(max(widths), len(widths)),
        b"hmtx": b"".join(struct.pack(">Hh", width, 0) for width in widths),
        # In words of two bytes.
        b"loca": b"".join(
            struct.pack(">H", number * len(glyphs[0]) // 2) for number in range(len(glyphs) + 1)
        ),
        b"maxp": struct.pack(">IH13H", 0x00010000, len(widths), 2, 1, 0, 0, 2, *(0,) * 8),
    }
    font = _file(tables)
    head = font.index(_head())
    adjustment = (_CHECKSUM_OF_A_FONT - _checksum(font)) & _ALL_BITS
    start = head + _CHECKSUM_POSITION
    return font[:start] + struct.pack(">I", adjustment) + font[start + 4 :]


def _file(tables: dict[bytes, bytes]) -> bytes:
    """Return the directory and the tables, each filled up to whole words."""
    count = len(tables)
    largest_power = count.bit_length() - 1
    search_range = 16 << largest_power
    directory = struct.pack(
        ">IHHHH", 0x00010000, count, search_range, largest_power, 16 * count - search_range
    )
    contents = b""
    start = len(directory) + 16 * count
    for tag, table in sorted(tables.items()):
        position = start + len(contents)
        directory += struct.pack(">4sIII", tag, _checksum(table), position, len(table))
        contents += table + bytes(-len(table) % 4)
    return directory + contents


def _glyph(width: int) -> bytes:
    """Return a line from one corner to the other and back, which has no area.

    Readers such as pdfium mark selected text by the extent of its glyphs; an empty one has none.
    """
    header = struct.pack(">h4h", 1, 0, 0, width, UNITS)
    last_point, instruction_bytes = 1, 0
    on_curve = 1
    contour = struct.pack(">HHBB", last_point, instruction_bytes, on_curve, on_curve)
    return header + contour + struct.pack(">hhhh", 0, width, 0, UNITS)


def _checksum(data: bytes) -> int:
    padded = data + bytes(-len(data) % 4)
    total: int = sum(struct.unpack(f">{len(padded) // 4}I", padded))
    return total & _ALL_BITS


def _head() -> bytes:
    """Return the table of the font as a whole: its magic number, its units, its bounds."""
    bounds = (0, 0, UNITS, UNITS)
    return struct.pack(
        ">IIIIHHqq4hHHhhh",
        *(0x00010000, 0x00010000, 0, 0x5F0F3CF5, 0, UNITS, 0, 0),
        *bounds,
        *(0, 8, 2, 0, 0),
    )


def _hhea(widest: int, count: int) -> bytes:
    """Return the table of what lines of the font need: ascender, descender, and the like."""
    return struct.pack(
        ">I3hH11hH", 0x00010000, UNITS, -1, 0, widest, 0, 0, widest, 1, *(0,) * 7, count
    )
