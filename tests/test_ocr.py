"""POST /ocr, without a socket."""

import base64
import io
import json
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from ocr_server import extension
from tests import pictures
from tests.processes import leaving_nothing

PICTURE = pictures.read("page_mixed_sizes.png")


def post_file(client: FlaskClient, image: bytes, **fields: str) -> TestResponse:
    return client.post("/ocr", data={"image_file": (io.BytesIO(image), "1.png"), **fields})


def texts(response: TestResponse) -> list[str]:
    return [entry["rec_txt"] for entry in response.get_json().values()]


def assert_problem(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    problem: dict[str, Any] = response.get_json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"].endswith(code)
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == response.headers["X-Request-ID"]
    return problem


def test_all_upload_styles_give_the_same_answer(client: FlaskClient) -> None:
    text = base64.b64encode(PICTURE).decode()
    answers = [
        post_file(client, PICTURE),
        client.post("/ocr", data={"image_data": text}),
        client.post("/ocr", data={"image_data": text}, content_type="multipart/form-data"),
        client.post("/ocr", json={"image_data": text}),
        client.post("/ocr", data=PICTURE, content_type="image/png"),
        client.post("/ocr", data=PICTURE, content_type="application/octet-stream"),
        client.post("/ocr/", data=PICTURE, content_type="image/png"),
    ]
    assert [answer.status_code for answer in answers] == [200] * len(answers)
    assert {answer.data for answer in answers} == {answers[0].data}
    assert texts(answers[0]) == pictures.LINES["page_mixed_sizes.png"]


def test_the_answer_has_the_shape_of_the_contract(client: FlaskClient) -> None:
    response = post_file(client, pictures.read("small.png"))
    assert response.content_type == "application/json; charset=utf-8"
    (entry,) = response.get_json().values()
    assert list(entry) == ["rec_txt", "dt_boxes", "score"]
    assert isinstance(entry["score"], str)
    assert str(float(entry["score"])) == entry["score"]
    assert [[type(number) for number in corner] for corner in entry["dt_boxes"]] == [
        [float, float]
    ] * 4


def test_text_is_not_escaped(client: FlaskClient) -> None:
    body = post_file(client, pictures.read("page_chinese.png")).data.decode()
    assert pictures.LINES["page_chinese.png"][0] in body


def test_a_page_with_more_than_eleven_lines_keeps_its_order(client: FlaskClient) -> None:
    response = post_file(client, pictures.read("page_many_lines.png"))
    keys = [key for key, _ in json.loads(response.data, object_pairs_hook=list)]
    assert keys == [str(index) for index in range(len(keys))]
    assert len(keys) > 11
    assert texts(response) == pictures.LINES["page_many_lines.png"]


def test_a_blank_page_gives_an_empty_object(client: FlaskClient) -> None:
    response = post_file(client, pictures.read("blank.png"))
    assert (response.status_code, response.data) == (200, b"{}")


@pytest.mark.parametrize(
    ("flags", "members"),
    [
        ("det cls rec", ["rec_txt", "dt_boxes", "score"]),
        ("det rec", ["rec_txt", "dt_boxes", "score"]),
        ("det cls", ["dt_boxes"]),
        ("det", ["dt_boxes"]),
        ("cls rec", ["rec_txt", "score"]),
        ("rec", ["rec_txt", "score"]),
        ("cls", ["cls_label", "score"]),
    ],
)
def test_an_entry_holds_what_the_models_that_ran_could_tell(
    flags: str, members: list[str], client: FlaskClient
) -> None:
    fields = {f"use_{model}": str(model in flags) for model in ("det", "cls", "rec")}
    answer = post_file(client, pictures.read("small.png"), **fields).get_json()
    assert [list(entry) for entry in answer.values()] == [members]


def test_with_no_model_there_is_nothing_to_tell(client: FlaskClient) -> None:
    response = post_file(client, PICTURE, use_det="0", use_cls="0", use_rec="0")
    assert (response.status_code, response.data) == (200, b"{}")


def test_options_of_one_request_do_not_change_the_next_answer(client: FlaskClient) -> None:
    image = pictures.read("upside_down.png")
    before = post_file(client, image).data
    post_file(client, image, use_cls="false")
    post_file(client, image, use_det="false", use_rec="false")
    assert post_file(client, image).data == before


def test_boxes_are_in_the_frame_that_a_person_sees(client: FlaskClient) -> None:
    upright = Image.open(io.BytesIO(PICTURE)).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = io.BytesIO()
    upright.transpose(Image.Transpose.ROTATE_90).save(stored, "PNG", exif=exif)
    assert post_file(client, stored.getvalue()).data == post_file(client, PICTURE).data


def test_a_base64_field_of_10_mb_works(client: FlaskClient) -> None:
    # Bytes after a PNG's end are ignored, so this is a large file of a small picture.
    image = pictures.read("small.png") + bytes(7_500_000)
    response = client.post("/ocr", data={"image_data": base64.b64encode(image).decode()})
    assert texts(response) == pictures.LINES["small.png"]


def test_no_picture_is_a_problem(client: FlaskClient) -> None:
    assert_problem(client.post("/ocr"), 400, "missing_image")


def test_an_empty_file_is_a_problem(client: FlaskClient) -> None:
    assert_problem(post_file(client, b""), 400, "invalid_image")


def test_a_text_file_is_a_problem(client: FlaskClient) -> None:
    assert_problem(post_file(client, b"just some text\n"), 415, "unsupported_format")


def test_a_truncated_jpeg_is_a_problem(client: FlaskClient) -> None:
    image = pictures.read("rotated.jpg")
    assert_problem(post_file(client, image[: len(image) // 2]), 400, "invalid_image")


def test_html_as_base64_is_a_problem(client: FlaskClient) -> None:
    response = client.post("/ocr", data={"image_data": "<html><body>502</body></html>"})
    assert_problem(response, 400, "invalid_base64")


def test_an_unknown_flag_value_is_a_problem_that_names_the_flag(client: FlaskClient) -> None:
    problem = assert_problem(post_file(client, PICTURE, use_cls="maybe"), 400, "invalid_option")
    assert "use_cls" in problem["detail"]


def test_a_wrong_method_is_a_problem_that_names_the_right_one(client: FlaskClient) -> None:
    response = client.get("/ocr")
    assert_problem(response, 405, "method_not_allowed")
    assert "POST" in response.headers["Allow"]


def test_a_wrong_path_is_a_problem(client: FlaskClient) -> None:
    assert_problem(client.get("/orc"), 404, "not_found")


def test_a_picture_over_the_limit_is_a_problem(client: FlaskClient) -> None:
    response = client.post("/ocr", data=bytes(20 * 2**20 + 1), content_type="image/png")
    assert_problem(response, 413, "image_too_large")


def test_a_body_over_the_limit_is_a_problem(client: FlaskClient) -> None:
    response = client.post("/ocr", data=bytes(40 * 2**20 + 1), content_type="image/png")
    assert_problem(response, 413, "body_too_large")


def test_a_connection_whose_body_does_not_end_in_time_is_closed(client: FlaskClient) -> None:
    class Late(io.BytesIO):
        def read(self, _: int | None = -1, /) -> bytes:
            raise TimeoutError

    body = bytes(40 * 2**20 + 1)
    whole = client.post("/ocr", input_stream=io.BytesIO(body), content_type="image/png")
    cut = client.post("/ocr", input_stream=Late(body), content_type="image/png")
    for response in (whole, cut):
        assert_problem(response, 413, "body_too_large")
    assert "Connection" not in whole.headers
    assert cut.headers["Connection"] == "close"


def test_an_unknown_content_type_is_a_problem(client: FlaskClient) -> None:
    response = client.post("/ocr", data=PICTURE, content_type="application/zip")
    assert_problem(response, 415, "unsupported_media_type")


def test_a_long_thin_picture_is_read_and_no_giant_inference(client: FlaskClient) -> None:
    image = io.BytesIO()
    Image.new("RGB", (2000, 1)).save(image, "PNG")
    response = post_file(client, image.getvalue())
    assert (response.status_code, response.json) == (200, {})


def test_a_bad_request_holds_no_slot(client: FlaskClient) -> None:
    image = pictures.read("rotated.jpg")
    for _ in range(3):  # One more than there are slots.
        post_file(client, image[: len(image) // 2])
    assert post_file(client, pictures.read("small.png")).status_code == 200


def post_files(client: FlaskClient, *files: bytes, **fields: str) -> TestResponse:
    parts = [(io.BytesIO(file), f"{number}.png") for number, file in enumerate(files)]
    return client.post("/ocr", data={"image_file": parts, **fields}, buffered=True)


BATCH = ["small.png", "blank.png", "upside_down.png", "page_mixed_sizes.png"]


def test_several_pictures_are_answered_by_a_list_in_their_order(client: FlaskClient) -> None:
    response = post_files(client, *map(pictures.read, BATCH))
    assert response.content_type == "application/json; charset=utf-8"
    alone = [post_file(client, pictures.read(name)).get_json() for name in BATCH]
    assert response.get_json() == alone
    assert [list(entry) for entry in response.get_json()] == [list(entry) for entry in alone]


def test_pictures_that_cannot_be_read_are_errors_in_their_places(client: FlaskClient) -> None:
    small = pictures.read("small.png")
    response = post_files(client, b"", small, b"a text", small[:60], small)
    assert response.status_code == 200
    found = response.get_json()
    assert [next(iter(entry)) for entry in found] == ["error", "0", "error", "error", "0"]
    codes = [entry["error"]["code"] for entry in found if "error" in entry]
    assert codes == ["invalid_image", "unsupported_format", "invalid_image"]
    error = found[0]["error"]
    assert list(error) == ["type", "title", "status", "detail", "code", "request_id"]
    assert error["request_id"] == response.headers["X-Request-ID"]


def test_options_hold_for_every_picture_of_a_batch(client: FlaskClient) -> None:
    small = pictures.read("small.png")
    found = post_files(client, small, small, use_rec="false").get_json()
    assert [list(entry["0"]) for entry in found] == [["dt_boxes"]] * 2


@pytest.mark.parametrize("name", ["text", "markdown", "hocr", "alto", "tsv"])
def test_in_other_formats_each_picture_is_a_page(client: FlaskClient, name: str) -> None:
    small = pictures.read("small.png")
    response = post_files(client, small, pictures.read("blank.png"), small, format=name)
    assert response.status_code == 200
    assert response.text.count("Harvest") == 2
    if name == "text":
        assert response.text.split("\f") == ["Harvest\n", "", "Harvest\n"]


def test_a_picture_with_boxes_drawn_is_had_of_one_picture_alone(client: FlaskClient) -> None:
    small = pictures.read("small.png")
    problem = assert_problem(
        post_files(client, small, small, format="image"), 400, "invalid_option"
    )
    assert "one picture" in problem["detail"]
    assert post_files(client, small, format="image").content_type == "image/png"


def test_one_picture_too_many_bytes_refuses_a_batch(client: FlaskClient) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="image_file"; filename="a"\r\n\r\n'
    files = pictures.read("small.png"), bytes(20 * 2**20 + 1)
    body = b"".join(head + file + b"\r\n" for file in files) + b"--x--\r\n"
    response = client.post("/ocr", data=body, content_type="multipart/form-data; boundary=x")
    assert_problem(response, 413, "image_too_large")


def test_a_batch_leaves_nothing_behind(client: FlaskClient, app: flask.Flask) -> None:
    with leaving_nothing():
        parts = [(io.BytesIO(pictures.read("small.png")), "1.png") for _ in range(9)]
        response = client.post("/ocr", data={"image_file": parts})
        assert next(response.iter_encoded()).startswith(b'[{"0"')
        response.close()
    held = extension.of(app)
    assert held.slots.free == held.slots.count
    assert held.places._free._value == held.settings.max_documents
