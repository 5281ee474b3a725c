import json
import socket

import pytest

from ocr_server.reading.failure import ReadError
from ocr_server.reading.http import Address, Client
from tests.reading.scripted_server import Reply, ScriptedServer, scripted

JSON = {"Content-Type": "application/json; charset=utf-8"}
GOOD = Reply(200, b"{}", JSON)
BUSY = Reply(503, b"", {"Retry-After": "1"})


def ask(server: ScriptedServer, body: bytes = b"picture", timeout: float = 30) -> bytes:
    client = Client(Address.of(server.url), {"Authorization": "Bearer key"}, timeout)
    with client.post("/ocr?a=b", body, "application/octet-stream", "application/json") as response:
        return response.read()


def failure(server: ScriptedServer, body: bytes = b"picture", timeout: float = 30) -> ReadError:
    with pytest.raises(ReadError) as caught:
        ask(server, body, timeout)
    return caught.value


def problem(code: str, status: int) -> Reply:
    members = {"title": "Title", "detail": "Detail.", "code": code, "status": status}
    headers = {"Content-Type": "application/problem+json"}
    return Reply(status, json.dumps(members).encode(), headers)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:9003", Address(False, "127.0.0.1", 9003, "")),
        ("http://[::1]:9003/", Address(False, "::1", 9003, "")),
        ("https://ocr.example", Address(True, "ocr.example", None, "")),
        ("https://example.org/a/b/", Address(True, "example.org", None, "/a/b")),
    ],
)
def test_an_address_is_read(url: str, expected: Address) -> None:
    assert Address.of(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:9003",
        "localhost:9003",
        "ftp://host",
        "http://",
        "http://a:b@host",
        "http://host:port",
        "http://host:70000",
        "http://[::1",
        "http://host?a=b",
        "http://host/#a",
        "http://ho st",
        "http://host/a b",
        "http://host/\N{LATIN SMALL LETTER E WITH ACUTE}",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"http://127\.0\.0\.1:9003"):
        Address.of(url)


def test_a_request_bears_the_key_the_options_and_the_bytes() -> None:
    with scripted(GOOD) as server:
        assert ask(server) == b"{}"
    (request,) = server.requests
    assert request.target == "/ocr?a=b"
    assert request.body == b"picture"
    assert request.headers["Authorization"] == "Bearer key"
    assert request.headers["Content-Type"] == "application/octet-stream"


def test_a_busy_server_is_asked_again_after_the_time_it_tells() -> None:
    with scripted(BUSY, Reply(429), GOOD) as server:
        assert ask(server) == b"{}"
    assert len(server.requests) == 3


def test_a_server_that_stays_busy_is_given_up() -> None:
    busy = problem("server_busy", 503)
    with scripted(busy, busy, busy, busy) as server:
        assert failure(server, timeout=1.5).code == "server_busy"
    assert len(server.requests) == 2


def test_a_problem_is_told_in_the_servers_words() -> None:
    with scripted(problem("invalid_image", 400)) as server:
        error = failure(server)
    assert (error.title, str(error), error.code) == ("Title", "Detail.", "invalid_image")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<html>", {"Content-Type": "text/html"}),
        Reply(404, b"<html>", {"Content-Type": "text/html"}),
        Reply(302, b"", {"Location": "http://127.0.0.1:1/"}),
        Reply(400, b"no json", {"Content-Type": "application/problem+json"}),
        Reply(400, b"[]", {"Content-Type": "application/problem+json"}),
        Reply(204),
    ],
)
def test_another_servers_answer_is_told_as_such(reply: Reply) -> None:
    with scripted(reply) as server:
        error = failure(server)
    assert error.code == "unexpected_answer"
    assert str(reply.status) in error.title


@pytest.mark.parametrize(
    "reply",
    [problem("not_found", 404), Reply(404, b"<html>", {"Content-Type": "text/html"})],
)
def test_an_address_with_a_path_too_many_is_told(reply: Reply) -> None:
    with scripted(reply) as server:
        error = failure(server)
    assert str(error).endswith("--server takes the address without /ocr.")


def test_an_answer_before_the_body_was_sent_is_told() -> None:
    refusal = problem("body_too_large", 413)
    refusal = Reply(413, refusal.body, refusal.headers, reads_body=False)
    with scripted(refusal) as server:
        assert failure(server, b"x" * 50_000_000).code == "body_too_large"


def test_a_server_that_hangs_up_is_told() -> None:
    with scripted() as server:
        assert failure(server).code == "server_broke_off"


def test_a_server_that_does_not_answer_is_not_waited_for_without_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = ScriptedServer(f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert failure(server, timeout=0.1).code == "server_timeout"


def test_no_server_at_all_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as once:
        server = ScriptedServer(f"http://127.0.0.1:{once.getsockname()[1]}")
    error = failure(server)
    assert error.code == "server_unreachable"
    assert "Connection refused" in str(error)
