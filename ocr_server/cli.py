"""The command line: `ocr_server -ip 0.0.0.0 -p 9003 -workers 4`, as the demo server's."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NoReturn

import gunicorn

from ocr_server import __version__, keys
from ocr_server.settings import MOST_PORT, MOST_WORKERS, InvalidSettings, Settings

_APPLICATION = "ocr_server:create_app()"
_CONFIGURATION = "python:ocr_server.gunicorn_config"


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until stopped; the process becomes gunicorn's master."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given[:1] == ["read"]:
        _read(given[1:])
    from gunicorn.app.wsgiapp import run

    if "GUNICORN_PID" in os.environ:
        # A second master, started by the first on SIGUSR2 with the flags made below.
        run(prog="ocr_server")
        return
    if given[:1] == ["key"]:
        _make_key(given[1:])
        return
    parser = _parser()
    options, gunicorn_flags = parser.parse_known_args(given)
    if stray := _stray(gunicorn_flags):
        parser.error(f"`{stray[0]}` is no command. To read a file: ocr_server read {stray[-1]}")
    # As settings, and not as gunicorn's flags, so that flags given by hand win over them.
    chosen = {"HOST": options.ip, "PORT": options.port, "WORKERS": options.workers}
    os.environ.update(
        {f"OCR_SERVER_{name}": value for name, value in chosen.items() if value is not None}
    )
    try:
        Settings.from_environment()
    except InvalidSettings as error:
        sys.exit(f"ocr_server: {error}")

    # gunicorn reads its flags from sys.argv, and starts itself again from there on SIGUSR2.
    if options.w is not None:
        gunicorn_flags += ["-w", options.w]
    sys.argv[1:] = ["--config", _CONFIGURATION, _APPLICATION, *gunicorn_flags]
    run(prog="ocr_server")


def _read(arguments: Sequence[str]) -> NoReturn:
    try:
        from ocr_server.reading.command import run

        status = run(arguments)
    except KeyboardInterrupt:
        # At once: threads may still compute, or wait for a server. 128 and the signal's number.
        os._exit(130)
    sys.exit(status)


def _make_key(arguments: Sequence[str]) -> None:
    argparse.ArgumentParser(
        prog="ocr_server key",
        description="Make an API key. Give the key to whoever sends pictures, and the hash to the "
        "server, in OCR_SERVER_API_KEYS or in the file that OCR_SERVER_API_KEYS_FILE names. The "
        "key is kept nowhere.",
    ).parse_args(arguments)
    key = keys.make()
    print(f"key:  {key}\nhash: {keys.hash_of(key).hex()}")  # noqa: T201


def _stray(gunicorn_flags: Sequence[str]) -> list[str]:
    """Return the words that are neither flags of gunicorn nor values of such.

    gunicorn would take one for the application to serve.
    """
    from gunicorn.config import Config

    config = Config("%(prog)s [OPTIONS]", prog="ocr_server")
    found, unknown = config.parser().parse_known_args(gunicorn_flags)
    if any(word.startswith("-") for word in unknown):
        return []  # gunicorn complains, and ends.
    return [*found.args, *unknown]


def _whole_number(most: int) -> Callable[[str], str]:
    """Return what checks that a flag's value is a whole number from 1 to `most`."""

    def check(text: str) -> str:
        with suppress(ValueError):
            if 1 <= int(text) <= most:
                return text
        raise argparse.ArgumentTypeError(f"it must be a whole number from 1 to {most}")

    return check


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ocr_server",
        description="Serve OCR over HTTP: POST a picture to /ocr, get the text in it.",
        epilog="`ocr_server key` makes an API key and its hash, `ocr_server read` reads files: see "
        "`ocr_server read -h`. Every other flag is gunicorn's "
        "(-b, -w, --timeout, ...) and wins. Settings are OCR_SERVER_* variables: see "
        "docs/settings.md.",
        allow_abbrev=False,
    )
    defaults = Settings.model_fields
    parser.add_argument("-ip", "--ip", help=f"IP address (default {defaults['host'].default})")
    port, workers = _whole_number(MOST_PORT), _whole_number(MOST_WORKERS)
    add = parser.add_argument
    add("-p", "--port", type=port, help=f"TCP port (default {defaults['port'].default})")
    add("-workers", "--workers", type=workers, help="worker processes (default: the usable cores)")
    # Named here only because argparse would take it for the beginning of -workers.
    add("-w", type=workers, help=argparse.SUPPRESS)
    version = f"ocr_server {__version__} (gunicorn {gunicorn.__version__})"
    add("-v", "--version", action="version", version=version)
    return parser
