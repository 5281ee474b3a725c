"""Documents over real sockets: answers that come page by page, and all that may cut them short."""

import io
import json
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from tests import pictures
from tests.chaos.raw_pdf import SLOW, with_bad_pages
from tests.live.gunicorn_server import Server, processor_ticks, serve, wait_until
from tests.live.test_operations import KEY, hashed, total
from tests.live.test_overload import HEADERS, HEAVY, LIGHT, connect

URL = "/ocr/document?format=ndjson&dpi=72"
NAMES = ["page_latin.png", "small.png", "page_mixed_sizes.png"]


def pdf_of(count: int) -> bytes:
    """A document of so many pages with text."""
    images = []
    for index in range(count):
        with Image.open(pictures.FOLDER / NAMES[index % len(NAMES)]) as image:
            images.append(image.convert("RGB"))
    file = io.BytesIO()
    images[0].save(file, "PDF", save_all=True, append_images=images[1:], resolution=72)
    return file.getvalue()


PAGES = 15
LONG = pdf_of(PAGES)
SHORT = pdf_of(3)


@contextmanager
def asked(server: Server, document: bytes = LONG) -> Iterator[requests.Response]:
    """An answer that has begun."""
    headers = {"Content-Type": "application/pdf"}
    url = server.url + URL
    with requests.post(url, data=document, headers=headers, stream=True, timeout=60) as response:
        yield response


def lines(response: requests.Response) -> Iterator[dict[str, Any]]:
    return map(json.loads, response.iter_lines(chunk_size=1))


def read_whole(server: Server, document: bytes = SHORT) -> list[str]:
    """Send a document; return what became of its pages."""
    with asked(server, document) as response:
        assert response.status_code == 200, response.text
        return [page["error"]["code"] if "error" in page else "read" for page in lines(response)]


def tools_of(worker: int) -> list[int]:
    """The processes that a worker has started, in any of its threads."""
    found: list[int] = []
    for task in Path(f"/proc/{worker}/task").iterdir():
        with suppress(OSError):
            found += map(int, (task / "children").read_text().split())
    return found


def is_there(process: int) -> bool:
    """Whether a process lives; one that ended and is not yet buried does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def document_requests(server: Server) -> list[str]:
    """The log's lines of documents that were answered."""
    return re.findall(r".* path=\"?/ocr/document.*", server.log.read_text())


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker and one slot, so that nothing is read by another."""
    with serve(tmp_path_factory.mktemp("server"), ["-w", "1"], slots="1") as running:
        yield running


def test_pages_arrive_while_later_ones_are_being_read(alone: Server) -> None:
    before = len(document_requests(alone))
    with asked(alone) as response:
        found = lines(response)
        first = next(found)
        arrived = time.monotonic()
        # The line in the log is written when all is sent.
        assert len(document_requests(alone)) == before
        rest = list(found)
    assert time.monotonic() - arrived > 0.5
    assert (first["page"], first["remaining"]) == (1, PAGES - 1)
    assert [page["page"] for page in rest] == list(range(2, PAGES + 1))
    assert rest[-1]["remaining"] == 0
    wait_until(lambda: len(document_requests(alone)) == before + 1)


def test_every_piece_is_sent_at_once(alone: Server) -> None:
    with connect(alone) as connection:
        head = HEADERS.replace(b"/ocr", URL.encode()) % len(LONG)
        connection.sendall(head + LONG)
        got = b""
        while b'"page": 1,' not in got:
            got += connection.recv(65536)
        # As chunked transfer frames it: a whole line, and nothing of the next one.
        body = got.partition(b"\r\n\r\n")[2]
        size, _, rest = body.partition(b"\r\n")
        assert json.loads(rest[: int(size, 16)])["page"] == 1
        assert b'"page": %d,' % PAGES not in got


def test_a_client_that_leaves_in_mid_document_ends_the_work(alone: Server) -> None:
    (worker,) = alone.workers
    before, read = len(document_requests(alone)), total(alone, "pages_total")
    with asked(alone) as response:
        next(lines(response))
        assert tools_of(worker)
    wait_until(lambda: len(document_requests(alone)) == before + 1)
    wait_until(lambda: not tools_of(worker))
    assert " status=200 code=client_gone " in document_requests(alone)[-1]
    wait_until(lambda: total(alone, "slots_in_use") == 0)
    assert total(alone, "requests_in_flight") == 1  # the one for metrics
    assert total(alone, "pages_total") - read < 10
    assert alone.post(LIGHT).ok
    assert alone.workers == [worker]
    assert "Traceback" not in alone.log.read_text()


def test_clients_that_leave_again_and_again_keep_nobody_waiting(alone: Server) -> None:
    (worker,) = alone.workers
    for _ in range(8):  # Four documents have a place at once.
        with asked(alone) as response:
            next(lines(response))
    assert read_whole(alone) == ["read"] * 3
    wait_until(lambda: not tools_of(worker))
    assert "Traceback" not in alone.log.read_text()


def test_a_client_that_leaves_while_its_searchable_pdf_is_made_ends_the_work(
    alone: Server,
) -> None:
    (worker,) = alone.workers
    before = len(document_requests(alone))
    with connect(alone) as connection:
        path = b"/ocr/document?format=pdf&dpi=72"
        connection.sendall(HEADERS.replace(b"/ocr", path) % len(LONG) + LONG)
        wait_until(lambda: len(tools_of(worker)) == 2)
    wait_until(lambda: len(document_requests(alone)) == before + 1)
    assert " status=499 code=client_gone " in document_requests(alone)[-1]
    assert not tools_of(worker)
    assert alone.post(LIGHT).ok


def test_pictures_are_read_while_a_document_is(alone: Server) -> None:
    with asked(alone) as response:
        found = lines(response)
        next(found)
        start = time.monotonic()
        for _ in range(3):
            assert alone.post(LIGHT).ok
        assert time.monotonic() - start < 10
        still_to_come = next(found)["remaining"]
        assert len(list(found)) == still_to_come
    assert still_to_come > 3


def test_pictures_go_to_the_worker_that_reads_no_document(tmp_path: Path) -> None:
    with serve(tmp_path, ["-w", "2"], log_format="json") as server:
        wait_until(lambda: server.log.read_text().count("Engine loaded") == 2)
        with asked(server, pdf_of(40)) as response:
            found = lines(response)
            next(found)
            for _ in range(8):
                assert server.post(LIGHT).ok
        wait_until(lambda: len(list(workers_of(server, "/ocr/document"))) == 1)
        (reader,) = workers_of(server, "/ocr/document")
        others = [worker for worker in workers_of(server, "/ocr") if worker != reader]
    assert len(others) >= 7


def workers_of(server: Server, path: str) -> Iterator[int]:
    """The workers that have answered requests to a path, as the log has them."""
    for line in server.log.read_text().splitlines():
        told = json.loads(line) if line.startswith("{") else {}
        if told.get("event") == "request" and told["path"] == path:
            yield told["worker"]


def test_a_process_that_is_killed_in_mid_document_costs_one_page(alone: Server) -> None:
    (worker,) = alone.workers
    with asked(alone) as response:
        found = lines(response)
        next(found)
        (tool,) = tools_of(worker)
        os.kill(tool, signal.SIGKILL)
        codes = [page.get("error", {}).get("code") for page in found]
    assert len(codes) == PAGES - 1
    assert codes.count("invalid_page") == 1
    assert codes.count(None) == PAGES - 2
    assert alone.workers == [worker]


@pytest.mark.timeout(180)
def test_a_worker_that_is_killed_in_mid_document_leaves_no_process(tmp_path: Path) -> None:
    with serve(tmp_path, ["-w", "1"], slots="1") as server:
        (worker,) = server.workers
        with asked(server) as response:
            found = lines(response)
            next(found)
            (tool,) = tools_of(worker)
            os.kill(worker, signal.SIGKILL)
            with pytest.raises(requests.RequestException):
                list(found)
        wait_until(lambda: not is_there(tool), 10)
        assert read_whole(server) == ["read"] * 3
        assert "Traceback" not in server.log.read_text()


@pytest.mark.timeout(180)
def test_a_process_that_is_busy_outlives_a_killed_worker_no_longer_than_a_page_may_take(
    tmp_path: Path,
) -> None:
    limit = 3
    with serve(tmp_path, ["-w", "1"], slots="1", max_render_seconds=str(limit)) as server:
        (worker,) = server.workers
        with asked(server, with_bad_pages("", SLOW)) as response:
            found = lines(response)
            next(found)
            (tool,) = tools_of(worker)
            wait_until(lambda: processor_ticks(tool) > 50)
            os.kill(worker, signal.SIGKILL)
            start = time.monotonic()
            with pytest.raises(requests.RequestException):
                list(found)
        wait_until(lambda: not is_there(tool))
        assert time.monotonic() - start < limit + 2
        assert "Traceback" not in server.log.read_text()


@pytest.mark.timeout(180)
def test_documents_wait_for_a_place_and_are_all_read(tmp_path: Path) -> None:
    # A worker has two places, and four more may wait for them: enough, should it get them all.
    with (
        serve(tmp_path, ["-w", "2"], slots="2", max_documents="2") as server,
        ThreadPoolExecutor(5) as clients,
    ):
        wait_until(lambda: server.log.read_text().count("Engine loaded") == 2)
        answers = list(clients.map(lambda _: read_whole(server), range(10)))
        workers = re.findall(r" worker=(\d)", "\n".join(document_requests(server)))
    assert answers == [["read"] * 3] * 10
    assert set(workers) == {"0", "1"}


@pytest.mark.timeout(180)
def test_a_document_that_finds_no_place_in_time_is_told_to_come_again(tmp_path: Path) -> None:
    limits = {"slots": "1", "max_documents": "1", "max_wait_seconds": "0.5"}
    with serve(tmp_path, ["-w", "1"], **limits) as server:
        with asked(server) as first:
            found = lines(first)
            next(found)
            with asked(server) as second:
                assert (second.status_code, second.json()["code"]) == (503, "server_busy")
                assert int(second.headers["Retry-After"]) >= 1
            assert len(list(found)) == PAGES - 1
        assert read_whole(server) == ["read"] * 3


@pytest.mark.timeout(180)
def test_a_document_that_finds_the_queue_full_is_told_to_come_again(tmp_path: Path) -> None:
    limits = {"slots": "1", "max_waiting": "1", "elastic": "0"}
    with serve(tmp_path, ["-w", "1"], **limits) as server, ThreadPoolExecutor(2) as clients:
        busy = [clients.submit(server.post, HEAVY) for _ in range(2)]
        wait_until(lambda: requests.get(f"{server.url}/readyz", timeout=30).status_code == 503)
        with asked(server) as response:
            assert (response.status_code, response.json()["code"]) == (503, "server_busy")
            assert int(response.headers["Retry-After"]) >= 1
        assert all(request.result().ok for request in busy)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_reload_or_stop_lets_a_document_be_read_to_its_end(
    tmp_path: Path, number: signal.Signals
) -> None:
    with serve(tmp_path, ["-w", "1"], slots="1") as server:
        (worker,) = server.workers
        with asked(server) as response:
            found = lines(response)
            next(found)
            os.kill(server.process.pid, number)
            assert [page["page"] for page in found] == list(range(2, PAGES + 1))
        if number == signal.SIGHUP:
            wait_until(lambda: server.workers not in ([], [worker]) and len(server.workers) == 1)
            assert read_whole(server) == ["read"] * 3


@pytest.mark.timeout(180)
def test_documents_need_a_key_where_there_are_keys(tmp_path: Path) -> None:
    with serve(tmp_path, ["-w", "1"], api_keys=hashed(KEY)) as server:
        with asked(server, SHORT) as response:
            assert (response.status_code, response.json()["code"]) == (401, "invalid_key")
        headers = {"Content-Type": "application/pdf", "X-API-Key": KEY}
        url = server.url + URL
        assert requests.post(url, data=SHORT, headers=headers, timeout=60).status_code == 200


def test_a_client_that_never_reads_its_answer_holds_no_slot(alone: Server) -> None:
    with connect(alone) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(HEADERS.replace(b"/ocr", URL.encode()) % len(LONG) + LONG)
        assert alone.post(LIGHT).ok
        assert read_whole(alone) == ["read"] * 3
