"""Text lines -> the indexed dict."""

import json
from collections.abc import Sequence
from typing import Any

from ocr_server.text_line import TextLine


def indexed_dict(lines: Sequence[TextLine]) -> dict[str, dict[str, Any]]:
    """Return {"0": {"rec_txt": ..., "dt_boxes": ..., "score": ...}, ...} in reading order.

    An entry holds only what the models that ran could tell. `score` is a string.
    """
    return {str(index): _entry(line) for index, line in enumerate(lines)}


def to_json(answer: dict[str, dict[str, Any]]) -> bytes:
    """Return the answer as UTF-8 JSON, keys in their order, text not escaped."""
    return json.dumps(answer, ensure_ascii=False).encode()


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
