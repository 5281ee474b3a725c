"""Which characters can be drawn."""

from pathlib import Path

import onnx
import pytest
import rapidocr_onnxruntime

from ocr_server.drawing.fonts import Typeface, typefaces

MODELS = Path(rapidocr_onnxruntime.__file__).parent / "models"


@pytest.fixture(scope="module")
def alphabet() -> list[str]:
    """Return what the recognizer can read."""
    model = onnx.load(str(MODELS / "ch_PP-OCRv4_rec_infer.onnx"))
    (characters,) = (entry.value for entry in model.metadata_props if entry.key == "character")
    return [character for character in characters.splitlines() if not character.isspace()]


def test_the_packaged_font_covers_what_the_recognizer_reads(alphabet: list[str]) -> None:
    packaged = typefaces()[0]
    missing = {character for character in alphabet if not packaged.covers(character)}
    assert len(alphabet) > 6000
    assert missing == set("❤❋ɔʌ𣇉")


def test_a_font_that_is_not_there_is_an_error() -> None:
    with pytest.raises(OSError, match="cannot open"):
        Typeface("NoSuchFont.ttf")


def test_fonts_are_loaded_once() -> None:
    face = typefaces()[0]
    assert face.at(20) is face.at(20)
    assert typefaces()[0] is face
