"""Reads files by a server."""

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http.client import HTTPResponse
from itertools import chain
from urllib.parse import urlencode

from ocr_server.decoder import is_pdf
from ocr_server.documents.searchable import FAILED_PAGES
from ocr_server.formats.choices import NDJSON
from ocr_server.formats.format import Format
from ocr_server.reading.document_answer import DocumentAnswer
from ocr_server.reading.failure import Failure, ReadError
from ocr_server.reading.forms import Form
from ocr_server.reading.http import Client
from ocr_server.reading.kinds import is_document
from ocr_server.reading.progress import FileProgress, Progress
from ocr_server.reading.sent_page import SentPage
from ocr_server.reading.sources import Source
from ocr_server.reading.work import Piece

_OCTETS = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Remote:
    """Sends pictures to /ocr and documents to /ocr/document."""

    client: Client
    form: Form
    fields: Mapping[str, str]
    password: str | None
    progress: Progress

    def read(self, source: Source) -> Iterator[Piece]:
        """Give the pieces of a file's answer. Raises ReadError, OSError."""
        data = source.read()
        with self.progress.file() as progress:
            if self.form.name == "pdf":
                yield from self._whole(source.name, "/ocr/document", data)
            elif self.form.name == "ndjson" or is_document(data):
                yield from self._pages(source.name, data, progress)
            else:
                yield from self._whole(source.name, "/ocr", data)

    def _whole(self, file: str, path: str, data: bytes) -> Iterator[Piece]:
        with self._post(path, data, self.form.format, self.fields) as response:
            yield response.read()
            failed = response.headers.get(FAILED_PAGES, "")
        if failed:
            detail = "They have no text in the PDF. Ask for another format to be told why."
            yield Failure(f"{file}, pages {failed}", "Pages were not read", detail, "failed_pages")

    def _pages(self, file: str, data: bytes, progress: FileProgress) -> Iterator[Piece]:
        """Have the pages sent as they are read, and write them here.

        So they can be counted, and those that failed be told, whatever the form.
        """
        self.form.check_document()
        fields = dict(self.fields)
        if self.form.format.needs_words:
            fields["return_word_box"] = "true"
        with self._post("/ocr/document", data, NDJSON, fields) as response:
            sent = _sent(response)
            first = next(sent)
            request_id = response.headers.get("X-Request-ID", "")
            answer = DocumentAnswer(file, first.page_count, first.remaining + 1, request_id)
            pages = (each.page for each in chain([first], sent))
            yield from answer.write(pages, answer.writer(self.form), progress)

    def _post(
        self, path: str, data: bytes, format_: Format, fields: Mapping[str, str]
    ) -> AbstractContextManager[HTTPResponse]:
        target = f"{path}?{urlencode({**fields, 'format': format_.name})}"
        body, content_type = self._body(data)
        return self.client.post(target, body, content_type, format_.media_types[0])

    def _body(self, data: bytes) -> tuple[bytes, str]:
        """Return the body and its type: a form where there is a password, which is for no log."""
        if self.password is None or not is_pdf(data):
            return data, _OCTETS
        boundary = secrets.token_hex(16)
        head = f"--{boundary}\r\nContent-Disposition: form-data; name="
        body = (
            f'{head}"password"\r\n\r\n{self.password}\r\n'
            f'{head}"image_file"; filename="file"\r\nContent-Type: {_OCTETS}\r\n\r\n'
        ).encode()
        end = f"\r\n--{boundary}--\r\n".encode()
        return body + data + end, f"multipart/form-data; boundary={boundary}"


def _sent(response: HTTPResponse) -> Iterator[SentPage]:
    """Give the pages as they come. Raises ReadError if the last does not."""
    remaining = 1
    for line in response:
        try:
            sent = SentPage.of(json.loads(line))
        except (AttributeError, KeyError, TypeError, ValueError):
            break  # Cut short in the middle of a line.
        remaining = sent.remaining
        yield sent
    if remaining:
        detail = "Not all pages came. The server's log may say why; try again."
        raise ReadError("Server broke off", detail, "server_broke_off")
