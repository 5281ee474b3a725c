import io
import sys

import pytest

from ocr_server.reading.progress import Progress


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    return shown


def test_a_documents_pages_count_each(terminal: io.StringIO) -> None:
    with Progress(2, is_shown=True) as progress:
        with progress.file() as document:
            for remaining in (2, 1, 0):
                document.page(remaining)
        with progress.file():
            pass
        assert "4/4" in str(progress)


def test_a_document_that_breaks_off_leaves_the_count_whole(terminal: io.StringIO) -> None:
    with Progress(1, is_shown=True) as progress:
        with progress.file() as document:
            document.page(remaining=9)
        assert "10/10" in str(progress)


def test_nothing_is_written_unless_it_is_to_be_shown(terminal: io.StringIO) -> None:
    with Progress(1, is_shown=False) as progress, progress.file() as file:
        file.page()
        with progress.aside():
            pass
    assert terminal.getvalue() == ""
