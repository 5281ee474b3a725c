"""What a request asks of a document: which pages, how finely rendered, by which password."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ocr_server.errors import InvalidOption, TooManyPages

LEAST_DPI, MOST_DPI = 36, 400
_MOST_RANGES = 100  # in a header
MOST_BYTES = 1000  # of `pages` and `password`
_RANGE = re.compile(r"\s*([1-9][0-9]{0,6})?\s*(-)?\s*([1-9][0-9]{0,6})?\s*")


@dataclass(frozen=True, slots=True)
class DocumentOptions:
    """How a document is read.

    pages: as "1-3,7,10-"; all if empty.
    dpi: 36 to 400, dots an inch at which a PDF is rendered.
    password: of an encrypted PDF.
    """

    pages: str = ""
    dpi: int = 200
    password: str | None = None

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> "DocumentOptions":
        """Read the options among a request's fields. Raises InvalidOption."""
        given: dict[str, Any] = {
            name: _text(name, fields[name]) for name in ("pages", "password") if name in fields
        }
        if "dpi" in fields:
            given["dpi"] = _dpi(fields["dpi"])
        asked = cls(**given)
        list(_ranges(asked.pages))  # Said before the document is looked at.
        return asked

    def numbers(self, page_count: int, most: int) -> list[int]:
        """Return the numbers of the pages asked for, from 1, in order, each once.

        Raises InvalidOption for pages that the document does not have, and TooManyPages for more
        than `most`.
        """
        chosen: set[int] = set()
        for first, last in _ranges(self.pages):
            least, greatest = first or 1, last or page_count
            if max(least, greatest) > page_count:
                raise InvalidOption(
                    f"pages asks for page {max(least, greatest)}; the document has {page_count}."
                )
            count = greatest - least + 1
            if count <= most:  # A broken document may claim to have billions.
                chosen.update(range(least, greatest + 1))
            if max(count, len(chosen)) > most:
                raise TooManyPages(
                    f"{max(count, len(chosen))} pages are asked for; at most {most} are read in "
                    f'one request. Choose some with pages, such as "1-{most}".'
                )
        return sorted(chosen)


def _ranges(pages: str) -> Iterable[tuple[int | None, int | None]]:
    """Give first and last page of each range; None where it is left open."""
    if not pages.strip():
        yield None, None
        return
    for part in pages.split(","):
        found = _RANGE.fullmatch(part)
        first, dash, last = found.groups() if found else (None, None, None)
        if not (first or last) or (last and not dash):
            raise _unreadable()
        if not dash:
            last = first
        if first and last and int(first) > int(last):
            raise _unreadable()
        yield int(first) if first else None, int(last) if last else None


def _unreadable() -> InvalidOption:
    return InvalidOption(
        'pages must be numbers and ranges of pages, from 1, such as "3", "1-3,7" or "10-".'
    )


def as_ranges(numbers: Iterable[int]) -> str:
    """Return numbers of pages as "1-3, 7"; what would be too long for a header ends in "..."."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    texts = [str(first) if first == last else f"{first}-{last}" for first, last in ranges]
    return ", ".join(texts[:_MOST_RANGES] + ["..."] * (len(texts) > _MOST_RANGES))


def _text(name: str, value: object) -> str:
    try:
        if isinstance(value, str) and len(value.encode()) <= MOST_BYTES:
            return value
    except UnicodeEncodeError:  # half of a character, which JSON can write
        pass
    raise InvalidOption(f"{name} must be a text of at most {MOST_BYTES} bytes of UTF-8.")


def _dpi(value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # JSON knows no difference between 200 and 200.0.
    text = str(value) if isinstance(value, str | int) else ""
    if not re.fullmatch(r"[0-9]{1,4}", text) or not LEAST_DPI <= int(text) <= MOST_DPI:
        raise InvalidOption(f"dpi must be a whole number from {LEAST_DPI} to {MOST_DPI}.")
    return int(text)
