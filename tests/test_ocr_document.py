"""POST /ocr/document, without a socket."""

import base64
import io
import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

import flask
import numpy as np
import pikepdf
import pytest
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from ocr_server import create_app, extension
from ocr_server.engine import Engine
from ocr_server.settings import Settings
from ocr_server.slots import Slots
from tests import pdfs, pictures
from tests.chaos.raw_pdf import LARGE, SLOW, many_pages, with_bad_pages
from tests.pdfs import encrypted, of_pictures, pdftotext, saved
from tests.processes import leaving_nothing
from tests.test_ocr import assert_problem

NAMES = ["small.png", "blank.png", "upside_down.png"]
SMALL = pictures.read("small.png")
PDF_TYPE = "application/pdf"
FORM = "multipart/form-data"
FORMATS = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "text": "text/plain",
    "markdown": "text/markdown",
    "hocr": "text/vnd.hocr+html",
    "alto": "application/alto+xml",
    "tsv": "text/tab-separated-values",
}


@pytest.fixture(scope="module")
def three_pages() -> bytes:
    """A PDF of a page with text, a blank one and one upside down."""
    return saved(of_pictures(*NAMES))


@contextmanager
def client_with(engine: Engine, **settings: Any) -> Iterator[FlaskClient]:
    with closing(Slots(2, max_waiting=16)) as slots:
        yield create_app(Settings(**settings), engine=engine, slots=slots).test_client()


def post(client: FlaskClient, data: bytes, **fields: Any) -> TestResponse:
    kind, password = "application/octet-stream", fields.pop("password", None)
    body: Any = data
    if password is not None:  # which no query takes
        body, kind = {"image_file": (io.BytesIO(data), "1.pdf"), "password": password}, FORM
    return client.post(
        "/ocr/document", data=body, content_type=kind, query_string=fields, buffered=True
    )


def objects(response: TestResponse) -> list[dict[str, Any]]:
    """The page objects of an answer in NDJSON."""
    assert response.status_code == 200
    assert response.content_type == "application/x-ndjson; charset=utf-8"
    assert response.text.endswith("\n")
    return [json.loads(line) for line in response.text.splitlines()]


def pages(client: FlaskClient, data: bytes, **fields: Any) -> list[dict[str, Any]]:
    return objects(post(client, data, format="ndjson", **{"dpi": 72, **fields}))


def texts(page: dict[str, Any]) -> list[str]:
    return [line["rec_txt"] for line in page["lines"].values()]


def codes(found: list[dict[str, Any]]) -> list[str]:
    return [page["error"]["code"] if "error" in page else "read" for page in found]


def places_left(app: flask.Flask) -> int:
    return int(extension.of(app).places._free._value)


def tiff(*images: Image.Image) -> bytes:
    file = io.BytesIO()
    images[0].save(file, "TIFF", save_all=True, append_images=images[1:])
    return file.getvalue()


def opened(name: str) -> Image.Image:
    with Image.open(pictures.FOLDER / name) as image:
        return image.convert("RGB")


def test_pages_come_in_order_and_count_down(client: FlaskClient, three_pages: bytes) -> None:
    found = pages(client, three_pages)
    assert [list(page) for page in found] == [
        ["page", "page_count", "remaining", "width", "height", "dpi", "lines"]
    ] * 3
    assert [page["page"] for page in found] == [1, 2, 3]
    assert [page["page_count"] for page in found] == [3, 3, 3]
    assert [page["remaining"] for page in found] == [2, 1, 0]
    assert [page["dpi"] for page in found] == [72, 72, 72]
    assert [(page["width"], page["height"]) for page in found] == [
        opened(name).size for name in NAMES
    ]


def test_a_page_is_read_as_its_picture_is(client: FlaskClient, three_pages: bytes) -> None:
    for page, name in zip(pages(client, three_pages), NAMES, strict=True):
        lines = client.post("/ocr", data=pictures.read(name), content_type="image/png").get_json()
        assert texts(page) == pictures.LINES[name]
        assert page["lines"].keys() == lines.keys()
        for line, alone in zip(page["lines"].values(), lines.values(), strict=True):
            np.testing.assert_allclose(line["dt_boxes"], alone["dt_boxes"], atol=1)
            assert float(line["score"]) == pytest.approx(float(alone["score"]), abs=1e-2)


def test_all_upload_styles_give_the_same_answer(client: FlaskClient, three_pages: bytes) -> None:
    text = base64.b64encode(three_pages).decode()
    query = "/ocr/document?dpi=72"
    ask = partial(client.post, buffered=True)
    answers = [
        ask("/ocr/document", data={"image_file": (io.BytesIO(three_pages), "a"), "dpi": 72}),
        ask("/ocr/document", data={"image_data": text, "dpi": "72"}),
        ask("/ocr/document", json={"image_data": text, "dpi": 72}),
        ask(query, data=three_pages, content_type=PDF_TYPE),
        ask(query, data=three_pages, content_type="application/octet-stream"),
        ask(query, data=three_pages, content_type="image/tiff"),
        ask("/ocr/document/?dpi=72", data=three_pages, content_type=PDF_TYPE),
    ]
    bodies = {answer.data for answer in answers}
    assert [answer.status_code for answer in answers] == [200] * len(answers)
    assert bodies == {post(client, three_pages, dpi=72).data}


def test_json_is_the_default_and_holds_the_same_pages(
    client: FlaskClient, three_pages: bytes
) -> None:
    response = post(client, three_pages, dpi=72)
    assert response.content_type == "application/json; charset=utf-8"
    assert response.json == {"page_count": 3, "pages": pages(client, three_pages)}


@pytest.mark.parametrize(("name", "kind"), FORMATS.items())
def test_every_format_is_had_by_name_and_by_accept_header(
    client: FlaskClient, three_pages: bytes, name: str, kind: str
) -> None:
    by_name = post(client, three_pages, dpi=72, format=name)
    headers = {"Accept": kind, "Content-Type": PDF_TYPE}
    url = "/ocr/document?dpi=72"
    by_header = client.post(url, data=three_pages, headers=headers, buffered=True)
    assert by_name.content_type == by_header.content_type == f"{kind}; charset=utf-8"
    assert by_name.data == by_header.data
    assert "Harvest" in by_name.text


def test_of_several_formats_the_one_that_is_liked_best_is_answered(
    client: FlaskClient, three_pages: bytes
) -> None:
    accept = "text/markdown;q=0.9, text/plain;charset=utf-8;q=0.1"
    headers = {"Accept": accept, "Content-Type": PDF_TYPE}
    url = "/ocr/document?dpi=72"
    response = client.post(url, data=three_pages, headers=headers, buffered=True)
    assert response.content_type == "text/markdown; charset=utf-8"


def test_a_searchable_pdf_has_the_pages_with_their_text(
    client: FlaskClient, three_pages: bytes
) -> None:
    with leaving_nothing():
        response = post(client, three_pages, dpi=72, format="pdf")
        assert response.content_type == PDF_TYPE
        found = pdftotext(response.data)
    assert found[0] == pictures.LINES["small.png"]
    assert found[1] == []
    assert len(found) == 3


def test_a_searchable_pdf_is_made_of_pictures_too(client: FlaskClient) -> None:
    response = post(client, tiff(*map(opened, NAMES)), format="pdf")
    found = pdftotext(response.data)
    assert (found[0], len(found)) == (pictures.LINES["small.png"], 3)


def test_pages_can_be_chosen(client: FlaskClient, three_pages: bytes) -> None:
    found = pages(client, three_pages, pages="3,1")
    assert [(page["page"], page["page_count"], page["remaining"]) for page in found] == [
        (1, 3, 1),
        (3, 3, 0),
    ]


def test_of_many_pages_a_few_can_be_chosen(client: FlaskClient) -> None:
    found = pages(client, many_pages(100_000), pages="1,99999-")
    assert [page["page"] for page in found] == [1, 99_999, 100_000]
    assert_problem(post(client, many_pages(100_000)), 413, "too_many_pages")


def test_pages_of_a_pdf_are_rendered_as_finely_as_is_asked(
    client: FlaskClient, three_pages: bytes
) -> None:
    width, height = opened("small.png").size
    (page,) = pages(client, three_pages, dpi=144, pages=1)
    assert (page["width"], page["height"], page["dpi"]) == (2 * width, 2 * height, 144)
    (page,) = objects(post(client, three_pages, pages=1, format="ndjson"))
    assert page["dpi"] == 200


@pytest.mark.parametrize("name", ["small.png", "rotated.jpg", "blank.png"])
def test_a_picture_is_a_document_of_one_page(client: FlaskClient, name: str) -> None:
    data = pictures.read(name)
    (page,) = pages(client, data)
    alone = client.post("/ocr", data=data, content_type="image/png")
    assert (page["page_count"], page["remaining"], page["dpi"]) == (1, 0, None)
    assert page["lines"] == alone.json


def test_pages_of_a_tiff_are_read_as_single_files_are(client: FlaskClient) -> None:
    images = [opened("small.png"), opened("small.png").convert("1"), opened("upside_down.png")]
    found = pages(client, tiff(*images))
    for page, image in zip(found, images, strict=True):
        alone = client.post("/ocr", data=tiff(image), content_type="image/tiff")
        assert page["lines"] == alone.json


def test_frames_of_an_animation_are_pages(client: FlaskClient) -> None:
    frames = [opened("small.png"), Image.new("RGB", opened("small.png").size, "white")]
    file = io.BytesIO()
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    found = pages(client, file.getvalue())
    assert [texts(page) for page in found] == [pictures.LINES["small.png"], []]


def test_options_of_the_engine_hold_for_every_page(client: FlaskClient, three_pages: bytes) -> None:
    first, _, _ = pages(client, three_pages, use_rec="false")
    assert list(first["lines"]["0"]) == ["dt_boxes"]
    first, _, _ = pages(client, three_pages, return_word_box="1")
    assert "".join(first["lines"]["0"]["words"]) == pictures.LINES["small.png"][0]
    assert texts(pages(client, three_pages, text_score=1)[0]) == []


@pytest.mark.parametrize("revision", [3, 6])
def test_a_password_opens_an_encrypted_document(client: FlaskClient, revision: Any) -> None:
    data = encrypted(of_pictures("small.png"), "secret", revision=revision)
    assert_problem(post(client, data), 400, "invalid_password")
    assert_problem(post(client, data, password="wrong"), 400, "invalid_password")
    (page,) = pages(client, data, password="secret")
    assert texts(page) == pictures.LINES["small.png"]


def test_a_password_in_the_address_is_refused(client: FlaskClient) -> None:
    query = {"password": "secret"}
    response = client.post(
        "/ocr/document", data=SMALL, content_type="image/png", query_string=query
    )
    assert "logs" in assert_problem(response, 400, "invalid_option")["detail"]


def test_a_document_that_is_only_protected_against_changes_needs_no_password(
    client: FlaskClient,
) -> None:
    (page,) = pages(client, encrypted(of_pictures("small.png"), ""))
    assert texts(page) == pictures.LINES["small.png"]


def test_pages_that_fail_are_errors_in_their_places(engine: Engine) -> None:
    limits = {"max_render_seconds": 2, "max_render_bytes": 256 << 20}
    with client_with(engine, **limits) as client, leaving_nothing():
        response = post(client, with_bad_pages("", LARGE, "", SLOW, ""), format="ndjson")
        found = objects(response)
    assert codes(found) == ["read", "invalid_page", "read", "invalid_page", "read"]
    assert [page["remaining"] for page in found] == [4, 3, 2, 1, 0]
    error = found[1]["error"]
    assert list(error) == ["type", "title", "status", "detail", "code", "request_id"]
    assert error["request_id"] == response.headers["X-Request-ID"]
    assert list(found[1]) == ["page", "page_count", "remaining", "error"]


@pytest.mark.parametrize("name", ["text", "markdown", "hocr", "alto", "tsv"])
def test_pages_that_fail_are_told_in_every_format(client: FlaskClient, name: str) -> None:
    images = [opened("small.png"), Image.new("1", (20_000, 5_000)), opened("small.png")]
    response = post(client, tiff(*images), format=name)
    assert response.status_code == 200
    assert response.text.count("Harvest") == 2
    assert "at most 70000000 are allowed" in response.text


def test_pages_that_fail_are_named_in_a_header_of_the_searchable_pdf(engine: Engine) -> None:
    with client_with(engine, max_render_bytes=256 << 20) as client:
        response = post(client, with_bad_pages("", LARGE, ""), format="pdf")
    assert response.status_code == 200
    assert response.headers["X-Failed-Pages"] == "2"
    with pikepdf.open(io.BytesIO(response.data)) as found:
        assert len(found.pages) == 3


def test_a_page_of_a_tiff_over_the_limit_is_an_error_in_its_place(client: FlaskClient) -> None:
    images = [Image.new("1", size) for size in [(60, 40), (20_000, 5_000), (60, 40)]]
    assert codes(pages(client, tiff(*images))) == ["read", "image_too_large", "read"]


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"%PDF-1.7\n", 400, "invalid_document"),
        (b"hello there", 415, "unsupported_format"),
        (b"", 400, "missing_image"),
        (SMALL[:100], 400, "invalid_image"),
        (b"II*\0\x08\0\0\0\0\0\x08\0\0\0", 400, "invalid_image"),
    ],
)
def test_what_is_no_document_is_a_problem(
    client: FlaskClient, app: flask.Flask, data: bytes, status: int, code: str
) -> None:
    with leaving_nothing():
        assert_problem(post(client, data), status, code)
    assert places_left(app) == 4
    assert extension.of(app).slots.free == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"pages": "0"},
        {"pages": "4"},
        {"pages": "2-1"},
        {"dpi": "20"},
        {"dpi": "x"},
        {"password": "x" * 1001},
        {"format": "image"},
        {"format": "docx"},
        {"use_det": "maybe"},
        {"text_score": "2"},
    ],
)
def test_options_out_of_range_are_a_problem(
    client: FlaskClient, app: flask.Flask, three_pages: bytes, fields: dict[str, str]
) -> None:
    with leaving_nothing():
        problem = assert_problem(post(client, three_pages, **fields), 400, "invalid_option")
    (name,) = fields
    assert name in problem["detail"]
    assert places_left(app) == 4


def test_several_documents_in_one_request_are_a_problem(client: FlaskClient) -> None:
    files = [(io.BytesIO(SMALL), "1.png"), (io.BytesIO(SMALL), "2.png")]
    response = client.post("/ocr/document", data={"image_file": files})
    assert_problem(response, 400, "invalid_form")


def test_a_document_over_the_limit_is_a_problem(engine: Engine) -> None:
    with client_with(engine, max_document_bytes=1000) as client:
        assert_problem(post(client, bytes(1001)), 413, "image_too_large")


def test_more_pages_than_are_read_are_a_problem(engine: Engine, three_pages: bytes) -> None:
    with client_with(engine, max_pages=2) as client, leaving_nothing():
        assert_problem(post(client, three_pages), 413, "too_many_pages")
        assert_problem(post(client, tiff(*map(opened, NAMES))), 413, "too_many_pages")
        assert len(pages(client, three_pages, pages="2-3")) == 2


def test_a_place_is_given_back_when_the_document_is_read(
    client: FlaskClient, app: flask.Flask, three_pages: bytes
) -> None:
    for name in (*FORMATS, "pdf"):
        with leaving_nothing():
            post(client, three_pages, dpi=72, format=name, pages=1).close()
        assert places_left(app) == 4
    assert extension.of(app).slots.free == 2


def test_a_client_that_leaves_before_the_answer_begins_costs_no_place(
    app: flask.Flask, three_pages: bytes
) -> None:
    with leaving_nothing():
        response = app.test_client().post(
            "/ocr/document", data=three_pages, content_type=PDF_TYPE, buffered=False
        )
        response.close()
    assert places_left(app) == 4
    assert extension.of(app).slots.free == 2


def test_a_client_that_leaves_in_mid_answer_ends_the_work(
    app: flask.Flask, three_pages: bytes
) -> None:
    with leaving_nothing():
        url = "/ocr/document?format=ndjson"
        response = app.test_client().post(url, data=three_pages, content_type=PDF_TYPE)
        first = next(response.iter_encoded())
        assert json.loads(first)["page"] == 1
        assert places_left(app) == 3
        response.close()
    assert places_left(app) == 4
    assert extension.of(app).slots.free == 2


def test_the_first_page_is_sent_before_the_last_is_read(
    app: flask.Flask, three_pages: bytes
) -> None:
    response = app.test_client().post(
        "/ocr/document?format=ndjson&dpi=72", data=three_pages, content_type=PDF_TYPE
    )
    read = extension.of(app).metrics._pages
    pieces = response.iter_encoded()
    for number in (1, 2, 3):
        assert json.loads(next(pieces))["page"] == number
    assert response.headers["X-Accel-Buffering"] == "no"
    response.close()
    assert read._value.get() == 3


def test_documents_wait_for_a_place(engine: Engine, three_pages: bytes) -> None:
    with client_with(engine, max_documents=1) as client:
        url = "/ocr/document?format=ndjson&dpi=72"
        first = client.post(url, data=three_pages, content_type=PDF_TYPE)
        next(iter(first.response))
        answers: list[int] = []

        def ask() -> None:
            answers.append(len(pages(client.application.test_client(), three_pages)))

        waiting = threading.Thread(target=ask)
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive()
        # Pictures do not wait for documents.
        assert client.post("/ocr", data=SMALL, content_type="image/png").status_code == 200
        first.close()
        waiting.join(30)
        assert answers == [3]


def test_a_document_that_finds_no_place_in_time_is_told_to_come_again(
    engine: Engine, three_pages: bytes
) -> None:
    with client_with(engine, max_documents=1, max_wait_seconds=0.2) as client:
        url = "/ocr/document?format=ndjson&dpi=72"
        first = client.post(url, data=three_pages, content_type=PDF_TYPE)
        next(iter(first.response))
        refused = post(client, three_pages)
        assert_problem(refused, 503, "server_busy")
        assert refused.headers["Retry-After"] == "1"
        first.close()
        assert post(client, three_pages, dpi=72).status_code == 200


def test_a_document_finds_the_slots_it_held_free_for_others(
    client: FlaskClient, app: flask.Flask
) -> None:
    data = saved(pdfs.document(30))
    response = client.post("/ocr/document?format=ndjson&dpi=36", data=data, content_type=PDF_TYPE)
    pieces = iter(response.response)
    next(pieces)
    # It waits for its client, and meanwhile a picture is read.
    assert client.post("/ocr", data=SMALL, content_type="image/png").status_code == 200
    assert len(list(pieces)) == 29
    response.close()
    assert places_left(app) == 4
