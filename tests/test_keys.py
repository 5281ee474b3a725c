"""API keys are kept as hashes, and only those that are known are let in."""

from pathlib import Path

import pytest

from ocr_server import keys
from ocr_server.keys import Keys
from ocr_server.settings import InvalidSettings, Settings


def hashed(key: str) -> str:
    return keys.hash_of(key).hex()


def test_no_keys_are_false() -> None:
    assert not Keys.of(Settings())


def test_every_key_of_the_setting_is_held() -> None:
    found = Keys.of(Settings(api_keys=f"{hashed('one')}, {hashed('two')},"))
    assert found
    assert found.hold("one")
    assert found.hold("two")


@pytest.mark.parametrize("key", ["", "on", "one ", "One", "onetwo", "x" * 1_000_000, "\udcff"])
def test_another_key_is_not_held(key: str) -> None:
    assert not Keys([hashed("one"), hashed("two")]).hold(key)


def test_a_hash_is_no_key() -> None:
    assert not Keys([hashed("one")]).hold(hashed("one"))


def test_a_file_holds_a_hash_a_line_with_names_and_remarks(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"# ours\n\n{hashed('one')} billing, since June\n  {hashed('two')}\n")
    found = Keys.of(Settings(api_keys=hashed("three"), api_keys_file=file))
    assert all(map(found.hold, ["one", "two", "three"]))


@pytest.mark.parametrize("text", ["", "# nothing\n", "\n"])
def test_a_file_without_a_key_is_an_error_and_lets_nobody_in(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys"
    file.write_text(text)
    with pytest.raises(InvalidSettings, match="no hash"):
        Keys.of(Settings(api_keys_file=file))


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="OCR_SERVER_API_KEYS_FILE cannot be read"):
        Keys.of(Settings(api_keys_file=tmp_path / "nowhere"))


def test_a_key_in_place_of_its_hash_is_refused_and_not_repeated() -> None:
    with pytest.raises(InvalidSettings, match="API key 2 is not") as caught:
        Keys.of(Settings(api_keys=f"{hashed('one')},secret-key"))
    assert "secret" not in str(caught.value)


def test_keys_made_are_long_and_differ() -> None:
    made = {keys.make() for _ in range(100)}
    assert len(made) == 100
    assert all(len(key) >= 43 for key in made)


@pytest.mark.parametrize("text", [" ", ",", " , "])
def test_a_setting_without_a_key_lets_nobody_in_by_mistake(text: str) -> None:
    with pytest.raises(InvalidSettings, match="no hash"):
        Keys.of(Settings(api_keys=text))


def test_keys_can_be_handed_on_as_a_setting() -> None:
    found = Keys([hashed("one"), hashed("two")])
    handed = found.as_settings()["OCR_SERVER_API_KEYS"]
    assert Keys.of(Settings(api_keys=handed)).hold("two")
    assert not Keys.of(Settings(api_keys=Keys([]).as_settings()["OCR_SERVER_API_KEYS"]))
