import json

from ocr_server.serializer import indexed_dict, to_json
from ocr_server.text_line import TextLine

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
