"""What a request may send: a schema for each upload style."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ocr_server.openapi import examples
from ocr_server.payload_limits import MAX_FIELDS

Schema = dict[str, Any]

# One of each kind that is read; others that begin with image/ are taken too, for the bytes decide.
_IMAGE_TYPES = ("image/*", "application/octet-stream")


@dataclass(frozen=True, slots=True)
class Upload:
    """What a resource takes.

    noun: what it is called.
    files: how many of them a form may have at once; the rest of the words for it.
    media_types: of the bytes sent as the body itself.
    """

    noun: str
    files: str
    most_files: int | None
    media_types: tuple[str, ...]


PICTURE = Upload(
    "picture",
    "One picture, or several: a batch, answered in their order. A file wins over `image_data`.",
    None,
    _IMAGE_TYPES,
)
DOCUMENT = Upload(
    "document",
    "The document: a PDF, a TIFF, GIF or WebP of many pages, or a picture. A file wins over "
    "`image_data`.",
    1,
    ("application/pdf", *_IMAGE_TYPES),
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
    }


def request_body(upload: Upload, fields: Mapping[str, Schema]) -> Schema:
    """Return the request body of a resource whose forms have these other fields."""
    base64 = {"image_data": {"$ref": "#/components/schemas/Base64"}}
    form = {
        "schema": _object({**base64, **fields}),
        "example": {"image_data": examples.BASE64},
    }
    content: Schema = {
        "multipart/form-data": _multipart(upload, fields),
        "application/x-www-form-urlencoded": form,
        "application/json": form,
    }
    for media_type in upload.media_types:
        content[media_type] = {
            "schema": {
                "type": "string",
                "format": "binary",
                "minLength": 1,
                "description": f"The {upload.noun}'s bytes; what they are is told from them, not "
                "from the content type.",
            }
        }
    return {
        "description": f"The {upload.noun}, in any of these ways. Fields that are not named here "
        f"are ignored; a form may have {MAX_FIELDS} in all, JSON {MAX_FIELDS} commas and "
        "brackets.",
        "required": True,
        "content": content,
    }


def _multipart(upload: Upload, fields: Mapping[str, Schema]) -> Schema:
    files: Schema = {
        "type": "array",
        "description": upload.files,
        "items": {"type": "string", "format": "binary"},
        "minItems": 1,
        "maxItems": upload.most_files or MAX_FIELDS,
    }
    schema = _object({"image_file": files, **_form_base64(), **fields})
    del schema["required"]
    schema["anyOf"] = [{"required": ["image_file"]}, {"required": ["image_data"]}]
    return {
        "schema": schema,
        "encoding": {"image_file": {"contentType": ", ".join(upload.media_types)}},
    }


def _form_base64() -> Mapping[str, Schema]:
    return {"image_data": {"$ref": "#/components/schemas/Base64"}}


def _object(properties: Mapping[str, Schema]) -> Schema:
    return {
        "type": "object",
        "required": ["image_data"],
        "properties": dict(properties),
        "maxProperties": MAX_FIELDS,
    }
