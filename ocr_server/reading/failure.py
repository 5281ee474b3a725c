"""What could not be read, and why: a line for a person."""

import errno
from dataclasses import dataclass

from ocr_server.errors import InvalidPassword, OcrServerError

# The server's own words tell of form fields.
_DETAILS = {
    InvalidPassword.code: "The PDF is encrypted, and the password is missing or wrong. "
    "Give it with --password or OCR_SERVER_PASSWORD.",
}


class WrongUsage(Exception):
    """What the arguments ask for together cannot be done; nothing was read."""


class ReadError(Exception):
    """A file could not be read, for a reason that the server's own errors do not know.

    title: what happened. The message says what to do. code: a stable word.
    """

    def __init__(self, title: str, detail: str, code: str) -> None:
        super().__init__(detail)
        self.title = title
        self.code = code


@dataclass(frozen=True, slots=True)
class Failure:
    """One file, or a page of it, that could not be read; as text it is one printable line.

    is_end: whether it ended the reading of its file.
    """

    file: str
    title: str
    detail: str
    code: str
    is_end: bool = False

    @classmethod
    def of(cls, file: str, error: Exception) -> "Failure":
        """Return what to tell of an error."""
        if isinstance(error, ReadError | OcrServerError):
            detail = _DETAILS.get(error.code, str(error))
            return cls(file, error.title, detail, error.code)
        if isinstance(error, OSError):
            reason = error.strerror or type(error).__name__
            code = "not_found" if error.errno == errno.ENOENT else "unreadable_file"
            return cls(file, "File cannot be read", f"{reason}.", code)
        reason = f"{type(error).__name__}: {error}"
        return cls(file, OcrServerError.title, reason, OcrServerError.code)

    def __str__(self) -> str:
        return printable(f"{self.file}: {self.title}: {self.detail} ({self.code})")


def printable(line: str) -> str:
    """Return a line without signs that would command a terminal; file names have such too."""
    return "".join(sign if sign.isprintable() else " " for sign in line)
