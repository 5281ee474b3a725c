"""The flags of `ocr_server read`."""

import argparse
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ocr_server.documents.document_options import LEAST_DPI, MOST_DPI, DocumentOptions
from ocr_server.errors import InvalidOption
from ocr_server.options import FLAGS, RANGES, Options
from ocr_server.reading.forms import FORMS, Form
from ocr_server.reading.http import Address
from ocr_server.settings import ClientSettings

_MOST_JOBS = 256
_MOST_SECONDS = 86400
_ALLOWED = {name: f"{limits.least:g} to {limits.most:g}" for name, limits in RANGES.items()}
_SWITCHES = (
    ("--no-det", "use_det", "false", "no detector: the picture is one text line"),
    ("--no-cls", "use_cls", "false", "no classifier: text is not turned upright"),
    ("--no-rec", "use_rec", "false", "no recognizer: boxes alone"),
    ("--word-boxes", "return_word_box", "true", "tell where each character lies"),
)
_EPILOG = """\
Several files, a folder or a pattern: json and ndjson name the file in each line, text and
markdown in a line above; for the other formats give --output.
The environment variable OCR_SERVER_KEY holds the server's API key, OCR_SERVER_PASSWORD the
password of PDFs.
Exit status: 0 all was read, 1 something was not (standard error says what), 2 wrong usage.
"""


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a person asks for.

    fields: the options that were given but for the password, by the server's names and spelling.
    server: None to read in this process. timeout: in seconds. jobs: None for as many as there
    are cores, or a few requests.
    """

    files: Sequence[str]
    form: Form
    fields: dict[str, str]
    options: Options
    document_options: DocumentOptions
    output: Path | None
    server: Address | None
    key: str | None
    timeout: float
    jobs: int | None
    is_quiet: bool


def parse(given: Sequence[str]) -> Arguments:
    """Read the flags, and what the environment holds for them.

    Wrong flags end the process with status 2 and the usage. Raises InvalidSettings.
    """
    parser = _parser()
    found = parser.parse_intermixed_args(given)
    fields = {
        name: value
        for name in (*FLAGS, *RANGES, "pages", "dpi")
        if (value := getattr(found, name)) is not None
    }
    key, password = _secrets(found)
    in_form = {"password": password} if password is not None else {}
    try:
        options = Options.from_fields(fields)
        document_options = DocumentOptions.from_fields({**fields, **in_form})
    except InvalidOption as error:
        parser.error(str(error))
    return Arguments(
        files=found.files,
        form=FORMS[found.format],
        fields=fields,
        options=options,
        document_options=document_options,
        output=found.output,
        server=found.server,
        key=key,
        timeout=found.timeout,
        jobs=found.jobs,
        is_quiet=found.quiet,
    )


def _secrets(found: argparse.Namespace) -> tuple[str | None, str | None]:
    """Return key and password: what stands in the environment counts where no flag is given."""
    if found.key is not None and found.password is not None:
        return found.key, found.password
    settings = ClientSettings.from_environment()
    key = settings.key or None if found.key is None else found.key
    password = settings.password or None if found.password is None else found.password
    return key, password


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ocr_server read",
        description="Read the text in pictures and PDFs, here or by a server.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="file, folder, 'pattern' (** for any folders), -")
    add("--format", choices=FORMS, default="json", help="form of the answer (default json)")
    add("--output", type=Path, metavar="FOLDER", help="write a file for each one read to FOLDER")
    add("--quiet", action="store_true", help="show no progress bar")
    add("--jobs", type=_count, metavar="N", help="files to read at once (default: by the cores)")
    _add_server(parser)
    _add_options(parser)
    return parser


def _add_server(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("server").add_argument
    add("--server", type=_address, metavar="URL", help="send the files to this server")
    add("--key", type=_key, help="its API key; better set OCR_SERVER_KEY, which others do not see")
    add(
        "--timeout",
        type=_seconds,
        default=300.0,
        metavar="SECONDS",
        help="longest wait for an answer, or for a busy server (default 300)",
    )


def _add_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("reading").add_argument
    for flag, name, value, meaning in _SWITCHES:
        add(flag, dest=name, action="store_const", const=value, help=meaning)
    add("--text-score", metavar="S", help=f"least score of a line, {_ALLOWED['text_score']}")
    add("--box-thresh", metavar="B", help=f"least score of a box, {_ALLOWED['box_thresh']}")
    add("--unclip-ratio", metavar="U", help=f"how far boxes grow, {_ALLOWED['unclip_ratio']}")
    add("--pages", metavar="PAGES", help="of documents: such as 1-3,7,10-")
    add(
        "--dpi",
        metavar="DPI",
        help=f"at which PDFs are read, {LEAST_DPI} to {MOST_DPI} (default 200)",
    )
    add("--password", help="of PDFs; better set OCR_SERVER_PASSWORD")


def _address(text: str) -> Address:
    try:
        return Address.of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _key(text: str) -> str:
    if not (text.isascii() and text.isprintable() and text and " " not in text):
        raise argparse.ArgumentTypeError("it must be printable ASCII without spaces")
    return text


def _seconds(text: str) -> float:
    with suppress(ValueError):
        seconds = float(text)
        if 0 < seconds <= _MOST_SECONDS:
            return seconds
    raise argparse.ArgumentTypeError(f"it must be more than 0 and at most {_MOST_SECONDS}")


def _count(text: str) -> int:
    with suppress(ValueError):
        count = int(text)
        if 1 <= count <= _MOST_JOBS:
            return count
    raise argparse.ArgumentTypeError(f"it must be a whole number from 1 to {_MOST_JOBS}")
