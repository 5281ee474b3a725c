import base64
from urllib.parse import quote, quote_plus, unquote_plus

import pytest

from ocr_server.base64_image import decode_base64, unescape_base64
from ocr_server.errors import InvalidBase64

# Every byte value: both characters that the alphabets disagree on occur, and padding is needed.
BYTES = bytes(range(256))
TEXT = base64.b64encode(BYTES)


def test_plain_base64_is_decoded() -> None:
    assert decode_base64(TEXT) == BYTES


@pytest.mark.parametrize(
    "prefix",
    [
        b"data:image/png;base64,",
        b"DATA:image/PNG;BASE64,",
        b"data:;base64,",
        b"data:image/svg+xml;charset=utf-8;base64,",
    ],
)
def test_the_prefix_of_a_data_uri_is_taken_off(prefix: bytes) -> None:
    assert decode_base64(prefix + TEXT) == BYTES


def test_a_space_is_the_plus_that_a_form_decoder_took_away() -> None:
    assert b"+" in TEXT
    assert decode_base64(TEXT.replace(b"+", b" ")) == BYTES


@pytest.mark.parametrize("line_break", [b"\n", b"\r\n"])
def test_line_breaks_are_passed_over(line_break: bytes) -> None:
    lines = [TEXT[start : start + 76] for start in range(0, len(TEXT), 76)]
    assert decode_base64(line_break.join(lines)) == BYTES


def test_the_url_safe_alphabet_is_read() -> None:
    assert decode_base64(base64.urlsafe_b64encode(BYTES)) == BYTES


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_missing_padding_is_made_up(length: int) -> None:
    text = base64.b64encode(BYTES[:length]).rstrip(b"=")
    assert decode_base64(text) == BYTES[:length]


def test_white_space_around_the_text_is_passed_over() -> None:
    assert decode_base64(b" \t\n" + TEXT + b"\r\n ") == BYTES


def test_white_space_around_a_data_uri_and_its_payload_is_passed_over() -> None:
    assert decode_base64(b"\n data:image/png;base64,\n" + TEXT + b" \n") == BYTES


@pytest.mark.parametrize("text", [b"", b"data:image/png;base64,", b"data:image/png;base64, "])
def test_no_payload_gives_no_bytes(text: bytes) -> None:
    assert decode_base64(text) == b""


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"<html><body>Not found</body></html>", id="HTML"),
        pytest.param("é".encode() + TEXT, id="non-ASCII"),
        pytest.param(b"A", id="a single character"),
        pytest.param(TEXT.rstrip(b"=")[:-1], id="one character short of a byte"),
        pytest.param(b"A" + b"=" * 3, id="a single character with padding"),
        pytest.param(b"AAA=AAAA", id="padding in the middle"),
        pytest.param(TEXT[:8] + b"\x00" + TEXT[8:], id="a null byte"),
        pytest.param(b'"' + TEXT + b'"', id="in quotes"),
        pytest.param(b"b'" + TEXT + b"'", id="Python's repr"),
        pytest.param(TEXT.replace(b"+", b"%2B"), id="percent-encoded twice"),
    ],
)
def test_what_is_not_base64_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidBase64, match="image_data"):
        decode_base64(text)


@pytest.mark.parametrize("uri", [b"data:image/png," + TEXT, b"data:image/png;base64", b"data:"])
def test_a_data_uri_without_base64_is_refused(uri: bytes) -> None:
    with pytest.raises(InvalidBase64, match="data: URI without base64"):
        decode_base64(uri)


def test_a_plus_that_was_lost_at_the_end_is_restored() -> None:
    assert decode_base64(b"YWJj    ") == base64.b64decode("YWJj++++")


def test_a_form_decoder_is_undone() -> None:
    text = "data:image/png;base64," + base64.b64encode(bytes(range(256))).decode() + "\r\n"
    for escaped in (quote_plus(text), quote(text, safe=""), quote_plus(text).lower()[:30]):
        assert unescape_base64(escaped.encode()).strip() == unquote_plus(escaped).encode().strip()
