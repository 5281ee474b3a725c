"""Answers: their content types, and those that are sent piece by piece, as pages are read."""

import errno
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial

import flask

from ocr_server import record
from ocr_server.connection import check_still_there, send_within
from ocr_server.errors import ClientGone, OcrServerError
from ocr_server.formats.format import Format
from ocr_server.options import Options
from ocr_server.page import Page
from ocr_server.reader import Work
from ocr_server.record import Record

# As long as the kernel waits for a client that reads nothing at all.
_SECONDS_FOR_A_PIECE = 60


def accepted() -> list[str]:
    """Return the media types that the request's Accept header names, the dearest first."""
    # Werkzeug puts exact ones first, whatever their quality.
    by_quality = sorted(flask.request.accept_mimetypes, key=lambda named: named[1], reverse=True)
    found = [kind for kind, quality in by_quality if quality > 0]
    return [kind.partition(";")[0].strip().lower() for kind in found]


def content_type(format_: Format) -> str:
    """Return the content type of an answer in a format: of its media types the one accepted."""
    wanted = (kind for kind in accepted() if kind in format_.media_types)
    kind = next(wanted, format_.media_types[0])
    is_text = not kind.startswith("image/") and kind != "application/pdf"
    return f"{kind}; charset=utf-8" if is_text else kind


def work(options: Options, wait: float | None) -> Work:
    """Return how a picture is to be read for the present request."""
    environ = flask.request.environ
    return Work(options, wait, record.of(environ).stopwatch, partial(check_still_there, environ))


def counted(pages: Iterable[Page]) -> Iterator[Page]:
    """Give pages on, and count them for the present request."""
    told = record.of(flask.request.environ)

    def give() -> Iterator[Page]:
        for page in pages:
            told.add(page)
            yield page

    return give()


def streamed(
    write: Callable[[Iterator[Page]], Iterator[str]],
    pages: Iterator[Page],
    format_: Format,
    held: ExitStack,
) -> flask.Response:
    """Return an answer that is written while its pages are read; then `held` is closed."""
    environ = flask.request.environ
    send_within(_SECONDS_FOR_A_PIECE, environ)
    told = record.of(environ)
    pieces = _sent(write(counted(pages)), told, held)
    response = flask.Response(pieces, content_type=content_type(format_))
    response.call_on_close(held.close)  # Where nothing of it is sent, nothing of `pieces` runs.
    # nginx must pass on each piece when it comes.
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _sent(pieces: Iterator[str], told: Record, held: ExitStack) -> Iterator[bytes]:
    # So it is logged and counted unless the last piece is sent.
    told.code = ClientGone.code
    with held:
        try:
            yield from map(str.encode, pieces)
        except ClientGone as error:
            # At that gunicorn closes the connection and says nothing.
            raise BrokenPipeError(errno.EPIPE, "The client hung up.") from error
        except Exception:
            told.code = OcrServerError.code
            raise
        told.code = "ok"
