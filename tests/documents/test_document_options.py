"""What a request may ask of a document."""

from collections.abc import Sequence

import pytest

from ocr_server.documents.document_options import DocumentOptions, as_ranges
from ocr_server.errors import InvalidOption, TooManyPages


def numbers(pages: str, page_count: int = 10, most: int = 1000) -> list[int]:
    return DocumentOptions.from_fields({"pages": pages}).numbers(page_count, most)


def test_without_options_all_pages_are_read_at_200_dots_an_inch() -> None:
    asked = DocumentOptions.from_fields({"other": "field"})
    assert asked == DocumentOptions("", 200, None)
    assert asked.numbers(3, 1000) == [1, 2, 3]


@pytest.mark.parametrize(
    ("pages", "chosen"),
    [
        ("3", [3]),
        ("1-3,7", [1, 2, 3, 7]),
        ("8-", [8, 9, 10]),
        ("-2", [1, 2]),
        ("7,1-2", [1, 2, 7]),
        ("2,2-3,1-2", [1, 2, 3]),
        (" 1 - 2 , 4 ", [1, 2, 4]),
        ("", list(range(1, 11))),
        ("  ", list(range(1, 11))),
        ("10", [10]),
        ("5-5", [5]),
    ],
)
def test_pages_are_chosen_by_numbers_and_ranges_each_once_and_in_order(
    pages: str, chosen: list[int]
) -> None:
    assert numbers(pages) == chosen


@pytest.mark.parametrize(
    "pages",
    ["0", "0-3", "a", "1;2", "-", ",", "1,", "3-1", "1--2", "1.5", "-1-2", "1 2", "٣", "1" * 8],
)
def test_what_is_no_range_of_pages_is_refused(pages: str) -> None:
    with pytest.raises(InvalidOption, match="pages must be numbers"):
        DocumentOptions.from_fields({"pages": pages})


@pytest.mark.parametrize("pages", ["11", "5-11", "11-", "1,9999999"])
def test_pages_that_the_document_does_not_have_are_refused(pages: str) -> None:
    with pytest.raises(InvalidOption, match="the document has 10"):
        numbers(pages)


@pytest.mark.parametrize("pages", ["", "1-4", "1-2,3-4", "1,2,3,4", "2-"])
def test_more_pages_than_may_be_read_are_too_many(pages: str) -> None:
    with pytest.raises(TooManyPages, match="at most 3 are read"):
        numbers(pages, most=3)


def test_of_a_document_of_any_number_of_pages_a_few_can_be_read() -> None:
    assert numbers("1-3", page_count=2**31, most=3) == [1, 2, 3]
    with pytest.raises(TooManyPages):
        numbers("", page_count=2**31)


@pytest.mark.parametrize(
    ("value", "dpi"), [("36", 36), ("400", 400), (150, 150), ("0072", 72), (72.0, 72)]
)
def test_dots_an_inch_are_a_whole_number(value: object, dpi: int) -> None:
    assert DocumentOptions.from_fields({"dpi": value}).dpi == dpi


@pytest.mark.parametrize(
    "value", ["35", "401", "", "x", "1e2", "72.0", "-72", "+72", "00072", 72.5, True, None, [72]]
)
def test_other_dots_an_inch_are_refused(value: object) -> None:
    with pytest.raises(InvalidOption, match="dpi must be a whole number from 36 to 400"):
        DocumentOptions.from_fields({"dpi": value})


@pytest.mark.parametrize("name", ["pages", "password"])
@pytest.mark.parametrize("value", [1, None, ["1"], True, "1" * 1001, "é" * 501, "\ud800"])
def test_what_is_no_short_text_is_refused(name: str, value: object) -> None:
    with pytest.raises(InvalidOption, match=f"{name} must be a text"):
        DocumentOptions.from_fields({name: value})


def test_a_password_may_have_any_characters() -> None:
    assert (
        DocumentOptions.from_fields({"password": " pässwörd 密码 "}).password == " pässwörd 密码 "
    )


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ([], ""),
        ([7], "7"),
        ([1, 2, 3], "1-3"),
        ([1, 3, 4, 9], "1, 3-4, 9"),
        (range(2, 100_001), "2-100000"),
    ],
)
def test_pages_are_told_in_ranges(numbers: Sequence[int], text: str) -> None:
    assert as_ranges(numbers) == text


def test_very_many_ranges_are_cut_to_what_a_header_may_hold() -> None:
    told = as_ranges(range(1, 100_000, 2))
    assert told.startswith("1, 3, 5, ")
    assert told.endswith(", ...")
    assert len(told) < 1000
