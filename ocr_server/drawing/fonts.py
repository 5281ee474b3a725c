"""The fonts in which text is drawn: a package's, and where that lacks a character, the system's."""

from functools import cache, lru_cache

from PIL import ImageFont
from pylopdf_fonts_zh_cn import sans_path

# Looked for by name in the system's font folders; what is not there is done without. The first
# ones draw Chinese, the last one symbols.
_SYSTEM_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
    "DejaVuSans.ttf",
)
_SIZES_KEPT = 64
_PROBE_SIZE = 32
# No font has it, so all draw their sign for "missing".
_NO_CHARACTER = "\U0010ffff"


class Typeface:
    """One font file in any size; for one thread at a time. Raises OSError where there is none."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._probe = self._load(_PROBE_SIZE)
        self._missing = self._drawn(_NO_CHARACTER)
        self.at = lru_cache(_SIZES_KEPT)(self._load)
        self.covers = cache(self._covers)

    def _load(self, size: int) -> ImageFont.FreeTypeFont:
        # The basic layout is in every Pillow; the other one depends on the machine's libraries.
        return ImageFont.truetype(self._file, size, layout_engine=ImageFont.Layout.BASIC)

    def _covers(self, character: str) -> bool:
        return self._drawn(character) != self._missing

    def _drawn(self, character: str) -> tuple[tuple[int, int], bytes]:
        mask = self._probe.getmask(character)
        return mask.size, bytes(mask)


@cache
def typefaces() -> tuple[Typeface, ...]:
    """Return the fonts there are, the dearest first; loaded once."""
    found = list[Typeface]()
    for file in (str(sans_path()), *_SYSTEM_FONTS):
        try:
            found.append(Typeface(file))
        except OSError:
            continue
    return tuple(found)
