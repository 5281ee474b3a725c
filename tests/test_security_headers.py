"""What browsers are forbidden."""

import pytest
from flask.testing import FlaskClient

HTML = {"Accept": "text/html"}


def policy_of(client: FlaskClient, path: str) -> dict[str, str]:
    policy = client.get(path, headers=HTML).headers["Content-Security-Policy"]
    return dict(directive.split(" ", 1) for directive in policy.split("; "))


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/healthz", "/metrics", "/assets/script.js", "/nowhere", "/ocr"]
)
def test_no_answer_is_guessed_to_be_another_type(path: str, client: FlaskClient) -> None:
    assert client.get(path, headers=HTML).headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_load_from_here_alone_and_stand_in_no_frame(path: str, client: FlaskClient) -> None:
    policy = policy_of(client, path)
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    words = " ".join(policy.values()).split()
    assert set(words) <= {"'none'", "'self'", "'script'", "'unsafe-inline'", "blob:", "data:"}


def test_the_page_that_reads_pictures_allows_no_inline_style_and_no_markup_from_text(
    client: FlaskClient,
) -> None:
    policy = policy_of(client, "/")
    assert policy["style-src"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'"


def test_pages_tell_nobody_where_a_user_comes_from(client: FlaskClient) -> None:
    headers = client.get("/", headers=HTML).headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_programs_get_no_headers_for_pages(client: FlaskClient) -> None:
    assert "Content-Security-Policy" not in client.get("/").headers
