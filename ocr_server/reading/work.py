"""Reads a number of files at once and gives their answers in order, as they come."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from queue import SimpleQueue

from ocr_server.reading.failure import Failure
from ocr_server.reading.sources import Source

# A piece of a file's answer, or what could not be read of it.
Piece = bytes | Failure
Read = Callable[[Source], Iterator[Piece]]
_Pieces = SimpleQueue[Piece | None]

# Files that may be read ahead of the one whose turn it is: their answers are kept in memory.
_AHEAD = 64


def read_all(
    sources: Iterable[Source], read: Read, jobs: int
) -> Iterator[tuple[Source, Iterator[Piece]]]:
    """Read files, `jobs` at a time; return each with the pieces of its answer.

    What ends the reading of a file before its end is its last piece, a Failure that says so.
    """
    waiting: deque[tuple[Source, _Pieces]] = deque()
    pool = ThreadPoolExecutor(jobs, "read")
    try:
        for source in sources:
            pieces: _Pieces = SimpleQueue()
            pool.submit(_read_into, pieces, source, read)
            waiting.append((source, pieces))
            if len(waiting) == jobs + _AHEAD:
                yield _next(waiting)
        while waiting:
            yield _next(waiting)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _next(waiting: deque[tuple[Source, _Pieces]]) -> tuple[Source, Iterator[Piece]]:
    source, pieces = waiting.popleft()
    return source, iter(pieces.get, None)


def _read_into(pieces: _Pieces, source: Source, read: Read) -> None:
    try:
        for piece in read(source):
            pieces.put(piece)
    except Exception as error:  # Whatever happens to one file, the others are read.
        pieces.put(replace(Failure.of(source.name, error), is_end=True))
    finally:
        pieces.put(None)
