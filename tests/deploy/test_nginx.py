"""The server behind a real nginx with the shipped configuration."""

import asyncio
import base64
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
import requests

from tests import pictures
from tests.deploy import nginx_server, raw
from tests.deploy.nginx_server import Nginx
from tests.deploy.recorder import Recorder, recorder
from tests.live.gunicorn_server import Server, processor_ticks, wait_until
from tests.live.load import Answer, ask, closed_loop, picture_request, together
from tests.scale import scaled

HEAVY = pictures.read("tall.png")
LIGHT = pictures.read("small.png")
TEXT = pictures.LINES["small.png"]
RAW = {"Content-Type": "application/octet-stream"}
LIMIT = 40 * 2**20  # on bodies
STRANGER = "127.0.0.2"  # The configuration knows 127.0.0.1 alone.
GET = b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
POST = b"POST /ocr HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a short name: a socket's path may have some 100 bytes."""
    return tmp_path_factory.mktemp("nginx")


@pytest.fixture(scope="module")
def server(place: Path) -> Iterator[Server]:
    with nginx_server.ocr_server(place, place / "s.sock", workers="2", slots="2") as running:
        yield running


@pytest.fixture(scope="module")
def nginx(place: Path, server: Server) -> Iterator[Nginx]:
    with nginx_server.serve(place / "nginx", place / "s.sock") as running:
        yield running


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[Recorder]:
    with recorder(tmp_path / "s.sock") as kept:
        yield kept


@pytest.fixture
def recording(tmp_path: Path, recorded: Recorder) -> Iterator[Nginx]:
    with nginx_server.serve(tmp_path / "nginx", tmp_path / "s.sock") as running:
        yield running


def address(nginx: Nginx) -> tuple[str, int]:
    return ("127.0.0.1", nginx.port)


def post(nginx: Nginx, image: bytes) -> requests.Response:
    return requests.post(f"{nginx.url}/ocr", data=image, headers=RAW, timeout=60)


def texts(response: requests.Response) -> list[str]:
    return [entry["rec_txt"] for entry in response.json().values()]


def answered(server: Server) -> int:
    """How many requests the server has logged."""
    return len(re.findall(r'" \d{3} \d+ "| request id=', server.log.read_text()))


def is_busy(answer: raw.Answer, code: str = "server_busy") -> bool:
    return (
        answer.status == 503
        and f'"code": "{code}"'.encode() in answer.body
        and int(answer.headers["retry-after"]) >= 1
    )


def is_unavailable(answer: raw.Answer) -> bool:
    return is_busy(answer, "server_unavailable")


# What is sent


@pytest.mark.parametrize("style", ["file", "form field", "urlencoded", "json", "raw", "chunked"])
def test_the_largest_picture_is_read_in_every_style(style: str, nginx: Nginx) -> None:
    image = LIGHT + bytes(20 * 2**20 - len(LIGHT))
    text = base64.b64encode(image)
    post = partial(requests.post, f"{nginx.url}/ocr", timeout=60)
    ways: dict[str, Callable[[], requests.Response]] = {
        "file": lambda: post(files={"image_file": ("1.png", image)}),
        "form field": lambda: post(files={"image_data": (None, text)}),
        "urlencoded": lambda: post(data={"image_data": text}),
        "json": lambda: post(json={"image_data": text.decode()}),
        "raw": lambda: post(data=image, headers=RAW),
        "chunked": lambda: post(data=iter([image[:1000], image[1000:]]), headers=RAW),
    }
    assert texts(ways[style]()) == TEXT


def test_the_largest_body_reaches_the_server(nginx: Nginx) -> None:
    response = post(nginx, bytes(LIMIT))
    assert (response.status_code, response.json()["code"]) == (413, "image_too_large")


@pytest.mark.parametrize("sizes", [[LIMIT + 1], [LIMIT, 1]], ids=["sized", "chunked"])
def test_a_larger_body_is_refused_by_nginx_in_the_servers_words(
    sizes: list[int], nginx: Nginx, server: Server
) -> None:
    before = answered(server)
    data = bytes(sizes[0]) if len(sizes) == 1 else map(bytes, sizes)
    response = requests.post(f"{nginx.url}/ocr", data=data, headers=RAW, timeout=60)
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")
    assert response.headers["X-Request-ID"] == response.json()["request_id"]
    assert str(LIMIT) in response.json()["detail"]
    assert answered(server) == before


def test_the_limit_on_bodies_is_the_servers_own(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    with nginx_server.ocr_server(tmp_path, path):
        for size, code in ((LIMIT, b"image_too_large"), (LIMIT + 1, b"body_too_large")):
            (answer,) = raw.ask(path, closing(POST % size) + bytes(size))
            assert code in answer.body


def closing(head: bytes) -> bytes:
    return head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)


def test_slow_and_aborted_uploads_never_reach_the_server(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    with (
        nginx_server.ocr_server(tmp_path, path, threads="1", slots="1") as server,
        nginx_server.serve(tmp_path / "nginx", path) as nginx,
        ExitStack() as open_uploads,
    ):
        # Each would hold the server's only thread.
        for _ in range(20):
            upload = open_uploads.enter_context(raw.connect(address(nginx)))
            upload.sendall(POST % len(LIGHT) + LIGHT[:-1])
        assert texts(post(nginx, LIGHT)) == TEXT
        open_uploads.close()
        assert texts(post(nginx, LIGHT)) == TEXT
        wait_until(lambda: answered(server) >= 2)  # The log is written after the answer is sent.
        assert answered(server) == 2


def test_clients_that_leave_while_they_wait_cost_no_inference(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    with (
        nginx_server.ocr_server(tmp_path, path, slots="1", elastic="0") as server,
        nginx_server.serve(tmp_path / "nginx", path) as nginx,
        ThreadPoolExecutor(1) as clients,
    ):
        (worker,) = server.workers
        idle = processor_ticks(worker)
        busy = clients.submit(post, nginx, HEAVY)
        wait_until(lambda: processor_ticks(worker) > idle + 10)  # 0.1 s of work
        for _ in range(4):
            with raw.connect(address(nginx)) as connection:
                connection.sendall(POST % len(HEAVY) + HEAVY)
        assert busy.result().ok
        assert texts(post(nginx, LIGHT)) == TEXT
        wait_until(lambda: len(re.findall(r'(?:" |status=)499 ', server.log.read_text())) == 4)


# What is passed on


SPOOFED = {
    "X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example",
    "X-Real-IP": "6.6.6.6", "X-Request-Start": "t=1", "Forwarded": "for=6.6.6.6;proto=https",
    "X-Forwarded-Port": "6", "X-Forwarded-Prefix": "/evil", "X-Forwarded-Protocol": "ssl",
    "X-Forwarded-Server": "evil.example", "X-Forwarded-Ssl": "on", "X-Original-URL": "/metrics",
    "X-Rewrite-URL": "/metrics", "Proxy": "http://evil.example", "Upgrade": "h2c", "TE": "trailers",
    "Keep-Alive": "timeout=1000", "X_Forwarded_For": "6.6.6.6", "Script_Name": "/evil",
    "Connection": "close, X-Request-Start, X-Forwarded-For, X-Request-ID, Content-Length",
}  # fmt: skip


def test_what_a_client_says_of_itself_is_replaced(recording: Nginx, recorded: Recorder) -> None:
    extra = "".join(f"{name}: {value}\r\n" * 2 for name, value in SPOOFED.items())
    sent = f"POST http://a.example/ocr?x=1 HTTP/1.1\r\nHost: b\r\n{extra}Accept: */*\r\n"
    now = time.time()
    raw.ask(address(recording), f"{sent}Content-Length: 2\r\n\r\nhi".encode())
    (request,) = recorded.requests
    assert (request.line, request.body) == ("POST /ocr?x=1 HTTP/1.1", b"hi")
    headers = dict(request.headers)
    assert len(headers) == len(request.headers)
    assert re.fullmatch(r"[0-9a-f]{32}", headers.pop("x-request-id"))
    assert now - 1 < float(headers.pop("x-request-start").removeprefix("t=")) < time.time() + 1
    assert headers == {
        "host": "a.example", "accept": "*/*", "content-length": "2",
        "x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1",
        "x-forwarded-proto": "http", "x-forwarded-host": "a.example",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [
        ("a.B-9_", True), ("a" * 64, True), ("a" * 65, False), ("", False), ("a b", False),
        ('a","code":"b', False), ("a\tb", False), ("\xe9", False), ("a;b", False),
    ],
)  # fmt: skip
def test_a_well_formed_request_id_is_kept_and_another_is_replaced(
    given: str, is_kept: bool, nginx: Nginx
) -> None:
    for path in (b"/healthz", b"/ocr_server_problem"):  # answered by the server, and by nginx
        sent = (GET % path).replace(
            b"\r\n", b"\r\nX-Request-ID: %s\r\n" % given.encode("latin-1"), 1
        )
        (answer,) = raw.ask(address(nginx), sent)
        request_id = answer.headers["x-request-id"]
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", request_id)
        assert (request_id == given) == is_kept


def test_a_stamp_of_the_client_does_not_make_its_request_old(nginx: Nginx) -> None:
    headers = {**RAW, "X-Request-Start": "t=1"}
    assert requests.post(f"{nginx.url}/ocr", data=LIGHT, headers=headers, timeout=60).ok


def test_a_request_is_stamped_when_its_body_is_there(recording: Nginx, recorded: Recorder) -> None:
    with raw.connect(address(recording)) as connection:
        connection.sendall(closing(POST % 2) + b"h")
        # nginx has taken the head and the first byte when it has answered somebody else later.
        assert requests.get(recording.url, timeout=60).ok
        time.sleep(0.02)
        half = time.time()
        connection.sendall(b"i")
        assert raw.received(connection)
    stamp = dict(recorded.requests[-1].headers)["x-request-start"]
    assert float(stamp.removeprefix("t=")) >= half - 0.01  # nginx keeps time in steps.


def test_a_picture_is_sent_to_the_server_once_even_if_no_answer_comes(
    recording: Nginx, recorded: Recorder
) -> None:
    # nginx asks again more easily where a connection was kept; each of its two processes has some.
    for _ in range(8):
        assert requests.get(recording.url, timeout=20).ok
    before = len(recorded.requests)
    recorded.answer = []
    (answer,) = raw.ask(address(recording), closing(POST % 2) + b"hi")
    assert is_unavailable(answer)
    assert len(recorded.requests) == before + 1


def test_connections_to_the_server_are_kept(recording: Nginx, recorded: Recorder) -> None:
    for _ in range(8):
        assert requests.get(recording.url, timeout=20).ok
    assert recorded.connections <= 2  # nginx has two processes.


def test_an_answer_that_says_so_is_passed_on_line_by_line(
    recording: Nginx, recorded: Recorder
) -> None:
    head = b"HTTP/1.1 200 OK\r\nX-Accel-Buffering: no\r\nConnection: close\r\n\r\n"
    recorded.answer = [head + b"one\n", b"two\n"]
    recorded.goes_on = threading.Semaphore(1)
    with requests.get(recording.url, stream=True, timeout=20) as response:
        lines = response.iter_lines(1)
        assert next(lines) == b"one"
        recorded.goes_on.release()
        assert next(lines) == b"two"
    assert "X-Accel-Buffering" not in response.headers


# What is closed

CLOSED = [
    "/metrics", "//metrics", "///metrics", "/./metrics", "/x/../metrics", "/%6detrics", "/metrics/",
    "/metrics//", "/metrics/.", "/metric%73", "/%2e/metrics", "/%2fmetrics", "/metrics?x=1",
    "/metrics%2f", "/metrics%3fx", "/metrics%23", "/metrics%20", "/metrics#x", "/x/%2e%2e/metrics",
    "/metrics/x", "/metrics;x", "/ocr/..//metrics", "http://x/metrics", "http://x//%6Detrics",
]  # fmt: skip
ELSEWHERE = [
    "/;/metrics", "/x;/metrics", "/METRICS", "/%4d%45TRICS", "/%256detrics", "/\\metrics",
    "/..;/metrics", "/metrics/../x", "/ocr/%2e%2e;/metrics", "/x?/metrics", "/x%3f/../metric",
]  # fmt: skip


@pytest.mark.parametrize("target", CLOSED)
def test_metrics_are_closed_to_others_than_this_machine(
    target: str, recording: Nginx, recorded: Recorder
) -> None:
    sent = (GET % target.encode()).replace(b"\r\n", b"\r\nX-Forwarded-For: 127.0.0.1\r\n", 1)
    (answer,) = raw.ask(address(recording), sent, STRANGER)
    assert (answer.status, b'"code": "not_found"' in answer.body) == (404, True)
    assert recorded.requests == []
    (answer,) = raw.ask(address(recording), sent)
    assert answer.body == b"ok"


@pytest.mark.parametrize("target", [*ELSEWHERE, ";/metrics", "/metrics%00", "/../metrics"])
def test_no_detour_leads_to_the_metrics(target: str, nginx: Nginx) -> None:
    (answer,) = raw.ask(address(nginx), GET % target.encode(), STRANGER)
    assert answer.status in (400, 404)


def test_the_page_of_nginxs_own_errors_cannot_be_asked_for(nginx: Nginx) -> None:
    (answer,) = raw.ask(address(nginx), GET % b"/ocr_server_problem")
    assert answer.status == 404


# More than is good


def test_a_client_with_too_many_requests_is_refused(recording: Nginx, recorded: Recorder) -> None:
    count = 600
    sent = (GET % b"/").replace(b"Connection: close\r\n", b"") * (count - 1) + GET % b"/"
    answers = raw.ask(address(recording), sent, STRANGER)
    refused = [answer for answer in answers if answer.status == 429]
    assert len(answers) == count
    assert len(refused) + len(recorded.requests) == count
    assert len(recorded.requests) >= 200
    assert all(answer.headers["retry-after"] == "1" for answer in refused)
    assert b'"code": "too_many_requests"' in refused[0].body
    (answer,) = raw.ask(address(recording), GET % b"/", "127.0.0.3")
    assert answer.status == 200


def test_a_client_with_too_many_requests_at_once_is_refused(
    recording: Nginx, recorded: Recorder
) -> None:
    recorded.goes_on = threading.Semaphore(0)
    with ExitStack() as held:
        for _ in range(64):
            held.enter_context(raw.connect(address(recording), STRANGER)).sendall(GET % b"/")
        wait_until(lambda: len(recorded.requests) == 64)
        (answer,) = raw.ask(address(recording), GET % b"/", STRANGER)
        assert (answer.status, answer.headers["retry-after"]) == (429, "1")
        recorded.goes_on.release(1000)
        (answer,) = raw.ask(address(recording), GET % b"/", "127.0.0.3")
        assert answer.status == 200


def test_what_is_too_much_is_refused_at_once_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    settings = {"slots": "1", "max_waiting": "1", "elastic": "0"}
    with (
        nginx_server.ocr_server(tmp_path, path, **settings),
        nginx_server.serve(tmp_path / "nginx", path) as nginx,
    ):

        async def all_at_once() -> list[Answer]:
            request = picture_request(HEAVY)
            return await asyncio.gather(*(ask(nginx, request) for _ in range(24)))

        answers = asyncio.run(all_at_once())
        read = [answer for answer in answers if answer.status == 200]
        refused = [answer for answer in answers if answer.status == 503]
        assert len(read) >= 2
        assert len(read) + len(refused) == 24
        assert all(is_busy(raw.answers(answer.body)[0]) for answer in refused)
        assert max(answer.ended for answer in refused) < max(answer.ended for answer in read)
        assert texts(post(nginx, LIGHT)) == TEXT


def test_a_server_that_is_down_is_told_as_unavailable_and_found_again(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    with nginx_server.serve(tmp_path / "nginx", path) as nginx:
        for sent in (GET % b"/healthz", closing(POST % len(LIGHT)) + LIGHT):
            (answer,) = raw.ask(address(nginx), sent)
            assert is_unavailable(answer)
        with nginx_server.ocr_server(tmp_path, path):
            assert texts(post(nginx, LIGHT)) == TEXT
        assert is_unavailable(*raw.ask(address(nginx), GET % b"/healthz"))


def test_a_server_that_can_take_no_more_connections_is_told_as_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    with (
        socket.socket(socket.AF_UNIX) as full,
        socket.socket(socket.AF_UNIX) as only,
        nginx_server.serve(tmp_path / "nginx", path) as nginx,
    ):
        full.bind(str(path))
        full.listen(0)
        only.connect(str(path))
        (answer,) = raw.ask(address(nginx), GET % b"/healthz")
        assert is_unavailable(answer)


# Documents


@pytest.fixture
def impatient(tmp_path: Path, recorded: Recorder) -> Iterator[Nginx]:
    """nginx that waits for pictures half a second only."""
    folder, port = tmp_path / "nginx", nginx_server.free_port()
    nginx_server.install(folder, port, tmp_path / "s.sock")
    snippet = folder / "snippets" / "ocr_server-proxy.conf"
    change = ("proxy_read_timeout 240s;", "proxy_read_timeout 500ms;")
    snippet.write_text(nginx_server.replaced(snippet.read_text("utf-8"), change), "utf-8")
    with nginx_server.started(folder, port) as nginx:
        yield nginx


def test_nginx_waits_longer_for_a_document_than_for_a_picture(
    impatient: Nginx, recorded: Recorder
) -> None:
    recorded.goes_on = threading.Semaphore(0)
    document = POST.replace(b"/ocr", b"/ocr/document")
    with raw.connect(address(impatient)) as connection:
        connection.sendall(closing(document % 2) + b"hi")
        wait_until(lambda: len(recorded.requests) == 1)
        # Sent later, it is given up: by now the document has waited longer.
        (picture,) = raw.ask(address(impatient), closing(POST % 2) + b"hi")
        assert is_unavailable(picture)
        recorded.goes_on.release(1000)
        assert raw.received(connection).startswith(b"HTTP/1.1 200 ")


# The configuration itself


def test_the_tls_example_works(tmp_path: Path, recorded: Recorder) -> None:
    certificate, key = tmp_path / "ocr_server.pem", tmp_path / "ocr_server.key"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run(
        [*command.split(), "-out", str(certificate), "-keyout", str(key)],
        check=True,
        capture_output=True,
    )
    port = nginx_server.free_port()
    folder = tmp_path / "nginx"
    nginx_server.install(
        folder,
        port,
        tmp_path / "s.sock",
        (f"    listen 127.0.0.1:{port} default_server;\n", ""),
        ("    # listen 443 ssl", f"    listen 127.0.0.1:{port} ssl"),
        ("    # listen [::]:443 ssl http2 default_server;\n", ""),
        ("    # ssl_", "    ssl_"),
        ("/etc/ssl/certs", str(tmp_path)),
        ("/etc/ssl/private", str(tmp_path)),
    )
    with nginx_server.started(folder, port) as nginx:
        url = f"https://127.0.0.1:{nginx.port}"
        assert requests.get(url, verify=str(certificate), timeout=20).ok
        plain = requests.get(nginx.url, timeout=20)
    assert dict(recorded.requests[0].headers)["x-forwarded-proto"] == "https"
    assert (plain.status_code, plain.json()["code"]) == (400, "bad_request")


def test_the_access_log_has_no_query_and_tells_whose_time_it_was(nginx: Nginx) -> None:
    headers = {"X-Request-ID": "findme"}
    requests.get(f"{nginx.url}/healthz?key=secret", headers=headers, timeout=20)
    wait_until(lambda: any(line["id"] == "findme" for line in nginx.requests_logged()))
    (line,) = [line for line in nginx.requests_logged() if line["id"] == "findme"]
    assert (line["path"], line["status"], line["upstream_status"]) == ("/healthz", "200", "200")
    assert float(line["seconds"]) < 20
    assert float(line["upstream_seconds"]) < 20
    assert "secret" not in str(line)


# Reloads

LOAD = [picture_request(pictures.read(name)) for name in ("page_latin.png", "small.png")]


def are_replaced(running: Nginx | Server, old: set[int]) -> bool:
    return len(running.workers) == 2 and not old & {*running.workers}


async def reload_nginx(nginx: Nginx, count: int) -> list[Answer]:
    for _ in range(count):
        old = nginx.workers
        os.kill(nginx.process.pid, signal.SIGHUP)
        await asyncio.to_thread(wait_until, partial(are_replaced, nginx, old), 60)
    return []


async def reload_server(server: Server, count: int) -> list[Answer]:
    for _ in range(count):
        old = {*server.workers}
        os.kill(server.process.pid, signal.SIGHUP)
        await asyncio.to_thread(wait_until, partial(are_replaced, server, old), 60)
    return []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("whose", ["nginx", "server"])
def test_reloads_under_load_lose_nothing(whose: str, nginx: Nginx, server: Server) -> None:
    done = asyncio.Event()

    async def reload() -> list[Answer]:
        if whose == "nginx":
            await reload_nginx(nginx, scaled(5, 20))
        else:
            await reload_server(server, scaled(1, 20))
        done.set()
        return []

    async def load() -> list[Answer]:
        answers: list[Answer] = []
        while not done.is_set():
            answers += await closed_loop(nginx, LOAD, 4, 1)
        return answers

    answers, _ = together(load(), reload())
    assert len(answers) > 4
    assert [answer.body for answer in answers if answer.status != 200] == []
