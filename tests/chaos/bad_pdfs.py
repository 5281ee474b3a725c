"""PDFs that are cut short, wrong in their structure, encrypted, or would do something."""

from collections.abc import Iterator
from functools import cache

from tests.chaos.bad_document import INTACT, NOT_OPENED, READ_OR_NOT, WHATEVER, BadDocument
from tests.chaos.raw_pdf import CATALOG, many_pages, page_with, raw_pdf, stream
from tests.scale import scaled

_MANY = scaled(100_000, 1_000_000)


def bad_pdfs() -> Iterator[BadDocument]:
    """Give them one at a time: some are large."""
    yield from _cut_short()
    yield from _wrong_tables()
    yield from _page_trees()
    yield from _sizes()
    yield from _encrypted()
    yield from _active()


@cache
def _ordinary() -> bytes:
    text = b"BT /F 20 Tf 20 100 Td (Harvest) Tj ET"
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    return page_with(stream(text), font, resources=b"/Font<</F 5 0 R>>")


def _cut_short() -> Iterator[BadDocument]:
    whole = _ordinary()
    for part in range(1, 20):
        yield BadDocument(f"PDF cut at {part}/20", WHATEVER, whole[: len(whole) * part // 20])
    yield BadDocument("PDF's mark alone", NOT_OPENED, b"%PDF-1.7\n")
    yield BadDocument("PDF's mark and junk", NOT_OPENED, b"%PDF-1.7\n" + b"\xaa" * 5000)
    yield BadDocument("PDF's mark and zeros", NOT_OPENED, b"%PDF-1.7\n" + bytes(5_000_000))
    yield BadDocument("junk and a PDF", WHATEVER, b"\xaa" * 1000 + whole)
    yield BadDocument("two PDFs in one", WHATEVER, whole + whole)


def _wrong_tables() -> Iterator[BadDocument]:
    whole = _ordinary()
    wrong = whole.replace(b"startxref\n", b"startxref\n9")
    yield BadDocument("a table beyond the end", WHATEVER, wrong)
    yield BadDocument("no table", WHATEVER, whole[: whole.index(b"xref\n0")])
    shifted = whole.replace(b"0 6\n0000000000", b"3 6\n0000000000")
    yield BadDocument("a table of wrong numbers", WHATEVER, shifted)
    for size in (b"-1", b"2147483647", b"99999999999999999999", b"(six)"):
        changed = whole.replace(b"/Size 6", b"/Size " + size)
        yield BadDocument(f"a table of {size.decode()} objects", WHATEVER, changed)
        claimed = whole.replace(b"xref\n0 6", b"xref\n0 " + size)
        yield BadDocument(f"a table that claims {size.decode()}", WHATEVER, claimed)
    place = b"%d" % whole.index(b"xref\n0")
    looping = page_with(stream(b""), trailer=b"/Prev " + place)
    yield BadDocument("a table before itself", WHATEVER, looping)
    chain = bytearray(whole)
    previous = whole.index(b"xref\n0")
    for _ in range(20_000):
        start = len(chain)
        chain += b"xref\n0 0\ntrailer<</Size 6/Root 1 0 R/Prev %d>>\n" % previous
        previous = start
    chain += b"startxref\n%d\n%%%%EOF\n" % previous
    yield BadDocument("a chain of 20 000 tables", WHATEVER, bytes(chain))
    noise = b"%PDF-1.7\n" + b"1 0 obj " * 1_000_000
    yield BadDocument("a million beginnings of objects", NOT_OPENED, noise)
    yield BadDocument("10 MB of brackets", NOT_OPENED, b"%PDF-1.7\n1 0 obj" + b"[" * 10_000_000)
    yield BadDocument("10 MB of dictionaries", NOT_OPENED, b"%PDF-1.7\n1 0 obj" + b"<<" * 5_000_000)
    yield BadDocument("10 MB of parentheses", NOT_OPENED, b"%PDF-1.7\n1 0 obj" + b"(" * 10_000_000)
    yield BadDocument("10 MB of comments", NOT_OPENED, b"%PDF-1.7\n" + b"%x\n" * 3_000_000)


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
        most = (*WHATEVER, "too_many_pages")
        yield BadDocument(name, most, tree(b"/Kids[3 0 R]/Count " + count, page))
        few = (*WHATEVER, "invalid_option")
        yield BadDocument(
            f"{name}; the first", few, tree(b"/Kids[3 0 R]/Count " + count, page), "?pages=1"
        )
    yield BadDocument("no pages", NOT_OPENED, tree(b"/Kids[]/Count 0"))
    yield BadDocument("no page tree", NOT_OPENED, raw_pdf([b"<</Type/Catalog>>"]))
    yield BadDocument("no catalog", NOT_OPENED, raw_pdf([b"null"]))
    missing = tree(b"/Kids[3 0 R 9 0 R 9 0 R]/Count 3", page)
    yield BadDocument("two of three pages missing", WHATEVER, missing)
    odd = [b"null", b"[1 2]", b"(page)", b"/Page", b"42", stream(b"x")]
    kids = b" ".join(b"%d 0 R" % number for number in range(3, 3 + len(odd)))
    yield BadDocument("pages that are none", WHATEVER, tree(b"/Kids[%s]/Count 6" % kids, *odd))
    depth = _MANY // 2
    nodes = [
        b"<</Type/Pages/Parent %d 0 R/Kids[%d 0 R]/Count 1>>" % (number - 1, number + 1)
        for number in range(3, depth)
    ]
    deep = tree(b"/Kids[3 0 R]/Count 1", *nodes, page)
    yield BadDocument(f"a page tree of depth {depth}", WHATEVER, deep)
    yield BadDocument("100 000 pages", ("too_many_pages",), many_pages(100_000))
    yield BadDocument("3 of 100 000 pages", INTACT, many_pages(100_000), "?pages=1-3")
    last = "?pages=99999-100000"
    yield BadDocument("the last 2 of 100 000 pages", INTACT, many_pages(100_000), last)
    yield BadDocument("page 100 001", ("invalid_option",), many_pages(100_000), "?pages=100001")


def _sizes() -> Iterator[BadDocument]:
    nothing = stream(b"0 0 10 10 re f")
    for box, wanted in {
        "0 0 14400 1": INTACT,
        "0 0 1 14400": INTACT,
        "0 0 14400 14400": INTACT,
        "0 0 1000000000 1000000000": READ_OR_NOT,
        "0 0 1000000000 1": READ_OR_NOT,
        "0 0 3e38 3e38": READ_OR_NOT,
        "0 0 1e999 1": READ_OR_NOT,
        "-3e38 -3e38 3e38 3e38": READ_OR_NOT,
        "0 0 340282350000000000000000000000000000000 1": READ_OR_NOT,
        "0 0 nan nan": READ_OR_NOT,
        "200 200 0 0": INTACT,
        "-200 -200 -100 -100": INTACT,
        "0 0 0 0": READ_OR_NOT,
        "0 0 0.0001 0.0001": READ_OR_NOT,
        "0 0 0.0001 200": READ_OR_NOT,
        "7": READ_OR_NOT,
        "3 0 R": READ_OR_NOT,
    }.items():
        yield BadDocument(f"a page of {box}", wanted, page_with(nothing, box=box.encode()))
    for entries in (b"/UserUnit 1e9", b"/UserUnit -1", b"/Rotate 45", b"/Rotate 99999999999999"):
        yield BadDocument(entries.decode(), READ_OR_NOT, page_with(nothing, entries=entries))
    crop = b"/CropBox[500 500 600 600]"
    yield BadDocument("a crop box beside the page", READ_OR_NOT, page_with(nothing, entries=crop))


def _encrypted() -> Iterator[BadDocument]:
    password = ("invalid_password",)
    either = ("invalid_password", *WHATEVER)
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
        "JavaScript": b"<</S/JavaScript/JS(while(true){app.alert(1)})>>",
        "a program": b"<</S/Launch/F(/bin/sh)/Win<</F(cmd.exe)>>>>",
        "an address": b"<</S/URI/URI(http://127.0.0.1:9/)>>",
        "a form to send": b"<</S/SubmitForm/F<</FS/URL/F(http://127.0.0.1:9/)>>>>",
    }
    for name, action in actions.items():
        catalog = b"<</Type/Catalog/Pages 2 0 R/OpenAction %s/AA<</WC %s>>>>" % (action, action)
        more = b"/AA<</O %s>>/Annots[<</Subtype/Link/Rect[0 0 9 9]/A %s>>]" % (action, action)
        yield BadDocument(name, INTACT, page_with(nothing, catalog=catalog, entries=more))
    xfa = b"<</Type/Catalog/Pages 2 0 R/AcroForm<</XFA 5 0 R/Fields[]>>>>"
    form = stream(b"<xdp:xdp><template><script>x()</script></template></xdp:xdp>")
    yield BadDocument("an XFA form", INTACT, page_with(nothing, form, catalog=xfa))
    files = b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(a)5 0 R]>>>>>>"
    file = b"<</Type/Filespec/F(/etc/passwd)/EF<</F 6 0 R>>>>"
    attached = page_with(nothing, file, stream(b"MZ"), catalog=files)
    yield BadDocument("an embedded file", INTACT, attached)
    outside = b"<</F(/etc/passwd)/FFilter/FlateDecode/Length 0>>stream\n\nendstream"
    yield BadDocument("content in a file of the server", READ_OR_NOT, page_with(outside))
    fields = b" ".join([b"5 0 R"] * _MANY)
    catalog = b"<</Type/Catalog/Pages 2 0 R/AcroForm<</NeedAppearances true/Fields[%s]>>>>" % fields
    field = (
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/V(b)/Rect[0 0 99 99]/Kids[5 0 R]/Parent 5 0 R>>"
    )
    crowd = page_with(nothing, field, catalog=catalog, entries=b"/Annots[%s]" % fields)
    yield BadDocument(f"{_MANY} fields of a form", WHATEVER, crowd)
