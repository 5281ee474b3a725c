"""The errors a client can be told of: a stable code, an HTTP status and a title for each.

The message of an error says what was wrong, what is allowed and how to mend it. Every error
answer, log line and metric names an error by its code. This module knows no Flask.
"""


class OcrServerError(Exception):
    """The server failed; its log has the cause under the request's id."""

    code = "internal_error"
    status = 500
    title = "Internal server error"
    retry_after: int | None = None  # seconds

    def members(self, request_id: str) -> dict[str, str | int]:
        """Return the members of the problem details (RFC 9457) that tell of this error."""
        return {
            "type": f"urn:ocr-server:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": str(self),
            "code": self.code,
            "request_id": request_id,
        }


class ClientError(OcrServerError):
    """The request cannot be processed."""

    code = "bad_request"
    status = 400
    title = "Bad request"


class MissingImage(ClientError):
    """The request holds no picture."""

    code = "missing_image"
    title = "No picture in the request"


class InvalidBase64(ClientError):
    """`image_data` is not base64."""

    code = "invalid_base64"
    title = "Picture is not valid base64"


class NotFound(ClientError):
    """There is nothing at this path."""

    code = "not_found"
    status = 404
    title = "Not found"


class MethodNotAllowed(ClientError):
    """The path exists, the method does not; the Allow header names those that do."""

    code = "method_not_allowed"
    status = 405
    title = "Method not allowed"


class InvalidJson(ClientError):
    """The body was sent as JSON and is not a JSON object."""

    code = "invalid_json"
    title = "Body is not a JSON object"


class InvalidForm(ClientError):
    """The body was sent as a form and cannot be read as one."""

    code = "invalid_form"
    title = "Body is not a valid form"


class InvalidOption(ClientError):
    """An option has a value that is not allowed."""

    code = "invalid_option"
    title = "Option has a value that is not allowed"


class InvalidImage(ClientError):
    """The picture is empty, broken or cut short."""

    code = "invalid_image"
    title = "Picture cannot be decoded"


class InvalidDocument(ClientError):
    """The document is broken or cut short."""

    code = "invalid_document"
    title = "Document cannot be opened"


class InvalidPassword(ClientError):
    """The document is encrypted, and the request holds no password for it or a wrong one."""

    code = "invalid_password"
    title = "Document needs a password"


class InvalidPage(ClientError):
    """A page of the document cannot be rendered, or takes too long or too much memory."""

    code = "invalid_page"
    title = "Page cannot be rendered"


class TooManyPages(ClientError):
    """More pages are asked for than the server reads in one request."""

    code = "too_many_pages"
    status = 413
    title = "Too many pages"


class BodyTooLarge(ClientError):
    """The request body is larger than the server takes."""

    code = "body_too_large"
    status = 413
    title = "Request body is too large"


class ImageTooLarge(ClientError):
    """The picture has more bytes or pixels than the server takes."""

    code = "image_too_large"
    status = 413
    title = "Picture is too large"


class UnsupportedMediaType(ClientError):
    """The body's content type is not one the server reads."""

    code = "unsupported_media_type"
    status = 415
    title = "Content type is not supported"


class UnsupportedFormat(ClientError):
    """The bytes are not a picture in a format the server reads."""

    code = "unsupported_format"
    status = 415
    title = "Picture format is not supported"


class UploadTimeout(ClientError):
    """The body did not arrive in the time allowed."""

    code = "upload_timeout"
    status = 408
    title = "Upload took too long"


class ClientGone(ClientError):
    """The client hung up, or closed its half of the connection, before its picture was read."""

    code = "client_gone"
    status = 499
    title = "Client hung up"


class InvalidKey(ClientError):
    """The request bears none of the server's API keys, or headers too large to look for one."""

    code = "invalid_key"
    status = 401
    title = "API key is missing or wrong"


class RequestLineTooLong(ClientError):
    """The request's first line, with path and query, is longer than the server takes."""

    code = "request_line_too_long"
    status = 414
    title = "Request line is too long"


class HeadersTooLarge(ClientError):
    """A header of the request, or all of them together, are larger than the server takes."""

    code = "headers_too_large"
    status = 431
    title = "Request headers are too large"


class ServerBusy(OcrServerError):
    """No core came free for the request; nothing was done, so it can be sent again."""

    code = "server_busy"
    status = 503
    title = "Server is busy"
    retry_after = 1


def errors_table() -> str:
    """Return the errors as a Markdown table, as it stands in docs/errors.md."""
    rows = ["| code | status | meaning |", "| --- | --- | --- |"]
    for error in all_errors():
        rows.append(f"| `{error.code}` | {error.status} | {(error.__doc__ or '').strip()} |")
    return "\n".join(rows) + "\n"


def all_errors() -> list[type[OcrServerError]]:
    """Return every error that a client can be told of."""
    return _family(OcrServerError)


def _family(error: type[OcrServerError]) -> list[type[OcrServerError]]:
    return [error, *(kin for child in error.__subclasses__() for kin in _family(child))]
