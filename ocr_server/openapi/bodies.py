"""What a request may send: a schema for each upload style."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ocr_server.openapi import examples

Schema = dict[str, Any]

# Others that begin with image/ are no different: what the bytes are is told from them alone.
_IMAGE_TYPES = ("image/*", "application/octet-stream")
_ANY_NAME = "Any file name and content type will do."


@dataclass(frozen=True, slots=True)
class Upload:
    """What a resource takes.

    noun: what it is called.
    files: what `image_file` means there.
    most_files: how many of them a form may have; None where only its fields are counted.
    media_types: of the bytes sent as the body itself.
    """

    noun: str
    files: str
    most_files: int | None
    media_types: tuple[str, ...] = _IMAGE_TYPES


def picture() -> Upload:
    """Return what /ocr takes."""
    text = "One picture, or several: a batch, answered in their order. A file wins over "
    return Upload("picture", f"{text}`image_data`. {_ANY_NAME}", None)


def document() -> Upload:
    """Return what /ocr/document takes."""
    text = "One PDF, TIFF, GIF or WebP, of one page or many, or a picture. A file wins over "
    return Upload(
        "document", f"{text}`image_data`. {_ANY_NAME}", 1, ("application/pdf", *_IMAGE_TYPES)
    )


def base64_schema() -> Schema:
    """Return the schema of base64 as clients really send it."""
    return {
        "type": "string",
        "format": "byte",
        "contentEncoding": "base64",
        "minLength": 1,
        "description": "The file's bytes as base64 (RFC 4648). It may have a `data:` prefix, line "
        "breaks, the URL-safe alphabet and no padding.",
        "examples": [examples.BASE64],
    }


def request_body(
    upload: Upload, fields: Mapping[str, Schema], json_fields: Mapping[str, Schema], max_fields: int
) -> Schema:
    """Return the request body of a resource whose forms and JSON have these other fields."""
    base64 = {"image_data": {"$ref": "#/components/schemas/Base64"}}
    raw = {
        "schema": {
            "type": "string",
            "format": "binary",
            "description": f"The {upload.noun}'s bytes; what they are is told from them alone.",
        }
    }
    return {
        "description": f"The {upload.noun}, in any of these ways. Fields that are not named here "
        f"are ignored; a form may have {max_fields} in all, JSON {max_fields} commas and "
        "opening brackets.",
        "required": True,
        "content": {
            "multipart/form-data": {"schema": _multipart(upload, fields, max_fields)},
            "application/x-www-form-urlencoded": _example(
                _object({**base64, **fields}, max_fields)
            ),
            "application/json": _example(_object({**base64, **json_fields}, max_fields)),
            **dict.fromkeys(upload.media_types, raw),
        },
    }


def _multipart(upload: Upload, fields: Mapping[str, Schema], max_fields: int) -> Schema:
    files: Schema = {
        "type": "array",
        "description": upload.files,
        "items": {"type": "string", "format": "binary", "minLength": 1},
        "minItems": 1,
    }
    if upload.most_files:
        files["maxItems"] = upload.most_files
    # A part with a content encoding would be a file.
    text = {name: value for name, value in base64_schema().items() if name != "contentEncoding"}
    schema = _object({"image_file": files, "image_data": text, **fields}, max_fields)
    del schema["required"]
    return {**schema, "anyOf": [{"required": ["image_file"]}, {"required": ["image_data"]}]}


def _object(properties: Mapping[str, Schema], max_fields: int) -> Schema:
    return {
        "type": "object",
        "required": ["image_data"],
        "properties": dict(properties),
        "maxProperties": max_fields,
    }


def _example(schema: Schema) -> Schema:
    return {"schema": schema, "example": {"image_data": examples.BASE64}}
