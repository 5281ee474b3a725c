"""What a request may ask for: options, pages and formats, as JSON Schema."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from ocr_server.documents.document_options import LEAST_DPI, MOST_BYTES, MOST_DPI, DocumentOptions
from ocr_server.formats.format import Format
from ocr_server.options import FLAGS, RANGES, Options

Schema = dict[str, Any]

# In forms and JSON, where a client writes what it likes. A query's values are text anyhow.
FLAG: Schema = {
    "description": "`true` or `false`, also as text in any case; or 1 or 0.",
    "anyOf": [
        {"type": "boolean"},
        {"type": "string", "pattern": "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[01])$"},
    ],
}
JSON_FLAG: Schema = {
    "description": FLAG["description"],
    "anyOf": [{"$ref": "#/components/schemas/Flag"}, {"type": "integer", "enum": [0, 1]}],
}

_MEANINGS = {
    "use_det": "Whether the detector runs, which finds the text lines. Without it the whole "
    "picture is one text line: one entry, without `dt_boxes`.",
    "use_cls": "Whether the classifier runs, which turns text that lies upside down.",
    "use_rec": "Whether the recognizer runs, which reads the text lines. Without it entries have "
    "`dt_boxes` alone.",
    "return_word_box": "Whether each text line tells where its characters lie: `words`, "
    "`word_boxes` and `word_scores`.",
    "text_score": "Text lines whose score is less are dropped.",
    "box_thresh": "Boxes whose mean probability of being text is less are dropped.",
    "unclip_ratio": "How far boxes are grown beyond the core that the detector marks.",
}
_NUMBER = r"\s*[1-9][0-9]{0,6}\s*"
_RANGE = rf"({_NUMBER}(-({_NUMBER}|\s*))?|\s*-{_NUMBER})"
_PAGES = rf"^\s*$|^{_RANGE}(,{_RANGE})*$"


def options(flag: Schema) -> Mapping[str, Schema]:
    """Return the schemas of RapidOCR's options, by their names; `flag` is that of a flag."""
    defaults = {field.name: field.default for field in fields(Options)}
    flags = dict.fromkeys(FLAGS, flag)
    numbers = {
        name: {"type": "number", "minimum": allowed.least, "maximum": allowed.most}
        for name, allowed in RANGES.items()
    }
    return {
        name: {**schema, "description": _MEANINGS[name], "default": defaults[name]}
        for name, schema in {**flags, **numbers}.items()
    }


def document_options() -> Mapping[str, Schema]:
    """Return the schemas of what can be asked of a document alone, by their names."""
    return {
        "pages": {
            "type": "string",
            "pattern": _PAGES,
            "maxLength": MOST_BYTES,
            "default": "",
            "description": "Numbers and ranges of pages, from 1, such as `3`, `1-3,7` or `10-`; "
            "all without it. Pages that the document does not have are refused.",
        },
        "dpi": {
            "type": "integer",
            "minimum": LEAST_DPI,
            "maximum": MOST_DPI,
            "default": DocumentOptions().dpi,
            "description": "Dots an inch at which a PDF is rendered.",
        },
        "password": {
            "type": "string",
            "maxLength": MOST_BYTES,
            "description": "Of an encrypted PDF.",
        },
    }


def format_option(formats: Sequence[Format]) -> Mapping[str, Schema]:
    """Return the schema of the choice between these formats."""
    schema: Schema = {
        "type": "string",
        "enum": [form.name for form in formats],
        "description": "The form of the answer. Without it the Accept header is asked.",
    }
    return {"format": schema}


def parameters(schemas: Mapping[str, Schema]) -> list[Schema]:
    """Return parameters of the query by their schemas; a password is taken from none."""
    return [
        {
            "name": name,
            "in": "query",
            "description": f"{schema['description']} The same field in the body wins.",
            "schema": {key: value for key, value in schema.items() if key != "description"},
        }
        for name, schema in schemas.items()
        if name != "password"
    ]
