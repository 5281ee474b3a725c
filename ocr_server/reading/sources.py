"""What a person names on the command line -> the files to read, in natural order."""

import glob
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from ocr_server.reading.failure import Failure, ReadError

STANDARD_INPUT = "-"
_ENDINGS = {".bmp", ".gif", ".jpe", ".jpeg", ".jpg", ".pdf", ".png", ".tif", ".tiff", ".webp"}
# The beginning of each kind of file that is read; "BM" alone begins many a text.
_MAGIC = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|BM.{4}\0{4}|GIF8[79]a|II\*\0|MM\0\*|RIFF.{4}WEBP|%PDF-",
    re.DOTALL,
)
_MAGIC_BYTES = 12


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read.

    path: None for standard input.
    place: where in a folder of answers its own belongs, without the format's ending.
    """

    path: Path | None
    place: PurePath

    @property
    def name(self) -> str:
        """How it is called in what a person reads; always valid Unicode."""
        return shown(STANDARD_INPUT if self.path is None else str(self.path))

    def read(self) -> bytes:
        """Return the file's bytes. Raises OSError."""
        return sys.stdin.buffer.read() if self.path is None else self.path.read_bytes()


@dataclass(slots=True)
class Found:
    """What the arguments stand for.

    is_one: whether they name one file, and no folder or pattern, so that nobody can be in doubt
    about which file an answer belongs to.
    """

    sources: list[Source] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    is_one: bool = False


def find(arguments: Iterable[str]) -> Found:
    """Return the files that arguments name, each once; what names none is a failure.

    An argument is a file, a folder (its pictures and PDFs and those of its folders), a pattern
    (the pictures and PDFs it matches) or `-`.
    """
    given = list(arguments)
    found = Found()
    seen: set[str] = set()
    for argument in given:
        sources = list(_sources(argument, found.failures))
        if not sources:
            found.failures.append(_nothing(argument))
        for source in sources:
            key = STANDARD_INPUT if source.path is None else os.path.abspath(source.path)  # noqa: PTH100
            if key not in seen:
                seen.add(key)
                found.sources.append(source)
    found.is_one = len(given) == 1 and _is_one(given[0])
    return found


def natural_key(path: PurePath) -> tuple[list[list[str | int]], str]:
    """Return what to sort a path by, so that page2 comes before page10."""
    parts = [re.split(r"([0-9]+)", part.casefold()) for part in path.parts]
    numbered = [
        [int(piece) if index % 2 else piece for index, piece in enumerate(pieces)]
        for pieces in parts
    ]
    return numbered, str(path)


def shown(name: str) -> str:
    """Return a file's name with what is not UTF-8 in it replaced."""
    return os.fsencode(name).decode("utf-8", "replace")


def _is_one(argument: str) -> bool:
    return argument == STANDARD_INPUT or (Path(argument).exists() and not Path(argument).is_dir())


def _sources(argument: str, failures: list[Failure]) -> Iterator[Source]:
    if argument == STANDARD_INPUT:
        yield Source(None, PurePath("stdin"))
        return
    if not argument:  # A variable of the shell that is not set; as a path it is this folder.
        return
    path = Path(argument)
    if path.is_dir():
        files = _files_below(path, failures)
        base = path
    elif not path.exists() and glob.has_magic(argument):
        # Not Path.glob, which takes no absolute patterns, and hidden files.
        files = map(Path, glob.iglob(argument, recursive=True))  # noqa: PTH207
        base = _fixed_part(path)
    elif path.exists():
        # Taken as it is, whatever it holds; a pipe too.
        yield Source(path, PurePath(path.name))
        return
    else:
        return
    readable = (file for file in files if file.is_file() and _looks_readable(file))
    for file in sorted(readable, key=natural_key):
        yield Source(file, file.relative_to(base))


def _files_below(folder: Path, failures: list[Failure]) -> Iterator[Path]:
    """Return the files of a folder and its folders, but for hidden ones, as patterns do."""

    def complain(error: OSError) -> None:
        failures.append(Failure.of(shown(str(error.filename)), error))

    for parent, folders, files in os.walk(folder, onerror=complain):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if not name.startswith("."):
                yield Path(parent, name)


def _fixed_part(pattern: Path) -> Path:
    """Return the folders of a pattern before the first part that is one."""
    parts = pattern.parts
    fixed = next(index for index, part in enumerate(parts) if glob.has_magic(part))
    return Path(*parts[:fixed])


def _looks_readable(file: Path) -> bool:
    if file.suffix.lower() in _ENDINGS:
        return True
    try:
        with file.open("rb") as opened:
            return _MAGIC.match(opened.read(_MAGIC_BYTES)) is not None
    except OSError:
        return True  # Whoever reads it will say what is wrong.


def _nothing(argument: str) -> Failure:
    if argument and Path(argument).is_dir():
        detail = "There is no picture and no PDF in this folder."
    elif glob.has_magic(argument):
        detail = "The pattern matches no picture and no PDF."
    else:
        detail = "There is no such file."
    return Failure.of(shown(argument), ReadError("Nothing to read", detail, "nothing_found"))
