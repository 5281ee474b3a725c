"""Documents made by hand to hurt a server, each with what may come of it."""

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from PIL import Image

from tests.chaos.raw_pdf import (
    CATALOG,
    PAGE_TREE,
    many_pages,
    packed,
    page_with,
    raw_pdf,
    stream,
    zeros_packed,
)
from tests.scale import LONG, scaled

READ = "read"
_MANY = scaled(100_000, 1_000_000)
_GIGABYTE = 1 << 30
_INTACT = (READ,)
_DOCUMENT = ("invalid_document",)
_PAGE = ("invalid_page",)
_READ_OR_NOT = (READ, "invalid_page")
_WHATEVER = (READ, "invalid_page", "invalid_document")


@dataclass(frozen=True, slots=True)
class BadDocument:
    """A document and what may come of it: an error of the whole, or of its pages, or READ.

    wanted: codes that the answer, or each of its pages, may have.
    """

    name: str
    wanted: tuple[str, ...]
    body: bytes
    query: str = ""


def bad_documents() -> Iterator[BadDocument]:
    """Give them all, one at a time: together they are large."""
    yield from _cut_short()
    yield from _wrong_tables()
    yield from _page_trees()
    yield from _sizes()
    yield from _bombs()
    yield from _huge_images()
    yield from _garbage_in_codecs()
    yield from _depths()
    yield from _slow_to_draw()
    yield from _fonts()
    yield from _encrypted()
    yield from _active()
    yield from _tiffs()
    yield from _animations()


@cache
def _ordinary() -> bytes:
    text = b"BT /F 20 Tf 20 100 Td (Harvest) Tj ET"
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    return page_with(stream(text), font, resources=b"/Font<</F 5 0 R>>")


def _cut_short() -> Iterator[BadDocument]:
    whole = _ordinary()
    for part in range(1, 20):
        yield BadDocument(f"PDF cut at {part}/20", _WHATEVER, whole[: len(whole) * part // 20])
    yield BadDocument("PDF's mark alone", _DOCUMENT, b"%PDF-1.7\n")
    yield BadDocument("PDF's mark and junk", _DOCUMENT, b"%PDF-1.7\n" + b"\xaa" * 5000)
    yield BadDocument("PDF's mark and zeros", _DOCUMENT, b"%PDF-1.7\n" + bytes(5_000_000))
    yield BadDocument("junk and a PDF", _WHATEVER, b"\xaa" * 1000 + whole)
    yield BadDocument("two PDFs in one", _WHATEVER, whole + whole)


def _wrong_tables() -> Iterator[BadDocument]:
    whole = _ordinary()
    wrong = whole.replace(b"startxref\n", b"startxref\n9")
    yield BadDocument("a table beyond the end", _WHATEVER, wrong)
    yield BadDocument("no table", _WHATEVER, whole[: whole.index(b"xref\n0")])
    shifted = whole.replace(b"0 6\n0000000000", b"3 6\n0000000000")
    yield BadDocument("a table of wrong numbers", _WHATEVER, shifted)
    for size in (b"-1", b"2147483647", b"99999999999999999999", b"(six)"):
        changed = whole.replace(b"/Size 6", b"/Size " + size)
        yield BadDocument(f"a table of {size.decode()} objects", _WHATEVER, changed)
        claimed = whole.replace(b"xref\n0 6", b"xref\n0 " + size)
        yield BadDocument(f"a table that claims {size.decode()}", _WHATEVER, claimed)
    place = b"%d" % whole.index(b"xref\n0")
    looping = page_with(stream(b""), trailer=b"/Prev " + place)
    yield BadDocument("a table before itself", _WHATEVER, looping)
    chain = bytearray(whole)
    previous = whole.index(b"xref\n0")
    for _ in range(20_000):
        start = len(chain)
        chain += b"xref\n0 0\ntrailer<</Size 6/Root 1 0 R/Prev %d>>\n" % previous
        previous = start
    chain += b"startxref\n%d\n%%%%EOF\n" % previous
    yield BadDocument("a chain of 20 000 tables", _WHATEVER, bytes(chain))
    noise = b"%PDF-1.7\n" + b"1 0 obj " * 1_000_000
    yield BadDocument("a million beginnings of objects", _DOCUMENT, noise)
    yield BadDocument("10 MB of brackets", _DOCUMENT, b"%PDF-1.7\n1 0 obj" + b"[" * 10_000_000)
    yield BadDocument("10 MB of dictionaries", _DOCUMENT, b"%PDF-1.7\n1 0 obj" + b"<<" * 5_000_000)
    yield BadDocument("10 MB of parentheses", _DOCUMENT, b"%PDF-1.7\n1 0 obj" + b"(" * 10_000_000)
    yield BadDocument("10 MB of comments", _DOCUMENT, b"%PDF-1.7\n" + b"%x\n" * 3_000_000)


def _page_trees() -> Iterator[BadDocument]:
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>"
    none = ("invalid_document", "invalid_page", "too_many_pages")

    def tree(entries: bytes, *more: bytes) -> bytes:
        return raw_pdf([CATALOG, b"<</Type/Pages/MediaBox[0 0 72 72]%s>>" % entries, *more])

    yield BadDocument("a page tree in itself", none, tree(b"/Kids[2 0 R]/Count 1"))
    circle = b"<</Type/Pages/Parent 2 0 R/Kids[2 0 R]/Count 5>>"
    yield BadDocument("a page tree in a circle", none, tree(b"/Kids[3 0 R]/Count 5", circle))
    for count in (b"2147483647", b"4294967297", b"100000", b"-1", b"-2147483648", b"(x)"):
        name = f"one page that claims to be {count.decode()}"
        most = (*_WHATEVER, "too_many_pages")
        yield BadDocument(name, most, tree(b"/Kids[3 0 R]/Count " + count, page))
        few = (*_WHATEVER, "invalid_option")
        yield BadDocument(
            f"{name}; the first", few, tree(b"/Kids[3 0 R]/Count " + count, page), "?pages=1"
        )
    yield BadDocument("no pages", _DOCUMENT, tree(b"/Kids[]/Count 0"))
    yield BadDocument("no page tree", _DOCUMENT, raw_pdf([b"<</Type/Catalog>>"]))
    yield BadDocument("no catalog", _DOCUMENT, raw_pdf([b"null"]))
    missing = tree(b"/Kids[3 0 R 9 0 R 9 0 R]/Count 3", page)
    yield BadDocument("two of three pages missing", _WHATEVER, missing)
    odd = [b"null", b"[1 2]", b"(page)", b"/Page", b"42", stream(b"x")]
    kids = b" ".join(b"%d 0 R" % number for number in range(3, 3 + len(odd)))
    yield BadDocument("pages that are none", _WHATEVER, tree(b"/Kids[%s]/Count 6" % kids, *odd))
    depth = _MANY // 2
    nodes = [
        b"<</Type/Pages/Parent %d 0 R/Kids[%d 0 R]/Count 1>>" % (number - 1, number + 1)
        for number in range(3, depth)
    ]
    deep = tree(b"/Kids[3 0 R]/Count 1", *nodes, page)
    yield BadDocument(f"a page tree of depth {depth}", _WHATEVER, deep)
    yield BadDocument("100 000 pages", ("too_many_pages",), many_pages(100_000))
    yield BadDocument("3 of 100 000 pages", _INTACT, many_pages(100_000), "?pages=1-3")
    last = "?pages=99999-100000"
    yield BadDocument("the last 2 of 100 000 pages", _INTACT, many_pages(100_000), last)
    yield BadDocument("page 100 001", ("invalid_option",), many_pages(100_000), "?pages=100001")


def _sizes() -> Iterator[BadDocument]:
    nothing = stream(b"0 0 10 10 re f")
    for box, wanted in {
        "0 0 14400 1": _INTACT,
        "0 0 1 14400": _INTACT,
        "0 0 14400 14400": _INTACT,
        "0 0 1000000000 1000000000": _READ_OR_NOT,
        "0 0 1000000000 1": _READ_OR_NOT,
        "0 0 3e38 3e38": _READ_OR_NOT,
        "0 0 1e999 1": _READ_OR_NOT,
        "-3e38 -3e38 3e38 3e38": _READ_OR_NOT,
        "0 0 340282350000000000000000000000000000000 1": _READ_OR_NOT,
        "0 0 nan nan": _READ_OR_NOT,
        "200 200 0 0": _INTACT,
        "-200 -200 -100 -100": _INTACT,
        "0 0 0 0": _READ_OR_NOT,
        "0 0 0.0001 0.0001": _READ_OR_NOT,
        "0 0 0.0001 200": _READ_OR_NOT,
        "7": _READ_OR_NOT,
        "3 0 R": _READ_OR_NOT,
    }.items():
        yield BadDocument(f"a page of {box}", wanted, page_with(nothing, box=box.encode()))
    for entries in (b"/UserUnit 1e9", b"/UserUnit -1", b"/Rotate 45", b"/Rotate 99999999999999"):
        yield BadDocument(entries.decode(), _READ_OR_NOT, page_with(nothing, entries=entries))
    crop = b"/CropBox[500 500 600 600]"
    yield BadDocument("a crop box beside the page", _READ_OR_NOT, page_with(nothing, entries=crop))


def _bombs() -> Iterator[BadDocument]:
    size = scaled(2, 10) * _GIGABYTE
    zeros = stream(zeros_packed(size), b"/Filter/FlateDecode")
    yield BadDocument(f"a page of {size >> 30} GB of zeros packed", _READ_OR_NOT, page_with(zeros))
    twice = stream(
        zlib.compress(zeros_packed(10 * _GIGABYTE), 9), b"/Filter[/FlateDecode/FlateDecode]"
    )
    yield BadDocument("a page of 10 GB packed twice", _READ_OR_NOT, page_with(twice))
    chain = stream(zlib.compress(b"q"), b"/Filter[%s]" % (b"/FlateDecode" * 100_000))
    yield BadDocument("a stream of 100 000 filters", _READ_OR_NOT, page_with(chain))
    runs = stream(b"\x81 " * 5_000_000 + b"\x80", b"/Filter/RunLengthDecode")
    yield BadDocument("640 MB of runs", _READ_OR_NOT, page_with(runs))
    drawn = packed(b"0 0 1 1 re f " * 20_000_000)
    yield BadDocument("20 million squares", _READ_OR_NOT, page_with(drawn))
    saved = packed(b"q " * 100_000_000)
    yield BadDocument("100 million q", _READ_OR_NOT, page_with(saved))
    entries = b"/Type/ObjStm/N 1/First 4/Filter/FlateDecode"
    objects = stream(zeros_packed(2 * _GIGABYTE), entries)
    yield BadDocument("an object stream of 2 GB", _WHATEVER, _in_object_stream(objects, 1))
    many = stream(
        zlib.compress(b"1 0 " * 1_000_000), b"/Type/ObjStm/N 99999999/First 4/Filter/FlateDecode"
    )
    yield BadDocument("an object stream of 99 999 999", _WHATEVER, _in_object_stream(many, 1))
    yield BadDocument("a table of 2 GB packed", _WHATEVER, _table_stream(2 * _GIGABYTE))
    lengths = [b"4 0 R", b"-1", b"99999999999", b"(x)"]
    for length in lengths:
        wrong = b"<</Length %s>>stream\n0 0 9 9 re f\nendstream" % length
        yield BadDocument(f"a stream of length {length.decode()}", _READ_OR_NOT, page_with(wrong))
    predictor = stream(
        zeros_packed(1 << 24),
        b"/Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 2147483647/Colors 9/BitsPerComponent 16>>",
    )
    yield BadDocument("a predictor of huge rows", _READ_OR_NOT, page_with(predictor))


def _in_object_stream(objects: bytes, number: int) -> bytes:
    """Return a document whose catalog lies in an object stream."""
    body = b"%PDF-1.7\n"
    place = len(body)
    body += b"5 0 obj\n" + objects + b"\nendobj\n"
    rows = b"".join(
        struct.pack(">BIH", *row)
        for row in [(0, 0, 65535), (2, 5, 0), (2, 5, 1), (2, 5, 2), (2, 5, 3), (1, place, 0)]
    )
    start = len(body)
    table = stream(rows, b"/Type/XRef/Size 6/W[1 4 2]/Root %d 0 R" % number)
    return body + b"6 0 obj\n" + table + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % start


def _table_stream(size: int) -> bytes:
    body = b"%PDF-1.7\n1 0 obj\n" + CATALOG + b"\nendobj\n2 0 obj\n" + PAGE_TREE + b"\nendobj\n"
    entries = b"/Type/XRef/Size 300000000/W[1 4 2]/Root 1 0 R/Filter/FlateDecode"
    table = stream(zeros_packed(size), entries)
    return body + b"6 0 obj\n" + table + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(body)


def _with_image(entries: bytes, content: bytes, *more: bytes) -> bytes:
    image = stream(content, b"/Type/XObject/Subtype/Image" + entries)
    draw = stream(b"200 0 0 200 0 0 cm /X Do")
    return page_with(draw, image, *more, resources=b"/XObject<</X 5 0 R>>")


def _huge_images() -> Iterator[BadDocument]:
    sides = b"/Width 60000/Height 60000"
    grey = b"/ColorSpace/DeviceGray/BitsPerComponent"
    flate = b"/Filter/FlateDecode"
    full = zeros_packed(450_000_000)
    one = _with_image(sides + grey + b" 1" + flate, full)
    yield BadDocument("image of 60000 x 60000 bits", _READ_OR_NOT, one)
    colour = sides + b"/ColorSpace/DeviceRGB/BitsPerComponent 8" + flate
    yield BadDocument("image of 60000 x 60000 in colour", _READ_OR_NOT, _with_image(colour, full))
    empty = _with_image(sides + grey + b" 8", b"")
    yield BadDocument("image of 60000 x 60000 and nothing", _READ_OR_NOT, empty)
    most = b"/Width 2147483647/Height 2147483647"
    yield BadDocument("image of 2^31 x 2^31", _READ_OR_NOT, _with_image(most + grey + b" 8", b"x"))
    wrong = b"/Width -5/Height -5"
    yield BadDocument("image of -5 x -5", _READ_OR_NOT, _with_image(wrong + grey + b" 8", b"x"))
    fax = sides + grey + b" 1/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns 60000/Rows 60000>>"
    yield BadDocument("fax of 60000 x 60000", _READ_OR_NOT, _with_image(fax, b"\xff" * 100_000))
    mask = stream(full, b"/Type/XObject/Subtype/Image" + sides + grey + b" 8" + flate)
    masked = b"/Width 1/Height 1" + grey + b" 8/SMask 6 0 R"
    yield BadDocument("a mask of 60000 x 60000", _READ_OR_NOT, _with_image(masked, b"x", mask))
    itself = b"/Width 1/Height 1" + grey + b" 8/SMask 5 0 R"
    yield BadDocument("an image that is its mask", _READ_OR_NOT, _with_image(itself, b"x"))
    inline = stream(b"BI /W 60000 /H 60000 /CS /RGB /BPC 8 ID x EI")
    yield BadDocument("an inline image of 60000 x 60000", _READ_OR_NOT, page_with(inline))
    lots = stream(b"200 0 0 200 0 0 cm " + b"/X Do " * 100_000)
    image = stream(
        zeros_packed(64_000_000),
        b"/Type/XObject/Subtype/Image/Width 8000/Height 8000" + grey + b" 8" + flate,
    )
    often = page_with(lots, image, resources=b"/XObject<</X 5 0 R>>")
    yield BadDocument("an image of 64 MB drawn 100 000 times", _READ_OR_NOT, often)


def _jpeg(size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, "JPEG")
    jpeg = bytearray(file.getvalue())
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = struct.pack(">HH", *size)
    return bytes(jpeg)


def _jpx() -> bytes:
    """A JPEG 2000 stream whose header claims 60000 x 60000 pixels and which ends there."""
    sizes = struct.pack(">HHIIIIIIIIH", 47, 0, 60000, 60000, 0, 0, 60000, 60000, 0, 0, 3)
    return (
        b"\xff\x4f\xff\x51" + sizes + b"\7\1\1" * 3 + b"\xff\x52\0\x0c\0\0\0\1\1\5\4\4\0\1\xff\x90"
    )


def _jbig2() -> bytes:
    """A JBIG2 page of 2^31 x 2^31 pixels and a region of garbage."""
    page = struct.pack(">IBBI", 0, 0x30, 1, 19) + struct.pack(
        ">IIIIBH", 1 << 31, 1 << 31, 0, 0, 0, 0
    )
    region = struct.pack(">IBBI", 1, 0x26, 1, 1000)
    return page + region + struct.pack(">IIIIB", 60000, 60000, 0, 0, 0) + b"\xaa" * 983


def _garbage_in_codecs() -> Iterator[BadDocument]:
    small = b"/Width 100/Height 100/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/"
    large = b"/Width 60000/Height 60000/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/"
    garbage = bytes(range(256)) * 40
    for codec in (
        b"DCTDecode",
        b"JPXDecode",
        b"JBIG2Decode",
        b"CCITTFaxDecode",
        b"LZWDecode",
        b"ASCII85Decode",
        b"Crypt",
        b"Unknown",
    ):
        name = f"garbage for {codec.decode()}"
        yield BadDocument(name, _READ_OR_NOT, _with_image(small + codec, garbage))
        yield BadDocument(f"{name}, large", _READ_OR_NOT, _with_image(large + codec, garbage))
    for codec, content in {
        b"DCTDecode": _jpeg((60000, 60000)),
        b"JPXDecode": _jpx(),
        b"JBIG2Decode": _jbig2(),
    }.items():
        name = f"a huge header for {codec.decode()}"
        yield BadDocument(name, _READ_OR_NOT, _with_image(small + codec, content))
        yield BadDocument(f"{name}, large", _READ_OR_NOT, _with_image(large + codec, content))


def _form(content: bytes, resources: bytes = b"") -> bytes:
    entries = b"/Type/XObject/Subtype/Form/BBox[0 0 200 200]/Resources<<%s>>" % resources
    return stream(content, entries)


def _depths() -> Iterator[BadDocument]:
    for name, piece in {
        "[": b"[",
        "<<": b"<</A ",
        "(": b"(",
        "q": b"q ",
        "BT": b"BT ",
        "BMC": b"/A BMC ",
        "{": b"{",
    }.items():
        deep = page_with(packed(piece * (10 * _MANY)))
        yield BadDocument(f"content of {10 * _MANY} x {name}", _READ_OR_NOT, deep)
    deep = b"[" * _MANY + b"]" * _MANY
    nested = raw_pdf(
        [b"<</Type/Catalog/Pages 2 0 R/A %s>>" % deep, PAGE_TREE, b"<</Type/Page/Parent 2 0 R>>"]
    )
    yield BadDocument(f"a catalog with {_MANY} x [", _WHATEVER, nested)
    forms = b"/XObject<</X 5 0 R>>"
    draw = stream(b"/X Do")
    itself = page_with(draw, _form(b"/X Do", forms), resources=forms)
    yield BadDocument("a form in itself", _READ_OR_NOT, itself)
    twice = page_with(draw, _form(b"/X Do " * 50, forms), resources=forms)
    yield BadDocument("a form 50 times in itself", _READ_OR_NOT, twice)
    levels = [
        _form(b"/X Do " * 10, b"/XObject<</X %d 0 R>>" % (number + 1)) for number in range(5, 15)
    ]
    laughs = page_with(draw, *levels, _form(b"0 0 9 9 re f"), resources=forms)
    yield BadDocument("10^10 squares by forms in forms", _READ_OR_NOT, laughs)
    chain = [
        _form(b"/X Do", b"/XObject<</X %d 0 R>>" % (number + 1))
        for number in range(5, 5 + _MANY // 5)
    ]
    long = page_with(draw, *chain, _form(b"0 0 9 9 re f"), resources=forms)
    yield BadDocument(f"{_MANY // 5} forms in each other", _READ_OR_NOT, long)
    arrays = b"[" * 20_000 + b"]" * 20_000
    yield BadDocument(
        "resources of depth 20 000", _WHATEVER, page_with(draw, resources=b"/A" + arrays)
    )
    names = [b"[%d 0 R]" % (number + 1) for number in range(5, 5 + _MANY // 5)]
    linked = page_with(draw, *names, b"[4 0 R]", entries=b"/Annots 5 0 R")
    yield BadDocument("a chain of references", _READ_OR_NOT, linked)


def _slow_to_draw() -> Iterator[BadDocument]:
    fill = stream(b"/Pattern cs /P scn 0 0 200 200 re f")
    tiny = stream(
        b"0 0 1 1 re f",
        b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]/XStep 0.001"
        b"/YStep 0.001/Resources<<>>",
    )
    patterns = b"/Pattern<</P 5 0 R>>"
    yield BadDocument(
        "a pattern of tiny steps", _READ_OR_NOT, page_with(fill, tiny, resources=patterns)
    )
    huge = stream(
        b"0 0 1 1 re f",
        b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 99999999 99999999]/XStep 1"
        b"/YStep 1/Resources<<>>",
    )
    yield BadDocument(
        "a pattern of huge tiles", _READ_OR_NOT, page_with(fill, huge, resources=patterns)
    )
    itself = stream(
        b"/Pattern cs /P scn 0 0 9 9 re f",
        b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 9 9]/XStep 1/YStep 1"
        b"/Resources<</Pattern<</P 5 0 R>>>>",
    )
    yield BadDocument(
        "a pattern in itself", _READ_OR_NOT, page_with(fill, itself, resources=patterns)
    )
    code = b"{" + b"dup mul sqrt " * 100_000 + b"pop}"
    function = stream(code, b"/FunctionType 4/Domain[0 1 0 1]/Range[0 1 0 1 0 1]")
    shading = b"<</ShadingType 1/ColorSpace/DeviceRGB/Function 6 0 R>>"
    shade = page_with(stream(b"/S sh"), shading, function, resources=b"/Shading<</S 5 0 R>>")
    yield BadDocument("a shading of a long function", _READ_OR_NOT, shade)
    deep = stream(
        b"{" * _MANY + b"}" * _MANY, b"/FunctionType 4/Domain[0 1 0 1]/Range[0 1 0 1 0 1]"
    )
    nested = page_with(stream(b"/S sh"), shading, deep, resources=b"/Shading<</S 5 0 R>>")
    yield BadDocument("a function of depth", _READ_OR_NOT, nested)
    sampled = stream(
        b"x",
        b"/FunctionType 0/Domain[0 1 0 1]/Range[0 1 0 1 0 1]/Size[99999999 99999999]/BitsPerSample 32",
    )
    samples = page_with(stream(b"/S sh"), shading, sampled, resources=b"/Shading<</S 5 0 R>>")
    yield BadDocument("a function of 10^16 samples", _READ_OR_NOT, samples)
    stitched = b"<</FunctionType 3/Domain[0 1]/Functions[6 0 R 6 0 R]/Bounds[0.5]/Encode[0 1 0 1]>>"
    axial = b"<</ShadingType 2/ColorSpace/DeviceGray/Coords[0 0 200 200]/Function 6 0 R>>"
    circular = page_with(stream(b"/S sh"), axial, stitched, resources=b"/Shading<</S 5 0 R>>")
    yield BadDocument("a function of itself", _READ_OR_NOT, circular)
    triangles = stream(
        b"\0" + b"\x80" * 7 + bytes(range(256)) * 40_000,
        b"/ShadingType 4/ColorSpace/DeviceRGB/BitsPerCoordinate 8/BitsPerComponent 8/BitsPerFlag 8"
        b"/Decode[0 200 0 200 0 1 0 1 0 1]",
    )
    mesh = page_with(stream(b"/S sh"), triangles, resources=b"/Shading<</S 5 0 R>>")
    yield BadDocument("a mesh of a million triangles", _READ_OR_NOT, mesh)
    patches = stream(
        (b"\0" + bytes(range(36))) * 100_000,
        b"/ShadingType 7/ColorSpace/DeviceRGB/BitsPerCoordinate 8/BitsPerComponent 8/BitsPerFlag 8"
        b"/Decode[-99999 99999 -99999 99999 0 1 0 1 0 1]",
    )
    tensor = page_with(stream(b"/S sh"), patches, resources=b"/Shading<</S 5 0 R>>")
    yield BadDocument("100 000 patches", _READ_OR_NOT, tensor)
    dashes = stream(b"[0.00001 0.00001] 0 d 0 0 m 999999 999999 l S")
    yield BadDocument("10^11 dashes", _READ_OR_NOT, page_with(dashes))
    curves = packed(b"0 0 m " + b"0 0 99999 99999 1 1 c 9 200 200 9 5 5 c " * 1_000_000 + b"f")
    yield BadDocument("2 million curves in one path", _READ_OR_NOT, page_with(curves))
    clips = packed(b"0 0 200 200 re W n 9 9 m 99 9 l 50 99 l W n " * 300_000)
    yield BadDocument("600 000 clips", _READ_OR_NOT, page_with(clips))
    wide = stream(b"1e30 w 1e-30 0 0 1e30 0 0 cm 0 0 m 1e38 1e38 l S nan nan m inf inf l S")
    yield BadDocument("lines of senseless numbers", _READ_OR_NOT, page_with(wide))
    group = b"/Type/XObject/Subtype/Form/BBox[0 0 200 200]/Group<</S/Transparency>>/Resources<<"
    layers = page_with(
        stream(b"/G gs " + b"/X Do " * 100_000),
        stream(b"0 0 200 200 re f", group + b">>"),
        b"<</BM/Luminosity/ca 0.5>>",
        resources=b"/XObject<</X 5 0 R>>/ExtGState<</G 6 0 R>>",
    )
    yield BadDocument("100 000 layers", _READ_OR_NOT, layers)


def _fonts() -> Iterator[BadDocument]:
    text = stream(b"BT /F 20 Tf 20 100 Td (Harvest) Tj ET")
    fonts = b"/Font<</F 5 0 R>>"
    garbage = bytes(range(256)) * 4000
    for kind, key, mark in [
        (b"Type1", b"FontFile", b"%!PS-AdobeFont-1.0\n"),
        (b"TrueType", b"FontFile2", b"\0\1\0\0\xff\xff"),
        (b"Type1", b"FontFile3", b"\1\0\4\4"),
    ]:
        font = b"<</Type/Font/Subtype/%s/BaseFont/A/FontDescriptor 6 0 R>>" % kind
        descriptor = b"<</Type/FontDescriptor/FontName/A/Flags 4/%s 7 0 R>>" % key
        file = stream(mark + garbage, b"/Subtype/Type1C")
        document = page_with(text, font, descriptor, file, resources=fonts)
        yield BadDocument(f"garbage for {key.decode()}", _READ_OR_NOT, document)
    bomb = stream(zeros_packed(_GIGABYTE), b"/Filter/FlateDecode")
    font = b"<</Type/Font/Subtype/TrueType/BaseFont/A/FontDescriptor 6 0 R>>"
    descriptor = b"<</Type/FontDescriptor/FontName/A/Flags 4/FontFile2 7 0 R>>"
    large = page_with(text, font, descriptor, bomb, resources=fonts)
    yield BadDocument("a font of 1 GB packed", _READ_OR_NOT, large)
    glyphs = b"<</Type/Font/Subtype/Type3/FontBBox[0 0 1 1]/FontMatrix[1 0 0 1 0 0]/CharProcs<</H 6 0 R>>/Encoding<</Differences[72/H]>>/FirstChar 72/LastChar 72/Widths[1]/Resources<</Font<</F 5 0 R>>>>>>"
    itself = page_with(text, glyphs, stream(b"BT /F 1 Tf (HHHH) Tj ET"), resources=fonts)
    yield BadDocument("a font written in itself", _READ_OR_NOT, itself)
    composite = b"<</Type/Font/Subtype/Type0/BaseFont/A/Encoding 6 0 R/DescendantFonts[5 0 R]>>"
    ranges = (
        b"begincmap 1 begincodespacerange <00000000> <ffffffff> endcodespacerange "
        + b"1 begincidrange <00000000> <ffffffff> 0 endcidrange " * 10_000
    )
    cmap = stream(ranges, b"/Type/CMap/CMapName/A")
    yield BadDocument(
        "a composite font of itself",
        _READ_OR_NOT,
        page_with(text, composite, cmap, resources=fonts),
    )
    letters = packed(b"BT /F 20 Tf " + b"(Harvest and more of it) Tj " * 1_000_000 + b"ET")
    plain = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    yield BadDocument(
        "20 million letters", _READ_OR_NOT, page_with(letters, plain, resources=fonts)
    )
    giant = stream(b"BT /F 1e9 Tf (Harvest) Tj /F 1e38 Tf (Harvest) Tj /F -1 Tf (Harvest) Tj ET")
    yield BadDocument(
        "letters of 10^9 points", _READ_OR_NOT, page_with(giant, plain, resources=fonts)
    )


def _encrypted() -> Iterator[BadDocument]:
    password = ("invalid_password",)
    either = ("invalid_password", *_WHATEVER)
    identity = b"/ID[<00112233445566778899aabbccddeeff><00112233445566778899aabbccddeeff>]"
    key = b"<%s>" % (b"00" * 32)
    for name, dictionary, wanted in [
        ("an unknown handler", b"<</Filter/Unknown/V 1>>", either),
        (
            "an unknown version",
            b"<</Filter/Standard/V 99/R 99/O %s/U %s/P -4>>" % (key, key),
            either,
        ),
        ("an empty dictionary", b"<<>>", either),
        ("itself", b"5 0 R", either),
        ("keys that are none", b"<</Filter/Standard/V 2/R 3/Length 128/O(x)/U(x)/P -4>>", either),
        (
            "a key of 2^31 bits",
            b"<</Filter/Standard/V 2/R 3/Length 2147483647/O %s/U %s/P -4>>" % (key, key),
            either,
        ),
        (
            "an unknown password",
            b"<</Filter/Standard/V 2/R 3/Length 128/O %s/U %s/P -4>>" % (key, key),
            password,
        ),
    ]:
        document = page_with(stream(b"xyz"), dictionary, trailer=b"/Encrypt 5 0 R" + identity)
        yield BadDocument(f"encrypted by {name}", wanted, document)


def _active() -> Iterator[BadDocument]:
    """Give documents that would do something if they were asked to, and are only to be read."""
    nothing = stream(b"")
    actions = {
        "JavaScript": b"<</S/JavaScript/JS(while(true\\){app.alert(1\\)})>>",
        "a program": b"<</S/Launch/F(/bin/sh)/Win<</F(cmd.exe)>>>>",
        "an address": b"<</S/URI/URI(http://127.0.0.1:9/)>>",
        "a form to send": b"<</S/SubmitForm/F<</FS/URL/F(http://127.0.0.1:9/)>>>>",
    }
    for name, action in actions.items():
        catalog = b"<</Type/Catalog/Pages 2 0 R/OpenAction %s/AA<</WC %s>>>>" % (action, action)
        more = b"/AA<</O %s>>/Annots[<</Subtype/Link/Rect[0 0 9 9]/A %s>>]" % (action, action)
        yield BadDocument(name, _INTACT, page_with(nothing, catalog=catalog, entries=more))
    xfa = b"<</Type/Catalog/Pages 2 0 R/AcroForm<</XFA 5 0 R/Fields[]>>>>"
    form = stream(b"<xdp:xdp><template><script>x()</script></template></xdp:xdp>")
    yield BadDocument("an XFA form", _INTACT, page_with(nothing, form, catalog=xfa))
    files = b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(a)5 0 R]>>>>>>"
    file = b"<</Type/Filespec/F(/etc/passwd)/EF<</F 6 0 R>>>>"
    attached = page_with(nothing, file, stream(b"MZ"), catalog=files)
    yield BadDocument("an embedded file", _INTACT, attached)
    outside = b"<</F(/etc/passwd)/FFilter/FlateDecode/Length 0>>stream\n\nendstream"
    yield BadDocument("content in a file of the server", _READ_OR_NOT, page_with(outside))
    fields = b" ".join([b"5 0 R"] * _MANY)
    catalog = b"<</Type/Catalog/Pages 2 0 R/AcroForm<</NeedAppearances true/Fields[%s]>>>>" % fields
    field = (
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/V(b)/Rect[0 0 99 99]/Kids[5 0 R]/Parent 5 0 R>>"
    )
    crowd = page_with(nothing, field, catalog=catalog, entries=b"/Annots[%s]" % fields)
    yield BadDocument(f"{_MANY} fields of a form", _WHATEVER, crowd)


def _tiff(*pages: list[tuple[int, int, int, int]], last: int = 0) -> bytes:
    """Return a TIFF whose pages are given by tags, types, counts and values."""
    data, place = bytearray(b"II*\0\x08\0\0\0"), 8
    for number, entries in enumerate(pages):
        place += 2 + 12 * len(entries) + 4
        following = last if number == len(pages) - 1 else place
        data += struct.pack("<H", len(entries))
        data += b"".join(struct.pack("<HHII", *entry) for entry in entries)
        data += struct.pack("<I", following)
    return bytes(data)


def _grey(width: int, height: int, strip: int = 8) -> list[tuple[int, int, int, int]]:
    return [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 4, 1, strip), (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, width * height),
    ]  # fmt: skip


def _tiffs() -> Iterator[BadDocument]:
    small = _grey(8, 8)
    many = _tiff(*[small] * _MANY) + bytes(100)
    yield BadDocument(f"TIFF of {_MANY} pages", ("too_many_pages",), many)
    yield BadDocument("TIFF in a circle", ("invalid_image",), _tiff(small, small, last=8))
    yield BadDocument(
        "TIFF that goes on beyond its end", ("invalid_image",), _tiff(small, last=1 << 31)
    )
    yield BadDocument("TIFF of no page", ("invalid_image",), b"II*\0" + bytes(8))
    second = _tiff(small, _grey(200_000, 200_000)) + bytes(100)
    yield BadDocument("TIFF whose second page is too large", (READ, "image_too_large"), second)
    broken = _tiff(small, _grey(0, 0), small) + bytes(100)
    yield BadDocument("TIFF whose second page has no size", (READ, "invalid_image"), broken)
    shared = _tiff(*[_grey(3000, 2000)] * 30) + bytes(6_000_100)
    yield BadDocument("TIFF of 30 pages of the same bytes", _INTACT, shared, "?pages=1-3")


def _gif(size: tuple[int, int], frames: bytes) -> bytes:
    palette = bytes(6)
    return b"GIF89a" + struct.pack("<HHBBB", *size, 0x80, 0, 0) + palette + frames + b";"


def _gif_frame(size: tuple[int, int], at: tuple[int, int] = (0, 0), pixels: bytes = b"") -> bytes:
    """Return a frame; without pixels it is cut short after the first."""
    return b"," + struct.pack("<HHHHB", *at, *size, 0) + b"\x02" + (pixels or b"\x02\x4c\x01\0")


@cache
def _large_gif() -> tuple[bytes, bytes]:
    """Return the first frame of a GIF of 6000 x 6000 pixels, and one that changes nothing."""
    file = io.BytesIO()
    Image.new("P", (6000, 6000)).save(file, "GIF")
    data = file.getvalue()
    start = data.index(b",", 13)
    return data[:start], data[start:-1]


def _animations() -> Iterator[BadDocument]:
    million = _gif((8, 8), _gif_frame((8, 8)) * 1_000_000)
    yield BadDocument("GIF of a million frames", ("too_many_pages",), million)
    beyond = _gif((8, 8), _gif_frame((1, 1)) + _gif_frame((65535, 65535)))
    either = (READ, "invalid_image", "image_too_large")
    yield BadDocument("GIF whose second frame is huge", either, beyond)
    aside = _gif((8, 8), _gif_frame((1, 1)) + _gif_frame((1, 1), (65534, 65534)))
    yield BadDocument("GIF whose second frame lies far away", either, aside)
    head, frame = _large_gif()
    skipped = head + frame * 900 + b";"
    slow = (READ, "invalid_image", "invalid_page")
    yield BadDocument("the 900th frame of a GIF of 6000 x 6000", slow, skipped, "?pages=900")
    yield BadDocument("the first frames of a GIF of 6000 x 6000", _INTACT, skipped, "?pages=1-2")
    yield BadDocument(
        "GIF cut in its second frame", (READ, "invalid_image"), head[:13] + frame[:1000]
    )
    one = _webp_frame((1, 1))
    yield BadDocument("WebP of 100 000 frames", ("too_many_pages",), _webp((16, 16), one * 100_000))
    wide = _webp((16383, 4000), one * 900)
    yield BadDocument("the 900th frame of a WebP of 16383 x 4000", slow, wide, "?pages=900")
    giant = _webp((1 << 24, 1 << 24), one * 3)
    yield BadDocument("WebP of 2^24 x 2^24", ("invalid_image", "image_too_large"), giant)


def _webp(size: tuple[int, int], frames: bytes) -> bytes:
    canvas = b"\x02\0\0\0" + b"".join(struct.pack("<I", side - 1)[:3] for side in size)
    chunks = b"VP8X" + struct.pack("<I", 10) + canvas + b"ANIM\6\0\0\0" + bytes(6) + frames
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def _webp_frame(size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "white").save(file, "WEBP", lossless=True)
    picture = file.getvalue()[12:]
    sides = b"".join(struct.pack("<I", side - 1)[:3] for side in size)
    content = bytes(6) + sides + b"\x64\0\0\0" + picture
    return b"ANMF" + struct.pack("<I", len(content)) + content


assert LONG in (True, False)
