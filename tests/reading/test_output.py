import json
from collections.abc import Iterator
from pathlib import Path, PurePath

import pytest

from ocr_server.reading.failure import WrongUsage
from ocr_server.reading.forms import FORMS
from ocr_server.reading.output import FolderOutput, StandardOutput
from ocr_server.reading.sources import Source


def source(name: str, place: str = "") -> Source:
    return Source(Path(name), PurePath(place or name))


def broken_off() -> Iterator[bytes]:
    yield b"begun"
    raise InterruptedError


def test_one_answer_is_written_as_it_is(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    StandardOutput(FORMS["json"], names_files=False).write(source("1.png"), [b'{"0"', b": 1}"])
    assert capsysbinary.readouterr().out == b'{"0": 1}\n'


def test_objects_name_their_files(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    output = StandardOutput(FORMS["json"], names_files=True)
    output.write(source('"1".png'), [b'{"0"', b": 1}"])
    output.write(source("2.png"), [b"{}"])
    lines = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    assert lines == [{"file": '"1".png', "result": {"0": 1}}, {"file": "2.png", "result": {}}]


def test_pages_name_their_files(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    output = StandardOutput(FORMS["ndjson"], names_files=True)
    output.write(source("1.pdf"), [b'{"page": 1}\n', b'{"page": 2}\n'])
    lines = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    assert lines == [{"file": "1.pdf", "page": 1}, {"file": "1.pdf", "page": 2}]


def test_texts_stand_under_heads_that_name_their_files(
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    output = StandardOutput(FORMS["text"], names_files=True)
    output.write(source("1.png"), [b"one\n", b"two"])
    output.write(source("2.png"), [])
    output.write(source("3.png"), [b"three\n"])
    heads = b"==> 1.png <==\none\ntwo\n\n==> 2.png <==\n\n==> 3.png <==\nthree\n"
    assert capsysbinary.readouterr().out == heads


@pytest.mark.parametrize("name", ["text", "json", "hocr"])
def test_a_binary_answer_gets_no_end_of_line_and_a_text_does(tmp_path: Path, name: str) -> None:
    for form in (FORMS[name], FORMS["pdf"]):
        FolderOutput(tmp_path, form).write(source("1.png"), [b"content"])
    assert (tmp_path / f"1.png{FORMS[name].ending}").read_bytes() == b"content\n"
    assert (tmp_path / "1.png.pdf").read_bytes() == b"content"


def test_an_answer_lies_where_its_source_does_and_replaces_an_older_one(tmp_path: Path) -> None:
    output = FolderOutput(tmp_path / "new", FORMS["text"])
    for text in (b"old", b"new"):
        output.write(source("in/a/1.png", "a/1.png"), [text])
    assert (tmp_path / "new/a/1.png.txt").read_bytes() == b"new\n"
    assert {file.name for file in tmp_path.rglob("*")} == {"new", "a", "1.png.txt"}


def test_an_answer_that_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    output = FolderOutput(tmp_path, FORMS["text"])
    with pytest.raises(InterruptedError):
        output.write(source("1.png"), broken_off())
    assert not list(tmp_path.iterdir())


def test_an_object_that_breaks_off_is_not_begun(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    with pytest.raises(InterruptedError):
        StandardOutput(FORMS["json"], names_files=True).write(source("1.png"), broken_off())
    assert capsysbinary.readouterr().out == b'{"file": "1.png", "result": '[:0]


def test_two_answers_for_one_file_are_refused(tmp_path: Path) -> None:
    sources = [source("a/1.png", "1.png"), source("b/1.png", "1.png")]
    with pytest.raises(WrongUsage, match=r"a/1\.png and b/1\.png"):
        FolderOutput(tmp_path, FORMS["text"]).prepare(sources)


def test_an_answer_in_a_sources_place_is_refused(tmp_path: Path) -> None:
    sources = [source(str(tmp_path / "1"), "1"), source(str(tmp_path / "1.pdf"), "1.pdf")]
    with pytest.raises(WrongUsage, match=r"1\.pdf"):
        FolderOutput(tmp_path, FORMS["pdf"]).prepare(sources)
    FolderOutput(tmp_path, FORMS["text"]).prepare(sources)


def test_a_files_name_does_not_command_the_terminal(
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    output = StandardOutput(FORMS["text"], names_files=True)
    output.write(source("\x1b]0;title\a\n1.png"), [b"one\n"])
    assert capsysbinary.readouterr().out == b"==>  ]0;title  1.png <==\none\n"
