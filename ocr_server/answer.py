"""Answers: their content types, and those that are sent piece by piece, as pages are read."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial

import flask

from ocr_server import extension, record
from ocr_server.connection import check_still_there
from ocr_server.errors import ClientGone
from ocr_server.formats.format import Format
from ocr_server.options import Options
from ocr_server.page import Page
from ocr_server.pages import PageReader
from ocr_server.reader import Work
from ocr_server.record import Record

Piece = str | bytes


def accepted() -> list[str]:
    """Return the media types that the request's Accept header names, the dearest first."""
    return [kind for kind, quality in flask.request.accept_mimetypes if quality > 0]


def content_type(format_: Format) -> str:
    """Return the content type of an answer in a format."""
    kind = format_.media_types[0]
    is_text = not kind.startswith("image/") and kind != "application/pdf"
    return f"{kind}; charset=utf-8" if is_text else kind


def work(options: Options, wait: float | None) -> Work:
    """Return how a picture is to be read for the present request."""
    environ = flask.request.environ
    return Work(options, wait, record.of(environ).stopwatch, partial(check_still_there, environ))


def page_reader(options: Options) -> PageReader:
    """Return what reads pages for the present request."""
    return PageReader(extension.current().reader, work(options, None))


def streamed(
    write: Callable[[Iterator[Page]], Iterator[Piece]],
    pages: Iterator[Page],
    format_: Format,
    held: ExitStack,
) -> flask.Response:
    """Return an answer that is written while its pages are read; then `held` is closed."""
    told = record.of(flask.request.environ)
    pieces = _heeding_hang_ups(write(_counted(pages, told)), told)
    response = flask.Response(pieces, content_type=content_type(format_))
    response.call_on_close(held.close)
    # nginx must pass on each piece when it comes.
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _counted(pages: Iterable[Page], told: Record) -> Iterator[Page]:
    for page in pages:
        told.add(page)
        yield page


def _heeding_hang_ups(pieces: Iterator[Piece], told: Record) -> Iterator[bytes]:
    try:
        for piece in pieces:
            yield piece.encode() if isinstance(piece, str) else piece
    except ClientGone as error:
        told.code = error.code
        # At that gunicorn closes the connection and says nothing.
        raise BrokenPipeError from error
