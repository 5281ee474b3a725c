"""How a format that is no JSON says that a page could not be read."""

from ocr_server.errors import OcrServerError


def told(number: int, error: OcrServerError) -> str:
    """Return the page's number, what was wrong and the error's code, on one line."""
    detail = " ".join(str(error).split()) or error.title
    return f"Page {number} could not be read: {detail} ({error.code})"
