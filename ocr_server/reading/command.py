"""`ocr_server read`: finds the files, has them read, writes the answers, tells what failed."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence

from ocr_server import __version__
from ocr_server.reading.arguments import Arguments, parse
from ocr_server.reading.failure import Failure, ReadError, WrongUsage, printable
from ocr_server.reading.forms import Joined
from ocr_server.reading.http import Client
from ocr_server.reading.output import FolderOutput, Output, StandardOutput
from ocr_server.reading.progress import Progress
from ocr_server.reading.sources import Found, Source, find
from ocr_server.reading.work import Piece, Read, read_all
from ocr_server.settings import InvalidSettings, Settings

_REMOTE_JOBS = 4


def run(given: Sequence[str]) -> int:
    """Read what the arguments name; return the exit status."""
    try:
        return _read(parse(given))
    except (WrongUsage, InvalidSettings) as error:
        print(printable(f"ocr_server read: {error}"), file=sys.stderr)  # noqa: T201
        return 2
    except BrokenPipeError:
        # Whoever took the answers has enough, `head` for one. Nothing can be flushed any more,
        # and threads may still wait for a server.
        os._exit(1)


class _Ended(Exception):
    """The answer of a file broke off; the failure is told."""


class _Teller:
    """Tells of failures on standard error, and remembers that there were any."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.status = 0

    def tell(self, failure: Failure) -> None:
        self.status = 1
        with self._progress.aside():
            print(failure, file=sys.stderr)  # noqa: T201

    def answer(self, pieces: Iterable[Piece]) -> Iterator[bytes]:
        """Return the pieces without the failures, of which it tells. Raises _Ended."""
        for piece in pieces:
            if isinstance(piece, bytes):
                yield piece
                continue
            self.tell(piece)
            if piece.is_end:
                raise _Ended


def _read(arguments: Arguments) -> int:
    found = find(arguments.files)
    output = _output(arguments, found)
    with Progress(len(found.sources), _has_bar(arguments)) as progress:
        teller = _Teller(progress)
        for failure in found.failures:
            teller.tell(failure)
        if found.sources:
            read, jobs = _reader(arguments, progress)
            for source, pieces in read_all(found.sources, read, jobs):
                _write(output, source, pieces, teller)
    return teller.status


def _write(output: Output, source: Source, pieces: Iterable[Piece], teller: _Teller) -> None:
    try:
        output.write(source, teller.answer(pieces))
    except _Ended:
        pass
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = ReadError("Answer cannot be written", f"{error.strerror}.", "unwritable_output")
        teller.tell(Failure.of(source.name, reason))


def _has_bar(arguments: Arguments) -> bool:
    """Return whether there is a terminal for the bar, on which no answers appear."""
    is_free = arguments.output is not None or not sys.stdout.isatty()
    return sys.stderr.isatty() and is_free and not arguments.is_quiet


def _output(arguments: Arguments, found: Found) -> Output:
    form = arguments.form
    if arguments.output:
        folder = FolderOutput(arguments.output, form)
        folder.prepare(found.sources)
        return folder
    if form.joined is Joined.NOT and len(found.sources) > 1:
        raise WrongUsage(f"several files as {form.name} need --output FOLDER, for a file each")
    if form.is_binary and sys.stdout.isatty():
        raise WrongUsage(f"{form.name} is not for a terminal: add > FILE or --output FOLDER")
    return StandardOutput(form, names_files=not found.is_one)


def _reader(arguments: Arguments, progress: Progress) -> tuple[Read, int]:
    """Return what reads a file, and how many files to read at once."""
    if arguments.server:
        from ocr_server.reading.remote import Remote

        headers = {"User-Agent": f"ocr_server/{__version__}"}
        if arguments.key:
            headers["Authorization"] = f"Bearer {arguments.key}"
        client = Client(arguments.server, headers, arguments.timeout)
        form, fields = arguments.form, arguments.fields
        password = arguments.document_options.password
        remote = Remote(client, form, fields, password, progress)
        return remote.read, arguments.jobs or _REMOTE_JOBS
    from ocr_server.reading.local import Local, load

    settings = Settings.from_environment()
    jobs = arguments.jobs or settings.slots
    reader = load(settings, jobs)
    options, asked = arguments.options, arguments.document_options
    return Local(reader, settings, arguments.form, options, asked, progress).read, jobs
