"""How a client asks for a format."""

import pytest

from ocr_server.formats.format import Format, chosen

JSON = Format("json", ("application/json",))
ALTO = Format("alto", ("application/alto+xml",))
IMAGE = Format("image", ("image/png", "image/webp"))
FORMATS = [JSON, ALTO, IMAGE]


def test_the_accept_header_chooses_a_format() -> None:
    assert chosen(FORMATS, {}, ["text/x-unknown", "image/webp", "image/png"]) is IMAGE


def test_the_field_wins_over_the_accept_header() -> None:
    assert chosen(FORMATS, {"format": "ALTO"}, ["image/webp"]) is ALTO


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_browser_which_also_accepts_pictures_gets_the_default(place: int) -> None:
    accepted = ["application/alto+xml", "image/webp"]
    accepted.insert(place, "text/html")
    assert chosen(FORMATS, {}, accepted) is JSON


@pytest.mark.parametrize("room", ["application/json", "*/*", "application/*"])
def test_who_would_take_the_default_gets_it_whatever_else_it_names(room: str) -> None:
    assert chosen(FORMATS, {}, ["image/webp", room]) is JSON
    assert chosen(FORMATS, {}, [room, "image/webp"]) is JSON


def test_a_browser_may_ask_by_the_field() -> None:
    assert chosen(FORMATS, {"format": "image"}, ["text/html", "image/webp"]) is IMAGE
