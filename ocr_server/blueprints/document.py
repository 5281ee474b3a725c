"""POST /ocr/document: a PDF or a picture of several pages in, the text of each page out."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial

import flask

from ocr_server import extension, record
from ocr_server.answer import accepted, content_type, counted, streamed, work
from ocr_server.connection import check_still_there
from ocr_server.documents.document import Document, open_document
from ocr_server.documents.document_options import DocumentOptions, as_ranges
from ocr_server.documents.searchable import FAILED_PAGES, SearchablePdf
from ocr_server.errors import InvalidForm, InvalidOption
from ocr_server.formats.choices import NDJSON, OF_DOCUMENTS, PDF
from ocr_server.formats.format import Format, chosen
from ocr_server.intake import receive
from ocr_server.options import Options
from ocr_server.page import Page
from ocr_server.pages import Pages
from ocr_server.request_id import current_request_id
from ocr_server.serializer import document_json, ndjson, page_objects

blueprint = flask.Blueprint("document", __name__)


@blueprint.post("/ocr/document", strict_slashes=False)
def read_document() -> flask.Response:
    """Read the text in a document, page by page."""
    ocr_server, told = extension.current(), record.of(flask.request.environ)
    with told.stopwatch.time("upload"):
        upload, wait = receive(ocr_server.settings.max_document_bytes)
    if len(upload.files) > 1:
        raise InvalidForm("A request takes one document. Send several pictures to /ocr.")
    told.image_bytes = len(upload.files[0])
    format_ = chosen(OF_DOCUMENTS, upload.fields, accepted())
    options = format_.options(Options.from_fields(upload.fields))
    if "password" in flask.request.args:
        raise InvalidOption(
            "password must not stand in the address, which logs keep. Send it in the form or JSON."
        )
    asked = DocumentOptions.from_fields(upload.fields)
    still_there = partial(check_still_there, flask.request.environ)
    with ExitStack() as held:
        with told.stopwatch.time("queue"):
            wait = held.enter_context(ocr_server.places.hold(wait, still_there))
        with ocr_server.slots.hold(wait), ocr_server.reader.watchdog.watch():
            still_there()
            with told.stopwatch.time("open"):
                document = open_document(upload.files[0], asked, ocr_server.settings)
        held.enter_context(closing(document))
        numbers = asked.numbers(document.page_count, ocr_server.settings.max_pages)
        if format_ is PDF:
            return _searchable(document, numbers, options)
        reading = Pages(ocr_server.reader, document, numbers, work(options, None))
        pages = held.enter_context(closing(reading.read()))
        write = _writer(format_, document.page_count, len(numbers))
        return streamed(write, pages, format_, held.pop_all())


def _searchable(document: Document, numbers: Sequence[int], options: Options) -> flask.Response:
    """Answer with a PDF, which is written when all pages are read."""
    ocr_server = extension.current()
    searchable = SearchablePdf(document, ocr_server.settings)
    reading = Pages(ocr_server.reader, document, numbers, work(options, None), searchable.keep)
    with closing(reading.read()) as pages:
        body = searchable.write(counted(pages), numbers)
    response = flask.Response(body, content_type=content_type(PDF))
    if searchable.failed:
        response.headers[FAILED_PAGES] = as_ranges(searchable.failed)
    return response


def _writer(
    format_: Format, page_count: int, total: int
) -> Callable[[Iterator[Page]], Iterator[str]]:
    if format_.write:
        return format_.write
    request_id = current_request_id()

    def write(pages: Iterator[Page]) -> Iterator[str]:
        objects = page_objects(pages, page_count, total, request_id)
        return ndjson(objects) if format_ is NDJSON else document_json(objects, page_count)

    return write
