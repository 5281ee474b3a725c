"""Base64 as clients really send it -> bytes."""

import binascii

from ocr_server.errors import InvalidBase64

# The URL-safe alphabet is read too, and a space was a "+" before a form decoder saw it.
_TO_STANDARD_ALPHABET = bytes.maketrans(b"-_ ", b"+/+")
_LINE_BREAKS = b"\r\n\t"
_ESCAPED = [
    (escape % character, bytes([character]))
    for character in b"+/=\r\n -_:;,"
    for escape in (b"%%%02X", b"%%%02x")
]


def decode_base64(text: bytes) -> bytes:
    """Decode base64 that may carry a `data:` prefix, line breaks or lost characters.

    Read are: spaces for "+", the URL-safe alphabet, missing padding. Raises InvalidBase64.
    """
    text = text.lstrip()
    if text[:5].lower() == b"data:":
        text = _payload_of_data_uri(text)
    text = text.translate(None, delete=_LINE_BREAKS)
    if len(text) % 4:
        # Whole base64 that ends in spaces lost a "+" there; otherwise they are blanks.
        text = text.rstrip(b" ")
    text = text.translate(_TO_STANDARD_ALPHABET).rstrip(b"=")
    try:
        return binascii.a2b_base64(text + b"=" * (-len(text) % 4), strict_mode=True)
    except binascii.Error as error:
        raise InvalidBase64(
            "image_data holds characters that are not base64, or is cut short. Send the "
            "picture's bytes encoded as base64 (RFC 4648), with or without a data: prefix."
        ) from error


def unescape_base64(text: bytes) -> bytes:
    """Undo the percent-encoding of base64 in an urlencoded form.

    Only what base64 and a `data:` prefix can hold is undone, at the speed of a copy; general
    decoders take seconds and gigabytes for megabytes of percent signs. Anything else stays, and
    is no base64.
    """
    text = text.replace(b"+", b" ")
    for escaped, plain in _ESCAPED:
        text = text.replace(escaped, plain)
    return text


def _payload_of_data_uri(uri: bytes) -> bytes:
    head, comma, payload = uri.partition(b",")
    if not comma or not head.lower().endswith((b";base64", b"; base64")):
        raise InvalidBase64(
            "image_data is a data: URI without base64. It must begin like data:image/png;base64,"
        )
    return payload.lstrip()
