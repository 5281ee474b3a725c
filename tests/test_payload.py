import base64
import io
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import flask
import pytest
from werkzeug.exceptions import RequestEntityTooLarge

from ocr_server.errors import (
    ClientError,
    ImageTooLarge,
    InvalidBase64,
    InvalidForm,
    InvalidJson,
    InvalidOption,
    MissingImage,
    UnsupportedMediaType,
)
from ocr_server.options import Options
from ocr_server.payload import MAX_FIELDS, BoundedRequest, read_upload

MIB = 1024 * 1024
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
BASE64 = base64.b64encode(PICTURE).decode()
OPTIONS = ["use_det", "use_cls", "use_rec"]
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"


@dataclass
class Asked:
    """What a request with one picture asks."""

    image: bytes
    options: Options


def read(max_image_bytes: int = 20 * MIB, **request: Any) -> Asked:
    """Read a request that is built as Werkzeug's test client builds it."""
    app = flask.Flask(__name__, static_folder=None)
    app.request_class = BoundedRequest
    app.config["MAX_CONTENT_LENGTH"] = 40 * MIB
    app.config["MAX_FORM_MEMORY_SIZE"] = 40 * MIB
    with app.test_request_context("/ocr", method="POST", **request):
        upload = read_upload(flask.request, max_image_bytes)
        (image,) = upload.files
        return Asked(image, Options.from_fields(upload.fields))


def upload(
    content: bytes = PICTURE, name: str = "1.png", content_type: str | None = "image/png"
) -> tuple[io.BytesIO, str, str | None]:
    return io.BytesIO(content), name, content_type


def part(disposition: str, content: bytes) -> bytes:
    head = f"--x\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    return head.encode() + content + b"\r\n"


# Where the picture may stand.


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("1.png", "image/png"),
        ("1.jpg", "image/png"),
        ("香港.png", "image/jpeg"),
        ("../../etc/passwd", "text/plain"),
        ("", "application/octet-stream"),
        ("picture", ""),
        ("picture", None),
    ],
)
def test_a_file_is_read_whatever_its_name_and_content_type(
    name: str, content_type: str | None
) -> None:
    request = read(data={"image_file": upload(PICTURE, name, content_type)})
    assert request == Asked(PICTURE, Options())


def test_base64_in_a_multipart_field_is_read() -> None:
    body = part('name="image_data"', BASE64.encode()) + b"--x--\r\n"
    assert read(data=body, content_type=MULTIPART).image == PICTURE


def test_base64_in_an_urlencoded_field_is_read() -> None:
    assert read(data={"image_data": BASE64}, content_type=FORM).image == PICTURE


def test_base64_whose_plus_was_not_encoded_is_read() -> None:
    assert "+" in BASE64
    assert read(data=f"image_data={BASE64}", content_type=FORM).image == PICTURE


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8"])
def test_base64_in_json_is_read(content_type: str) -> None:
    body = json.dumps({"image_data": BASE64})
    assert read(data=body, content_type=content_type).image == PICTURE


@pytest.mark.parametrize(
    "content_type",
    ["image/png", "image/x-unheard-of", "IMAGE/PNG; a=b", "application/octet-stream", "", None],
)
def test_the_body_itself_is_the_picture(content_type: str | None) -> None:
    assert read(data=PICTURE, content_type=content_type).image == PICTURE


def test_a_file_wins_over_base64() -> None:
    assert read(data={"image_file": upload(), "image_data": "AAAA"}).image == PICTURE


def test_the_first_of_two_urlencoded_pictures_counts() -> None:
    assert read(data="image_data=AAAA&image_data=AQEB", content_type=FORM).image == bytes(3)


def test_an_empty_file_is_left_to_the_decoder() -> None:
    assert read(data={"image_file": upload(b"")}).image == b""


@pytest.mark.parametrize("field_type", ["urlencoded", "json"])
def test_a_base64_field_of_10_mib_is_read(field_type: str) -> None:
    picture = bytes(10 * MIB // 4 * 3)
    text = base64.b64encode(picture).decode()
    if field_type == "json":
        request = read(json={"image_data": text})
    else:
        request = read(data=f"image_data={text}", content_type=FORM)
    assert request.image == picture


def test_a_multipart_base64_field_of_10_mib_is_read() -> None:
    picture = bytes(10 * MIB // 4 * 3)
    body = part('name="image_data"', base64.b64encode(picture)) + b"--x--\r\n"
    assert read(data=body, content_type=MULTIPART).image == picture


# Options.


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize(
    ("text", "flag"),
    [
        *[(text, True) for text in ("true", "True", "TRUE", "1")],
        *[(text, False) for text in ("false", "False", "FALSE", "0")],
    ],
)
def test_every_spelling_of_a_flag_is_read(name: str, text: str, flag: bool) -> None:
    expected = Options(**{name: flag})
    assert read(data={"image_file": upload(), name: text}).options == expected
    assert read(data={"image_data": BASE64, name: text}).options == expected
    assert read(json={"image_data": BASE64, name: text}).options == expected
    assert read(data=PICTURE, query_string={name: text}).options == expected


@pytest.mark.parametrize(("value", "flag"), [(True, True), (1, True), (False, False), (0, False)])
def test_jsons_own_booleans_and_numbers_are_flags(value: object, flag: bool) -> None:
    request = read(json={"image_data": BASE64, "use_cls": value})
    assert request.options == Options(use_cls=flag)


def test_a_query_of_raw_bytes_is_an_invalid_option() -> None:
    with pytest.raises(InvalidOption, match="not ASCII"):
        read(data=PICTURE, environ_overrides={"QUERY_STRING": "use_det=\x9a"})


def test_an_option_in_the_body_wins_over_the_query() -> None:
    query = {"use_det": "0", "use_cls": "0"}
    expected = Options(use_det=True, use_cls=False)
    bodies: list[dict[str, Any]] = [
        {"data": {"image_file": upload(), "use_det": "1"}},
        {"data": {"image_data": BASE64, "use_det": "1"}},
        {"json": {"image_data": BASE64, "use_det": True}},
    ]
    assert [read(query_string=query, **body).options for body in bodies] == [expected] * 3


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("text", ["", "yes", "2", "-1", "on", " true", "truetrue", "é"])
def test_text_that_is_no_flag_is_refused_with_the_options_name(name: str, text: str) -> None:
    for body in ({"image_data": BASE64, name: text}, {"image_file": upload(), name: text}):
        with pytest.raises(InvalidOption, match=name):
            read(data=body)
    with pytest.raises(InvalidOption, match=name):
        read(data=PICTURE, query_string={name: text})


@pytest.mark.parametrize("value", [None, [], [1], {}, {"a": True}, 2, 0.5, "", "yes"])
def test_a_json_value_that_is_no_flag_is_refused(value: object) -> None:
    with pytest.raises(InvalidOption, match="use_rec"):
        read(json={"image_data": BASE64, "use_rec": value})


def test_unknown_fields_are_passed_over() -> None:
    request = read(json={"image_data": BASE64, "language": "en"}, query_string={"a": "b"})
    assert request == Asked(PICTURE, Options())


# Refusals.


@pytest.mark.parametrize(
    "request_parts",
    [
        pytest.param({}, id="nothing at all"),
        pytest.param({"data": b"", "content_type": "image/png"}, id="an empty body"),
        pytest.param({"data": {"picture": upload()}}, id="a file of another name"),
        pytest.param({"data": b"--x--\r\n", "content_type": MULTIPART}, id="an empty form"),
        pytest.param({"data": {"use_det": "1"}}, id="a form without it"),
        pytest.param({"data": {"image_data": ""}}, id="an empty field"),
        pytest.param({"data": b"", "content_type": FORM}, id="an empty urlencoded form"),
        pytest.param({"json": {}}, id="JSON without it"),
        pytest.param({"json": {"image_data": None}}, id="JSON null"),
        pytest.param({"json": {"image_data": ""}}, id="an empty JSON string"),
    ],
)
def test_a_request_without_a_picture_is_told_how_to_send_one(request_parts: dict[str, Any]) -> None:
    with pytest.raises(MissingImage, match="Send the picture as the file image_file"):
        read(**request_parts)


def test_a_picture_of_exactly_the_largest_size_is_read() -> None:
    assert read(len(PICTURE), data={"image_file": upload()}).image == PICTURE


@pytest.mark.parametrize("style", ["file", "urlencoded", "json", "raw"])
def test_a_picture_one_byte_too_large_is_refused(style: str) -> None:
    styles: dict[str, dict[str, Any]] = {
        "file": {"data": {"image_file": upload()}},
        "urlencoded": {"data": {"image_data": BASE64}},
        "json": {"json": {"image_data": BASE64}},
        "raw": {"data": PICTURE, "content_type": "image/png"},
    }
    with pytest.raises(ImageTooLarge, match=f"{len(PICTURE)} bytes; at most {len(PICTURE) - 1}"):
        read(len(PICTURE) - 1, **styles[style])


def test_a_body_past_the_limit_on_bodies_is_refused_unread() -> None:
    with pytest.raises(RequestEntityTooLarge):
        read(
            data=b"",
            content_type="image/png",
            environ_overrides={"CONTENT_LENGTH": str(40 * MIB + 1)},
        )


def test_base64_that_is_not_is_refused() -> None:
    with pytest.raises(InvalidBase64):
        read(data={"image_data": "<html>"})
    with pytest.raises(InvalidBase64):
        read(json={"image_data": "香港"})


@pytest.mark.parametrize("value", [1, 1.5, True, [], [BASE64], {"a": BASE64}])
def test_a_picture_in_json_that_is_no_string_is_refused(value: object) -> None:
    with pytest.raises(InvalidJson, match="image_data must be a string"):
        read(json={"image_data": value})


@pytest.mark.parametrize(
    "content_type", ["text/plain", "text/html", "application/xml", "application/zip", "video/mp4"]
)
def test_another_content_type_is_refused_by_its_name(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaType, match=content_type):
        read(data=PICTURE, content_type=content_type)


def test_a_picture_sent_as_a_form_by_mistake_is_told_how_to_send_it() -> None:
    with pytest.raises(ClientError, match="image/"):
        read(data=PICTURE, content_type=FORM)


@pytest.mark.parametrize("piece", ["%", "%41", "%2", "&"])
def test_a_body_of_escapes_is_refused_quickly(piece: str) -> None:
    body = b"image_data=" + piece.encode() * (10 * MIB // len(piece))
    start = time.process_time()
    with pytest.raises(ClientError):
        read(data=body, content_type=FORM)
    assert time.process_time() - start < 3


def test_a_long_name_is_no_form() -> None:
    with pytest.raises(InvalidForm, match="image/png"):
        read(data=b"%31" * 10_000 + b"=1", content_type=FORM)


def test_a_long_field_of_another_name_is_passed_over() -> None:
    body = b"comment=" + b"%31" * 10_000 + b"&image_data=" + BASE64.encode()
    assert read(data=body, content_type=FORM).options == Options()


def test_a_name_of_a_thousand_escaped_characters_is_passed_over() -> None:
    body = b"%31" * 1000 + b"=1&image_data=" + BASE64.encode()
    assert read(data=body, content_type=FORM).options == Options()


@pytest.mark.parametrize("size", [1000, 1001, 2000])
def test_an_escaped_option_is_read_up_to_its_limit_and_seen_to_be_longer(size: int) -> None:
    body = b"password=" + b"%31" * size + b"&image_data=" + BASE64.encode()
    app = flask.Flask(__name__, static_folder=None)
    with app.test_request_context("/", method="POST", data=body, content_type=FORM):
        password = read_upload(flask.request, 20 * MIB).fields["password"]
    assert password == "1" * min(size, 1001)


def test_a_name_may_be_escaped() -> None:
    body = b"image%5Fdata=" + quote(BASE64, safe="").encode()
    assert read(data=body, content_type=FORM).image == PICTURE


def test_an_empty_file_beside_base64_is_passed_over() -> None:
    fields = {"image_file": (io.BytesIO(), ""), "image_data": BASE64}
    assert read(data=fields).image == PICTURE


def test_an_input_that_was_left_alone_beside_a_file_is_passed_over() -> None:
    body = part('name="image_file"; filename=""', b"")
    body += part('name="image_file"; filename="1.png"', PICTURE) + b"--x--\r\n"
    assert read(data=body, content_type=MULTIPART).image == PICTURE


def test_as_many_fields_as_allowed_are_read() -> None:
    fields = dict.fromkeys((f"field{index}" for index in range(MAX_FIELDS - 1)), "")
    assert read(data={**fields, "image_data": BASE64}).image == PICTURE
    assert read(data={**fields, "image_file": upload()}).image == PICTURE


def test_one_field_too_many_is_refused() -> None:
    fields = dict.fromkeys((f"field{index}" for index in range(MAX_FIELDS)), "")
    with pytest.raises(InvalidForm, match="at most 64 fields"):
        read(data={**fields, "image_data": BASE64})
    with pytest.raises((InvalidForm, RequestEntityTooLarge)):
        read(data={**fields, "image_file": upload()})


@pytest.mark.timeout(2)
@pytest.mark.parametrize("body", [b"a&" * 1_000_000, b"a=b&" * 1_000_000, b"&" * 1_000_000])
def test_a_bomb_of_urlencoded_fields_is_refused_at_once(body: bytes) -> None:
    with pytest.raises((InvalidForm, MissingImage)):
        read(data=body, content_type=FORM)


@pytest.mark.timeout(2)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 1_000_000, id="a million lists in one another"),
        pytest.param(b'{"a":' * 1_000_000, id="a million objects in one another"),
        pytest.param(b"[" + b"[]," * 1_000_000 + b"[]]", id="a million empty lists"),
        pytest.param(b'{"a":[' + b"{}," * 1_000_000 + b"{}]}", id="a million empty objects"),
        pytest.param(b'{"a":' + b"9" * 1_000_000 + b"}", id="a huge integer"),
        pytest.param(b'{"a":' + b"9" * 5000 + b"}", id="an integer that Python refuses"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'"text"', id="a string"),
        pytest.param(b"null", id="null"),
        pytest.param(b"", id="an empty body"),
        pytest.param(b'{"image_data":', id="cut short"),
        pytest.param(b"{'image_data': ''}", id="Python's repr"),
        pytest.param(b'{"image_data": "\xff"}', id="invalid UTF-8"),
        pytest.param(PICTURE, id="a picture"),
    ],
)
def test_json_that_is_no_small_object_is_refused_at_once(body: bytes) -> None:
    with pytest.raises(InvalidJson, match="must be one JSON object"):
        read(data=body, content_type="application/json")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        pytest.param("multipart/form-data", b"abc", id="no boundary"),
        pytest.param("multipart/form-data; boundary=", b"abc", id="an empty boundary"),
        pytest.param(MULTIPART, b"abc", id="no form"),
        pytest.param(MULTIPART, b"--x\r\nContent-Dis", id="cut short in a header"),
        pytest.param(
            MULTIPART,
            part('name="image_file"; filename="a"', PICTURE)[:-100],
            id="cut short in the picture",
        ),
        pytest.param(
            MULTIPART, part('name="image_file"; filename="a"', PICTURE), id="no closing boundary"
        ),
        pytest.param(
            "multipart/form-data; boundary=y",
            part('name="image_file"; filename="a"', PICTURE) + b"--x--\r\n",
            id="another boundary",
        ),
        pytest.param(MULTIPART, b"--x\r\nA: b\r\n\r\nabc\r\n--x--\r\n", id="a part without a name"),
    ],
)
def test_a_broken_multipart_form_is_refused(content_type: str, body: bytes) -> None:
    with pytest.raises(InvalidForm, match="broken or cut short"):
        read(data=body, content_type=content_type)
