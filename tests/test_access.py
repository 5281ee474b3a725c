"""With API keys set, only those who send one are let in."""

import io
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ocr_server import create_app, keys
from ocr_server.engine import Engine
from ocr_server.settings import Settings
from ocr_server.slots import Slots
from tests import pictures

KEY = "right-key"
OTHER = "other-key"


def app_with(engine: Engine, slots: Slots, *, open_metrics: bool = False) -> flask.Flask:
    hashes = ",".join(keys.hash_of(key).hex() for key in (KEY, OTHER))
    return create_app(Settings(api_keys=hashes, open_metrics=open_metrics), engine, slots)


@pytest.fixture
def guarded(engine: Engine, slots: Slots) -> FlaskClient:
    """A client of an application with two keys."""
    return app_with(engine, slots).test_client()


def ask(client: FlaskClient, headers: dict[str, str]) -> TestResponse:
    picture = (io.BytesIO(pictures.read("small.png")), "1.png")
    return client.post("/ocr", data={"image_file": picture}, headers=headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {KEY}"},
        {"Authorization": f"bearer  {KEY} "},
        {"X-API-Key": KEY},
        {"X-API-Key": OTHER},
        {"Authorization": "Basic abc", "X-API-Key": KEY},
        {"Authorization": "Bearer wrong", "X-API-Key": KEY},
    ],
    ids=str,
)
def test_a_request_with_a_key_is_answered(guarded: FlaskClient, headers: dict[str, str]) -> None:
    assert ask(guarded, headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": KEY},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": f"Bearer {KEY}x"},
        {"Authorization": f"Bearer {KEY},{OTHER}"},
        {"X-API-Key": ""},
        {"X-API-Key": KEY[:-1]},
        {"X-API-Key": KEY.upper()},
        {"X-API-Key": "é" * 100},
        {"X-API-Key": "x" * 1_000_000},
        {"Cookie": f"X-API-Key={KEY}"},
    ],
    ids=lambda headers: str(headers)[:40],
)
def test_a_request_without_a_key_gets_401(guarded: FlaskClient, headers: dict[str, str]) -> None:
    response = ask(guarded, headers)
    assert response.status_code == 401
    assert response.content_type == "application/problem+json"
    assert response.get_json()["code"] == "invalid_key"
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_key_in_the_query_or_the_form_does_not_count(guarded: FlaskClient) -> None:
    response = guarded.post(f"/ocr?X-API-Key={KEY}", data={"X-API-Key": KEY, "image_data": ""})
    assert response.status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/ocr/"), ("GET", "/ocr"), ("GET", "/nowhere"), ("GET", "/metrics"), ("PUT", "/")],
)
def test_without_a_key_nobody_learns_what_there_is(
    guarded: FlaskClient, method: str, path: str
) -> None:
    assert guarded.open(path, method=method).status_code == 401


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/assets/script.js", "/assets/swagger-ui.css", "/healthz", "/readyz"]
)
def test_pages_and_health_need_no_key(guarded: FlaskClient, path: str) -> None:
    assert guarded.get(path).status_code == 200


def test_metrics_can_be_opened(engine: Engine, slots: Slots) -> None:
    client = app_with(engine, slots, open_metrics=True).test_client()
    assert client.get("/metrics").status_code == 200
    assert client.post("/ocr").status_code == 401


def test_a_body_that_is_too_large_does_not_hide_that_the_key_is_missing(
    guarded: FlaskClient,
) -> None:
    response = guarded.post("/ocr", data=b"x" * 41_000_000, content_type="image/png")
    assert response.status_code == 401


def test_without_keys_everybody_is_let_in(client: FlaskClient) -> None:
    assert ask(client, {"X-API-Key": "anything"}).status_code == 200
    assert client.get("/metrics").status_code == 200


def test_keys_of_a_file_that_cannot_be_read_stop_the_application(
    engine: Engine, slots: Slots, tmp_path: Path
) -> None:
    with pytest.raises(Exception, match="cannot be read"):
        create_app(Settings(api_keys_file=tmp_path / "nowhere"), engine, slots)
