"""PDFs written by hand, object by object, so that anything in them can be wrong."""

import struct
import zlib
from collections.abc import Sequence

PAGE_TREE = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
# Of these pages, each takes the renderer a minute, or two GB; the pages beside them are ordinary.
SLOW, LARGE = "slow", "large"


def raw_pdf(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """Return a document of objects, numbered from 1; the first is the catalog."""
    body = bytearray(b"%PDF-1.7\n")
    table = [b"0000000000 65535 f \n"]
    for number, content in enumerate(objects, 1):
        table.append(b"%010d 00000 n \n" % len(body))
        body += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    size = len(table)
    end = b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, len(body))
    return bytes(body) + b"xref\n0 %d\n" % size + b"".join(table) + end


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """Return a stream object as it is."""
    return b"<<%s/Length %d>>stream\n" % (entries, len(content)) + content + b"\nendstream"


def packed(content: bytes, times: int = 1) -> bytes:
    """Return a stream object that is compressed, so many times."""
    for _ in range(times):
        content = zlib.compress(content, 9)
    return stream(content, b"/Filter[%s]" % (b"/FlateDecode " * times))


def page_with(  # noqa: PLR0913 - each is one thing of a page that may be wrong
    content: bytes,
    *more: bytes,
    resources: bytes = b"",
    box: bytes = b"0 0 200 200",
    entries: bytes = b"",
    catalog: bytes = CATALOG,
    trailer: bytes = b"",
) -> bytes:
    """Return a document of one page; `content` is a stream object, `more` are objects from 5."""
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[%s]/Contents 4 0 R/Resources<<%s>>%s>>"
    page %= (box, resources, entries)
    return raw_pdf([catalog, PAGE_TREE, page, content, *more], trailer)


def many_pages(count: int) -> bytes:
    """Return a document of so many small pages, in a page tree of one level."""
    kids = b" ".join(b"%d 0 R" % number for number in range(3, count + 3))
    tree = b"<</Type/Pages/MediaBox[0 0 72 72]/Kids[%s]/Count %d>>" % (kids, count)
    return raw_pdf([CATALOG, tree, *[b"<</Type/Page/Parent 2 0 R>>"] * count])


def zeros_packed(mebibytes: int) -> bytes:
    """Return what zlib makes of so many zeros, a thousandth of them, without ever holding them."""
    packer = zlib.compressobj(9, wbits=-15)
    one = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = ((mebibytes << 20) % 65521) << 16 | 1  # Adler-32, which zlib computes byte by byte
    return b"\x78\xda" + one * mebibytes + b"\x03\0" + struct.pack(">I", checksum)


def with_bad_pages(*kinds: str) -> bytes:
    """A document of ordinary pages ("") and bad ones."""
    tiny = stream(
        b"0 0 1 1 re f",
        b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]/XStep 0.001"
        b"/YStep 0.001/Resources<<>>",
    )
    contents = {
        "": stream(b"0 0 50 50 re f"),
        SLOW: stream(b"/Pattern cs /P scn 0 0 200 200 re f"),
        LARGE: stream(zeros_packed(2048), b"/Filter/FlateDecode"),
    }
    first = 3 + len(kinds)
    places = dict(zip(contents, range(first, first + len(contents)), strict=True))
    page = b"<</Type/Page/Parent 2 0 R/Contents %d 0 R/Resources<</Pattern<</P %d 0 R>>>>>>"
    kids = b" ".join(b"%d 0 R" % number for number in range(3, first))
    tree = b"<</Type/Pages/MediaBox[0 0 200 200]/Kids[%s]/Count %d>>" % (kids, len(kinds))
    pages = [page % (places[kind], first + len(contents)) for kind in kinds]
    return raw_pdf([CATALOG, tree, *pages, *contents.values(), tiny])
