"""A page of a document, as a server sends it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ocr_server.errors import OcrServerError
from ocr_server.page import Page
from ocr_server.text_line import Box, TextLine, Word


@dataclass(frozen=True, slots=True)
class SentPage:
    """A page, and its place among those of the document that were asked for."""

    page: Page
    page_count: int
    remaining: int

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "SentPage":
        """Read an object as `serializer.page_objects` makes it.

        Raises AttributeError, KeyError, TypeError or ValueError if it is none.
        """
        return cls(_page(entry), int(entry["page_count"]), int(entry["remaining"]))


def _page(entry: Mapping[str, Any]) -> Page:
    number = int(entry["page"])
    if "error" in entry:
        return Page(number, 0, 0, error=_error(entry["error"]))
    lines = tuple(map(_line, entry["lines"].values()))
    return Page(number, entry["width"], entry["height"], lines, entry["dpi"])


def _error(members: Mapping[str, Any]) -> OcrServerError:
    # Not a class for each code: the server may be newer than this.
    error = OcrServerError(str(members["detail"]))
    error.code, error.title = str(members["code"]), str(members["title"])
    error.status = int(members["status"])
    return error


def _line(entry: Mapping[str, Any]) -> TextLine:
    return TextLine(
        box=_box(entry["dt_boxes"]) if "dt_boxes" in entry else None,
        text=entry.get("rec_txt"),
        score=float(entry["score"]) if "score" in entry else None,
        angle=entry.get("cls_label"),
        words=_words(entry) if "words" in entry else None,
    )


def _words(entry: Mapping[str, Any]) -> tuple[Word, ...]:
    parts = zip(entry["words"], entry["word_boxes"], entry["word_scores"], strict=True)
    return tuple(Word(text, _box(box), score) for text, box, score in parts)


def _box(corners: Sequence[Sequence[float]]) -> Box:
    top_left, top_right, bottom_right, bottom_left = ((x, y) for x, y in corners)
    return top_left, top_right, bottom_right, bottom_left
