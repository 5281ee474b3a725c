import json
from collections.abc import Iterator
from typing import Any

from ocr_server.errors import InvalidPage
from ocr_server.page import Page
from ocr_server.serializer import (
    batch_json,
    document_json,
    indexed_dict,
    ndjson,
    page_objects,
    to_json,
)
from ocr_server.text_line import TextLine, Word

BOX = ((265.0, 18.0), (472.0, 231.0), (431.0, 271.0), (223.0, 59.0))


def test_a_line_is_written_as_the_contract_says() -> None:
    lines = [TextLine(box=BOX, text="香港深圳抽血，", score=0.8175641223788261)]
    assert to_json(indexed_dict(lines)) == (
        '{"0": {"rec_txt": "香港深圳抽血，", "dt_boxes": [[265.0, 18.0], [472.0, 231.0], '
        '[431.0, 271.0], [223.0, 59.0]], "score": "0.8175641223788261"}}'
    )


def test_no_lines_are_an_empty_object() -> None:
    assert to_json(indexed_dict([])) == "{}"


def test_keys_stand_in_reading_order_past_the_tenth() -> None:
    lines = [TextLine(text=f"line {index}") for index in range(12)]
    answer = json.loads(to_json(indexed_dict(lines)))
    assert list(answer) == [str(index) for index in range(12)]
    assert [entry["rec_txt"] for entry in answer.values()] == [line.text for line in lines]


def test_the_score_is_pythons_text_of_the_float() -> None:
    assert indexed_dict([TextLine(text="a", score=1e-05)])["0"]["score"] == "1e-05"


def test_text_is_not_escaped_beyond_what_json_needs() -> None:
    text = 'say "ß" \\ 你好 😀 </script>\n'
    body = to_json(indexed_dict([TextLine(text=text)]))
    assert "你好 😀 </script>" in body
    assert json.loads(body)["0"]["rec_txt"] == text


def test_boxes_alone_hold_nothing_else() -> None:
    assert indexed_dict([TextLine(box=BOX)]) == {"0": {"dt_boxes": [list(point) for point in BOX]}}


def test_text_without_a_box_has_no_boxes() -> None:
    answer = indexed_dict([TextLine(text="a", score=0.5)])
    assert answer == {"0": {"rec_txt": "a", "score": "0.5"}}


def test_the_classifiers_word_is_the_label() -> None:
    answer = indexed_dict([TextLine(angle="180", score=0.75)])
    assert answer == {"0": {"cls_label": "180", "score": "0.75"}}


def test_empty_text_and_a_score_of_zero_are_kept() -> None:
    answer = indexed_dict([TextLine(text="", score=0.0)])
    assert answer == {"0": {"rec_txt": "", "score": "0.0"}}


PAGES = [
    Page(2, 40, 30, (TextLine(text="ß\n"),), dpi=200),
    Page(5, 0, 0, error=InvalidPage("It is torn.")),
    Page(9, 20, 10),
]
TORN = {
    "type": "urn:ocr-server:problem:invalid_page",
    "title": "Page cannot be rendered",
    "status": 400,
    "detail": "It is torn.",
    "code": "invalid_page",
    "request_id": "r1",
}
OBJECTS: list[dict[str, Any]] = [
    {
        "page": 2,
        "page_count": 10,
        "remaining": 2,
        "width": 40,
        "height": 30,
        "dpi": 200,
        "lines": {"0": {"rec_txt": "ß\n"}},
    },
    {"page": 5, "page_count": 10, "remaining": 1, "error": TORN},
    {
        "page": 9,
        "page_count": 10,
        "remaining": 0,
        "width": 20,
        "height": 10,
        "dpi": None,
        "lines": {},
    },
]


def one_by_one() -> Iterator[Page]:
    """The first page; whoever wants a second one fails."""
    yield PAGES[0]
    raise AssertionError("the first page was not given on before the second was asked for")


def test_words_are_told_where_there_are_any() -> None:
    word = Word("H", BOX, 0.5)
    answer = indexed_dict([TextLine(text="H", words=(word,)), TextLine(text="", words=())])
    box = [list(point) for point in BOX]
    words = {"words": ["H"], "word_boxes": [box], "word_scores": [0.5]}
    assert answer["0"] == {"rec_txt": "H", **words}
    assert answer["1"] == {"rec_txt": "", "words": [], "word_boxes": [], "word_scores": []}


def test_a_page_object_tells_its_place_and_how_many_are_to_come() -> None:
    found = list(page_objects(PAGES, 10, 3, "r1"))
    assert found == OBJECTS
    assert [list(each) for each in found] == [list(each) for each in OBJECTS]


def test_each_line_of_ndjson_is_an_object() -> None:
    text = "".join(ndjson(OBJECTS))
    assert text.endswith("}\n")
    assert [json.loads(line) for line in text.splitlines()] == OBJECTS
    assert "ß\\n" in text


def test_a_document_is_one_object() -> None:
    text = "".join(document_json(OBJECTS, 10))
    assert text == to_json({"page_count": 10, "pages": OBJECTS})
    assert json.loads("".join(document_json([], 0))) == {"page_count": 0, "pages": []}


def test_a_batch_is_a_list() -> None:
    text = "".join(batch_json(PAGES, "r1"))
    assert text == to_json([{"0": {"rec_txt": "ß\n"}}, {"error": TORN}, {}])


def test_each_page_is_written_before_the_next_is_asked_for() -> None:
    first = next(page_objects(one_by_one(), 10, 3, "r1"))
    assert next(iter(ndjson(page_objects(one_by_one(), 10, 3, "r1")))) == to_json(first) + "\n"
    pieces = document_json(page_objects(one_by_one(), 10, 3, "r1"), 10)
    assert next(pieces) + next(pieces) == '{"page_count": 10, "pages": [' + to_json(first)
    assert next(batch_json(one_by_one(), "r1")) == '[{"0": {"rec_txt": "ß\\n"}}'
