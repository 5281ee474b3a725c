"""The answer to a document: its pages, written as they come, and those that failed."""

from collections.abc import Iterator
from dataclasses import dataclass

from ocr_server.page import Page
from ocr_server.reading.failure import Failure
from ocr_server.reading.forms import Form
from ocr_server.reading.progress import FileProgress
from ocr_server.reading.work import Piece
from ocr_server.serializer import document_json, ndjson, page_objects


@dataclass(frozen=True, slots=True)
class DocumentAnswer:
    """How a document's pages are written.

    page_count: pages of the document. total: those that are read of them.
    request_id: of the request by which they were read; empty without one.
    """

    file: str
    page_count: int
    total: int
    request_id: str = ""

    def write(self, pages: Iterator[Page], form: Form, progress: FileProgress) -> Iterator[Piece]:
        """Give the pieces of the answer, and a Failure for each page that could not be read."""
        failures: list[Failure] = []

        def watched() -> Iterator[Page]:
            for position, page in enumerate(pages, 1):
                progress.page(self.total - position)
                if page.error:
                    failures.append(Failure.of(f"{self.file}, page {page.number}", page.error))
                yield page

        for piece in self._pieces(watched(), form):
            yield piece.encode()
            yield from failures
            failures.clear()

    def _pieces(self, pages: Iterator[Page], form: Form) -> Iterator[str]:
        write = form.format.write
        if write:
            return write(pages)
        objects = page_objects(pages, self.page_count, self.total, self.request_id)
        return ndjson(objects) if form.name == "ndjson" else document_json(objects, self.page_count)
