"""`ocr_server read`, typed as a person does, in this process and by a real server."""

import fcntl
import json
import os
import pty
import signal
import socket
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ocr_server import keys
from ocr_server.reading.forms import FORMS
from tests import pictures
from tests.live.gunicorn_server import ROOT, Server, serve

COMMAND = [sys.executable, "-m", "ocr_server", "read"]
FOLDER = pictures.FOLDER
SMALL = str(FOLDER / "small.png")
BLANK = str(FOLDER / "blank.png")
KEY = keys.make()
# The command is run in other folders, and must be that of this checkout.
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def read(
    *arguments: str,
    stdin: bytes = b"",
    status: int = 0,
    environment: Mapping[str, str] | None = None,
    folder: Path = FOLDER,
) -> subprocess.CompletedProcess[bytes]:
    """Run the command; it must end with this status."""
    ended = subprocess.run(
        [*COMMAND, *arguments],
        input=stdin,
        env={**ENVIRONMENT, **(environment or {})},
        cwd=folder,
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == status, ended.stderr.decode()
    return ended


def start(
    *arguments: str, stdout: int = subprocess.PIPE, stderr: int = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    """Start the command."""
    return subprocess.Popen([*COMMAND, *arguments], env=ENVIRONMENT, stdout=stdout, stderr=stderr)


def texts(answer: dict[str, dict[str, str]]) -> list[str]:
    return [entry["rec_txt"] for entry in answer.values()]


def by_file(output: bytes) -> dict[str, list[str]]:
    """Return the text lines of each file from lines that name them."""
    answers = [json.loads(line) for line in output.splitlines()]
    return {answer["file"]: texts(answer["result"]) for answer in answers}


def codes(errors: bytes) -> list[str]:
    """Return file and code of each line on standard error."""
    lines = errors.decode().splitlines()
    return [f"{line.partition(': ')[0]} {line.rpartition(' ')[2]}" for line in lines]


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that wants a key."""
    folder = tmp_path_factory.mktemp("locked")
    with serve(folder, ["-w", "1"], api_keys=keys.hash_of(KEY).hex()) as running:
        yield running


@pytest.fixture(params=["here", "by a server"])
def where(request: pytest.FixtureRequest, server: Server) -> list[str]:
    """The flags for each of the two ways to read."""
    return [] if request.param == "here" else ["--server", server.url]


def test_a_file_gives_the_indexed_dict(where: list[str]) -> None:
    ended = read(SMALL, *where)
    assert texts(json.loads(ended.stdout)) == pictures.LINES["small.png"]
    assert ended.stderr == b""


def test_standard_input_is_read_as_a_file(where: list[str]) -> None:
    ended = read("-", *where, stdin=pictures.read("small.png"))
    assert texts(json.loads(ended.stdout)) == pictures.LINES["small.png"]


def test_a_broken_file_is_told_and_the_others_are_read(where: list[str], tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(pictures.read("small.png"))
    (tmp_path / "2.png").write_bytes(pictures.read("small.png")[:100])
    (tmp_path / "3.png").write_bytes(pictures.read("blank.png"))
    (tmp_path / "4.txt").write_bytes(b"no picture")
    ended = read("*.png", "4.txt", "5.png", *where, status=1, folder=tmp_path)
    assert by_file(ended.stdout) == {"1.png": pictures.LINES["small.png"], "3.png": []}
    assert sorted(codes(ended.stderr)) == [
        "2.png (invalid_image)",
        "4.txt (unsupported_format)",
        "5.png (nothing_found)",
    ]


def test_a_folder_of_files_gives_the_same_here_and_by_a_server(server: Server) -> None:
    here, there = read("."), read(".", "--server", server.url)
    assert here.stdout == there.stdout
    shown = {name: pictures.LINES[name] for name in pictures.NAMES}
    assert by_file(here.stdout).keys() == shown.keys()


@pytest.mark.parametrize(
    "flags", [["--no-rec"], ["--no-det"], ["--no-det", "--no-rec"], ["--word-boxes"]]
)
def test_options_give_the_same_here_and_by_a_server(server: Server, flags: list[str]) -> None:
    plain = read(SMALL, "--server", server.url).stdout
    there = read(SMALL, *flags, "--server", server.url).stdout
    assert there == read(SMALL, *flags).stdout
    assert there != plain


@pytest.mark.parametrize("name", [name for name in FORMS if name != "pdf"])
def test_a_picture_gives_the_same_in_each_form_here_and_by_a_server(
    server: Server, name: str
) -> None:
    here = read(SMALL, "--format", name).stdout
    assert read(SMALL, "--format", name, "--server", server.url).stdout == here
    assert here.startswith(b"\x89PNG") if name == "image" else b"Harvest" in here


def test_thresholds_are_sent(server: Server) -> None:
    flags = ["--text-score", "1", "--box-thresh", "0.4", "--unclip-ratio", "2"]
    assert read(SMALL, *flags, "--server", server.url).stdout == b"{}\n"


def test_answers_go_to_a_folder_a_file_each(where: list[str], tmp_path: Path) -> None:
    output = tmp_path / "answers"
    ended = read("small.png", "blank.png", *where, "--output", str(output))
    assert ended.stdout == b""
    assert {file.name for file in output.iterdir()} == {"small.png.json", "blank.png.json"}
    small = json.loads((output / "small.png.json").read_bytes())
    assert texts(small) == pictures.LINES["small.png"]


def test_a_folder_that_cannot_be_is_told_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = read(SMALL, "--output", str(tmp_path / "file"), status=2)
    assert ended.stderr.decode() == f"ocr_server read: {tmp_path / 'file'}: File exists\n"


def test_an_answer_that_cannot_be_written_is_told_and_the_others_are(
    server: Server, tmp_path: Path
) -> None:
    (tmp_path / "small.png.json").mkdir()
    flags = ["--output", str(tmp_path), "--server", server.url]
    ended = read("small.png", "blank.png", *flags, status=1)
    assert codes(ended.stderr) == ["small.png (unwritable_output)"]
    assert (tmp_path / "blank.png.json").read_bytes() == b"{}\n"


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        ([], "the following arguments are required: FILE"),
        (["1.png", "--format", "docx"], "--format: invalid choice: 'docx'"),
        (["1.png", "--text-score", "2"], "text_score must be a number from 0 to 1"),
        (["1.png", "--server", "localhost:9003"], "http://127.0.0.1:9003"),
        (["1.png", "--key", "a b"], "--key: it must be printable ASCII"),
        (["1.png", "--jobs", "0"], "--jobs: it must be a whole number from 1 to 256"),
        (["1.png", "--timeout", "nan"], "--timeout: it must be more than 0 and at most 86400"),
        (["--nosuch", "1.png"], "--nosuch"),
        (["small.png", "blank.png", "--format", "hocr"], "--output FOLDER"),
        (["*.png", "--format", "pdf"], "--output FOLDER"),
    ],
)
def test_wrong_usage_ends_with_status_2_and_the_reason(flags: list[str], complaint: str) -> None:
    ended = read(*flags, status=2)
    assert complaint in ended.stderr.decode()
    assert b"Traceback" not in ended.stderr
    assert ended.stdout == b""


def test_settings_that_are_not_allowed_end_with_status_2_and_the_reason() -> None:
    ended = read(SMALL, status=2, environment={"OCR_SERVER_SLOTS": "many"})
    assert ended.stderr.startswith(b"ocr_server read: OCR_SERVER_SLOTS='many': ")
    key = {"OCR_SERVER_KEY": "secret \n"}
    ended = read(SMALL, "--server", "http://127.0.0.1:1", status=2, environment=key)
    assert ended.stderr.startswith(b"ocr_server read: OCR_SERVER_KEY must be ")
    assert b"secret" not in ended.stderr


def test_nothing_found_ends_with_status_1_and_the_reason(tmp_path: Path) -> None:
    ended = read("nosuch.png", str(tmp_path), "*.nosuch", status=1)
    assert codes(ended.stderr) == [
        "nosuch.png (nothing_found)",
        f"{tmp_path} (nothing_found)",
        "*.nosuch (nothing_found)",
    ]


def test_a_server_that_is_not_there_ends_with_status_1_and_the_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as once:
        url = f"http://127.0.0.1:{once.getsockname()[1]}"
    ended = read(SMALL, "--server", url, status=1)
    assert codes(ended.stderr) == [f"{SMALL} (server_unreachable)"]


def test_a_missing_or_wrong_key_is_told(locked: Server) -> None:
    for environment in ({}, {"OCR_SERVER_KEY": "wrong"}):
        ended = read(SMALL, "--server", locked.url, status=1, environment=environment)
        assert codes(ended.stderr) == [f"{SMALL} (invalid_key)"]


def test_a_key_lets_in_from_the_environment_or_a_flag(locked: Server) -> None:
    read(SMALL, "--server", locked.url, environment={"OCR_SERVER_KEY": KEY})
    read(SMALL, "--server", locked.url, "--key", KEY, environment={"OCR_SERVER_KEY": "wrong"})


def test_files_that_find_the_server_busy_are_sent_again(tmp_path: Path) -> None:
    limits = {"slots": "1", "max_waiting": "1"}
    with serve(tmp_path, ["-w", "1"], **limits) as server:
        ended = read("page_*.png", "--jobs", "12", "--server", server.url)
        assert "code=server_busy" in server.log.read_text()
    assert len(ended.stdout.splitlines()) == len(list(FOLDER.glob("page_*.png")))


def test_ctrl_c_ends_it_at_once_without_a_word(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        flags = [SMALL, "--server", url, "--output", str(tmp_path)]
        with start(*flags, stderr=subprocess.STDOUT) as process:
            connection, _ = silent.accept()
            with connection:
                process.send_signal(signal.SIGINT)
                output, _ = process.communicate(timeout=10)
    assert (process.returncode, output) == (130, b"")
    assert not list(tmp_path.iterdir())


def test_a_reader_that_has_enough_ends_it_without_a_word(server: Server) -> None:
    with start(str(FOLDER), "--server", server.url) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 1


def on_a_terminal(*arguments: str, with_answers: bool = False, status: int = 0) -> str:
    """Run the command with a terminal for its errors, or for all; return what it shows there."""
    ours, theirs = pty.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
        stdout = theirs if with_answers else subprocess.DEVNULL
        with start(*arguments, stdout=stdout, stderr=theirs) as process:
            os.close(theirs)
            shown = b"".join(iter(lambda: _read_terminal(ours), b""))
            assert process.wait(30) == status
        return shown.decode()
    finally:
        os.close(ours)


def _read_terminal(end: int) -> bytes:
    try:
        return os.read(end, 1000)
    except OSError:  # What Linux says when the other end was closed.
        return b""


def test_a_bar_is_shown_on_a_terminal_unless_it_is_to_be_quiet(server: Server) -> None:
    flags = [SMALL, BLANK, "--server", server.url]
    assert "0/2" in on_a_terminal(*flags)
    assert on_a_terminal(*flags, "--quiet") == ""


def test_no_bar_disturbs_answers_on_the_same_terminal(server: Server) -> None:
    shown = on_a_terminal(SMALL, "--format", "text", "--server", server.url, with_answers=True)
    assert shown == "Harvest\r\n"


def test_a_binary_answer_is_not_sent_to_a_terminal() -> None:
    shown = on_a_terminal(SMALL, "--format", "image", with_answers=True, status=2)
    assert "image is not for a terminal" in shown


def test_help_answers_fast_and_names_every_flag() -> None:
    ended = read("-h")
    for flag in ("--format", "--server", "--key", "--output", "--pages", "--quiet", "--no-det"):
        assert flag.encode() in ended.stdout
    script = "import sys, ocr_server.reading.command; sys.exit('cv2' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)
