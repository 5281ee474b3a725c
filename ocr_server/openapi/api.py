"""What the document has to know of the server that serves it."""

from collections.abc import Sequence
from dataclasses import dataclass

from ocr_server.formats.format import Format


@dataclass(frozen=True, slots=True)
class Api:
    """The server, as far as its document goes.

    picture_formats, document_formats: the forms of answers; the first is the default.
    max_fields: how many fields a form may have.
    needs_key: whether requests are let in only with an API key.
    open_metrics: whether /metrics is open all the same.
    """

    picture_formats: Sequence[Format]
    document_formats: Sequence[Format]
    max_fields: int
    needs_key: bool
    open_metrics: bool
