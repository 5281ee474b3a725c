"""The comparison of what examples give with what is shown can fail."""

import pytest

from tests.live.examples import Example, check

BOX = '{"0": {"rec_txt": "a", "dt_boxes": [[8.0, 7.0]], "score": "0.99"}}'


def example(language: str = "", shown: str = "") -> Example:
    return Example(1, "bash", "", ((language, shown),) if language else ())


@pytest.mark.parametrize(
    ("language", "given", "shown"),
    [
        ("json", BOX.replace("8.0", "9.0").replace("0.99", "0.9899"), BOX),
        ("json", '{"request_id": "b"}', '{"request_id": "a"}'),
        ("json", '{"a": 1}\n{"a": 2}\n', '{\n  "a": 1\n}\n{"a": 2}'),
        ("html", '<p title="bbox 1 2; x_wconf 99"/>', '<p title="bbox 2 2; x_wconf 98"/>\n'),
        ("tsv", "1\t\n2\tb", "1\n2\tb\n"),
        ("text", "a\n\fb\n", "a\nb\n"),
    ],
)
def test_what_differs_by_little_is_alike(language: str, given: str, shown: str) -> None:
    check(example(language, shown), given)


@pytest.mark.parametrize(
    ("language", "given", "shown"),
    [
        ("json", BOX.replace("8.0", "10.0"), BOX),
        ("json", BOX.replace("0.99", "0.98"), BOX),
        ("json", BOX.replace('"a"', '"b"'), BOX),
        ("json", '{"a": 1, "b": 2}', '{"b": 2, "a": 1}'),
        ("json", '{"a": 1}', '{"a": 1}{"a": 2}'),
        ("html", '<p title="bbox 1 2"/>', '<p title="bbox 1 4"/>'),
        ("html", '<p id="word_1"/>', '<p id="word_2"/>'),
        ("text", "a\nb\n", "a\n"),
        ("", '{"type": "urn:ocr-server:problem:invalid_image"}', ""),
    ],
)
def test_what_differs_is_found(language: str, given: str, shown: str) -> None:
    with pytest.raises(AssertionError):
        check(example(language, shown), given)
