"""The application around the views."""

import logging
import subprocess
import sys

import flask
import pytest
from flask.testing import FlaskClient
from werkzeug.exceptions import ImATeapot

from ocr_server import create_app, extension
from ocr_server.engine import Engine
from ocr_server.settings import Settings
from ocr_server.slots import Slots


def test_the_index_says_what_this_is(client: FlaskClient) -> None:
    assert "/ocr" in client.get("/").get_json()["message"]


def test_healthz_answers(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}


def test_an_unforeseen_error_is_logged_and_tells_the_client_nothing_of_the_inside(
    app: flask.Flask, caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/fail")
    def fail() -> str:
        raise OSError("/a/secret/path")

    with caplog.at_level(logging.ERROR):
        response = app.test_client().get("/fail")
    assert response.status_code == 500
    assert response.get_json()["code"] == "internal_error"
    assert "secret" not in response.text
    assert response.get_json()["request_id"] in caplog.text
    assert "/a/secret/path" in caplog.text


def test_other_http_errors_are_problems_too(app: flask.Flask) -> None:
    @app.get("/teapot")
    def teapot() -> str:
        raise ImATeapot

    response = app.test_client().get("/teapot")
    assert (response.status_code, response.get_json()["code"]) == (400, "bad_request")


def test_an_application_made_without_anything_reads_settings_and_makes_slots(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCR_SERVER_SLOTS", "3")
    made = extension.of(create_app(engine=engine))
    assert (made.settings.slots, made.slots.count) == (3, 3)
    made.slots.close()


def test_shared_slots_replace_those_of_the_process(engine: Engine, slots: Slots) -> None:
    made = extension.of(create_app(Settings(), engine=engine))
    made.share(slots)
    assert made.slots is slots


def test_opencv_itself_refuses_pictures_of_too_many_pixels() -> None:
    script = """
import cv2, numpy
try:
    cv2.imdecode(cv2.imencode(".png", numpy.zeros((40, 40), numpy.uint8))[1], cv2.IMREAD_UNCHANGED)
except cv2.error:
    print("refused")
"""
    make = "from ocr_server import create_app; from ocr_server.settings import Settings; "
    make += "create_app(Settings(max_image_pixels=1000), engine=object())"
    command = [sys.executable, "-c", make + script]
    ended = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    assert ended.stdout == "refused\n"
