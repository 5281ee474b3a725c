"""Reads files by a server."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from ocr_server.reading.forms import Form
from ocr_server.reading.http import Client
from ocr_server.reading.kinds import is_document, is_pdf
from ocr_server.reading.progress import Progress
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
        """Return the pieces of a file's answer. Raises ReadError, OSError."""
        data = source.read()
        with self.progress.file():
            path = "/ocr/document" if self._is_for_documents(data) else "/ocr"
            target = f"{path}?{urlencode({**self.fields, 'format': self.form.name})}"
            body, content_type = self._body(data)
            with self.client.post(target, body, content_type, self.form.media_type) as response:
                yield response.read()

    def _is_for_documents(self, data: bytes) -> bool:
        return self.form.name in ("ndjson", "pdf") or is_document(data)

    def _body(self, data: bytes) -> tuple[bytes, str]:
        """Return the body and its type: a form where there is a password, which is for no log."""
        if self.password is None or not is_pdf(data):
            return data, _OCTETS
        boundary = secrets.token_hex(16)
        head = f"--{boundary}\r\nContent-Disposition: form-data; name="
        body = (
            f'{head}"password"\r\n\r\n{self.password}\r\n'
            f'{head}"image_file"; filename="file"\r\nContent-Type: {_OCTETS}\r\n\r\n'
        ).encode("utf-8", "surrogateescape")
        end = f"\r\n--{boundary}--\r\n".encode()
        return body + data + end, f"multipart/form-data; boundary={boundary}"
