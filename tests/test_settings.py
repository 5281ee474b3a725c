import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from ocr_server.cores import usable_cores
from ocr_server.settings import (
    ClientSettings,
    InvalidSettings,
    Settings,
    settings_table,
    unknown_variables,
)


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().startswith("OCR_SERVER_"):
            monkeypatch.delenv(name)


def test_the_defaults_are_those_of_the_server_this_one_replaces() -> None:
    settings = Settings.from_environment()
    assert (settings.host, settings.port) == ("0.0.0.0", 9003)


def test_workers_and_slots_are_the_usable_cores() -> None:
    settings = Settings.from_environment()
    assert settings.workers == settings.slots == usable_cores()


def test_a_base64_picture_of_the_largest_size_fits_into_a_body() -> None:
    settings = Settings.from_environment()
    assert settings.max_body_bytes >= settings.max_image_bytes * 1.5


@pytest.mark.parametrize(
    ("variable", "value", "name", "expected"),
    [
        ("OCR_SERVER_HOST", "127.0.0.1", "host", "127.0.0.1"),
        ("OCR_SERVER_PORT", "8000", "port", 8000),
        ("OCR_SERVER_WORKERS", "3", "workers", 3),
        ("OCR_SERVER_SLOTS", "5", "slots", 5),
        ("OCR_SERVER_THREADS", "7", "threads", 7),
        ("OCR_SERVER_MAX_IMAGE_BYTES", "1000", "max_image_bytes", 1000),
        ("OCR_SERVER_MAX_BODY_BYTES", "2000", "max_body_bytes", 2000),
        ("OCR_SERVER_MAX_IMAGE_PIXELS", "4000", "max_image_pixels", 4000),
        ("OCR_SERVER_MAX_INFERENCE_PIXELS", "5000000", "max_inference_pixels", 5_000_000),
    ],
)
def test_a_variable_sets_its_setting(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, name: str, expected: object
) -> None:
    monkeypatch.setenv(variable, value)
    assert getattr(Settings.from_environment(), name) == expected


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OCR_SERVER_PORT", "0"),
        ("OCR_SERVER_PORT", "65536"),
        ("OCR_SERVER_PORT", "http"),
        ("OCR_SERVER_PORT", ""),
        ("OCR_SERVER_PORT", "80.5"),
        ("OCR_SERVER_WORKERS", "0"),
        ("OCR_SERVER_SLOTS", "-1"),
        ("OCR_SERVER_SLOTS", "257"),
        ("OCR_SERVER_THREADS", "0"),
        ("OCR_SERVER_MAX_IMAGE_BYTES", "20MB"),
        ("OCR_SERVER_MAX_BODY_BYTES", "0"),
        ("OCR_SERVER_MAX_IMAGE_PIXELS", "0"),
        ("OCR_SERVER_MAX_INFERENCE_PIXELS", "999999"),
    ],
)
def test_a_value_that_is_not_allowed_is_named_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(InvalidSettings) as caught:
        Settings.from_environment()
    assert str(caught.value).startswith(f"{variable}={value!r}: ")


def test_all_values_that_are_not_allowed_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCR_SERVER_PORT", "0")
    monkeypatch.setenv("OCR_SERVER_WORKERS", "many")
    with pytest.raises(InvalidSettings, match=r"OCR_SERVER_PORT.*OCR_SERVER_WORKERS"):
        Settings.from_environment()


def test_a_variable_that_is_no_setting_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Settings.from_environment()
    monkeypatch.setenv("OCR_SERVER_COLOUR", "green")
    assert Settings.from_environment() == plain


def test_a_variable_without_the_prefix_sets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8000")
    assert Settings.from_environment().port == 9003


def test_settings_cannot_be_changed() -> None:
    settings = Settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.port = 1  # type: ignore[misc]


def test_the_table_has_a_row_for_every_setting() -> None:
    rows = settings_table().splitlines()[2:]
    variables = [f"OCR_SERVER_{name.upper()}" for name in Settings.model_fields]
    assert [row.split("`")[1] for row in rows] == variables


def test_every_row_of_the_table_tells_the_default_and_the_meaning() -> None:
    rows = settings_table().splitlines()
    assert "| `OCR_SERVER_PORT` | `9003` | TCP port to listen on. |" in rows
    assert all([bool(cell.strip()) for cell in row[1:-1].split("|")] == [True] * 3 for row in rows)
    assert any(row.startswith("| `OCR_SERVER_SLOTS` | usable cores | ") for row in rows)


def test_the_defaults_are_allowed_on_a_machine_of_many_cores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ocr_server.settings.usable_cores", lambda: 64)
    assert Settings.from_environment().max_waiting == 256


def test_a_model_is_also_set_by_the_variable_of_the_server_this_one_replaces(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model = tmp_path / "det.onnx"
    model.touch()
    monkeypatch.setenv("det_model_path", str(model))
    assert Settings.from_environment().det_model_path == model
    monkeypatch.delenv("det_model_path")
    monkeypatch.setenv("OCR_SERVER_DET_MODEL_PATH", str(model))
    assert Settings.from_environment().det_model_path == model


def test_a_model_that_is_not_there_is_named_with_its_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OCR_SERVER_REC_MODEL_PATH", "/nowhere/rec.onnx")
    with pytest.raises(InvalidSettings, match=r"^OCR_SERVER_REC_MODEL_PATH="):
        Settings.from_environment()


def test_a_misspelt_variable_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCR_SERVER_API_KEY", "x")
    monkeypatch.setenv("OCR_SERVER_PORT", "9003")
    assert "OCR_SERVER_API_KEY" in unknown_variables()
    assert "OCR_SERVER_PORT" not in unknown_variables()


def test_the_key_of_a_client_is_known_and_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCR_SERVER_KEY", "s3cret")
    assert ClientSettings.from_environment().key == "s3cret"
    assert unknown_variables() == []


def test_the_password_of_a_client_is_known_and_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCR_SERVER_PASSWORD", "s\N{LATIN SMALL LETTER SHARP S} &?")
    assert ClientSettings.from_environment().password == "s\N{LATIN SMALL LETTER SHARP S} &?"
    assert unknown_variables() == []


@pytest.mark.parametrize("key", ["s3cret\n", "s3 cret", "s3cr\N{LATIN SMALL LETTER E WITH ACUTE}t"])
def test_a_key_that_no_header_can_hold_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("OCR_SERVER_KEY", key)
    with pytest.raises(InvalidSettings, match=r"^OCR_SERVER_KEY must be") as caught:
        ClientSettings.from_environment()
    assert "s3" not in str(caught.value)
