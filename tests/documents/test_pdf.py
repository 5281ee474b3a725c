"""PDFs, rendered in a process of their own that may die."""

import io
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pytest
from pikepdf import Array, Name

from ocr_server.documents.document_options import DocumentOptions
from ocr_server.documents.pdf import Pdf
from ocr_server.documents.pdf_tool import Limits, PdfTool, PdfToolDied
from ocr_server.errors import InvalidDocument, InvalidPage, InvalidPassword, ServerBusy
from ocr_server.settings import Settings
from tests import pdfs
from tests.chaos.raw_pdf import CATALOG, LARGE, SLOW, page_with, raw_pdf, stream, with_bad_pages
from tests.pdfs import encrypted, of_pictures, rendered, saved
from tests.processes import children, leaving_nothing

SMALL = saved(pdfs.document(3))


@contextmanager
def opened(data: bytes, asked: DocumentOptions | None = None, **settings: Any) -> Iterator[Pdf]:
    pdf = Pdf(data, asked or DocumentOptions(dpi=72), Settings(**settings))
    with closing(pdf):
        yield pdf


def process_of(pdf: Pdf) -> int:
    assert pdf._tool
    return pdf._tool._process.pid


def outcome(pdf: Pdf, number: int) -> str:
    try:
        pdf.page(number)()
    except InvalidPage:
        return "failed"
    return "read"


def test_pages_are_what_pdfium_shows() -> None:
    data = saved(of_pictures("small.png", "page_latin.png"))
    with opened(data) as pdf:
        assert pdf.page_count == 2
        for number, shown in enumerate(rendered(data), 1):
            picture = pdf.page(number)()
            np.testing.assert_array_equal(picture.pixels, shown)
            assert picture.dpi == 72


def test_pages_are_rendered_as_finely_as_is_asked() -> None:
    with opened(SMALL, DocumentOptions(dpi=144)) as pdf:
        picture = pdf.page(1)()
    assert (picture.pixels.shape, picture.dpi) == ((600, 800, 3), 144)


def test_a_giant_page_is_rendered_less_finely() -> None:
    document = pdfs.document()
    document.pages[0].obj[Name.MediaBox] = Array([0, 0, 14400, 7200])
    with opened(saved(document), DocumentOptions(dpi=400)) as pdf:
        picture = pdf.page(1)()
    assert (picture.pixels.shape, picture.dpi) == ((2500, 5000, 3), 25)


def test_pages_can_be_loaded_by_many_threads() -> None:
    with opened(SMALL) as pdf, ThreadPoolExecutor(8) as threads:
        expected = rendered(SMALL)
        numbers = [1, 2, 3] * 8
        found = list(threads.map(lambda number: pdf.page(number)().pixels, numbers))
    for number, page in zip(numbers, found, strict=True):
        np.testing.assert_array_equal(page, expected[number - 1])


@pytest.mark.parametrize("revision", [3, 4, 6])
@pytest.mark.parametrize("password", ["user", "owner"])
def test_an_encrypted_document_opens_with_either_password(revision: Any, password: str) -> None:
    data = encrypted(pdfs.document(2), "user", "owner", revision)
    with opened(data, DocumentOptions(password=password, dpi=72)) as pdf:
        assert pdf.page_count == 2
        np.testing.assert_array_equal(pdf.page(2)().pixels, rendered(SMALL)[0])


@pytest.mark.parametrize("revision", [3, 4, 6])
@pytest.mark.parametrize("password", [None, "", "wrong", "USER", "user ", "密码", "x" * 1000])
def test_a_missing_or_wrong_password_is_told(revision: Any, password: str | None) -> None:
    data = encrypted(pdfs.document(), "user", "owner", revision)
    with leaving_nothing(), pytest.raises(InvalidPassword, match="password is missing or wrong"):
        Pdf(data, DocumentOptions(password=password), Settings())


@pytest.mark.parametrize("revision", [3, 4, 6])
@pytest.mark.parametrize("password", [None, "", "owner"])
def test_a_document_that_is_only_protected_against_changes_opens_without_a_password(
    revision: Any, password: str | None
) -> None:
    data = encrypted(pdfs.document(), "", "owner", revision)
    with opened(data, DocumentOptions(password=password, dpi=72)) as pdf:
        assert outcome(pdf, 1) == "read"


def test_a_password_may_have_letters_of_any_script() -> None:
    data = encrypted(pdfs.document(), "pässwörd密码")
    with opened(data, DocumentOptions(password="pässwörd密码")) as pdf:
        assert pdf.page_count == 1


@pytest.mark.parametrize("revision", [3, 4, 6])
def test_a_password_with_umlauts_opens_a_document_for_the_writer_too(revision: Any) -> None:
    data = encrypted(pdfs.document(), "düssel", revision=revision)
    with opened(data, DocumentOptions(password="düssel")) as pdf, closing(pdf.writer()) as tool:
        assert tool.ask("begin")[0] == {"bytes": 0}


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", SMALL[:300], b"%PDF-1.7\n" + bytes(100_000)])
def test_a_broken_document_is_told(data: bytes) -> None:
    with leaving_nothing(), pytest.raises(InvalidDocument, match="broken, cut short"):
        Pdf(data, DocumentOptions(), Settings())


def test_closing_leaves_no_process_and_no_descriptor() -> None:
    with leaving_nothing(), opened(SMALL) as pdf:
        pdf.page(1)()
        assert process_of(pdf) in children()


def test_closing_does_not_wait_for_what_is_being_rendered() -> None:
    with ThreadPoolExecutor(1) as threads, leaving_nothing():
        pdf = Pdf(with_bad_pages(SLOW), DocumentOptions(), Settings())
        rendering = threads.submit(outcome, pdf, 1)
        _wait_until_busy(process_of(pdf))
        start = time.monotonic()
        pdf.close()
        assert rendering.result() == "failed"
        assert time.monotonic() - start < 5


def _wait_until_busy(process: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        if int(fields[11]) > 100:  # hundredths of a second
            return
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_page_that_takes_too_long_fails_in_time_and_alone() -> None:
    with leaving_nothing(), opened(with_bad_pages("", SLOW, ""), max_render_seconds=1) as pdf:
        start = time.monotonic()
        assert [outcome(pdf, number) for number in (1, 2, 3)] == ["read", "failed", "read"]
        assert 1 <= time.monotonic() - start < 10


def test_a_page_that_takes_too_much_memory_fails_alone() -> None:
    few = 256 << 20
    with leaving_nothing(), opened(with_bad_pages("", LARGE, ""), max_render_bytes=few) as pdf:
        assert [outcome(pdf, number) for number in (1, 2, 3)] == ["read", "failed", "read"]


def test_a_process_that_is_killed_costs_one_page() -> None:
    with leaving_nothing(), opened(SMALL) as pdf:
        assert outcome(pdf, 1) == "read"
        os.kill(process_of(pdf), signal.SIGKILL)
        assert [outcome(pdf, number) for number in (2, 3, 1)] == ["failed", "read", "read"]


def test_after_three_deaths_nothing_more_is_tried() -> None:
    kinds = [LARGE, "", LARGE, "", LARGE, "", ""]
    few = 256 << 20
    with leaving_nothing(), opened(with_bad_pages(*kinds), max_render_bytes=few) as pdf:
        outcomes = [outcome(pdf, number) for number in range(1, 6)]
        assert outcomes == ["failed", "read", "failed", "read", "failed"]
        before = children()
        assert [outcome(pdf, number) for number in (6, 7)] == ["failed"] * 2
        assert children() == before


def test_after_three_openings_that_failed_nothing_more_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with leaving_nothing(), opened(SMALL) as pdf:
        os.kill(process_of(pdf), signal.SIGKILL)
        assert outcome(pdf, 1) == "failed"
        tried = []

        def fail(*_: Any, **__: Any) -> None:
            tried.append(1)
            raise PdfToolDied

        monkeypatch.setattr(PdfTool, "ask", fail)
        assert [outcome(pdf, number) for number in (1, 2, 3, 1, 2)] == ["failed"] * 5
        assert len(tried) == 2


def test_where_no_process_can_be_started_the_server_is_busy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with leaving_nothing(), pytest.raises(ServerBusy):
        Pdf(SMALL, DocumentOptions(), Settings())


def test_opening_and_rendering_end_before_the_watchdog_ends_the_worker() -> None:
    settings = Settings(max_inference_seconds=30, max_render_seconds=25)
    assert Limits.of(settings, 0).seconds == 10
    assert Limits.of(Settings(max_render_seconds=25), 0).seconds == 25


def test_a_page_that_is_broken_fails_without_a_death() -> None:
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>"
    tree = b"<</Type/Pages/Kids[3 0 R 4 0 R 5 0 R]/Count 3>>"
    data = raw_pdf([CATALOG, tree, page, b"null", page])
    with opened(data) as pdf:
        before = children()
        assert [outcome(pdf, number) for number in (1, 2, 3)] == ["read", "failed", "read"]
        assert children() == before


def test_a_document_that_takes_too_long_to_open_is_told_in_time() -> None:
    data = b"%PDF-1.7\n1 0 obj" + b"[" * 10_000_000
    start = time.monotonic()
    with leaving_nothing(), pytest.raises(InvalidDocument, match="too much time or memory"):
        Pdf(data, DocumentOptions(), Settings(max_render_seconds=1))
    assert time.monotonic() - start < 10


def test_a_document_without_area_fails_page_by_page() -> None:
    beside = page_with(stream(b""), entries=b"/CropBox[500 500 600 600]")
    with opened(beside) as pdf:
        assert outcome(pdf, 1) == "failed"


def test_the_process_ends_when_nobody_asks_it_any_more() -> None:
    tool = PdfTool(None, Limits(1 << 30, 20))
    assert tool._process.stdin
    tool._process.stdin.close()
    assert tool._process.wait(10) == 0
    tool.close()


def test_the_process_says_nothing_when_nobody_listens(capfd: pytest.CaptureFixture[str]) -> None:
    tool = PdfTool(None, Limits(1 << 30, 20))
    assert tool.ask("begin")[0] == {"bytes": 0}
    assert tool._process.stdin
    assert tool._process.stdout
    tool._process.stdout.close()
    tool._process.stdin.write(b'{"do": "begin", "bytes": 0}\n')
    tool._process.stdin.close()
    assert tool._process.wait(10) == -signal.SIGPIPE
    tool.close()
    assert capfd.readouterr() == ("", "")


def test_a_broken_document_fills_no_log(capfd: pytest.CaptureFixture[str]) -> None:
    broken = SMALL.replace(b"startxref\n", b"startxref\n9")
    with opened(broken) as pdf, closing(pdf.writer()) as tool:
        assert tool.ask("begin")[0] == {"bytes": 0}
    assert capfd.readouterr() == ("", "")


def test_a_process_that_died_is_told() -> None:
    tool = PdfTool(None, Limits(1 << 30, 20))
    tool._process.kill()
    with pytest.raises(PdfToolDied):
        tool.ask("begin")
    tool.close()


def test_the_process_runs_the_package_that_started_it_whatever_folder_it_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ocr_server").mkdir()
    (tmp_path / "ocr_server" / "__init__.py").write_text("raise SystemExit('the wrong one')")
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong one')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with opened(SMALL) as pdf:
        assert outcome(pdf, 1) == "read"


def test_a_writer_has_its_own_process_and_the_password() -> None:
    data = encrypted(pdfs.document(2), "user")
    with leaving_nothing(), opened(data, DocumentOptions(password="user")) as pdf:
        with closing(pdf.writer()) as tool:
            assert {process_of(pdf), tool._process.pid} <= children()
            assert tool.ask("begin")[0] == {"bytes": 0}
            _, written = tool.ask("save", numbers=[2])
        assert outcome(pdf, 1) == "read"
    with pikepdf.open(io.BytesIO(written)) as found:
        assert (len(found.pages), found.is_encrypted) == (1, False)
