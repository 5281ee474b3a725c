"""The OpenAPI document says what the code says."""

import base64
import io
from collections.abc import Iterator
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from jsonschema_rs import Draft202012Validator
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from ocr_server import __version__, create_app, errors, keys
from ocr_server.documents.document_options import LEAST_DPI, MOST_DPI, DocumentOptions
from ocr_server.engine import Engine
from ocr_server.errors import InvalidOption
from ocr_server.formats.choices import OF_DOCUMENTS, OF_PICTURES
from ocr_server.openapi import examples, fields
from ocr_server.options import FLAGS, RANGES, Options, read_flag
from ocr_server.settings import Settings
from ocr_server.slots import Slots

READING = ["/ocr", "/ocr/document"]
FORMS = ["multipart/form-data", "application/x-www-form-urlencoded", "application/json"]
# Told of in the place of a page, in an answer that began well.
NEVER_AN_ANSWER = {"invalid_page"}


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    """What the server serves."""
    response = client.get("/openapi.json")
    assert response.content_type == "application/json; charset=utf-8"
    loaded: dict[str, Any] = response.get_json()
    return loaded


def body_schema(document: dict[str, Any], path: str, media_type: str) -> dict[str, Any]:
    content = document["paths"][path]["post"]["requestBody"]["content"]
    schema: dict[str, Any] = content[media_type]["schema"]
    return schema


def query(document: dict[str, Any], path: str) -> dict[str, Any]:
    parameters = document["paths"][path]["post"]["parameters"]
    return {each["name"]: each["schema"] for each in parameters if "name" in each}


def validator(document: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": document["components"]})


def contents(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every place that has a schema for a body."""
    for methods in document["paths"].values():
        for operation in methods.values():
            yield from operation.get("requestBody", {"content": {}})["content"].values()
            for response in operation["responses"].values():
                yield from response.get("content", {}).values()


def test_its_version_is_ours(document: dict[str, Any]) -> None:
    assert document["info"]["version"] == __version__


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    OPENAPI_31_VALIDATOR.validate(document)
    assert document["openapi"].startswith("3.1.")


def test_each_schema_is_one(document: dict[str, Any]) -> None:
    for content in contents(document):
        assert validator(document, content["schema"])


def test_each_example_is_what_its_schema_allows(document: dict[str, Any]) -> None:
    count = 0
    for content in contents(document):
        given = [each["value"] for each in content.get("examples", {}).values()]
        for example in [*given, *([content["example"]] if "example" in content else [])]:
            validator(document, content["schema"]).validate(example)
            count += 1
    assert count > 10


def test_each_route_is_in_it_and_nothing_else(app: flask.Flask, document: dict[str, Any]) -> None:
    routes = {
        (rule.rule.replace("<path:", "{").replace("<", "{").replace(">", "}"), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {(path, method) for path, its in document["paths"].items() for method in its}
    assert routes == described


def test_each_error_is_in_it_under_its_status(document: dict[str, Any]) -> None:
    described = set()
    for methods in document["paths"].values():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                problem = response.get("content", {}).get("application/problem+json")
                codes = (
                    problem["schema"]["allOf"][1]["properties"]["code"]["enum"] if problem else []
                )
                described |= {(code, int(status)) for code in codes}
    known = {(error.code, error.status) for error in errors.all_errors()}
    assert described == {(code, status) for code, status in known if code not in NEVER_AN_ANSWER}
    problem = document["components"]["schemas"]["Problem"]["properties"]
    assert problem["code"]["enum"] == [error.code for error in errors.all_errors()]


@pytest.mark.parametrize("path", READING)
def test_each_option_is_in_it_with_its_range(document: dict[str, Any], path: str) -> None:
    defaults = Options()
    places = [body_schema(document, path, form)["properties"] for form in FORMS]
    for place in [*places, query(document, path)]:
        for name, allowed in RANGES.items():
            assert (place[name]["minimum"], place[name]["maximum"]) == (allowed.least, allowed.most)
            assert place[name]["default"] == getattr(defaults, name)
        for name in FLAGS:
            assert place[name]["default"] is getattr(defaults, name)


def test_what_is_asked_of_documents_is_in_it(document: dict[str, Any]) -> None:
    places = [body_schema(document, "/ocr/document", form)["properties"] for form in FORMS]
    asked = set(DocumentOptions.__dataclass_fields__)
    in_query = query(document, "/ocr/document")
    assert asked - in_query.keys() == {"password"}  # Addresses are kept by logs.
    for place in [*places, in_query]:
        assert asked - {"password"} <= place.keys()
        assert (place["dpi"]["minimum"], place["dpi"]["maximum"]) == (LEAST_DPI, MOST_DPI)


@pytest.mark.parametrize(
    ("path", "formats"), [("/ocr", OF_PICTURES), ("/ocr/document", OF_DOCUMENTS)]
)
def test_each_format_is_in_it(document: dict[str, Any], path: str, formats: Any) -> None:
    names = [form.name for form in formats]
    for form in FORMS:
        assert body_schema(document, path, form)["properties"]["format"]["enum"] == names
    assert query(document, path)["format"]["enum"] == names
    answer = document["paths"][path]["post"]["responses"]["200"]["content"]
    assert set(answer) == {kind for form in formats for kind in form.media_types}


@pytest.mark.parametrize(
    "value",
    ["true", "False", "TRUE", "0", "1", "", "yes", "01", "true ", True, 0, 1.0, 2, None, []],
)
def test_a_flag_is_what_the_server_reads_as_one(document: dict[str, Any], value: object) -> None:
    allowed = validator(document, fields.JSON_FLAG).is_valid(value)
    if allowed:
        read_flag("use_det", value)
    else:
        with pytest.raises(InvalidOption):
            read_flag("use_det", value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "3",
        "1-3,7,10-",
        "-4",
        " 1 - 2 , 3",
        "0",
        "-",
        "1,",
        "1--2",
        "a",
        "１",
        "12345678",
        "1-\n2",
    ],
)
def test_pages_are_what_the_server_reads_as_such(value: str) -> None:
    allowed = Draft202012Validator(fields.document_options()["pages"]).is_valid(value)
    if allowed:
        DocumentOptions.from_fields({"pages": value})
    else:
        with pytest.raises(InvalidOption):
            DocumentOptions.from_fields({"pages": value})


@pytest.mark.parametrize("value", [36, 400, 200.0, 35, 401, 36.5, True, None, [200]])
def test_dots_an_inch_are_what_the_server_reads_as_such(value: object) -> None:
    allowed = Draft202012Validator(fields.document_options()["dpi"]).is_valid(value)
    if allowed:
        assert DocumentOptions.from_fields({"dpi": value}).dpi == value
    else:
        with pytest.raises(InvalidOption):
            DocumentOptions.from_fields({"dpi": value})


@pytest.mark.parametrize("path", READING)
@pytest.mark.parametrize("media_type", FORMS)
def test_the_examples_run(client: FlaskClient, path: str, media_type: str) -> None:
    sent = {"image_data": examples.BASE64}
    how: dict[str, Any] = {"json": sent} if media_type == FORMS[2] else {"data": sent}
    expected = examples.PICTURE_ANSWERS if path == "/ocr" else examples.DOCUMENT_ANSWERS
    response = client.post(path, **how)
    assert response.status_code == 200
    assert without_scores(response.get_json()) == without_scores(expected["json"])
    text = client.post(path, query_string={"format": "text"}, **how).text
    assert text == expected["text"]


def without_scores(answer: Any) -> Any:
    """Scores differ in their last digits from one processor to the next."""
    if isinstance(answer, dict):
        return {name: without_scores(value) for name, value in answer.items() if name != "score"}
    return [without_scores(item) for item in answer] if isinstance(answer, list) else answer


def test_a_batch_a_failure_and_words_are_what_the_schema_allows(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    file = base64.b64decode(examples.BASE64)
    schema = document["paths"]["/ocr"]["post"]["responses"]["200"]["content"]["application/json"]
    parts = [
        (io.BytesIO(file), "1.png"),
        (io.BytesIO(b"no picture"), "2.png"),
        (io.BytesIO(file), "3.png"),
    ]
    fields_ = {"image_file": parts, "return_word_box": "1"}
    answer = client.post("/ocr", data=fields_).get_json()
    assert [list(item) for item in answer] == [["0"], ["error"], ["0"]]
    assert "word_boxes" in answer[0]["0"]
    validator(document, schema["schema"]).validate(answer)


def test_without_keys_a_key_is_optional(document: dict[str, Any]) -> None:
    assert document["security"] == [{}, {"bearer": []}, {"apiKey": []}]


def test_with_keys_the_document_is_open_and_says_what_needs_one(
    engine: Engine, slots: Slots
) -> None:
    settings = Settings(api_keys=keys.hash_of("any").hex())
    client = create_app(settings, engine, slots).test_client()
    document = client.get("/openapi.json").get_json()
    assert document["security"] == [{"bearer": []}, {"apiKey": []}]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            status = client.open(path.format(name="style.css"), method=method).status_code
            assert (status == 401) is ("security" not in operation), path


def test_open_metrics_are_described_as_open(engine: Engine, slots: Slots) -> None:
    settings = Settings(api_keys=keys.hash_of("any").hex(), open_metrics=True)
    client = create_app(settings, engine, slots).test_client()
    assert client.get("/openapi.json").get_json()["paths"]["/metrics"]["get"]["security"] == []
