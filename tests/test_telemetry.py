"""Each request is counted, and told how long its stages took."""

import io
import re

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from tests import pictures
from tests.pdfs import of_pictures, saved

STAGES = ("upload", "queue", "decode", "detect", "classify", "recognize", "serialize")


def numbers(client: FlaskClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    text = client.get("/metrics").get_data(as_text=True)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def number(client: FlaskClient, name: str, **labels: str) -> float:
    return numbers(client).get((f"ocr_server_{name}", frozenset(labels.items())), 0.0)


def ask(client: FlaskClient, name: str = "small.png") -> str:
    picture = (io.BytesIO(pictures.read(name)), "1.png")
    return client.post("/ocr", data={"image_file": picture}).headers["Server-Timing"]


def test_an_answer_tells_how_long_each_stage_took(client: FlaskClient) -> None:
    entries = ask(client).split(", ")
    found = {entry.split(";dur=")[0]: float(entry.split(";dur=")[1]) for entry in entries}
    assert list(found) == [*STAGES, "total"]
    total = found.pop("total")
    assert 0.7 * total < sum(found.values()) < total + 1


def test_an_error_tells_the_stages_that_it_reached(client: FlaskClient) -> None:
    timing = client.post("/ocr", data=b"no picture", content_type="image/png").headers[
        "Server-Timing"
    ]
    assert re.fullmatch(r"upload;dur=\d+\.\d, total;dur=\d+\.\d", timing)


def test_answers_are_counted_by_route_status_and_code(client: FlaskClient) -> None:
    for _ in range(3):
        ask(client)
    client.post("/ocr")
    client.get("/anything/at/all")
    client.get("/something/else")
    found = numbers(client)

    def count(route: str, status: str, code: str) -> float:
        labels = {"route": route, "status": status, "code": code}
        return found["ocr_server_requests_total", frozenset(labels.items())]

    assert count("/ocr", "200", "ok") == 3
    assert count("/ocr", "400", "missing_image") == 1
    assert count("none", "404", "not_found") == 2


def test_pictures_and_text_lines_are_counted(client: FlaskClient) -> None:
    ask(client, "page_latin.png")
    assert number(client, "image_bytes_total") == len(pictures.read("page_latin.png"))
    assert number(client, "text_lines_total") == len(pictures.LINES["page_latin.png"])
    assert number(client, "image_pixels_total") > 10_000


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_a_histogram(client: FlaskClient, stage: str) -> None:
    ask(client)
    assert number(client, "stage_seconds_count", stage=stage) == 1


def test_what_is_in_flight_is_the_request_for_metrics_alone(client: FlaskClient) -> None:
    ask(client)
    client.post("/ocr")
    assert number(client, "requests_in_flight") == 1


def test_slots_are_told_as_they_are(client: FlaskClient) -> None:
    assert number(client, "slots") == 2
    assert number(client, "slots_in_use") == 0
    assert number(client, "requests_waiting") == 0


PDF = saved(of_pictures("small.png", "blank.png", "small.png"))
URL = "/ocr/document?format=ndjson&dpi=72"


def documents_answered(client: FlaskClient, code: str = "ok") -> float:
    return number(client, "requests_total", route="/ocr/document", status="200", code=code)


def test_an_answer_in_pieces_is_counted_when_it_is_sent(client: FlaskClient) -> None:
    response = client.post(URL, data=PDF)
    assert "open;dur=" in response.headers["Server-Timing"]
    assert documents_answered(client) == 0
    assert number(client, "requests_in_flight") == 2  # with the request for metrics
    assert len(list(response.iter_encoded())) == 3
    response.close()
    assert documents_answered(client) == 1
    assert number(client, "requests_in_flight") == 1
    assert number(client, "request_seconds_count", route="/ocr/document") == 1
    assert number(client, "pages_total") == 3
    assert number(client, "text_lines_total") == 2
    assert number(client, "image_bytes_total") == len(PDF)
    assert number(client, "stage_seconds_count", stage="detect") == 1


def test_an_answer_that_its_client_leaves_is_counted_as_far_as_it_came(
    client: FlaskClient,
) -> None:
    response = client.post(URL, data=PDF)
    next(response.iter_encoded())
    response.close()
    assert documents_answered(client, "client_gone") == 1
    assert documents_answered(client) == 0
    assert number(client, "requests_in_flight") == 1
    assert number(client, "pages_total") == 1


def test_pages_that_fail_are_not_counted_as_read(client: FlaskClient) -> None:
    files = [(io.BytesIO(data), "1.png") for data in (b"x", pictures.read("small.png"), b"y")]
    client.post("/ocr", data={"image_file": files}, buffered=True)
    assert number(client, "pages_total") == 1
    assert number(client, "requests_total", route="/ocr", status="200", code="ok") == 1


def test_documents_that_are_refused_are_counted_by_their_code(client: FlaskClient) -> None:
    client.post("/ocr/document", data=b"%PDF-1.7")
    labels = {"route": "/ocr/document", "status": "400", "code": "invalid_document"}
    assert number(client, "requests_total", **labels) == 1
    assert number(client, "requests_in_flight") == 1
