"""README says what the code says."""

from tests import readme


def test_the_tables_are_those_of_the_code() -> None:
    text = readme.PATH.read_text("utf-8")
    assert "OCR_SERVER_PORT" in text
    assert "image_too_large" in text
    assert text == readme.with_tables(text), "run `make readme`"
