"""Answers over real sockets."""

import base64
import json
import random
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests

from tests import pictures
from tests.live.gunicorn_server import Server

NAMES = ["small.png", "upside_down.png", "one_bit.png", "blank.png", "palette.png"]
FLAGS: list[dict[str, str]] = [{}, {"use_det": "0"}, {"use_rec": "false"}, {"use_cls": "False"}]


def padded(name: str, size: int) -> bytes:
    """A picture as a file of a given size: bytes after a PNG's end are ignored."""
    image = pictures.read(name)
    return image + bytes(size - len(image))


def test_curl_with_a_file(server: Server) -> None:
    command = ["curl", "-s", "-F", "image_file=@page_latin.png", f"{server.url}/ocr"]
    answer = subprocess.run(command, cwd=pictures.FOLDER, capture_output=True, check=True).stdout
    texts = [entry["rec_txt"] for entry in json.loads(answer).values()]
    assert texts == pictures.LINES["page_latin.png"]


def test_requests_with_an_open_file(server: Server) -> None:
    path = pictures.FOLDER / "rotated.jpg"
    with path.open("rb") as open_file:
        files = {"image_file": (str(path), open_file, "image/png")}
        answer = requests.post(f"{server.url}/ocr", files=files, timeout=60).json()
    assert [entry["rec_txt"] for entry in answer.values()] == pictures.LINES["rotated.jpg"]


def test_requests_with_base64(server: Server) -> None:
    picture = pictures.read("small.png")
    data = {"image_data": base64.b64encode(picture)}
    answer = requests.post(f"{server.url}/ocr", data=data, timeout=60).json()
    assert [entry["rec_txt"] for entry in answer.values()] == pictures.LINES["small.png"]


def test_a_chunked_body_is_read(server: Server) -> None:
    picture = pictures.read("small.png")
    headers = {"Content-Type": "image/png"}
    pieces = (picture[start : start + 100] for start in range(0, len(picture), 100))
    answer = requests.post(f"{server.url}/ocr", data=pieces, headers=headers, timeout=60).json()
    assert [entry["rec_txt"] for entry in answer.values()] == pictures.LINES["small.png"]


@pytest.mark.parametrize("style", ["file", "form field", "urlencoded", "json", "raw"])
@pytest.mark.parametrize(("extra_bytes", "status"), [(0, 200), (1, 413)])
def test_pictures_up_to_20_mib_work_in_every_style(
    style: str, extra_bytes: int, status: int, server: Server
) -> None:
    image = padded("small.png", 20 * 2**20 + extra_bytes)
    text = base64.b64encode(image)
    url = f"{server.url}/ocr"
    if style == "file":
        response = server.post(image)
    elif style == "form field":
        response = requests.post(url, files={"image_data": (None, text)}, timeout=60)
    elif style == "urlencoded":
        response = requests.post(url, data={"image_data": text}, timeout=60)
    elif style == "json":
        response = requests.post(url, json={"image_data": text.decode()}, timeout=60)
    else:
        headers = {"Content-Type": "application/octet-stream"}
        response = requests.post(url, data=image, headers=headers, timeout=60)
    assert response.status_code == status


def test_a_body_over_the_limit_gets_its_answer(server: Server) -> None:
    response = server.post(bytes(50 * 2**20))
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")


@pytest.mark.timeout(300)
def test_many_mixed_requests_at_once_get_the_answers_they_get_alone(server: Server) -> None:
    jobs = [(name, number) for name in NAMES for number in range(len(FLAGS))]
    expected = {
        (name, number): server.post(pictures.read(name), fields=FLAGS[number]).content
        for name, number in jobs
    }
    todo = jobs * 10
    random.Random(7).shuffle(todo)
    sessions = threading.local()

    def ask(job: tuple[str, int]) -> bytes:
        if not hasattr(sessions, "session"):
            sessions.session = requests.Session()
        files = {"image_file": ("1.png", pictures.read(job[0]))}
        url = f"{server.url}/ocr"
        response = sessions.session.post(url, files=files, data=FLAGS[job[1]], timeout=120)
        return bytes(response.content)

    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(ask, todo))
    assert len(answers) == 200
    assert answers == [expected[job] for job in todo]


def test_silent_connections_do_not_keep_others_from_being_answered(server: Server) -> None:
    place = urlsplit(server.url)
    address = (place.hostname, place.port)
    silent = [socket.create_connection(address) for _ in range(20)]
    try:
        assert server.post(pictures.read("small.png"), timeout=20).ok
    finally:
        for connection in silent:
            connection.close()


def test_a_client_that_leaves_in_mid_upload_harms_nobody(server: Server) -> None:
    place = urlsplit(server.url)
    with socket.create_connection((place.hostname, place.port)) as connection:
        connection.sendall(
            b"POST /ocr HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\n"
            b"Content-Length: 1000000\r\n\r\n" + bytes(1000)
        )
    assert server.post(pictures.read("small.png")).ok


def test_a_broken_chunked_body_is_the_clients_fault(server: Server) -> None:
    place = urlsplit(server.url)
    with socket.create_connection((place.hostname, place.port)) as connection:
        connection.sendall(
            b"POST /ocr HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\n"
            b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n"
        )
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"code": "bad_request"' in answer


def test_a_doubled_slash_is_not_redirected(server: Server) -> None:
    assert requests.post(f"{server.url}/ocr//", timeout=60).status_code == 404
