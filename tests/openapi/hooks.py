"""What schemathesis cannot know of this server from its document."""

import base64
import json
import re
from typing import Any

import schemathesis
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from tests.openapi.samples import PDF_TEXTS, PDFS, PICTURES, TEXTS

FLAGS = ["use_det", "use_cls", "use_rec", "return_word_box"]
NUMBERS = ["text_score", "box_thresh", "unclip_ratio", "dpi"]
FIELDS = [*FLAGS, *NUMBERS, "format", "pages", "password", "image_data"]
MOST_FIELDS = 64
DOCUMENT = "/ocr/document"
MEDIA_TYPES = {
    "ndjson": "application/x-ndjson",
    "text": "text/plain",
    "markdown": "text/markdown",
    "hocr": "text/vnd.hocr+html",
    "alto": "application/alto+xml",
    "tsv": "text/tab-separated-values",
    "image": "image/png",
    "pdf": "application/pdf",
}


def _base64(file: bytes) -> str:
    return base64.b64encode(file).decode()


_pictures = st.sampled_from(PICTURES)
# As text: schemathesis takes no form that has bytes in it for what its schema allows.
schemathesis.openapi.format("binary", st.sampled_from(TEXTS))
schemathesis.openapi.format("byte", _pictures.map(_base64))
for _media_type in ("image/png", "image/x-of-no-kind", "application/octet-stream"):
    schemathesis.openapi.media_type(_media_type, _pictures)
schemathesis.openapi.media_type("application/pdf", st.sampled_from(PDFS))

# What /ocr/document is sent in place of some pictures.
_PDF_FOR = dict(zip(TEXTS, PDF_TEXTS, strict=True)) | dict(
    zip(map(_base64, PICTURES), map(_base64, PDFS), strict=False)
)


@schemathesis.hook
def before_call(
    context: schemathesis.HookContext, case: "schemathesis.Case[Any]", kwargs: dict[str, object]
) -> None:
    """Leave out of a request what the server does not look at, right or wrong.

    schemathesis judges anew what is left.
    """
    query = case.query
    if isinstance(case.body, dict):
        body = _body(case, case.body)
        # The body's options win over the query's.
        query = {name: value for name, value in query.items() if name not in body}
        if body != case.body:
            case.body = body
            # Now that the body may be right, what is ignored must not be what is wrong.
            query = {name: value for name, value in query.items() if name in FIELDS}
            case.headers = case.headers
    query = {name: _pages(value) if name == "pages" else value for name, value in query.items()}
    if query != case.query:
        case.query = query


@schemathesis.check
def answer_is_in_the_format_asked_for(
    context: schemathesis.CheckContext,
    response: schemathesis.Response,
    case: "schemathesis.Case[Any]",
) -> None:
    """What `format` says decides what comes, and each line of ndjson is a page."""
    is_reading = case.operation.path in ("/ocr", DOCUMENT) and case.method == "POST"
    if not is_reading or response.status_code != 200:
        return
    asked = _asked(case)
    got = response.headers["content-type"][0].partition(";")[0]
    assert got == MEDIA_TYPES.get(asked, "application/json"), f"{asked} was answered with {got}"
    if asked == "ndjson":
        pages = [json.loads(line) for line in response.content.splitlines()]
        assert [page["remaining"] for page in pages] == list(reversed(range(len(pages))))
        for page in pages:
            _page_schema(case.operation.schema.raw_schema).validate(page)


def _asked(case: "schemathesis.Case[Any]") -> str:
    body = case.body if isinstance(case.body, dict) else {}
    return str({**case.query, **body}.get("format", "")).lower()


def _page_schema(document: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**document, "$ref": "#/components/schemas/Page"})


def _body(case: "schemathesis.Case[Any]", body: dict[str, Any]) -> dict[str, Any]:
    body = _within_bounds(body, is_form=case.media_type != "application/json")
    if case.media_type != "application/json":
        body = _as_received(body)
    if case.media_type == "multipart/form-data":
        body = _with_files(case, body)
    body = {name: _as_read(name, value) for name, value in body.items()}
    if case.operation.path == DOCUMENT:
        body = {name: _document_for(value) for name, value in body.items()}
    return body


def _within_bounds(body: dict[str, Any], *, is_form: bool) -> dict[str, Any]:
    """Leave out fields without meaning where those inside them are too many for a request."""
    if is_form:
        parts = sum(len(value) if isinstance(value, list | dict) else 1 for value in body.values())
    else:
        parts = sum(map(json.dumps(body).count, ",[{"))
    if len(body) <= MOST_FIELDS < parts:
        return {name: value for name, value in body.items() if name in [*FIELDS, "image_file"]}
    return body


def _as_received(form: dict[str, Any]) -> dict[str, Any]:
    """A form as its fields arrive: of several of one name the first counts, of none there is no."""
    received = {}
    for name, value in form.items():
        if name not in FIELDS or not isinstance(value, list):
            received[name] = value
        elif value:
            received[name] = value[0]
    return received


def _with_files(case: "schemathesis.Case[Any]", form: dict[str, Any]) -> dict[str, Any]:
    files = form.get("image_file")
    if not isinstance(files, list) or all(file in ("", [], {}) for file in files):
        # What is sent as text is no file, and like an empty one ignored if there is image_data.
        return {k: v for k, v in form.items() if k != "image_file" or "image_data" not in form}
    if len(files) > 1 and case.operation.path != DOCUMENT:
        # What is wrong with one picture of several is said in its place of the answer; but only
        # one picture can be drawn on.
        files = [file if file in TEXTS else TEXTS[0] for file in files]
        form = {**form, "image_file": files[:1] if _asked(case) == "image" else files}
    # A file wins over image_data.
    return {
        name: value for name, value in form.items() if name != "image_data" or value in _PDF_FOR
    }


def _as_read(name: str, value: Any) -> Any:
    if name in NUMBERS and isinstance(value, str):
        return _number(value, int if name == "dpi" else float)
    return _pages(value) if name == "pages" else value


def _pages(value: Any) -> Any:
    """Ask for the first page alone: all documents have it; what else they have no schema says."""
    if isinstance(value, str) and not re.search("(?<![0-9])0|[0-9]{8}", value):
        return re.sub("[0-9]+", "1", value)
    return value


def _number(text: str, kind: type[int] | type[float]) -> float | str:
    """A number that is written as text is read too."""
    try:
        return kind(text) if "n" not in text.lower() else text
    except ValueError:
        return text


def _document_for(value: Any) -> Any:
    if isinstance(value, list):
        return [_document_for(item) for item in value]
    return _PDF_FOR.get(value, value) if isinstance(value, str) else value
