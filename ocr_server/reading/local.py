"""Reads files in this process, on all usable cores."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from threading import BoundedSemaphore

from ocr_server.documents.document import Pictures, open_document
from ocr_server.documents.document_options import DocumentOptions
from ocr_server.documents.searchable import SearchablePdf
from ocr_server.formats.image import write as write_image
from ocr_server.options import Options
from ocr_server.page import Page
from ocr_server.pages import Pages
from ocr_server.reader import Reader, Work
from ocr_server.reading.document_answer import DocumentAnswer
from ocr_server.reading.forms import Form
from ocr_server.reading.kinds import is_document
from ocr_server.reading.progress import FileProgress, Progress
from ocr_server.reading.sources import Source
from ocr_server.reading.work import Piece
from ocr_server.serializer import indexed_dict, to_json
from ocr_server.settings import Settings
from ocr_server.stopwatch import Stopwatch

# Who waits too long can end it by hand; a limit would take the other files down with one.
_INFERENCE_SECONDS = 7 * 86400.0
# One is rendered while the other is read. Each has a thread for every slot and pages in memory.
_DOCUMENTS_AT_ONCE = 2


def load(settings: Settings, jobs: int) -> Reader:
    """Load the models. `jobs` threads may use the reader at once."""
    # OpenCV's own limit; read when it is loaded.
    os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"] = str(settings.max_image_pixels)
    from ocr_server.elastic import ElasticCores, OneCore
    from ocr_server.engine import Engine
    from ocr_server.slots import Slots
    from ocr_server.watchdog import Watchdog

    slots = Slots(settings.slots, max_waiting=jobs)
    cores = ElasticCores(slots) if settings.elastic else OneCore()
    return Reader(Engine(settings), slots, cores, Watchdog(_INFERENCE_SECONDS))


@dataclass(frozen=True, slots=True)
class Local:
    """Reads with the engine of this process.

    turns: for documents.
    """

    reader: Reader
    settings: Settings
    form: Form
    options: Options
    asked: DocumentOptions
    progress: Progress
    turns: BoundedSemaphore = field(default_factory=partial(BoundedSemaphore, _DOCUMENTS_AT_ONCE))

    def read(self, source: Source) -> Iterator[Piece]:
        """Give the pieces of a file's answer. Raises OcrServerError, OSError."""
        data = source.read()
        with self.progress.file() as progress:
            if self.form.name == "pdf" or is_document(data):
                with self.turns:
                    yield from self._document(source.name, data, progress)
            else:
                yield from self._picture(source.name, data, progress)

    def _picture(self, file: str, data: bytes, progress: FileProgress) -> Iterator[Piece]:
        pictures = Pictures([data], self.settings.max_image_pixels)
        with self.reader.read(pictures.page(1), self._work()) as reading:
            page = reading.page
            if self.form.name == "image":
                yield write_image(reading.picture.pixels, page.lines, "image/png")
                return
        if self.form.name == "json":
            yield to_json(indexed_dict(page.lines)).encode()
        else:
            answer = DocumentAnswer(file, page_count=1, total=1)
            yield from answer.write(iter([page]), answer.writer(self.form), progress)

    def _document(self, file: str, data: bytes, progress: FileProgress) -> Iterator[Piece]:
        self.form.check_document()
        with closing(open_document(data, self.asked, self.settings)) as document:
            numbers = self.asked.numbers(document.page_count, self.settings.max_pages)
            answer = DocumentAnswer(file, document.page_count, len(numbers))
            reading = Pages(self.reader, document, numbers, self._work())
            write = answer.writer(self.form)
            if self.form.name == "pdf":
                searchable = SearchablePdf(document, self.settings)
                reading.keep = searchable.keep
                write = partial(_whole, searchable, numbers)
            with closing(reading.read()) as pages:
                yield from answer.write(pages, write, progress)

    def _work(self) -> Work:
        return Work(self.form.format.options(self.options), None, Stopwatch())


def _whole(
    searchable: SearchablePdf, numbers: Sequence[int], pages: Iterable[Page]
) -> Iterator[bytes]:
    yield searchable.write(pages, numbers)
