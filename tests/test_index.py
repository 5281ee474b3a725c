"""GET / and GET /docs, without a browser."""

import pytest
from flask.testing import FlaskClient

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "text/*"])
def test_a_program_is_told_in_json_what_there_is(accept: str | None, client: FlaskClient) -> None:
    response = client.get("/", headers={"Accept": accept} if accept else {})
    told = response.get_json()
    assert "/ocr" in told["message"]
    assert (told["docs"], told["openapi"]) == ("/docs", "/openapi.json")


@pytest.mark.parametrize("accept", [BROWSER, "text/html"])
def test_a_browser_gets_the_page(accept: str, client: FlaskClient) -> None:
    response = client.get("/", headers={"Accept": accept})
    assert response.content_type == "text/html; charset=utf-8"
    assert '<form id="upload" action="ocr" method="post"' in response.text


def test_caches_keep_the_two_apart(client: FlaskClient) -> None:
    page = client.get("/", headers={"Accept": BROWSER})
    told = client.get("/")
    assert page.headers["Vary"] == told.headers["Vary"] == "Accept"


def test_the_page_is_sent_once(client: FlaskClient) -> None:
    first = client.get("/", headers={"Accept": BROWSER})
    seen = {"Accept": BROWSER, "If-None-Match": first.headers["ETag"]}
    assert client.get("/", headers=seen).status_code == 304


def test_the_documentation_is_a_page(client: FlaskClient) -> None:
    response = client.get("/docs")
    assert response.content_type == "text/html; charset=utf-8"
    assert "swagger-ui-bundle.js" in response.text
