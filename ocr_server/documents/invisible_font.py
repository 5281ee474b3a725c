"""A font whose characters have a place and a meaning but no shape (ISO 32000-2, 9.7 and 9.10.3)."""

import unicodedata
import zlib
from collections.abc import Iterator, Sequence

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, String

from ocr_server.documents import glyphless

# Widths in thousandths of the font's size. Characters of full width have the upper half of the
# codes, so that two numbers tell all widths.
_NARROW, _WIDE = 500, 1000
_FIRST_WIDE = 0x8000
_CODES = 0x10000
# What a reader is told of a character that came when all codes were taken.
_REPLACEMENT = "\ufffd"
# The most that a block of a CMap may have.
_BLOCK = 100


class InvisibleFont:
    """The font of one document; codes are given to characters as they come.

    reference: the font's dictionary, to be put into resources; `write` fills it.
    """

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self.reference = pdf.make_indirect(Dictionary())
        self._pdf = pdf
        self._narrow = iter(range(2, _FIRST_WIDE))
        self._wide = iter(range(_FIRST_WIDE, _CODES))
        self._codes = {_REPLACEMENT: 1}

    def encode(self, text: str) -> bytes:
        """Return a text as a string of this font, in hexadecimal digits."""
        return b"".join(b"%04X" % self._code(character) for character in text)

    def write(self) -> None:
        """Write the font with all characters that were encoded."""
        self.reference.update(
            Dictionary(
                Type=Name.Font,
                Subtype=Name.Type0,
                BaseFont=Name.Invisible,
                Encoding=Name("/Identity-H"),
                DescendantFonts=Array([self._pdf.make_indirect(self._descendant())]),
                ToUnicode=self._compressed(_to_unicode(self._codes)),
            )
        )

    def _code(self, character: str) -> int:
        if character not in self._codes:
            codes = self._wide if _is_wide(character) else self._narrow
            self._codes[character] = next(codes, self._codes[_REPLACEMENT])
        return self._codes[character]

    def _descendant(self) -> Dictionary:
        # Of the program's glyphs the first is for what is missing.
        glyphs = b"\0\1" * _FIRST_WIDE + b"\0\2" * (_CODES - _FIRST_WIDE)
        return Dictionary(
            Type=Name.Font,
            Subtype=Name.CIDFontType2,
            BaseFont=Name.Invisible,
            CIDSystemInfo=Dictionary(
                Registry=String("Adobe"), Ordering=String("Identity"), Supplement=0
            ),
            FontDescriptor=self._pdf.make_indirect(self._descriptor()),
            CIDToGIDMap=self._compressed(glyphs),
            DW=_NARROW,
            W=Array([_FIRST_WIDE, _CODES - 1, _WIDE]),
        )

    def _descriptor(self) -> Dictionary:
        program = glyphless.truetype([_NARROW, _NARROW, _WIDE])
        return Dictionary(
            Type=Name.FontDescriptor,
            FontName=Name.Invisible,
            Flags=4,
            FontBBox=Array([0, 0, 1000, 1000]),
            ItalicAngle=0,
            # A character takes all of its line's height. Readers take 0 for not known.
            Ascent=1000,
            Descent=-1,
            CapHeight=1000,
            StemV=80,
            FontFile2=self._compressed(program, Length1=len(program)),
        )

    def _compressed(self, data: bytes, **entries: object) -> Object:
        return self._pdf.make_stream(zlib.compress(data), Filter=Name.FlateDecode, **entries)


def _is_wide(character: str) -> bool:
    """Tell whether a character is as wide as it is high, as Chinese ones are."""
    return unicodedata.east_asian_width(character) in "WF"


def width_of(text: str) -> float:
    """Return a text's width where the font's size is 1."""
    return sum(_WIDE if _is_wide(character) else _NARROW for character in text) / 1000


def _to_unicode(codes: dict[str, int]) -> bytes:
    """Return the CMap that tells what each code means."""
    entries = sorted(
        b"<%04X> <%s>" % (code, character.encode("utf-16-be").hex().encode())
        for character, code in codes.items()
        if code != codes[_REPLACEMENT] or character == _REPLACEMENT
    )
    return b"\n".join(
        [
            b"/CIDInit /ProcSet findresource begin",
            b"12 dict begin",
            b"begincmap",
            b"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
            b"/CMapName /Adobe-Identity-UCS def",
            b"/CMapType 2 def",
            b"1 begincodespacerange",
            b"<0000> <FFFF>",
            b"endcodespacerange",
            *_blocks(entries),
            b"endcmap",
            b"CMapName currentdict /CMap defineresource pop",
            b"end",
            b"end",
        ]
    )


def _blocks(entries: Sequence[bytes]) -> Iterator[bytes]:
    for start in range(0, len(entries), _BLOCK):
        block = entries[start : start + _BLOCK]
        yield b"%d beginbfchar" % len(block)
        yield from block
        yield b"endbfchar"
