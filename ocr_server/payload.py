"""flask.Request -> Upload: all upload styles end here."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import unquote_plus

import flask
from werkzeug.formparser import FormDataParser

from ocr_server.base64_image import decode_base64, unescape_base64
from ocr_server.errors import (
    ImageTooLarge,
    InvalidForm,
    InvalidJson,
    InvalidOption,
    MissingImage,
    UnsupportedMediaType,
)

# A request has one picture and a few options; more fields than this are no honest request.
MAX_FIELDS = 64
# Of a name or an option in an urlencoded form, where "%41" may stand for "A". An option may have
# 1000 bytes; with one more it is seen to be too long.
_MAX_ENCODED_BYTES = 3 * 1001
_PIECE_BYTES = 64 * 1024

# Beside image/*. What the bytes are, they say themselves.
_RAW_TYPES = ("", "application/octet-stream", "application/pdf")

_HOW_TO_SEND = (
    "Send the picture as the file image_file of a multipart form, as base64 in the form field or "
    "JSON member image_data, or as the body itself with an image/* content type."
)


class BoundedRequest(flask.Request):
    """A request whose form is kept in memory, within the limit on bodies, and must be whole."""

    max_form_parts = MAX_FIELDS

    def _get_file_stream(self, *_arguments: Any, **_keywords: Any) -> IO[bytes]:
        # Werkzeug spools files to disk: slower, and a full disk would fail requests.
        return io.BytesIO()

    def make_form_data_parser(self) -> FormDataParser:
        """Return Werkzeug's parser, set to report a broken form instead of an empty one."""
        parser = super().make_form_data_parser()
        parser.silent = False
        return parser


@dataclass(frozen=True, slots=True)
class Upload:
    """What a client sent: files as their bytes, and the other fields.

    fields: of the form, the JSON object or the query; the body's win over the query's.
    """

    files: tuple[bytes, ...]
    fields: Mapping[str, Any]


def read_upload(request: flask.Request, max_file_bytes: int) -> Upload:
    """Read files and fields from any of the upload styles.

    Raises ClientError: MissingImage, InvalidBase64, InvalidForm, InvalidJson, InvalidOption,
    ImageTooLarge (more than `max_file_bytes`), UnsupportedMediaType.
    """
    files, fields = _read_body(request)
    for file in files:
        if len(file) > max_file_bytes:
            raise ImageTooLarge(
                f"The file has {len(file)} bytes; at most {max_file_bytes} are allowed. "
                "Send it smaller or compressed."
            )
    return Upload(files, {**_query(request), **fields})


def discard_body(request: flask.Request) -> None:
    """Let a body pass by unread, for a request that is refused.

    Many clients look at an answer only when they have sent all. gunicorn would let the rest pass
    too, but while it does the worker accepts nobody.
    """
    while request.stream.read(_PIECE_BYTES):
        pass


def _query(request: flask.Request) -> dict[str, str]:
    try:
        return request.args.to_dict()
    except UnicodeDecodeError as error:
        raise InvalidOption(
            "The query has bytes that are not ASCII. Let your HTTP client encode it."
        ) from error


def _read_body(request: flask.Request) -> tuple[tuple[bytes, ...], Mapping[str, Any]]:
    """Return the files and the other fields."""
    mimetype = request.mimetype
    if mimetype == "multipart/form-data":
        return _read_multipart(request)
    if mimetype == "application/x-www-form-urlencoded":
        image, options = _read_urlencoded(request.get_data(cache=False))
        return (image,), options
    if mimetype == "application/json":
        fields = _json_fields(request.get_data(cache=False))
        return (_image_data(fields),), fields
    if mimetype in _RAW_TYPES or mimetype.startswith("image/"):
        return (_raw_image(request),), {}
    raise UnsupportedMediaType(f"Content type {mimetype[:100]!r} is not read. {_HOW_TO_SEND}")


def _read_multipart(request: flask.Request) -> tuple[tuple[bytes, ...], Mapping[str, Any]]:
    try:
        files, form = request.files, request.form
    except ValueError as error:
        raise InvalidForm(
            "The multipart form is broken or cut short. Let your HTTP client build it."
        ) from error
    parts = [(file.filename, file.stream.read()) for file in files.getlist("image_file")]
    # A browser sends an empty file without a name for an input that was left alone.
    named = [content for name, content in parts if name or content]
    sent = tuple(named or (content for _, content in parts))
    if any(sent) or (sent and not form.get("image_data")):
        return sent, form
    if files and not sent and not form.get("image_data"):
        raise MissingImage(f"The form has a file, but not in the field image_file. {_HOW_TO_SEND}")
    return (_image_data(form),), form


def _read_urlencoded(body: bytes) -> tuple[bytes, Mapping[str, Any]]:
    """Read an urlencoded form. Base64 is undone apart: general decoders are slow on megabytes."""
    pairs = [pair.partition(b"=") for pair in body.split(b"&", MAX_FIELDS)]
    if len(pairs) > MAX_FIELDS or any(len(name) > _MAX_ENCODED_BYTES for name, _, _ in pairs):
        raise InvalidForm(
            f"The body is not an urlencoded form of at most {MAX_FIELDS} fields. To send a "
            "picture's bytes as the body, name its content type, such as image/png."
        )
    # As with Werkzeug's forms, the first of several fields of one name counts.
    fields = {_unquoted(name): value for name, _, value in reversed(pairs)}
    image_data = fields.pop("image_data", b"")
    if not image_data:
        raise MissingImage(
            "The body was sent as a form (application/x-www-form-urlencoded) and has no field "
            f"image_data. {_HOW_TO_SEND}"
        )
    # No option is that long, so what is cut off is of a field that is not looked at, or refused.
    options = {name: _unquoted(value[:_MAX_ENCODED_BYTES]) for name, value in fields.items()}
    return _decode_image_data(unescape_base64(image_data)), options


def _unquoted(text: bytes) -> str:
    return unquote_plus(text.decode("latin-1"))


def _json_fields(body: bytes) -> dict[str, Any]:
    # Base64 has none of these, so an honest body has few; a bomb of empty lists has millions.
    crowded = sum(map(body.count, (b",", b"[", b"{"))) > MAX_FIELDS
    try:
        fields = None if crowded else json.loads(body)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise InvalidJson(
            'The body must be one JSON object such as {"image_data": "<base64>"}, with at most '
            f"{MAX_FIELDS} commas and brackets in all."
        )
    return fields


def _image_data(fields: Mapping[str, Any]) -> bytes:
    text = fields.get("image_data")
    if text is None:
        text = ""
    if not isinstance(text, str):
        raise InvalidJson("image_data must be a string of base64.")
    # A character outside Latin-1 becomes "?", which base64 does not have either.
    return _decode_image_data(text.encode("latin-1", "replace"))


def _decode_image_data(text: bytes) -> bytes:
    if not text:
        raise MissingImage(f"There is no picture in the request. {_HOW_TO_SEND}")
    return decode_base64(text)


def _raw_image(request: flask.Request) -> bytes:
    image = request.get_data(cache=False)
    if not image:
        raise MissingImage(f"The request has no body. {_HOW_TO_SEND}")
    return image
