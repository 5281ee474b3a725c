"""Mutants of documents through a real server, in every format: read or refused, never worse."""

import io
import json
import random
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree

import pikepdf
import pytest
import requests
from PIL import Image

from tests import pictures
from tests.chaos.raw_pdf import page_with, stream
from tests.fuzz.mutants import mutant
from tests.fuzz.replies import check
from tests.live.gunicorn_server import Server, serve
from tests.scale import scaled

MUTANTS = scaled(100, 3_000)
FORMATS = ["json", "ndjson", "text", "markdown", "hocr", "alto", "tsv", "pdf"]
PASSWORD = "secret"
Revision = Literal[3, 4, 6]


def originals() -> list[tuple[str, bytes]]:
    """Small documents of every kind, with the name of the kind."""
    text = stream(b"BT /F 20 Tf 5 20 Td (Harvest) Tj ET")
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    plain = page_with(text, font, resources=b"/Font<</F 5 0 R>>", box=b"0 0 100 60")
    with Image.open(io.BytesIO(pictures.read("small.png"))) as image:
        small = image.convert("RGB").resize((60, 20))
    frames = [small, small.rotate(180), small.convert("L").convert("RGB")]
    found = [("PDF", plain), ("PDF", repacked(plain, 1)), ("PDF", repacked(plain, 3))]
    found += [("PDF", protected(plain, revision)) for revision in (3, 4, 6)]
    for name in ("PDF", "TIFF", "GIF", "WEBP"):
        file = io.BytesIO()
        first, *more = (frame.copy() for frame in frames)
        first.save(file, name, save_all=True, append_images=more)
        found.append((name, file.getvalue()))
    return found


def repacked(data: bytes, pages: int) -> bytes:
    """The document with so many pages, and all that can be packed."""
    file = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        for _ in range(pages - 1):
            pdf.pages.append(pdf.pages[0])
        pdf.save(file, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return file.getvalue()


def protected(data: bytes, revision: Revision) -> bytes:
    file = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        aes = revision >= 4
        encryption = pikepdf.Encryption(
            user=PASSWORD, owner="owner", R=revision, aes=aes, metadata=aes
        )
        pdf.save(file, encryption=encryption)
    return file.getvalue()


def send(server: Server, data: bytes, options: dict[str, Any]) -> str:
    """Send a document, check the answer; return the error's code, or what the pages are."""
    response = requests.post(
        f"{server.url}/ocr/document",
        files={"image_file": data},
        data=options,
        timeout=60,
    )
    is_pdf = response.ok and options["format"] == "pdf"
    code = check(response.status_code, str(response.headers), "" if is_pdf else response.text)
    return code or of_pages(options["format"], response)


def of_pages(name: str, response: requests.Response) -> str:
    if name == "pdf":
        with pikepdf.open(io.BytesIO(response.content)) as pdf:
            assert len(pdf.pages) >= 1
    if name == "alto":
        ElementTree.fromstring(response.content)
    if name not in ("json", "ndjson"):
        return "read"
    pages = response.json()["pages"] if name == "json" else map(json.loads, response.iter_lines())
    errors = {page["error"]["code"] for page in pages if "error" in page}
    assert "internal_error" not in errors
    return " ".join(sorted(errors)) or "read"


def options_of(chance: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {"format": chance.choice(FORMATS), "dpi": 72}
    if chance.random() < 0.7:
        found["use_det"] = "false"  # faster, and what breaks are documents, not the engine
    if chance.random() < 0.7:
        found["password"] = PASSWORD
    if chance.random() < 0.2:
        found["pages"] = chance.choice(["1", "1-2", "2-", "-3", "3,1"])
    return found


@pytest.mark.timeout(7200)
def test_no_mutant_of_a_document_breaks_the_server(tmp_path: Path) -> None:
    files = originals()
    seen: dict[str, int] = {}
    with serve(tmp_path, ["-w", "1"], max_render_seconds="2") as server:
        workers = server.workers
        for number, (kind, data) in enumerate(files):
            options = {"format": FORMATS[number % len(FORMATS)], "dpi": 72, "password": PASSWORD}
            assert send(server, data, options) == "read", (kind, options)
        for number in range(MUTANTS):
            _, data = mutant(number, files)
            try:
                outcome = send(server, data, options_of(random.Random(number)))
            except Exception as error:
                error.add_note(f"mutant {number}")
                raise
            seen[outcome] = seen.get(outcome, 0) + 1
        assert server.workers == workers
        log = server.log.read_text()
        assert "Traceback" not in log, log[log.index("Traceback") :][:3000]
    print(seen)
    assert seen["read"] > MUTANTS / 10
    assert len(seen) > 3
