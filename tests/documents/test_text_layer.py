"""The text layer, as qpdf, poppler and pdfium see it."""

import io
import subprocess
import sys

import numpy as np
import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from ocr_server.decoder import decode, read_header
from ocr_server.documents.text_layer import BrokenPdf, TextLayer
from ocr_server.engine import Engine
from ocr_server.options import Options
from ocr_server.page import Page
from ocr_server.text_line import Box, TextLine
from tests import pictures
from tests.pdfs import (
    complaints,
    document,
    error_rate,
    layered,
    page_of,
    pdfium_box,
    pdfium_text,
    pdftotext,
    pdftotext_boxes,
    rectangle,
    rendered,
    saved,
    words_of,
)

SQUARE = (100, 120, 160, 180)  # of the drawing, in its own coordinates
TEXTS = ["Total: 24 apples", "清晨的菜市场已经很热闹", "日本 and 한국 𠮷野家 🍎 x"]
LINES = tuple(
    TextLine(rectangle(60, 40 + 90 * number, 60 + 22 * len(text), 80 + 90 * number), text, 1.0)
    for number, text in enumerate(TEXTS)
)


def with_words(line: TextLine) -> TextLine:
    assert line.text is not None
    assert line.box is not None
    return TextLine(line.box, line.text, line.score, words=words_of(line.text, line.box))


@pytest.fixture(params=["lines", "words"])
def page(request: pytest.FixtureRequest) -> Page:
    return page_of(*(map(with_words, LINES) if request.param == "words" else LINES))


def test_every_reader_finds_the_lines_in_order(page: Page) -> None:
    data = layered(document(), page)
    assert pdftotext(data) == pdftotext(data, "-raw") == pdfium_text(data) == [TEXTS]


def test_qpdf_has_no_complaints(page: Page) -> None:
    assert complaints(layered(document(3), page, page, page)) == ""


def test_the_font_is_embedded_and_tells_its_characters() -> None:
    data = layered(document(), page_of(*LINES))
    listed = subprocess.run(["pdffonts", "-"], input=data, capture_output=True, check=True)
    assert listed.stderr == b""
    *_, font = listed.stdout.decode().splitlines()
    assert font.split()[:7] == ["Invisible", "CID", "TrueType", "Identity-H", "yes", "no", "yes"]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_page_looks_as_before_to_the_last_pixel(rotation: int, page: Page) -> None:
    pdf = document()
    pdf.pages[0].obj[Name.Rotate] = rotation
    before = rendered(saved(pdf), scale=2)
    np.testing.assert_array_equal(rendered(layered(pdf, page), scale=2), before)


@pytest.mark.parametrize("name", ["page_chinese.png", "page_latin.png", "tall.png", "noisy.jpg"])
def test_a_read_page_is_found_with_hardly_an_error(name: str, engine: Engine) -> None:
    data = picture_with_layer(name, engine)
    for found in (*pdftotext(data), *pdfium_text(data)):
        assert error_rate(found, pictures.LINES[name]) < 0.02


@pytest.mark.parametrize("name", ["rotated.jpg", "upside_down.png", "perspective.jpg"])
def test_a_page_that_lies_crooked_is_found_with_hardly_an_error(name: str, engine: Engine) -> None:
    (found,) = pdfium_text(picture_with_layer(name, engine))
    assert error_rate(found, pictures.LINES[name]) < 0.02


def picture_with_layer(name: str, engine: Engine) -> bytes:
    picture = pictures.read(name)
    header = read_header(picture, 10**8)
    lines = engine.recognize(decode(picture, header), Options(return_word_box=True))
    return layered(document(), Page(1, header.width, header.height, tuple(lines)))


def test_a_line_without_words_fills_its_box() -> None:
    data = layered(document(), page_of(TextLine(rectangle(100, 60, 420, 100), "together", 1.0)))
    ((word, box),) = pdftotext_boxes(data)
    assert word == "together"
    assert box == pytest.approx((50, 30, 210, 50), abs=0.1)


def test_words_lie_where_they_were_read() -> None:
    words = (
        *words_of("left", rectangle(100, 60, 200, 100)),
        *words_of("right", rectangle(600, 60, 640, 100)),
    )
    line = TextLine(rectangle(100, 60, 640, 100), "left right", 1.0, words=words)
    (left, left_box), (right, right_box) = pdftotext_boxes(layered(document(), page_of(line)))
    assert (left, right) == ("left", "right")
    assert left_box == pytest.approx((50, 30, 100, 50), abs=0.1)
    assert right_box == pytest.approx((300, 30, 320, 50), abs=0.1)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("user_unit", [1, 2.5])
@pytest.mark.parametrize("cropped", [False, True])
def test_text_lies_where_it_was_read_however_the_page_is_turned_and_cropped(
    rotation: int, user_unit: float, cropped: bool
) -> None:
    pdf = document()
    attributes = pdf.pages[0].obj
    attributes.MediaBox = Array([-50, 40, 350, 340])
    attributes.Rotate = rotation
    attributes.UserUnit = user_unit
    if cropped:
        attributes.CropBox = Array([10, 60, 310, 250])
    data, box = with_text_on_the_square(pdf)
    assert pdfium_box(data) == pytest.approx(SQUARE, abs=1)
    ((_, seen),) = pdftotext_boxes(data)
    assert seen == pytest.approx(tuple(value / 4 for value in (*box[0], *box[2])), abs=0.5)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_what_is_cropped_beyond_the_page_does_not_count(rotation: int) -> None:
    pdf = document()
    pdf.pages[0].obj.CropBox = Array([310, 900, 40, -20])
    pdf.pages[0].obj.Rotate = rotation
    data, _ = with_text_on_the_square(pdf)
    assert pdfium_box(data) == pytest.approx(SQUARE, abs=1)


@pytest.mark.parametrize("rotation", [-90, 450, 80, 100.5, -80])
def test_odd_rotations_are_taken_as_pdfium_takes_them(rotation: float) -> None:
    pdf = document()
    pdf.pages[0].obj.Rotate = rotation
    data, _ = with_text_on_the_square(pdf)
    assert pdfium_box(data) == pytest.approx(SQUARE, abs=1)


@pytest.mark.parametrize(
    "box", [Array([]), Array([0, 0, 400]), Array([5, 5, 5, 5]), Name.None_, 7], ids=str
)
def test_a_page_without_sensible_boxes_is_taken_as_pdfium_takes_it(box: object) -> None:
    pdf = document()
    pdf.pages[0].obj.MediaBox = box
    data, _ = with_text_on_the_square(pdf)
    assert pdfium_box(data) == pytest.approx(SQUARE, abs=1)


def with_text_on_the_square(pdf: pikepdf.Pdf) -> tuple[bytes, Box]:
    """The document with a text on the drawing's square, found by how pdfium shows it."""
    (shown,) = rendered(saved(pdf), scale=4)
    rows, columns = np.nonzero(shown[:, :, 0] == 255)
    box = rectangle(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    height, width = shown.shape[:2]
    return layered(pdf, page_of(TextLine(box, "square", 1.0), width=width, height=height)), box


def test_rotation_and_boxes_may_be_inherited() -> None:
    pdf = document()
    page = pdf.pages[0].obj
    tree = pdf.Root.Pages
    tree.Rotate, tree.MediaBox, tree.Resources = 90, page.MediaBox, Dictionary()
    del page.MediaBox, page.Resources
    line = TextLine(rectangle(60, 100, 300, 140), "turned", 1.0)
    ((word, box),) = pdftotext_boxes(layered(pdf, page_of(line, width=600, height=800)))
    assert word == "turned"
    assert box == pytest.approx((30, 50, 150, 70), abs=0.5)


def test_pages_that_share_everything_keep_their_own_text() -> None:
    pdf = document(2)
    shared = pdf.pages[0].obj
    shared.Resources = pdf.make_indirect(Dictionary(Font=pdf.make_indirect(Dictionary())))
    shared.Contents = pdf.make_indirect(Array([shared.Contents]))
    pdf.pages[1].obj.Resources = shared.Resources
    pdf.pages[1].obj.Contents = shared.Contents
    data = layered(pdf, page_of(LINES[0]), page_of(LINES[1]))
    assert pdfium_text(data) == [[TEXTS[0]], [TEXTS[1]]]
    assert complaints(data) == ""


def test_a_page_that_stands_twice_in_a_document_has_two_texts() -> None:
    pdf = document()
    pdf.Root.Pages.Kids = Array([pdf.Root.Pages.Kids[0]] * 2)
    pdf.Root.Pages.Count = 2
    data = layered(pikepdf.open(io.BytesIO(saved(pdf))), page_of(LINES[0]), page_of(LINES[1]))
    assert pdfium_text(data) == [[TEXTS[0]], [TEXTS[1]]]


@pytest.mark.parametrize("drawing", [b"q 2 0 0 2 9 9 cm q", b"Q Q 3 0 0 3 0 0 cm", b"q BT 5 Tr"])
def test_what_a_page_leaves_behind_does_not_move_its_text(drawing: bytes) -> None:
    pdf = document(drawing=drawing)
    line = TextLine(rectangle(100, 60, 420, 100), "together", 1.0)
    ((_, box),) = pdftotext_boxes(layered(pdf, page_of(line)))
    assert box == pytest.approx((50, 30, 210, 50), abs=0.1)


def test_a_font_of_the_same_name_stays_what_it_was() -> None:
    pdf = document(drawing=b"BT /Invisible 20 Tf 50 200 Td (own) Tj ET")
    helvetica = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    pdf.pages[0].obj.Resources = Dictionary(Font=Dictionary({"/Invisible": helvetica}))
    before = rendered(saved(pdf))
    data = layered(pdf, page_of(LINES[0]))
    np.testing.assert_array_equal(rendered(data), before)
    assert set(pdfium_text(data)[0]) == {TEXTS[0], "own"}


def test_the_pages_own_streams_stay_as_they_are() -> None:
    pdf = document(drawing=b"0.3 g  0 0 10 10 re f % as it was")
    layered(pdf, page_of(LINES[0]))
    _, own = pdf.pages[0].obj.Contents
    assert own.read_bytes() == b"0.3 g  0 0 10 10 re f % as it was"


@pytest.mark.parametrize(
    "contents", [None, Array([]), Dictionary(), 7], ids=["none", "empty", "dictionary", "number"]
)
def test_a_page_without_sensible_content_gets_its_text(contents: object) -> None:
    pdf = document()
    del pdf.pages[0].obj.Contents
    if contents is not None:
        pdf.pages[0].obj.Contents = contents
    assert pdfium_text(layered(pdf, page_of(LINES[0]))) == [[TEXTS[0]]]


def test_senseless_resources_are_replaced() -> None:
    pdf = document(2, drawing=b"")
    pdf.pages[0].obj.Resources = Array([])
    pdf.pages[1].obj.Resources = Dictionary(Font=Name.None_)
    data = layered(pdf, page_of(LINES[0]), page_of(LINES[1]))
    assert pdfium_text(data) == [[TEXTS[0]], [TEXTS[1]]]


def test_a_page_without_text_is_left_alone() -> None:
    pdf = document()
    before = saved(pdf)
    blank = TextLine(rectangle(60, 40, 300, 80), "", 0.5)
    assert layered(pdf, page_of(blank, TextLine(blank.box), TextLine())) == before


def test_a_line_without_a_box_fills_the_page() -> None:
    ((_, box),) = pdftotext_boxes(layered(document(), page_of(TextLine(text="whole", score=1.0))))
    assert box == pytest.approx((0, 0, 400, 300), abs=0.5)


@pytest.mark.parametrize(
    "box",
    [
        rectangle(50, 50, 50, 50),
        rectangle(50, 50, 200, 50),
        rectangle(float("nan"), 50, 200, 90),
        rectangle(50, 50, float("inf"), 90),
    ],
)
def test_a_line_without_area_is_left_out(box: Box) -> None:
    broken = TextLine(box, "nowhere", 1.0)
    data = layered(document(), page_of(broken, LINES[0]))
    assert pdfium_text(data) == [[TEXTS[0]]]
    assert complaints(data) == ""


def test_characters_that_mean_nothing_on_a_page_become_spaces() -> None:
    line = TextLine(LINES[0].box, "one\ntwo\x00three\ud800four", 1.0)
    assert pdftotext(layered(document(), page_of(line))) == [["one two three four"]]


def test_more_characters_than_a_block_of_the_character_map_may_have_are_found() -> None:
    characters = "".join(map(chr, range(0x4E00, 0x4E00 + 250)))
    texts = [characters[start : start + 25] for start in range(0, 250, 25)]
    lines = [
        TextLine(rectangle(50, 50 * number, 750, 50 * number + 30), text, 1.0)
        for number, text in enumerate(texts)
    ]
    assert pdftotext(layered(document(), page_of(*lines))) == [texts]


@pytest.mark.parametrize(("width", "height", "index"), [(0, 0, 0), (800, 600, 7), (800, 600, -9)])
def test_a_page_that_is_none_is_broken(width: int, height: int, index: int) -> None:
    layer = TextLayer(document())
    with pytest.raises(BrokenPdf):
        layer.add(index, page_of(LINES[0], width=width, height=height))


def test_a_circle_in_the_page_tree_does_not_hang() -> None:
    pdf = document()
    del pdf.pages[0].obj.MediaBox
    pdf.Root.Pages.Parent = pdf.Root.Pages
    assert pdfium_text(layered(pdf, page_of(LINES[0]))) == [[TEXTS[0]]]


def test_a_password_is_needed_no_more() -> None:
    locked = document()
    file = io.BytesIO()
    locked.save(file, encryption=pikepdf.Encryption(user="secret", owner="more secret"))
    pdf = pikepdf.open(io.BytesIO(file.getvalue()), password="secret")
    assert pdfium_text(layered(pdf, page_of(LINES[0]))) == [[TEXTS[0]]]


@pytest.mark.parametrize("mode", ["generate", "disable"])
def test_a_document_stays_packed_as_it_was(mode: str) -> None:
    file = io.BytesIO()
    document().save(file, object_stream_mode=pikepdf.ObjectStreamMode[mode])
    data = layered(pikepdf.open(file), page_of(LINES[0]))
    assert (b"/ObjStm" in data) == (mode == "generate")


def test_the_same_text_gives_the_same_bytes(page: Page) -> None:
    assert layered(document(), page) == layered(document(), page)


# In a process of its own, as memory that another test has freed would hide what is needed.
MEASURE = """
import resource
from tests.pdfs import document, page_of, rectangle, words_of
from ocr_server.documents.text_layer import TextLayer
from ocr_server.text_line import TextLine

texts = [f"Line {number} of a page full of text, as pages are" for number in range(40)]
boxes = [rectangle(40, 14 * number, 760, 14 * number + 12) for number in range(40)]
page = page_of(
    *(TextLine(box, text, 1.0, words=words_of(text, box)) for text, box in zip(texts, boxes))
)
pdf = document(1000)
layer = TextLayer(pdf)
layer.add(0, page)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for index in range(1, {pages}):
    layer.add(index, page)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_page_full_of_words_takes_little_memory() -> None:
    pages = 200
    command = [sys.executable, "-c", MEASURE.replace("{pages}", str(pages))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) / pages < 40  # KiB


def test_the_process_that_writes_documents_loads_nothing_large() -> None:
    program = (
        "import sys\n"
        "from ocr_server.documents import own_text, picture_page, text_layer\n"
        "print({'cv2', 'flask', 'numpy', 'onnxruntime', 'PIL'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"set()\n"
