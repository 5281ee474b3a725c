"""Random base64, forms, JSON and raw bodies: an answer or the client's error, never a surprise."""

import base64
import json
import random
import re
import socket
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlsplit

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests import pictures
from tests.fuzz.replies import TRACE, check
from tests.live.gunicorn_server import Server, serve
from tests.live.load import picture_request
from tests.scale import scaled

# Five tests of these come to 100 000 in the long form.
EXAMPLES = settings(
    max_examples=scaled(150, 20_000),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
SMALL = pictures.read("blank.png")
MARKS = [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"GIF89a", b"II*\0", b"RIFF\4\0\0\0WEBP"]

names = st.sampled_from(["image_file", "image_data", "use_det", "use_cls", "use_rec"]) | st.text()
images = st.one_of(
    st.binary(max_size=300),
    st.tuples(st.sampled_from(MARKS), st.binary(max_size=300)).map(b"".join),
    st.integers(0, len(SMALL) - 1).map(lambda length: SMALL[:length]),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(names, inner, max_size=5),
    max_leaves=20,
)
option_values = st.sampled_from(["true", "false", "0", "1", "TRUE", ""]) | st.text(max_size=8)


def code(response: TestResponse) -> str:
    return check(response.status_code, str(response.headers), response.get_data(as_text=True))


def post(client: FlaskClient, body: bytes, content_type: str, **more: Any) -> str:
    return code(client.post("/ocr", data=body, content_type=content_type, **more))


@st.composite
def base64_styles(draw: st.DrawFn, data: bytes) -> str:
    """Draw one of the ways in which clients write base64."""
    text = base64.b64encode(data).decode()
    if draw(st.booleans()):
        text = text.replace("+", "-").replace("/", "_")
    if draw(st.booleans()):
        text = text.rstrip("=")
    if draw(st.booleans()):
        line = draw(st.integers(4, 80))
        end = draw(st.sampled_from(["\n", "\r\n"]))
        text = end.join(text[start : start + line] for start in range(0, len(text), line))
    if draw(st.booleans()):
        text = "data:image/png;base64," + text
    return text


def multipart(fields: list[tuple[str, str | None, str, bytes]], boundary: str) -> bytes:
    parts = []
    for name, file_name, content_type, value in fields:
        head = f'Content-Disposition: form-data; name="{name}"'
        if file_name is not None:
            head += f'; filename="{file_name}"'
        if content_type:
            head += f"\r\nContent-Type: {content_type}"
        parts.append(f"--{boundary}\r\n{head}\r\n\r\n".encode("utf-8", "replace") + value + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode()


@pytest.mark.timeout(3600)
@EXAMPLES
@given(image=images.filter(bool), data=st.data())
def test_base64_of_any_style_says_what_the_bytes_themselves_say(
    client: FlaskClient, image: bytes, data: st.DataObject
) -> None:
    text = data.draw(base64_styles(image))
    by_bytes = post(client, image, "application/octet-stream")
    as_json = json.dumps({"image_data": text}).encode()
    assert post(client, as_json, "application/json") == by_bytes
    form = f"image_data={quote_plus(text)}".encode()
    assert post(client, form, "application/x-www-form-urlencoded") == by_bytes
    part = multipart([("image_data", None, "", text.encode())], "x")
    assert post(client, part, "multipart/form-data; boundary=x") == by_bytes


@pytest.mark.timeout(3600)
@EXAMPLES
@given(text=st.text(max_size=200), fields=st.dictionaries(names, option_values, max_size=5))
def test_what_is_no_base64_is_the_clients_error(
    client: FlaskClient, text: str, fields: dict[str, str]
) -> None:
    members = {**fields, "image_data": text}
    post(client, json.dumps(members).encode(), "application/json")
    form = "&".join(f"{quote_plus(k, errors='replace')}={v}" for k, v in members.items())
    assert post(client, form.encode("utf-8", "replace"), "application/x-www-form-urlencoded")


@pytest.mark.timeout(3600)
@EXAMPLES
@given(
    fields=st.lists(
        st.tuples(names, st.none() | st.text(max_size=9), st.text(max_size=9), images), max_size=4
    ),
    boundary=st.text("abc-'()+_,./:=?", min_size=1, max_size=8),
    cut=st.floats(0.2, 1.0),
    junk=st.binary(max_size=20),
)
def test_multipart_forms_whole_and_broken(
    client: FlaskClient,
    fields: list[tuple[str, str | None, str, bytes]],
    boundary: str,
    cut: float,
    junk: bytes,
) -> None:
    body = multipart(fields, boundary)
    kept = body[: int(len(body) * cut)] + (junk if cut < 1 else b"")
    assert post(client, kept, f'multipart/form-data; boundary="{boundary}"')


@pytest.mark.timeout(3600)
@EXAMPLES
@given(value=json_values, tail=st.binary(max_size=3))
def test_json_of_any_shape(client: FlaskClient, value: object, tail: bytes) -> None:
    assert post(client, json.dumps(value).encode() + tail, "application/json")


@pytest.mark.timeout(3600)
@EXAMPLES
@given(
    body=images,
    # The error repeats the type in lower case; one such as "0.PY" would look like a leak.
    content_type=st.text(
        st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=30
    ).filter(lambda text: not TRACE.search(text.lower()))
    | st.sampled_from(["image/png", "", "application/octet-stream", "multipart/form-data"]),
    query=st.dictionaries(names, option_values, max_size=3),
    stamp=st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=20),
)
def test_raw_bodies_with_any_content_type_query_and_stamp(
    client: FlaskClient, body: bytes, content_type: str, query: dict[str, str], stamp: str
) -> None:
    headers = {"X-Request-Start": stamp}
    assert post(client, body, content_type, query_string=query, headers=headers)


@pytest.mark.timeout(3600)
def test_requests_with_broken_http_are_answered_or_dropped_and_hurt_nobody(tmp_path: Path) -> None:
    chance = random.Random(0)
    chunked = (
        b"POST /ocr HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked"
        b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    )
    originals = [picture_request(SMALL), picture_request(SMALL, "/ocr?use_det=1"), chunked]
    with serve(tmp_path) as server:
        workers = server.workers
        for _ in range(scaled(100, 5_000)):
            request = bytearray(chance.choice(originals))
            for _ in range(chance.randint(1, 6)):
                place = chance.randrange(min(200, len(request)))
                request[place] = chance.choice(b"\0\r\n :;/09azA\xff" + bytes(range(256)))
            check_raw(replies_to(server, bytes(request)))
        assert server.post(SMALL).ok
        assert server.workers == workers


def replies_to(server: Server, request: bytes) -> str:
    place = urlsplit(server.url)
    with socket.create_connection((place.hostname, place.port), timeout=30) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return connection.makefile("rb").read().decode("latin-1")


def check_raw(replies: str) -> None:
    """Check the replies on a connection: the application's, gunicorn's own, or none."""
    while replies:
        head, _, rest = replies.partition("\r\n\r\n")
        status, length = int(head.split()[1]), re.search(r"(?i)content-length: (\d+)", head)
        assert length, replies
        body, replies = rest[: int(length[1])], rest[int(length[1]) :]
        if "application/" in head:
            check(status, head, body)
        else:
            assert status in {*range(400, 500), 501}, body
