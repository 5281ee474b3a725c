import threading
from collections.abc import Iterator
from pathlib import Path, PurePath

from ocr_server.reading.failure import Failure, ReadError
from ocr_server.reading.sources import Source
from ocr_server.reading.work import Piece, read_all


def source(name: str) -> Source:
    return Source(Path(name), PurePath(name))


def test_answers_come_in_order_whoever_is_done_first() -> None:
    second_is_done = threading.Event()

    def read(source: Source) -> Iterator[Piece]:
        if source.name == "1":
            assert second_is_done.wait(10)
        yield source.name.encode()
        if source.name == "2":
            second_is_done.set()

    answers = read_all(map(source, "123"), read, jobs=2)
    assert [b"".join(pieces) for _, pieces in answers] == [b"1", b"2", b"3"]  # type: ignore[arg-type]


def test_a_piece_is_there_before_its_file_is_read_to_the_end() -> None:
    was_taken = threading.Event()

    def read(source: Source) -> Iterator[Piece]:
        yield b"first"
        assert was_taken.wait(10)
        yield b"second"

    ((_, pieces),) = read_all([source("1")], read, jobs=1)
    assert next(pieces) == b"first"
    was_taken.set()
    assert list(pieces) == [b"second"]


def test_what_happens_to_one_file_happens_to_no_other() -> None:
    def read(source: Source) -> Iterator[Piece]:
        yield b"begun"
        if source.name == "1":
            raise ReadError("Title", "Detail.", "code")
        if source.name == "2":
            raise KeyError("surprise")

    answers = [list(pieces) for _, pieces in read_all(map(source, "123"), read, jobs=2)]
    assert answers == [
        [b"begun", Failure("1", "Title", "Detail.", "code", is_end=True)],
        [
            b"begun",
            Failure("2", "Internal server error", "KeyError: 'surprise'", "internal_error", True),
        ],
        [b"begun"],
    ]


def test_files_are_read_no_further_ahead_than_memory_allows() -> None:
    begun: list[str] = []

    def read(source: Source) -> Iterator[Piece]:
        begun.append(source.name)
        yield b""

    answers = read_all((source(str(number)) for number in range(1000)), read, jobs=2)
    next(answers)
    assert len(begun) < 100
    assert len(list(answers)) == 999
