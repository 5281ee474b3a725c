"""The answer to a document: its pages, written as they come, and those that failed."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from ocr_server.page import Page
from ocr_server.reading.failure import Failure
from ocr_server.reading.forms import Form
from ocr_server.reading.progress import FileProgress
from ocr_server.reading.work import Piece
from ocr_server.serializer import document_json, ndjson, page_objects

Write = Callable[[Iterator[Page]], Iterator[str] | Iterator[bytes]]


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

    def write(self, pages: Iterator[Page], write: Write, progress: FileProgress) -> Iterator[Piece]:
        """Give the pieces that `write` makes, and a Failure for each page that was not read."""
        failures: list[Failure] = []

        def watched() -> Iterator[Page]:
            for position, page in enumerate(pages, 1):
                progress.page(self.total - position)
                if page.error:
                    failures.append(Failure.of(f"{self.file}, page {page.number}", page.error))
                yield page

        for piece in write(watched()):
            yield piece.encode() if isinstance(piece, str) else piece
            yield from failures
            failures.clear()

    def writer(self, form: Form) -> Write:
        """Return what writes pages in a form; not for `pdf` and `image`."""
        return form.format.write or partial(self._objects, is_line_each=form.name == "ndjson")

    def _objects(self, pages: Iterable[Page], is_line_each: bool) -> Iterator[str]:
        objects = page_objects(pages, self.page_count, self.total, self.request_id)
        return ndjson(objects) if is_line_each else document_json(objects, self.page_count)
