"""What a request may ask for: options, pages and formats, as JSON Schema."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from ocr_server.formats.format import Format
from ocr_server.options import FLAGS, RANGES, Options

Schema = dict[str, Any]

# In forms and JSON, where a client writes what it likes. A query's values are text anyhow.
FLAG: Schema = {
    "description": "`true` or `false`, also as text in any case; or 1 or 0.",
    "anyOf": [
        {"type": "boolean"},
        {"type": "integer", "enum": [0, 1]},
        {"type": "string", "pattern": "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[01])$"},
    ],
}

_MEANINGS = {
    "use_det": "Whether the detector runs, which finds the text lines. Without it the whole "
    "picture is one text line: one entry, without `dt_boxes`.",
    "use_cls": "Whether the classifier runs, which turns text that lies upside down.",
    "use_rec": "Whether the recognizer runs, which reads the text lines. Without it entries have "
    "`dt_boxes` alone.",
    "return_word_box": "Whether each text line tells where its words lie: `words`, `word_boxes` "
    "and `word_scores`.",
    "text_score": "Text lines whose score is less are dropped.",
    "box_thresh": "Boxes whose mean probability of being text is less are dropped.",
    "unclip_ratio": "How far boxes are grown beyond the core that the detector marks.",
}
_BODY_WINS = "The same field in the body wins."


def option_names() -> list[str]:
    """Return the names of the options."""
    return [*FLAGS, *RANGES]


def body_fields(formats: Sequence[Format]) -> Mapping[str, Schema]:
    """Return the fields of a form or a JSON object, by their names, for any resource."""
    defaults = _defaults()
    flags = {
        name: {
            "$ref": "#/components/schemas/Flag",
            "description": _MEANINGS[name],
            "default": defaults[name],
        }
        for name in FLAGS
    }
    return {**flags, **_numbers(), "format": _format(formats)}


def query_parameters(formats: Sequence[Format]) -> list[Schema]:
    """Return the parameters that say the same in the query."""
    defaults = _defaults()
    flags: Mapping[str, Schema] = {
        name: {"type": "boolean", "description": _MEANINGS[name], "default": defaults[name]}
        for name in FLAGS
    }
    return parameters({**flags, **_numbers(), "format": _format(formats)})


def parameters(schemas: Mapping[str, Schema]) -> list[Schema]:
    """Return parameters of the query that have these schemas, by name."""
    return [
        {
            "name": name,
            "in": "query",
            "description": f"{schema['description']} {_BODY_WINS}",
            "schema": {key: value for key, value in schema.items() if key != "description"},
        }
        for name, schema in schemas.items()
    ]


def _numbers() -> Mapping[str, Schema]:
    defaults = _defaults()
    return {
        name: {
            "type": "number",
            "minimum": allowed.least,
            "maximum": allowed.most,
            "description": _MEANINGS[name],
            "default": defaults[name],
        }
        for name, allowed in RANGES.items()
    }


def _format(formats: Sequence[Format]) -> Schema:
    return {
        "type": "string",
        "enum": [form.name for form in formats],
        "description": "The form of the answer, in any case; without it the Accept header is "
        f"asked. The default is `{formats[0].name}`.",
    }


def _defaults() -> Mapping[str, Any]:
    return {field.name: field.default for field in fields(Options)}
