"""What is answered: text lines, batches, pages of documents, and the other formats."""

from collections.abc import Mapping, Sequence
from typing import Any

from ocr_server.formats.format import Format
from ocr_server.openapi import examples

Schema = dict[str, Any]

_INDEX = {"pattern": "^(0|[1-9][0-9]*)$"}
_SCORE = {"type": "number", "minimum": 0, "maximum": 1}
_BINARY = ("image/", "application/pdf")


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def schemas() -> Mapping[str, Schema]:
    """Return the schemas of the JSON answers, by their names."""
    return {
        "Point": {
            "type": "array",
            "description": "x and y in pixels of the picture as a person sees it.",
            "items": {"type": "number"},
            "minItems": 2,
            "maxItems": 2,
        },
        "Box": {
            "type": "array",
            "description": "Top left, top right, bottom right, bottom left.",
            "items": _ref("Point"),
            "minItems": 4,
            "maxItems": 4,
        },
        "TextLine": _text_line(),
        "TextLines": {
            "type": "object",
            "description": "The text lines by their number, from `0`, in reading order; `{}` "
            "where there is no text.",
            "propertyNames": _INDEX,
            "additionalProperties": _ref("TextLine"),
        },
        "Batch": {
            "type": "array",
            "description": "One item a picture, in order.",
            "items": {"anyOf": [_ref("TextLines"), _ref("Failure")]},
            "minItems": 2,
        },
        "Failure": _object({"error": _ref("Problem")}),
        **_pages(),
    }


def _object(members: Mapping[str, Schema], required: Sequence[str] | None = None) -> Schema:
    return {
        "type": "object",
        "required": list(members if required is None else required),
        "properties": dict(members),
        "additionalProperties": False,
    }


def _text_line() -> Schema:
    words = ("words", "word_boxes", "word_scores")
    line = _object(
        {
            "rec_txt": {"type": "string", "description": "The text."},
            "cls_label": {
                "enum": ["0", "180"],
                "description": "How the text is turned; only where the classifier ran alone.",
            },
            "dt_boxes": _ref("Box"),
            "score": {
                "type": "string",
                "pattern": r"^[0-9]+(\.[0-9]+)?(e-[0-9]+)?$",
                "description": "From 0 to 1, as a string.",
            },
            "words": {
                "type": "array",
                "items": {"type": "string"},
                "description": "The characters, spaces too; with `return_word_box`.",
            },
            "word_boxes": {"type": "array", "items": _ref("Box")},
            "word_scores": {"type": "array", "items": _SCORE},
        },
        required=(),
    )
    line["dependentRequired"] = {name: list(words) for name in words}
    line["description"] = "What the models that ran could tell of a text line."
    return line


def _pages() -> Mapping[str, Schema]:
    number = {"type": "integer", "minimum": 1}
    size = {"type": "integer", "minimum": 0, "description": "In pixels."}
    place: Mapping[str, Schema] = {
        "page": {**number, "description": "Its number in the document, from 1."},
        "page_count": {**number, "description": "How many pages the document has."},
        "remaining": {
            "type": "integer",
            "minimum": 0,
            "description": "How many pages are still to come in this answer.",
        },
    }
    dpi = {
        "type": ["integer", "null"],
        "description": "Dots an inch at which it was rendered; null for pictures.",
    }
    read = {**place, "width": size, "height": size, "dpi": dpi, "lines": _ref("TextLines")}
    page = {"anyOf": [_object(read), _object({**place, "error": _ref("Problem")})]}
    return {
        "Page": {**page, "description": "A page of a document, or why it could not be read."},
        "Document": _object(
            {"page_count": number, "pages": {"type": "array", "items": _ref("Page")}}
        ),
    }


def picture_content(formats: Sequence[Format]) -> Schema:
    """Return the content of the answers to pictures, by media type."""
    schemas_ = {"json": {"anyOf": [_ref("TextLines"), _ref("Batch")]}}
    return _content(formats, schemas_, examples.PICTURE_ANSWERS)


def document_content(formats: Sequence[Format]) -> Schema:
    """Return the content of the answers to documents, by media type."""
    lines = {"type": "string", "description": "A Page as JSON a line, each as soon as it is read."}
    schemas_ = {"json": _ref("Document"), "ndjson": lines}
    return _content(formats, schemas_, examples.DOCUMENT_ANSWERS)


def _content(
    formats: Sequence[Format], schemas_: Mapping[str, Schema], answers: Mapping[str, Any]
) -> Schema:
    return {
        media_type: {
            "schema": schemas_.get(form.name, _text_or_bytes(media_type)),
            **({"example": answers[form.name]} if form.name in answers else {}),
        }
        for form in formats
        for media_type in form.media_types
    }


def _text_or_bytes(media_type: str) -> Schema:
    if media_type.startswith(_BINARY):
        return {"type": "string", "format": "binary"}
    return {"type": "string"}
