"""What the person who runs the server relies on: numbers, log lines, keys."""

import asyncio
import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import statistics
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests import pictures
from tests.live.gunicorn_server import Server, serve, wait_until
from tests.live.load import Answer, ask, ask_all, closed_loop, percentile, picture_request, together
from tests.live.test_overload import connect
from tests.scale import scaled

SMALL = pictures.read("small.png")
REQUEST = picture_request(SMALL)
METRICS_REQUEST = b"GET /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
KEY = "a-key-for-tests"


def hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def with_header(request: bytes, header: bytes) -> bytes:
    return request.replace(b"\r\n\r\n", b"\r\n" + header + b"\r\n\r\n", 1)


def total(server: Server, name: str, **labels: str) -> float:
    """Return the sum of a metric over all labels that are not given."""
    text = requests.get(f"{server.url}/metrics", timeout=30).text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == f"ocr_server_{name}" and labels.items() <= sample.labels.items()
    )


def answered(server: Server) -> float:
    return total(server, "requests_total", route="/ocr")


def send(server: Server, count: int) -> None:
    (answers,) = together(ask_all(server, [REQUEST] * count, 8))
    assert Counter(answer.status for answer in answers) == {200: count}


def loaded(server: Server) -> int:
    return server.log.read_text().count("Engine loaded")


@pytest.mark.timeout(180)
def test_the_numbers_of_all_workers_add_up_also_after_kills_and_retirements(
    tmp_path: Path,
) -> None:
    rounds = scaled(3, 10)
    with serve(tmp_path, ["-w", "3", "--max-requests", "20"], elastic="0") as server:
        wait_until(lambda: len(server.workers) == 3)
        for number in range(1, rounds + 1):
            send(server, 50)
            assert answered(server) == 50 * number
            before = loaded(server)
            os.kill(server.workers[-1], signal.SIGKILL)
            wait_until(lambda: loaded(server) > before)  # noqa: B023
            assert answered(server) == 50 * number
        wait_until(lambda: "Retires after" in server.log.read_text())
        assert total(server, "requests_total", route="/ocr", code="ok") == 50 * rounds
        assert total(server, "stage_seconds_count", stage="decode") == 50 * rounds
        assert total(server, "image_bytes_total") == 50 * rounds * len(SMALL)
        assert total(server, "text_lines_total") == 50 * rounds
        wait_until(lambda: total(server, "worker_starts_total") == loaded(server))


def test_a_killed_worker_leaves_no_request_in_flight(tmp_path: Path) -> None:
    page = picture_request(pictures.read("page_many_lines.png"))

    async def ask_and_kill(server: Server) -> list[Answer]:
        asked = asyncio.create_task(ask(server, page))
        while total(server, "slots_in_use") == 0:
            await asyncio.sleep(0.01)
        os.kill(server.workers[0], signal.SIGKILL)
        return [await asked]

    with serve(tmp_path, ["-w", "1"], slots="1") as server:
        ((lost,),) = together(ask_and_kill(server))
        assert lost.status == 0
        assert total(server, "requests_in_flight") == 1  # the one that asks
        assert total(server, "slots_in_use") == 0
        assert total(server, "worker_resident_bytes") > 100 * 1024 * 1024


def scrapes_under_load(server: Server, seconds: float) -> list[Answer]:
    """Ask for the metrics ten times a second while 8 clients send pictures."""

    async def scrape() -> list[Answer]:
        answers = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answers.append(await ask(server, METRICS_REQUEST))
            await asyncio.sleep(0.1)
        return answers

    page = picture_request(pictures.read("page_latin.png"))
    _, scrapes = together(closed_loop(server, [page], 8, seconds), scrape())
    return scrapes


@pytest.mark.timeout(180)
def test_metrics_are_told_at_once_while_all_cores_are_busy(server: Server) -> None:
    slowest: list[float] = []  # of each round; other programs make a server slower, never faster
    while len(slowest) < 3 and not (slowest and slowest[-1] < 0.05):
        scrapes = scrapes_under_load(server, scaled(5, 30))
        assert {answer.status for answer in scrapes} == {200}
        slowest.append(percentile(scrapes, 0.95))
        print(f"scrapes: p50 {percentile(scrapes, 0.5):.3f} s, p95 {slowest[-1]:.3f} s")
    assert min(slowest) < 0.05


def test_the_numbers_lie_in_a_folder_that_goes_with_the_server(tmp_path: Path) -> None:
    def folders() -> set[str]:
        places = [Path("/dev/shm"), Path(os.environ.get("TMPDIR", "/tmp"))]
        return {str(path) for place in places for path in place.glob("ocr_server-metrics-*")}

    before = folders()
    with serve(tmp_path, ["-w", "1"]):
        assert len(folders() - before) == 1
    assert folders() <= before


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_each_request_is_one_line_of_the_log(tmp_path: Path, log_format: str) -> None:
    ids = [f"request-{number}" for number in range(8)]
    asked = [with_header(REQUEST, f"X-Request-ID: {name}".encode()) for name in ids]
    asked.append(b"POST /ocr HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
    asked.append(b"NONSENSE\r\n\r\n")
    with serve(tmp_path, ["-w", "1"], log_format=log_format) as server:
        (answers,) = together(ask_all(server, asked, 1))
    lines = server.log.read_text().splitlines()
    if log_format == "json":
        told = [line for line in map(json.loads, lines) if line["event"] == "request"]
        found = [(line["id"], line["status"], line["code"]) for line in told]
        assert all({"queue_ms", "decode_ms", "worker", "client"} <= told[n].keys() for n in (1, 8))
    else:
        pattern = r"request id=(\S+) .* status=(\d+) code=(\S+)"
        matches = [match for line in lines if (match := re.search(pattern, line))]
        found = [(m[1].strip('"'), int(m[2]), m[3].strip('"')) for m in matches]
    found = found[1:]  # the first asked whether the server has started
    assert found[:8] == [(name, 200, "ok") for name in ids]
    assert [entry[1:] for entry in found[8:]] == [(400, "missing_image"), (400, "bad_request")]
    assert [answer.status for answer in answers] == [200] * 8 + [400] * 2


def test_what_is_not_http_is_answered_as_a_problem_too(server: Server) -> None:
    (answers,) = together(
        ask_all(
            server,
            [
                b"NONSENSE\r\n\r\n",
                b"GET /" + b"x" * 10_000 + b" HTTP/1.1\r\n\r\n",
                with_header(METRICS_REQUEST, b"X-API-Key: " + b"x" * 1_000_000),
            ],
            1,
        )
    )
    codes = ["bad_request", "request_line_too_long", "headers_too_large"]
    assert [answer.status for answer in answers] == [400, 414, 431]
    for answer, code in zip(answers, codes, strict=True):
        head, _, body = answer.body.partition(b"\r\n\r\n")
        assert json.loads(body)["code"] == code
        assert b"application/problem+json" in head
        assert b"X-Content-Type-Options: nosniff" in head
        assert json.loads(body)["request_id"].encode() in head


def test_who_listens_to_the_world_without_keys_is_warned(tmp_path: Path) -> None:
    with serve(tmp_path, ["-w", "1", "-b", "0.0.0.0:0"]) as server:
        assert "ANYBODY WHO REACHES http://0.0.0.0:" in server.log.read_text()
    with serve(tmp_path, ["-w", "1", "-b", "0.0.0.0:0"], api_keys=hashed(KEY)) as server:
        assert "ANYBODY" not in server.log.read_text()
    with serve(tmp_path, ["-w", "1"]) as server:
        assert "ANYBODY" not in server.log.read_text()


@pytest.mark.timeout(300)
def test_wrong_keys_are_refused_always_and_in_the_same_time(tmp_path: Path) -> None:
    count = scaled(1_000, 10_000)
    keys = {
        "missing": [b""],
        "empty": [b"X-API-Key:", b"Authorization: Bearer "],
        "wrong": [b"Authorization: Bearer " + secrets.token_urlsafe(32).encode()],
        "almost": [f"X-API-Key: {KEY[:-1]}{letter}".encode() for letter in "bcdefgh"],
        "hash": [f"X-API-Key: {hashed(KEY)}".encode()],
    }
    get = b"GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    asked = [
        (kind, with_header(get, header) if header else get)
        for number in range(count // len(keys))
        for kind, headers in keys.items()
        for header in [headers[number % len(headers)]]
    ]
    with serve(tmp_path, ["-w", "1"], api_keys=hashed(KEY)) as server:
        right = with_header(get, b"X-API-Key: " + KEY.encode())
        huge = with_header(get, b"X-API-Key: " + b"x" * 1_000_000)
        (special,) = together(ask_all(server, [right, huge, right, huge], 1))
        (answers,) = together(ask_all(server, [request for _, request in asked], 1))
        log = server.log.read_text()
    assert [answer.status for answer in special] == [404, 401, 404, 401]
    assert {answer.status for answer in answers} == {401}
    kinds = [kind for kind, _ in asked]
    medians = {
        kind: statistics.median(
            answer.seconds for answer, its in zip(answers, kinds, strict=True) if its == kind
        )
        for kind in keys
    }
    print({kind: f"{seconds * 1000:.2f} ms" for kind, seconds in medians.items()})
    assert max(medians.values()) < 1.25 * min(medians.values())
    assert KEY not in log
    assert hashed(KEY) not in log


def status_with(server: Server, key: str) -> int:
    headers = {"Authorization": f"Bearer {key}"}
    return requests.get(f"{server.url}/metrics", headers=headers, timeout=30).status_code


@pytest.mark.timeout(120)
def test_keys_change_without_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{hashed('old')} before\n")

    with serve(tmp_path, ["-w", "1"], api_keys_file=str(file)) as server:
        assert (status_with(server, "old"), status_with(server, "new")) == (200, 401)
        file.write_text(f"{hashed('new')} after\n")
        old = server.workers
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(server.workers) == 1 and server.workers != old)
        assert (status_with(server, "old"), status_with(server, "new")) == (401, 200)


def test_a_file_of_keys_that_is_broken_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{hashed('old')}\n")

    with serve(tmp_path, ["-w", "1"], api_keys_file=str(file)) as server:
        file.write_text("half a ha")
        (worker,) = server.workers
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: loaded(server) == 2)
        assert (status_with(server, "old"), status_with(server, "half")) == (200, 401)
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: loaded(server) == 3)
        assert (status_with(server, "old"), status_with(server, "half")) == (200, 401)
        assert "The API keys stay as they were" in server.log.read_text()


def test_a_stranger_who_sends_slowly_is_shown_out(tmp_path: Path) -> None:
    rest = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    head = b"POST /ocr HTTP/1.1\r\nHost: a\r\nContent-Type: image/png\r\n"
    head += b"Content-Length: %d\r\n\r\n" % (10 + len(rest))
    with (
        serve(tmp_path, ["-w", "1", "--threads", "2"], api_keys=hashed(KEY)) as server,
        connect(server) as one,
        connect(server) as two,
    ):
        start = time.monotonic()
        for connection in (one, two):
            connection.sendall(head + b"x" * 10)
        # Both threads are held; not for long.
        assert requests.get(f"{server.url}/healthz", timeout=30).ok
        assert time.monotonic() - start < 10
        for connection in (one, two):
            answer = connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 401 ")
            with suppress(OSError):
                connection.sendall(rest)  # what was owed is no request of its own
                while more := connection.recv(65536):
                    answer += more
            assert answer.count(b"HTTP/1.1 ") == 1


def test_a_lost_folder_for_numbers_stops_nobody(tmp_path: Path) -> None:
    with serve(tmp_path, ["-w", "2"]) as server:
        send(server, 4)
        environment = Path(f"/proc/{server.workers[0]}/maps").read_text()
        found = re.search(r"(/\S+/ocr_server-metrics-[^/]+)/", environment)
        assert found
        shutil.rmtree(found[1])
        for number, worker in enumerate(server.workers, 1):
            os.kill(worker, signal.SIGKILL)
            wait_until(lambda: loaded(server) == 2 + number)  # noqa: B023
        send(server, 4)
        assert answered(server) == 4


def test_a_broken_body_is_answered_once_and_no_secret_is_logged(server: Server) -> None:
    asked = [
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /ocr?token=SECRET&name=\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /ocr?token=SECRET\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization Bearer SECRET\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nExpect: SECRET\r\n\r\n",
    ]
    (answers,) = together(ask_all(server, asked, 1))
    assert [answer.body.count(b"HTTP/1.1 ") for answer in answers] == [1] * len(asked)
    assert "SECRET" not in server.log.read_text()


def test_headers_of_a_neighbour_do_not_change_the_path(server: Server) -> None:
    headers = {"SCRIPT_NAME": "/zzz", "PATH_INFO": "/metrics"}
    response = requests.get(f"{server.url}/healthz", headers=headers, timeout=30)
    assert response.json() == {"status": "ok"}
