from pathlib import Path

import pytest

from ocr_server.errors import InvalidImage, InvalidPassword
from ocr_server.reading.failure import Failure, ReadError


def test_a_failure_is_a_line_with_file_title_detail_and_code() -> None:
    failure = Failure.of("1.png", InvalidImage("It is broken."))
    assert str(failure) == "1.png: Picture cannot be decoded: It is broken. (invalid_image)"


def test_a_failure_cannot_command_a_terminal() -> None:
    line = str(Failure.of("a\x1b[2J\n.png", ReadError("Title\r", "\x07Detail", "code")))
    assert line.isprintable()


def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    try:
        tmp_path.read_bytes()
    except OSError as error:
        failure = Failure.of("folder", error)
    assert (failure.detail, failure.code) == ("Is a directory.", "unreadable_file")


@pytest.mark.parametrize(
    "error",
    [
        InvalidPassword("Send it as a form field."),
        ReadError("Locked", "A form field.", "invalid_password"),
    ],
)
def test_a_missing_password_is_told_with_the_flag_for_it(error: Exception) -> None:
    failure = Failure.of("1.pdf", error)
    assert failure.detail.endswith("Give it with --password or OCR_SERVER_PASSWORD.")
