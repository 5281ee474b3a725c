"""Where answers go: to standard output, one after the other, or each to a file of a folder."""

import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from ocr_server.reading.failure import WrongUsage, printable
from ocr_server.reading.forms import Form, Joined
from ocr_server.reading.sources import Source, shown


class Output(Protocol):
    """A place for answers."""

    def write(self, source: Source, pieces: Iterable[bytes]) -> None:
        """Write a file's answer, as its pieces come. Raises OSError, and what `pieces` raises."""


class StandardOutput:
    """Answers one after the other; with `names_files` each tells whose it is."""

    def __init__(self, form: Form, names_files: bool) -> None:
        self._form = form
        self._names_files = names_files
        self._is_first = True

    def write(self, source: Source, pieces: Iterable[bytes]) -> None:
        """Write a file's answer, as its pieces come. Raises OSError."""
        if not self._form.is_binary:
            pieces = _ended(pieces)
        for piece in self._named(source.name, pieces) if self._names_files else pieces:
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()

    def _named(self, name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        if self._form.joined is Joined.AS_OBJECTS:
            quoted = json.dumps(name, ensure_ascii=False).encode()
            yield from _with_file(quoted, self._form, pieces)
            return
        rest = iter(pieces)
        first = next(rest, b"")  # Before the head: a file that cannot be read has none.
        yield b"" if self._is_first else b"\n"
        self._is_first = False
        yield f"==> {printable(name)} <==\n".encode()
        yield first
        yield from rest


class FolderOutput:
    """A file for each answer, put in place when it is whole."""

    def __init__(self, folder: Path, form: Form) -> None:
        self._folder = folder
        self._form = form

    def write(self, source: Source, pieces: Iterable[bytes]) -> None:
        """Write a file's answer; none if its pieces end in an error. Raises OSError."""
        place = self._place(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder, prefix=".ocr_server-") as folder:
            part = Path(folder, "part")
            with part.open("wb") as file:
                file.writelines(pieces if self._form.is_binary else _ended(pieces))
            part.replace(place)

    def prepare(self, sources: Iterable[Source]) -> None:
        """Make the folder. Raises WrongUsage if an answer would take another's or a source's place.

        Also if there can be no such folder.
        """
        files = list(sources)
        inputs = {source.path.resolve() for source in files if source.path}
        taken: dict[Path, Source] = {}
        for source in files:
            place = self._place(source).resolve()
            if place in inputs:
                raise WrongUsage(
                    f"an answer would be written over {shown(str(place))}: choose another --output"
                )
            if place in taken:
                raise WrongUsage(
                    f"the answers to {taken[place].name} and {source.name} would be written to one "
                    "file: read them one after the other, each with its own --output"
                )
            taken[place] = source
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WrongUsage(f"{shown(str(self._folder))}: {error.strerror}") from error

    def _place(self, source: Source) -> Path:
        # The ending is added and not put in the old one's place: there may be a.png and a.jpg.
        return self._folder / source.place.with_name(source.place.name + self._form.ending)


def _ended(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Return pieces of text with the end of the last line, where that is missing."""
    last = b"\n"
    for piece in pieces:
        yield piece
        last = piece or last
    if not last.endswith(b"\n"):
        yield b"\n"


def _with_file(name: bytes, form: Form, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Return an answer's objects, a line each, with the file's name in each."""
    if form.name == "ndjson":  # Its pieces are lines.
        yield from (b'{"file": ' + name + b", " + piece.removeprefix(b"{") for piece in pieces)
        return
    yield b'{"file": ' + name + b', "result": ' + b"".join(pieces).strip() + b"}\n"
