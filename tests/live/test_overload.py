"""More requests than the server can read; slow, silent and vanished clients."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests import pictures
from tests.live.gunicorn_server import Server, processor_ticks, serve, wait_until

HEAVY = pictures.read("tall.png")
LIGHT = pictures.read("small.png")
HEADERS = b"POST /ocr HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n"


def connect(server: Server) -> socket.socket:
    place = urlsplit(server.url)
    return socket.create_connection((place.hostname, place.port), timeout=60)


def get(server: Server, path: str) -> requests.Response:
    return requests.get(f"{server.url}{path}", timeout=10)


@pytest.mark.timeout(180)
def test_what_is_too_much_is_refused_at_once_and_the_rest_is_read(tmp_path: Path) -> None:
    with serve(tmp_path, ["-w", "2"], slots="1", max_waiting="2", elastic="0") as server:
        refusals: list[float] = []

        def ask(_: int) -> int:
            start = time.monotonic()
            response = server.post(HEAVY)
            if response.status_code == 503:
                refusals.append(time.monotonic() - start)
                assert response.json()["code"] == "server_busy"
                assert int(response.headers["Retry-After"]) >= 1
            return response.status_code

        with ThreadPoolExecutor(12) as clients:
            answers = list(clients.map(ask, range(12)))
        assert answers.count(200) >= 3
        assert answers.count(200) + answers.count(503) == 12
        assert len(refusals) >= 6
        assert sorted(refusals)[len(refusals) // 2] < 0.5
        assert server.post(LIGHT).ok


@pytest.mark.timeout(180)
def test_clients_that_are_refused_in_mid_upload_keep_nobody_waiting(tmp_path: Path) -> None:
    with serve(tmp_path, ["-w", "1"], max_wait_seconds="5") as server:
        stalled = [connect(server) for _ in range(4)]
        old = b"X-Request-Start: t=1\r\nContent-Length: 1000000\r\n\r\n" + bytes(1000)
        for connection in stalled:
            connection.sendall(HEADERS.partition(b"Content-Length")[0] + old)
        try:
            start = time.monotonic()
            for _ in range(20):
                assert get(server, "/healthz").ok
            assert time.monotonic() - start < 2
        finally:
            for connection in stalled:
                connection.close()


@pytest.mark.timeout(180)
def test_health_is_told_while_all_cores_are_busy_and_readiness_while_there_is_room(
    tmp_path: Path,
) -> None:
    with serve(tmp_path, ["-w", "1"], slots="1", max_waiting="1", elastic="0") as server:
        assert get(server, "/readyz").json() == {"status": "ready"}
        with ThreadPoolExecutor(2) as clients:
            busy = [clients.submit(server.post, HEAVY) for _ in range(2)]
            wait_until(lambda: get(server, "/readyz").status_code == 503)
            refused = get(server, "/readyz")
            assert refused.json()["code"] == "server_busy"
            assert get(server, "/healthz").ok
            assert [request.result().status_code for request in busy] == [200, 200]
        assert get(server, "/readyz").ok


@pytest.mark.timeout(180)
def test_a_request_that_waited_too_long_is_refused(tmp_path: Path) -> None:
    with serve(tmp_path, ["-w", "1"], slots="1", max_wait_seconds="0.2", elastic="0") as server:
        with ThreadPoolExecutor(2) as clients:
            answers = list(clients.map(server.post, [HEAVY, HEAVY]))
        assert sorted(answer.status_code for answer in answers) == [200, 503]
        assert server.post(LIGHT).ok


def test_a_request_that_a_proxy_held_too_long_is_refused(server: Server) -> None:
    headers = {"X-Request-Start": f"t={time.time() - 3600:.3f}", "Content-Type": "image/png"}
    response = requests.post(f"{server.url}/ocr", data=LIGHT, headers=headers, timeout=60)
    assert (response.status_code, response.json()["code"]) == (503, "server_busy")


@pytest.mark.timeout(180)
def test_a_client_that_hung_up_while_it_waited_costs_no_inference(tmp_path: Path) -> None:
    with serve(tmp_path, ["-w", "1"], slots="1", elastic="0") as server:
        (worker,) = server.workers
        idle = processor_ticks(worker)
        with ThreadPoolExecutor(1) as clients:
            busy = clients.submit(server.post, HEAVY)
            wait_until(lambda: processor_ticks(worker) > idle + 10)  # 0.1 s of work
            for _ in range(8):
                with connect(server) as connection:
                    connection.sendall(HEADERS % len(HEAVY) + HEAVY)
            assert busy.result().ok
        start = time.monotonic()
        assert server.post(LIGHT).ok
        alone = time.monotonic()
        assert server.post(HEAVY).ok
        # Eight heavy pictures would have come before the light one.
        assert alone - start < 4 * (time.monotonic() - alone)
    assert server.log.read_text().count(" status=499 ") == 8


@pytest.mark.timeout(180)
def test_a_body_that_comes_too_slowly_is_refused_with_the_reason(tmp_path: Path) -> None:
    with serve(tmp_path, ["-w", "1"], max_upload_seconds="1") as server, connect(server) as slow:
        slow.sendall(HEADERS % 1000)
        stop = threading.Event()

        def trickle() -> None:
            while not stop.wait(0.1):
                try:
                    slow.sendall(b"x")
                except OSError:
                    return

        sender = threading.Thread(target=trickle)
        sender.start()
        answer = slow.makefile("rb").read()
        stop.set()
        sender.join()
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert answer.count(b"HTTP/1.1 ") == 1
        assert b'"code": "upload_timeout"' in answer
        assert server.post(LIGHT).ok


@pytest.mark.timeout(180)
def test_more_silent_connections_than_threads_keep_nobody_waiting(tmp_path: Path) -> None:
    with serve(tmp_path, ["-w", "1"], threads="2") as server:
        silent = [connect(server) for _ in range(20)]
        try:
            # Each would hold one of the two threads for five seconds.
            assert server.post(LIGHT, timeout=5).ok
        finally:
            for connection in silent:
                connection.close()


def test_a_head_that_comes_too_slowly_ends_its_connection(tmp_path: Path) -> None:
    with (
        serve(tmp_path, ["-w", "1"], threads="2", max_header_seconds="1") as server,
        connect(server) as first,
        connect(server) as second,
    ):
        stop = threading.Event()

        def trickle() -> None:
            while not stop.wait(0.1):
                for slow in (first, second):
                    with suppress(OSError):
                        slow.sendall(b"x")

        for slow in (first, second):
            slow.sendall(b"GET /healthz HTTP/1.1\r\nX-Slow: ")
        sender = threading.Thread(target=trickle)
        sender.start()
        try:
            # Both threads were taken; without an end to that, they would be for ever.
            assert server.post(LIGHT, timeout=20).ok
        finally:
            stop.set()
            sender.join()


def test_clients_that_leave_answered_connections_open_keep_nobody_waiting(
    tmp_path: Path,
) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with serve(tmp_path, ["-w", "1"]) as server:
        lingering = [connect(server) for _ in range(10)]
        try:
            for connection in lingering:
                connection.sendall(request)
                assert connection.recv(4096).startswith(b"HTTP/1.1 200")
            start = time.monotonic()
            assert get(server, "/healthz").ok
            assert time.monotonic() - start < 1
        finally:
            for connection in lingering:
                connection.close()
