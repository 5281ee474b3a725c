import os
import subprocess
import sys
from collections.abc import Mapping

import pytest

from ocr_server.cli import _parser


def run(
    *flags: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user does, with no settings but these in the environment."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("OCR_SERVER_")
    }
    return subprocess.run(
        [sys.executable, "-m", "ocr_server", *flags],
        env={**inherited, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("flag", "name", "value"),
    [
        ("-ip", "ip", "127.0.0.1"),
        ("--ip", "ip", "127.0.0.1"),
        ("-p", "port", "8000"),
        ("--port", "port", "8000"),
        ("-workers", "workers", "3"),
        ("--workers", "workers", "3"),
    ],
)
def test_a_flag_of_the_demo_server_is_read_in_both_spellings(
    flag: str, name: str, value: str
) -> None:
    options, others = _parser().parse_known_args([flag, value])
    assert (getattr(options, name), others) == (value, [])


def test_the_demo_servers_own_call_is_read() -> None:
    options, others = _parser().parse_known_args(["-ip", "0.0.0.0", "-p", "9003"])
    assert (options.ip, options.port, options.workers, others) == ("0.0.0.0", "9003", None, [])


@pytest.mark.parametrize(
    "flags",
    [
        ["-b", "127.0.0.1:8000"],
        ["--pid", "file"],
        ["--timeout", "5"],
        ["--work", "4"],
    ],
)
def test_every_other_flag_is_left_to_gunicorn(flags: list[str]) -> None:
    options, others = _parser().parse_known_args(flags)
    assert others == flags
    assert (options.ip, options.port, options.workers) == (None, None, None)


def test_help_lists_the_flags_and_their_defaults() -> None:
    answer = run("-h")
    assert answer.returncode == 0
    for text in ("-h, --help", "-ip IP, --ip IP", "-p PORT, --port PORT", "-workers", "--workers"):
        assert text in answer.stdout
    assert "0.0.0.0" in answer.stdout
    assert "9003" in answer.stdout


@pytest.mark.parametrize("port", ["0", "65536", "http", ""])
def test_an_invalid_port_ends_it_with_one_line_that_names_the_variable(port: str) -> None:
    answer = run("-p", port)
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"ocr_server: OCR_SERVER_PORT={port!r}: ")
    assert answer.stderr.count("\n") == 1


def test_an_invalid_variable_ends_it_as_a_flag_does() -> None:
    answer = run(environment={"OCR_SERVER_WORKERS": "many"})
    assert answer.returncode == 1
    assert answer.stderr.startswith("ocr_server: OCR_SERVER_WORKERS='many': ")


def test_a_flag_without_its_value_ends_it_with_the_usage() -> None:
    answer = run("-p")
    assert answer.returncode == 2
    assert answer.stderr.startswith("usage: ocr_server ")


def test_flags_win_over_variables_and_gunicorns_flags_over_both() -> None:
    answer = run(
        *("-ip", "127.0.0.1", "-p", "8001", "-workers", "3"),
        *("-w", "5", "--print-config"),
        environment={"OCR_SERVER_PORT": "8002", "OCR_SERVER_THREADS": "7"},
    )
    settings = {
        name.strip(): value.strip()
        for name, _, value in (line.partition("=") for line in answer.stdout.splitlines())
    }
    assert settings["bind"] == "['127.0.0.1:8001']"
    assert (settings["workers"], settings["threads"]) == ("5", "7")
