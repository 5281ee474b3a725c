"""PDFs whose pages take a renderer endless time or memory, or break it."""

import io
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from tests.chaos.bad_document import READ_OR_NOT, WHATEVER, BadDocument
from tests.chaos.raw_pdf import CATALOG, PAGE_TREE, packed, page_with, raw_pdf, stream, zeros_packed
from tests.scale import scaled

_MANY = scaled(100_000, 1_000_000)
_GIGABYTE = 1024  # in MiB


def bad_pdf_contents() -> Iterator[BadDocument]:
    """Give them one at a time: some are large."""
    yield from _bombs()
    yield from _huge_images()
    yield from _garbage_in_codecs()
    yield from _depths()
    yield from _slow_to_draw()
    yield from _fonts()


def _bombs() -> Iterator[BadDocument]:
    size = scaled(2, 10) * _GIGABYTE
    zeros = stream(zeros_packed(size), b"/Filter/FlateDecode")
    yield BadDocument(f"a page of {size // 1024} GB of zeros packed", READ_OR_NOT, page_with(zeros))
    twice = stream(
        zlib.compress(zeros_packed(10 * _GIGABYTE), 9), b"/Filter[/FlateDecode/FlateDecode]"
    )
    yield BadDocument("a page of 10 GB packed twice", READ_OR_NOT, page_with(twice))
    chain = stream(zlib.compress(b"q"), b"/Filter[%s]" % (b"/FlateDecode" * 100_000))
    yield BadDocument("a stream of 100 000 filters", READ_OR_NOT, page_with(chain))
    runs = stream(b"\x81 " * 5_000_000 + b"\x80", b"/Filter/RunLengthDecode")
    yield BadDocument("640 MB of runs", READ_OR_NOT, page_with(runs))
    drawn = packed(b"0 0 1 1 re f " * 10_000_000)
    yield BadDocument("10 million squares", READ_OR_NOT, page_with(drawn))
    saved = packed(b"q " * 20_000_000)
    yield BadDocument("20 million q", READ_OR_NOT, page_with(saved))
    entries = b"/Type/ObjStm/N 1/First 4/Filter/FlateDecode"
    objects = stream(zeros_packed(2 * _GIGABYTE), entries)
    yield BadDocument("an object stream of 2 GB", WHATEVER, _in_object_stream(objects, 1))
    many = stream(
        zlib.compress(b"1 0 " * 1_000_000), b"/Type/ObjStm/N 99999999/First 4/Filter/FlateDecode"
    )
    yield BadDocument("an object stream of 99 999 999", WHATEVER, _in_object_stream(many, 1))
    yield BadDocument("a table of 2 GB packed", WHATEVER, _table_stream(2 * _GIGABYTE))
    lengths = [b"4 0 R", b"-1", b"99999999999", b"(x)"]
    for length in lengths:
        wrong = b"<</Length %s>>stream\n0 0 9 9 re f\nendstream" % length
        yield BadDocument(f"a stream of length {length.decode()}", READ_OR_NOT, page_with(wrong))
    predictor = stream(
        zeros_packed(16),
        b"/Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 2147483647/Colors 9"
        b"/BitsPerComponent 16>>",
    )
    yield BadDocument("a predictor of huge rows", READ_OR_NOT, page_with(predictor))


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
    full = zeros_packed(430)
    one = _with_image(sides + grey + b" 1" + flate, full)
    yield BadDocument("image of 60000 x 60000 bits", READ_OR_NOT, one)
    colour = sides + b"/ColorSpace/DeviceRGB/BitsPerComponent 8" + flate
    yield BadDocument("image of 60000 x 60000 in colour", READ_OR_NOT, _with_image(colour, full))
    empty = _with_image(sides + grey + b" 8", b"")
    yield BadDocument("image of 60000 x 60000 and nothing", READ_OR_NOT, empty)
    most = b"/Width 2147483647/Height 2147483647"
    yield BadDocument("image of 2^31 x 2^31", READ_OR_NOT, _with_image(most + grey + b" 8", b"x"))
    wrong = b"/Width -5/Height -5"
    yield BadDocument("image of -5 x -5", READ_OR_NOT, _with_image(wrong + grey + b" 8", b"x"))
    fax = sides + grey + b" 1/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns 60000/Rows 60000>>"
    yield BadDocument("fax of 60000 x 60000", READ_OR_NOT, _with_image(fax, b"\xff" * 100_000))
    mask = stream(full, b"/Type/XObject/Subtype/Image" + sides + grey + b" 8" + flate)
    masked = b"/Width 1/Height 1" + grey + b" 8/SMask 6 0 R"
    yield BadDocument("a mask of 60000 x 60000", READ_OR_NOT, _with_image(masked, b"x", mask))
    itself = b"/Width 1/Height 1" + grey + b" 8/SMask 5 0 R"
    yield BadDocument("an image that is its mask", READ_OR_NOT, _with_image(itself, b"x"))
    inline = stream(b"BI /W 60000 /H 60000 /CS /RGB /BPC 8 ID x EI")
    yield BadDocument("an inline image of 60000 x 60000", READ_OR_NOT, page_with(inline))
    lots = stream(b"200 0 0 200 0 0 cm " + b"/X Do " * 100_000)
    image = stream(
        zeros_packed(62),
        b"/Type/XObject/Subtype/Image/Width 8000/Height 8000" + grey + b" 8" + flate,
    )
    often = page_with(lots, image, resources=b"/XObject<</X 5 0 R>>")
    yield BadDocument("an image of 64 MB drawn 100 000 times", READ_OR_NOT, often)


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
        yield BadDocument(name, READ_OR_NOT, _with_image(small + codec, garbage))
        yield BadDocument(f"{name}, large", READ_OR_NOT, _with_image(large + codec, garbage))
    for codec, content in {
        b"DCTDecode": _jpeg((60000, 60000)),
        b"JPXDecode": _jpx(),
        b"JBIG2Decode": _jbig2(),
    }.items():
        name = f"a huge header for {codec.decode()}"
        yield BadDocument(name, READ_OR_NOT, _with_image(small + codec, content))
        yield BadDocument(f"{name}, large", READ_OR_NOT, _with_image(large + codec, content))


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
        yield BadDocument(f"content of {10 * _MANY} x {name}", READ_OR_NOT, deep)
    deep = b"[" * _MANY + b"]" * _MANY
    nested = raw_pdf(
        [b"<</Type/Catalog/Pages 2 0 R/A %s>>" % deep, PAGE_TREE, b"<</Type/Page/Parent 2 0 R>>"]
    )
    yield BadDocument(f"a catalog with {_MANY} x [", WHATEVER, nested)
    forms = b"/XObject<</X 5 0 R>>"
    draw = stream(b"/X Do")
    itself = page_with(draw, _form(b"/X Do", forms), resources=forms)
    yield BadDocument("a form in itself", READ_OR_NOT, itself)
    twice = page_with(draw, _form(b"/X Do " * 50, forms), resources=forms)
    yield BadDocument("a form 50 times in itself", READ_OR_NOT, twice)
    levels = [
        _form(b"/X Do " * 10, b"/XObject<</X %d 0 R>>" % (number + 1)) for number in range(5, 15)
    ]
    laughs = page_with(draw, *levels, _form(b"0 0 9 9 re f"), resources=forms)
    yield BadDocument("10^10 squares by forms in forms", READ_OR_NOT, laughs)
    chain = [
        _form(b"/X Do", b"/XObject<</X %d 0 R>>" % (number + 1))
        for number in range(5, 5 + _MANY // 5)
    ]
    long = page_with(draw, *chain, _form(b"0 0 9 9 re f"), resources=forms)
    yield BadDocument(f"{_MANY // 5} forms in each other", READ_OR_NOT, long)
    arrays = b"[" * 20_000 + b"]" * 20_000
    yield BadDocument(
        "resources of depth 20 000", WHATEVER, page_with(draw, resources=b"/A" + arrays)
    )
    names = [b"[%d 0 R]" % (number + 1) for number in range(5, 5 + _MANY // 5)]
    linked = page_with(draw, *names, b"[4 0 R]", entries=b"/Annots 5 0 R")
    yield BadDocument("a chain of references", READ_OR_NOT, linked)


def _slow_to_draw() -> Iterator[BadDocument]:
    fill = stream(b"/Pattern cs /P scn 0 0 200 200 re f")
    tiny = stream(
        b"0 0 1 1 re f",
        b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]/XStep 0.001"
        b"/YStep 0.001/Resources<<>>",
    )
    patterns = b"/Pattern<</P 5 0 R>>"
    yield BadDocument(
        "a pattern of tiny steps", READ_OR_NOT, page_with(fill, tiny, resources=patterns)
    )
    huge = stream(
        b"0 0 1 1 re f",
        b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 99999999 99999999]/XStep 1"
        b"/YStep 1/Resources<<>>",
    )
    yield BadDocument(
        "a pattern of huge tiles", READ_OR_NOT, page_with(fill, huge, resources=patterns)
    )
    itself = stream(
        b"/Pattern cs /P scn 0 0 9 9 re f",
        b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 9 9]/XStep 1/YStep 1"
        b"/Resources<</Pattern<</P 5 0 R>>>>",
    )
    yield BadDocument(
        "a pattern in itself", READ_OR_NOT, page_with(fill, itself, resources=patterns)
    )
    code = b"{" + b"dup mul sqrt " * 100_000 + b"pop}"
    function = stream(code, b"/FunctionType 4/Domain[0 1 0 1]/Range[0 1 0 1 0 1]")
    shading = b"<</ShadingType 1/ColorSpace/DeviceRGB/Function 6 0 R>>"
    shade = page_with(stream(b"/S sh"), shading, function, resources=b"/Shading<</S 5 0 R>>")
    yield BadDocument("a shading of a long function", READ_OR_NOT, shade)
    deep = stream(
        b"{" * _MANY + b"}" * _MANY, b"/FunctionType 4/Domain[0 1 0 1]/Range[0 1 0 1 0 1]"
    )
    nested = page_with(stream(b"/S sh"), shading, deep, resources=b"/Shading<</S 5 0 R>>")
    yield BadDocument("a function of depth", READ_OR_NOT, nested)
    sampled = stream(
        b"x",
        b"/FunctionType 0/Domain[0 1 0 1]/Range[0 1 0 1 0 1]"
        b"/Size[99999999 99999999]/BitsPerSample 32",
    )
    samples = page_with(stream(b"/S sh"), shading, sampled, resources=b"/Shading<</S 5 0 R>>")
    yield BadDocument("a function of 10^16 samples", READ_OR_NOT, samples)
    stitched = b"<</FunctionType 3/Domain[0 1]/Functions[6 0 R 6 0 R]/Bounds[0.5]/Encode[0 1 0 1]>>"
    axial = b"<</ShadingType 2/ColorSpace/DeviceGray/Coords[0 0 200 200]/Function 6 0 R>>"
    circular = page_with(stream(b"/S sh"), axial, stitched, resources=b"/Shading<</S 5 0 R>>")
    yield BadDocument("a function of itself", READ_OR_NOT, circular)
    triangles = stream(
        b"\0" + b"\x80" * 7 + bytes(range(256)) * 40_000,
        b"/ShadingType 4/ColorSpace/DeviceRGB/BitsPerCoordinate 8/BitsPerComponent 8/BitsPerFlag 8"
        b"/Decode[0 200 0 200 0 1 0 1 0 1]",
    )
    mesh = page_with(stream(b"/S sh"), triangles, resources=b"/Shading<</S 5 0 R>>")
    yield BadDocument("a mesh of a million triangles", READ_OR_NOT, mesh)
    patches = stream(
        (b"\0" + bytes(range(36))) * 100_000,
        b"/ShadingType 7/ColorSpace/DeviceRGB/BitsPerCoordinate 8/BitsPerComponent 8/BitsPerFlag 8"
        b"/Decode[-99999 99999 -99999 99999 0 1 0 1 0 1]",
    )
    tensor = page_with(stream(b"/S sh"), patches, resources=b"/Shading<</S 5 0 R>>")
    yield BadDocument("100 000 patches", READ_OR_NOT, tensor)
    dashes = stream(b"[0.00001 0.00001] 0 d 0 0 m 999999 999999 l S")
    yield BadDocument("10^11 dashes", READ_OR_NOT, page_with(dashes))
    curves = packed(b"0 0 m " + b"0 0 99999 99999 1 1 c 9 200 200 9 5 5 c " * 1_000_000 + b"f")
    yield BadDocument("2 million curves in one path", READ_OR_NOT, page_with(curves))
    clips = packed(b"0 0 200 200 re W n 9 9 m 99 9 l 50 99 l W n " * 300_000)
    yield BadDocument("600 000 clips", READ_OR_NOT, page_with(clips))
    wide = stream(b"1e30 w 1e-30 0 0 1e30 0 0 cm 0 0 m 1e38 1e38 l S nan nan m inf inf l S")
    yield BadDocument("lines of senseless numbers", READ_OR_NOT, page_with(wide))
    group = b"/Type/XObject/Subtype/Form/BBox[0 0 200 200]/Group<</S/Transparency>>/Resources<<"
    layers = page_with(
        stream(b"/G gs " + b"/X Do " * 100_000),
        stream(b"0 0 200 200 re f", group + b">>"),
        b"<</BM/Luminosity/ca 0.5>>",
        resources=b"/XObject<</X 5 0 R>>/ExtGState<</G 6 0 R>>",
    )
    yield BadDocument("100 000 layers", READ_OR_NOT, layers)


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
        yield BadDocument(f"garbage for {key.decode()}", READ_OR_NOT, document)
    bomb = stream(zeros_packed(_GIGABYTE), b"/Filter/FlateDecode")
    font = b"<</Type/Font/Subtype/TrueType/BaseFont/A/FontDescriptor 6 0 R>>"
    descriptor = b"<</Type/FontDescriptor/FontName/A/Flags 4/FontFile2 7 0 R>>"
    large = page_with(text, font, descriptor, bomb, resources=fonts)
    yield BadDocument("a font of 1 GB packed", READ_OR_NOT, large)
    glyphs = (
        b"<</Type/Font/Subtype/Type3/FontBBox[0 0 1 1]/FontMatrix[1 0 0 1 0 0]"
        b"/CharProcs<</H 6 0 R>>/Encoding<</Differences[72/H]>>"
        b"/FirstChar 72/LastChar 72/Widths[1]/Resources<</Font<</F 5 0 R>>>>>>"
    )
    itself = page_with(text, glyphs, stream(b"BT /F 1 Tf (HHHH) Tj ET"), resources=fonts)
    yield BadDocument("a font written in itself", READ_OR_NOT, itself)
    composite = b"<</Type/Font/Subtype/Type0/BaseFont/A/Encoding 6 0 R/DescendantFonts[5 0 R]>>"
    ranges = (
        b"begincmap 1 begincodespacerange <00000000> <ffffffff> endcodespacerange "
        + b"1 begincidrange <00000000> <ffffffff> 0 endcidrange " * 10_000
    )
    cmap = stream(ranges, b"/Type/CMap/CMapName/A")
    yield BadDocument(
        "a composite font of itself",
        READ_OR_NOT,
        page_with(text, composite, cmap, resources=fonts),
    )
    letters = packed(b"BT /F 20 Tf " + b"(Harvest and more of it) Tj " * 1_000_000 + b"ET")
    plain = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    yield BadDocument("20 million letters", READ_OR_NOT, page_with(letters, plain, resources=fonts))
    giant = stream(b"BT /F 1e9 Tf (Harvest) Tj /F 1e38 Tf (Harvest) Tj /F -1 Tf (Harvest) Tj ET")
    yield BadDocument(
        "letters of 10^9 points", READ_OR_NOT, page_with(giant, plain, resources=fonts)
    )
