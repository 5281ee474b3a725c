"""Documents read by `ocr_server read`, in this process and by a real server."""

import io
import json
import signal
import struct
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from tests import pictures
from tests.live.gunicorn_server import Server
from tests.live.test_read_command import SMALL, codes, read, start, texts

NAMES = ("small.png", "blank.png", "grey.jpg")


def document(kind: str, **how: str) -> bytes:
    """Return a document whose pages are the pictures of these names."""
    first, *others = [
        Image.open(io.BytesIO(pictures.read(name))).convert("RGB").resize((640, 320))
        for name in NAMES
    ]
    file = io.BytesIO()
    first.save(file, kind, save_all=True, append_images=others, **how)
    return file.getvalue()


def encrypted(pdf: bytes, password: str) -> bytes:
    file = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        opened.save(file, encryption=pikepdf.Encryption(owner=password, user=password))
    return file.getvalue()


def with_a_broken_page() -> bytes:
    """Return a TIFF whose second page is compressed in a way that nobody knows."""
    data = bytearray(document("TIFF"))
    compression = struct.pack("<HHI", 259, 3, 1)  # TIFF 6.0: tag, type, count; then the value
    place = data.index(compression, data.index(compression) + 1) + len(compression)
    data[place : place + 2] = b"\xff\xff"
    return bytes(data)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a document of each kind."""
    folder = tmp_path_factory.mktemp("documents")
    pdf = document("PDF")
    (folder / "1.pdf").write_bytes(pdf)
    (folder / "2.tiff").write_bytes(document("TIFF"))
    (folder / "3.webp").write_bytes(document("WEBP"))
    (folder / "other").mkdir()
    (folder / "other/locked.pdf").write_bytes(encrypted(pdf, "s\N{LATIN SMALL LETTER SHARP S} &?"))
    (folder / "other/broken.tiff").write_bytes(with_a_broken_page())
    return folder


def test_documents_give_the_same_here_and_by_a_server(server: Server, folder: Path) -> None:
    here = read("*", folder=folder)
    assert read("*", "--server", server.url, folder=folder).stdout == here.stdout
    for line in here.stdout.splitlines():
        pages = json.loads(line)["result"]["pages"]
        assert [page["remaining"] for page in pages] == [2, 1, 0]
        assert texts(pages[0]["lines"])[0].strip() == "Harvest"


@pytest.mark.parametrize("name", ["text", "markdown", "hocr", "alto", "tsv", "pdf"])
def test_a_document_gives_the_same_in_each_form_here_and_by_a_server(
    server: Server, folder: Path, name: str
) -> None:
    flags = ["2.tiff", "--format", name]
    here = read(*flags, folder=folder).stdout
    assert read(*flags, "--server", server.url, folder=folder).stdout == here


def test_a_searchable_pdf_has_the_text(folder: Path, tmp_path: Path) -> None:
    read("1.pdf", SMALL, "--format", "pdf", "--output", str(tmp_path), folder=folder)
    for name in ("1.pdf.pdf", "small.png.pdf"):
        with pypdfium2.PdfDocument(tmp_path / name) as pdf:
            assert "Harvest" in pdf[0].get_textpage().get_text_bounded()


def test_a_document_is_not_drawn_and_the_pictures_are(
    server: Server, folder: Path, tmp_path: Path
) -> None:
    for where in ([], ["--server", server.url]):
        flags = ["--format", "image", "--output", str(tmp_path / f"{len(where)}"), *where]
        ended = read("1.pdf", SMALL, *flags, status=1, folder=folder)
        assert codes(ended.stderr) == ["1.pdf (invalid_option)"]
        assert [file.name for file in tmp_path.glob(f"{len(where)}/*")] == ["small.png.png"]


def test_chosen_pages_come_a_line_each(server: Server, folder: Path) -> None:
    flags = ["1.pdf", "--pages", "3,1", "--dpi", "72", "--format", "ndjson"]
    here = read(*flags, folder=folder).stdout
    assert read(*flags, "--server", server.url, folder=folder).stdout == here
    pages = [json.loads(line) for line in here.splitlines()]
    assert [(page["page"], page["dpi"]) for page in pages] == [(1, 72), (3, 72)]


def test_an_encrypted_pdf_needs_its_password(server: Server, folder: Path) -> None:
    for where in ([], ["--server", server.url]):
        flags = ["other/locked.pdf", *where]
        wrong = read(*flags, "--password", "wrong", status=1, folder=folder)
        assert codes(wrong.stderr) == ["other/locked.pdf (invalid_password)"]
        right = read(*flags, "--password", "s\N{LATIN SMALL LETTER SHARP S} &?", folder=folder)
        assert json.loads(right.stdout)["page_count"] == 3
        unseen = {"OCR_SERVER_PASSWORD": "s\N{LATIN SMALL LETTER SHARP S} &?"}
        assert read(*flags, folder=folder, environment=unseen).stdout == right.stdout
    assert "wrong" not in server.log.read_text()


def test_ctrl_c_in_the_middle_of_a_pdf_ends_it_without_a_word(tmp_path: Path) -> None:
    page = Image.open(io.BytesIO(pictures.read("page_many_lines.png"))).convert("RGB")
    page.save(tmp_path / "long.pdf", save_all=True, append_images=[page] * 30)
    with start(str(tmp_path / "long.pdf"), "--format", "ndjson") as process:
        assert process.stdout
        assert json.loads(process.stdout.readline())["remaining"] == 30
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, b"")


def test_a_page_that_cannot_be_read_is_told_and_the_others_are_there(
    server: Server, folder: Path
) -> None:
    for where in ([], ["--server", server.url]):
        ended = read("other/broken.tiff", *where, status=1, folder=folder)
        assert codes(ended.stderr) == ["other/broken.tiff, page 2 (invalid_image)"]
        pages = json.loads(ended.stdout)["pages"]
        assert ["error" in page for page in pages] == [False, True, False]


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [(["--pages", "0"], "pages must be"), (["--dpi", "1000"], "dpi must be")],
)
def test_wrong_pages_are_wrong_usage(folder: Path, flags: list[str], complaint: str) -> None:
    ended = read("1.pdf", *flags, status=2, folder=folder)
    assert complaint in ended.stderr.decode()


def test_a_page_that_is_not_there_is_told(server: Server, folder: Path) -> None:
    for where in ([], ["--server", server.url]):
        ended = read("1.pdf", "--pages", "4", *where, status=1, folder=folder)
        assert codes(ended.stderr) == ["1.pdf (invalid_option)"]
