import os
import subprocess
import sys
from collections.abc import Mapping

import gunicorn
import pytest

from ocr_server import __version__, keys
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


@pytest.mark.parametrize(
    ("flag", "most"), [("-p", 65535), ("--port", 65535), ("-workers", 1024), ("-w", 1024)]
)
@pytest.mark.parametrize("value", ["0", "65536", "many", ""])
def test_a_number_out_of_bounds_ends_it_with_flag_and_bounds(
    flag: str, most: int, value: str
) -> None:
    answer = run(flag, value)
    assert answer.returncode == 2
    assert flag in answer.stderr.splitlines()[-1]
    assert answer.stderr.endswith(f"it must be a whole number from 1 to {most}\n")


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


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        (["page.png"], "page.png", "page.png"),
        (["red", "foo"], "red", "foo"),
        (["-b", "127.0.0.1:0", "page.png"], "page.png", "page.png"),
        (["page.png", "--timeout", "30"], "page.png", "page.png"),
        (["--reload", "page.png"], "page.png", "page.png"),
        (["tests.app:app"], "tests.app:app", "tests.app:app"),
    ],
)
def test_a_word_that_is_no_command_is_refused(words: list[str], first: str, last: str) -> None:
    answer = run(*words)
    assert answer.returncode == 2
    told = f"`{first}` is no command. To read a file: ocr_server read {last}\n"
    assert answer.stderr.endswith(told)


@pytest.mark.parametrize(
    "flags",
    [
        ["-b", "127.0.0.1:1"],
        ["-b127.0.0.1:1"],
        ["--timeout", "30"],
        ["--log-level=debug"],
        ["-e", "A=b", "--reload"],
        ["--chdir", "/"],
    ],
)
def test_a_flag_of_gunicorn_is_taken_with_its_value(flags: list[str]) -> None:
    answer = run(*flags, "--print-config")
    assert answer.returncode == 0, answer.stderr


def test_a_misspelt_flag_is_refused() -> None:
    answer = run("--tiemout", "30")
    assert answer.returncode == 2
    assert "unrecognized arguments: --tiemout 30" in answer.stderr


def test_the_version_is_its_own_and_gunicorns() -> None:
    assert (
        run("--version").stdout == f"ocr_server {__version__} (gunicorn {gunicorn.__version__})\n"
    )


def test_key_makes_a_key_and_its_hash() -> None:
    (first, key), (second, made) = (line.split() for line in run("key").stdout.splitlines())
    assert (first, second) == ("key:", "hash:")
    assert keys.hash_of(key).hex() == made


def test_key_tells_what_it_makes() -> None:
    answer = run("key", "-h")
    assert answer.returncode == 0
    assert "OCR_SERVER_API_KEYS" in answer.stdout


def test_key_takes_no_words() -> None:
    answer = run("key", "foo")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.endswith("unrecognized arguments: foo\n")
