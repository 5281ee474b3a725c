"""Text lines -> the indexed dict, and pages -> the objects around it."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ocr_server.page import Page
from ocr_server.text_line import TextLine


def indexed_dict(lines: Sequence[TextLine]) -> dict[str, dict[str, Any]]:
    """Return {"0": {"rec_txt": ..., "dt_boxes": ..., "score": ...}, ...} in reading order.

    An entry holds only what the models that ran could tell. `score` is a string.
    """
    return {str(index): _entry(line) for index, line in enumerate(lines)}


def batch_json(pages: Iterable[Page], request_id: str) -> Iterator[str]:
    """Give [...], piece by piece: for each picture its indexed dict, or its error."""
    for index, page in enumerate(pages):
        failed = page.error and {"error": page.error.members(request_id)}
        yield (", " if index else "[") + to_json(failed or indexed_dict(page.lines))
    yield "]"


def page_objects(
    pages: Iterable[Page], page_count: int, total: int, request_id: str
) -> Iterator[dict[str, Any]]:
    """Give an object for each of `total` pages of a document that has `page_count`."""
    for position, page in enumerate(pages, 1):
        place = {"page": page.number, "page_count": page_count, "remaining": total - position}
        if page.error:
            yield {**place, "error": page.error.members(request_id)}
        else:
            size = {"width": page.width, "height": page.height, "dpi": page.dpi}
            yield {**place, **size, "lines": indexed_dict(page.lines)}


def ndjson(objects: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Give each object as a line of JSON."""
    return (to_json(each) + "\n" for each in objects)


def document_json(objects: Iterable[dict[str, Any]], page_count: int) -> Iterator[str]:
    """Give {"page_count": ..., "pages": [...]} piece by piece."""
    yield f'{{"page_count": {page_count}, "pages": ['
    for index, each in enumerate(objects):
        yield (", " if index else "") + to_json(each)
    yield "]}"


def to_json(answer: Any) -> str:
    """Return the answer as JSON, keys in their order, text not escaped."""
    return json.dumps(answer, ensure_ascii=False)


def _entry(line: TextLine) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    if line.text is not None:
        entry["rec_txt"] = line.text
    if line.angle is not None:
        entry["cls_label"] = line.angle
    if line.box is not None:
        entry["dt_boxes"] = [list(point) for point in line.box]
    if line.score is not None:
        entry["score"] = str(line.score)
    if line.words is not None:
        entry["words"] = [word.text for word in line.words]
        entry["word_boxes"] = [[list(point) for point in word.box] for word in line.words]
        entry["word_scores"] = [word.score for word in line.words]
    return entry
