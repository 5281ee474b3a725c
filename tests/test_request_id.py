import re

import flask
import pytest
from flask.testing import FlaskClient

from ocr_server import request_id

MADE_HERE = re.compile(r"[0-9a-f]{32}")


@pytest.fixture
def client() -> FlaskClient:
    """A client of an application that answers with the request's id, asked for twice."""
    app = flask.Flask(__name__)
    request_id.register(app)

    @app.get("/")
    def ids() -> list[str]:
        return [request_id.current_request_id(), request_id.current_request_id()]

    return app.test_client()


@pytest.mark.parametrize("given", ["a", "0123-abc_DEF.9", "x" * 64])
def test_a_well_formed_id_is_echoed(client: FlaskClient, given: str) -> None:
    response = client.get("/", headers={"X-Request-ID": given})
    assert response.headers.getlist("X-Request-ID") == [given]
    assert response.json == [given, given]


@pytest.mark.parametrize(
    "given", ["", " ", "x" * 65, "a b", "a;b", '"a"', "<b>", "a/b", "é", "a,b"]
)
def test_an_id_that_is_not_well_formed_is_replaced(client: FlaskClient, given: str) -> None:
    response = client.get("/", headers={"X-Request-ID": given})
    assert MADE_HERE.fullmatch(response.headers["X-Request-ID"])


def test_a_request_without_an_id_gets_one(client: FlaskClient) -> None:
    assert MADE_HERE.fullmatch(client.get("/").headers["X-Request-ID"])


def test_a_request_keeps_the_id_it_got(client: FlaskClient) -> None:
    response = client.get("/")
    made = response.headers["X-Request-ID"]
    assert response.json == [made, made]


def test_every_request_gets_another_id(client: FlaskClient) -> None:
    assert len({client.get("/").headers["X-Request-ID"] for _ in range(10)}) == 10


def test_an_error_answer_carries_the_id(client: FlaskClient) -> None:
    response = client.get("/nowhere", headers={"X-Request-ID": "mine"})
    assert (response.status_code, response.headers["X-Request-ID"]) == (404, "mine")
