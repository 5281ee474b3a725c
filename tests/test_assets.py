"""GET /assets/<name>, and the pages that load them."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import ocr_server
from ocr_server.assets import assets
from ocr_server.documents.document_options import LEAST_DPI, MOST_DPI, DocumentOptions
from ocr_server.formats.choices import OF_DOCUMENTS, OF_PICTURES
from ocr_server.options import FLAGS, RANGES, Options

WEB = Path(ocr_server.__file__).parent / "web"
PAGE = (WEB / "index.html").read_text("utf-8")


def input_of(name: str) -> dict[str, str]:
    """Return the attributes of the page's first input of a name."""
    (tag, *_) = re.findall(rf'<input [^>]*name="{name}"[^>]*>', PAGE)
    return dict(re.findall(r'([a-z]+)="([^"]*)"', tag)) | {"tag": tag}


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("script.js", "text/javascript; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("favicon.svg", "image/svg+xml"),
        ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("swagger-ui.css", "text/css; charset=utf-8"),
    ],
)
def test_a_file_has_its_content_type(name: str, content_type: str, client: FlaskClient) -> None:
    response = client.get(f"/assets/{name}")
    assert (response.status_code, response.content_type) == (200, content_type)
    assert response.data == assets()[name].content


def test_every_file_of_the_pages_is_served() -> None:
    ours = {file.name for file in WEB.iterdir()} - {"index.html", "docs.html"}
    assert ours < assets().keys()


@pytest.mark.parametrize(
    "name",
    ["nothing.js", "../__init__.py", "..%2f__init__.py", "index.html", "", "a/b", "STYLE.CSS"],
)
def test_nothing_else_is_served(name: str, client: FlaskClient) -> None:
    response = client.get(f"/assets/{name}")
    assert (response.status_code, response.get_json()["code"]) == (404, "not_found")


def test_a_browser_asks_again_and_is_told_that_its_copy_is_good(client: FlaskClient) -> None:
    first = client.get("/assets/script.js")
    assert first.headers["Cache-Control"] == "no-cache"
    again = client.get("/assets/script.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = client.get("/assets/script.js", headers={"If-None-Match": '"other"'})
    assert (other.status_code, other.data) == (200, first.data)


def test_no_two_files_share_a_tag() -> None:
    assert len({asset.tag for asset in assets().values()}) == len(assets())


def test_pages_load_nothing_from_elsewhere_and_hold_no_script_or_style() -> None:
    for file in WEB.glob("*.html"):
        text = file.read_text("utf-8")
        assert re.findall(r'(?:src|href|action)="(?:[a-z]+:)?//', text) == []
        assert re.findall(r"<style|\bstyle=|\bon[a-z]+=|<script(?![^>]* src=)", text) == []


@pytest.mark.parametrize("name", RANGES)
def test_the_page_allows_the_numbers_that_the_server_allows(name: str) -> None:
    found, allowed = input_of(name), RANGES[name]
    assert (float(found["min"]), float(found["max"])) == (allowed.least, allowed.most)
    assert float(found["value"]) == getattr(Options(), name)


def test_the_page_offers_the_formats_that_the_server_writes() -> None:
    script = (WEB / "options.js").read_text("utf-8")
    offered = set(re.findall(r'^  (\w+): \["', script, re.MULTILINE))
    assert offered == {form.name for form in (*OF_PICTURES, *OF_DOCUMENTS)}
    in_the_form = set(re.findall(r'<option value="(\w+)">', PAGE.partition("<noscript>")[2]))
    assert {"json", "alto"} <= in_the_form
    assert in_the_form - {"picture", "document"} <= {form.name for form in OF_PICTURES}


def test_the_page_allows_the_dots_an_inch_that_the_server_allows() -> None:
    found = input_of("dpi")
    assert (int(found["min"]), int(found["max"])) == (LEAST_DPI, MOST_DPI)
    assert int(found["value"]) == DocumentOptions().dpi


@pytest.mark.parametrize("name", FLAGS)
def test_the_page_sets_the_flags_as_the_server_does(name: str) -> None:
    assert (" checked>" in input_of(name)["tag"]) == getattr(Options(), name)
    # Sent where the box is not ticked; where it is, the first of two fields counts.
    assert f'<input type="hidden" name="{name}" value="false">' in PAGE
