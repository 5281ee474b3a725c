"""Coverage-guided fuzzing of everything between a request's bytes and a picture's bytes.

`python -m tests.fuzz.payload_guided -max_total_time=60`; the flags are libFuzzer's.
"""

import io
import sys

import atheris

with atheris.instrument_imports(include=["ocr_server", "werkzeug"]):
    import flask
    from werkzeug.exceptions import RequestEntityTooLarge

    from ocr_server.errors import ClientError
    from ocr_server.options import Options
    from ocr_server.payload import BoundedRequest, read_upload

_MOST_BYTES = 1 << 20
_CONTENT_TYPES = [
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "application/x-www-form-urlencoded",
    "application/json",
    "application/octet-stream",
    "image/png",
    "",
]

_app = flask.Flask(__name__, static_folder=None)
_app.request_class = BoundedRequest
_app.config["MAX_CONTENT_LENGTH"] = _app.config["MAX_FORM_MEMORY_SIZE"] = _MOST_BYTES


def read(data: bytes) -> None:
    """Read a request made of these bytes: the first chooses the content type."""
    kind, body = (data[0] if data else 0), data[1:]
    environ = {
        "REQUEST_METHOD": "POST",
        "SERVER_NAME": "test",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": _CONTENT_TYPES[kind % len(_CONTENT_TYPES)],
        "QUERY_STRING": body[:40].decode("latin-1") if kind >= 128 else "",
    }
    with _app.request_context(environ):
        try:
            upload = read_upload(flask.request, _MOST_BYTES)
            Options.from_fields(upload.fields)
        except (ClientError, RequestEntityTooLarge):
            return
        assert sum(map(len, upload.files)) <= len(body)


if __name__ == "__main__":
    atheris.Setup(sys.argv, read)
    atheris.Fuzz()
