import io
import json
from collections.abc import Sequence
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path, PurePath
from typing import Any

import pytest
from PIL import Image

from ocr_server.reading.failure import Failure, ReadError
from ocr_server.reading.forms import FORMS
from ocr_server.reading.http import Address, Client
from ocr_server.reading.progress import Progress
from ocr_server.reading.remote import Remote
from ocr_server.reading.sources import Source
from ocr_server.reading.work import Piece
from tests.reading.scripted_server import Reply, ScriptedServer, scripted

PDF = b"%PDF-1.7\n\r\n--not a boundary"
JSON = {"Content-Type": "application/json"}
NDJSON = {"Content-Type": "application/x-ndjson", "X-Request-ID": "id"}
SIZE: dict[str, Any] = {"width": 1, "height": 1, "dpi": None, "lines": {}}
ERROR = {"title": "Title", "detail": "Detail.", "code": "code", "status": 400}


def pages(*entries: dict[str, Any]) -> Reply:
    """Answer with these pages of a document of three."""
    whole = [
        {"page": number, "page_count": 3, "remaining": 3 - number, **entry}
        for number, entry in enumerate(entries, 1)
    ]
    return Reply(200, b"".join(json.dumps(entry).encode() + b"\n" for entry in whole), NDJSON)


def animation() -> bytes:
    file = io.BytesIO()
    frames = [Image.new("L", (8, 8), level) for level in (0, 255)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


def read(
    server: ScriptedServer, folder: Path, data: bytes, form: str = "json", **how: str
) -> Sequence[Piece]:
    file = folder / "file"
    file.write_bytes(data)
    password = how.pop("password", None)
    client = Client(Address.of(server.url), {}, 10)
    with Progress(1, is_shown=False) as progress:
        remote = Remote(client, FORMS[form], how, password, progress)
        return list(remote.read(Source(file, PurePath("file"))))


@pytest.mark.parametrize(
    ("data", "form", "reply", "target"),
    [
        (b"picture", "json", Reply(200, b"{}", JSON), "/ocr?dpi=72&format=json"),
        (
            b"picture",
            "ndjson",
            pages(SIZE, SIZE, SIZE),
            "/ocr/document?dpi=72&format=ndjson",
        ),
        (PDF, "json", pages(SIZE, SIZE, SIZE), "/ocr/document?dpi=72&format=ndjson"),
        (animation(), "json", pages(SIZE, SIZE, SIZE), "/ocr/document?dpi=72&format=ndjson"),
    ],
)
def test_a_file_goes_where_its_kind_and_form_are_read(
    tmp_path: Path, data: bytes, form: str, reply: Reply, target: str
) -> None:
    with scripted(reply) as server:
        read(server, tmp_path, data, form, dpi="72")
    (request,) = server.requests
    assert (request.target, request.body) == (target, data)


def test_a_password_is_sent_in_a_form_and_in_no_address(tmp_path: Path) -> None:
    secret = 'p\N{LATIN SMALL LETTER A WITH DIAERESIS}ss"&='
    with scripted(pages(SIZE, SIZE, SIZE)) as server:
        read(server, tmp_path, PDF, password=secret)
    (request,) = server.requests
    assert request.target == "/ocr/document?format=ndjson"
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    parts = BytesParser(policy=HTTP).parsebytes(head + request.body).iter_parts()
    sent = {
        part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
        for part in parts
    }
    assert sent == {"password": secret.encode(), "image_file": PDF}


def test_a_password_is_sent_with_pdfs_alone(tmp_path: Path) -> None:
    with scripted(Reply(200, b"{}", JSON)) as server:
        read(server, tmp_path, b"picture", password="secret")
    assert b"secret" not in server.requests[0].body


def test_a_page_that_failed_is_in_the_answer_and_told(tmp_path: Path) -> None:
    with scripted(pages(SIZE, {"error": ERROR}, SIZE)) as server:
        pieces = read(server, tmp_path, PDF, "ndjson")
    failure = Failure(f"{tmp_path / 'file'}, page 2", "Title", "Detail.", "code")
    assert [piece for piece in pieces if isinstance(piece, Failure)] == [failure]
    lines = [json.loads(piece) for piece in pieces if isinstance(piece, bytes)]
    assert lines[1]["error"]["request_id"] == "id"


@pytest.mark.parametrize("cut", [0, 1, -1, 30])
def test_an_answer_that_is_cut_short_is_told(tmp_path: Path, cut: int) -> None:
    whole = pages(SIZE, SIZE, SIZE)
    with (
        scripted(Reply(200, whole.body[: cut - 1 if cut < 0 else cut], NDJSON)) as server,
        pytest.raises(ReadError, match="Not all pages came") as caught,
    ):
        read(server, tmp_path, PDF)
    assert caught.value.code == "server_broke_off"


def test_a_document_is_not_drawn(tmp_path: Path) -> None:
    with scripted() as server, pytest.raises(ReadError, match="Choose another --format"):
        read(server, tmp_path, PDF, "image")
    assert not server.requests
