"""Base64 as clients really send it -> bytes."""

import binascii

from ocr_server.errors import InvalidBase64

# The URL-safe alphabet is read too, and a space was a "+" before a form decoder saw it.
_TO_STANDARD_ALPHABET = bytes.maketrans(b"-_ ", b"+/+")
_LINE_BREAKS = b"\r\n\t"


def decode_base64(text: bytes) -> bytes:
    """Decode base64 that may carry a `data:` prefix, line breaks or lost characters.

    Read are: spaces for "+", the URL-safe alphabet, missing padding. Raises InvalidBase64.
    """
    text = text.strip()
    if text[:5].lower() == b"data:":
        text = _payload_of_data_uri(text)
    text = text.translate(_TO_STANDARD_ALPHABET, delete=_LINE_BREAKS).rstrip(b"=")
    try:
        return binascii.a2b_base64(text + b"=" * (-len(text) % 4), strict_mode=True)
    except binascii.Error as error:
        raise InvalidBase64(
            "image_data holds characters that are not base64, or is cut short. Send the "
            "picture's bytes encoded as base64 (RFC 4648), with or without a data: prefix."
        ) from error


def _payload_of_data_uri(uri: bytes) -> bytes:
    head, comma, payload = uri.partition(b",")
    if not comma or not head.lower().endswith(b";base64"):
        raise InvalidBase64(
            "image_data is a data: URI without base64. It must begin like data:image/png;base64,"
        )
    return payload.strip()
