"""The command line: `ocr_server -ip 0.0.0.0 -p 9003 -workers 4`, as the demo server's."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from ocr_server import keys
from ocr_server.settings import InvalidSettings, Settings

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
    if given == ["key"]:
        key = keys.make()
        print(f"key:  {key}\nhash: {keys.hash_of(key).hex()}")  # noqa: T201
        return
    options, gunicorn_flags = _parser().parse_known_args(arguments)
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
    parser.add_argument("-p", "--port", help=f"TCP port (default {defaults['port'].default})")
    parser.add_argument(
        "-workers", "--workers", help="worker processes (default: the usable cores)"
    )
    # Named here only because argparse would take it for the beginning of -workers.
    parser.add_argument("-w", help=argparse.SUPPRESS)
    return parser
