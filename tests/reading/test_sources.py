import os
from pathlib import Path, PurePath

import pytest

from ocr_server.reading.sources import find, natural_key
from tests import pictures

PDF = b"%PDF-1.7\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of pictures and other files, which is the current one."""
    for name in ("page10.png", "page2.png", "sub/deep/a.JPG", "sub/b.webp", "notes.txt"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(*arguments: str) -> list[str]:
    found = find(arguments)
    assert not found.failures
    return [source.name for source in found.sources]


def test_a_file_is_taken_whatever_its_name(folder: Path) -> None:
    assert names("notes.txt") == ["notes.txt"]


def test_a_folder_stands_for_its_pictures_in_natural_order(folder: Path) -> None:
    everything = ["page2.png", "page10.png", "sub/b.webp", "sub/deep/a.JPG"]
    assert names(".") == everything
    assert names(str(folder)) == [str(folder / name) for name in everything]


@pytest.mark.parametrize("name", pictures.NAMES)
def test_a_picture_in_a_folder_is_found_by_its_bytes(tmp_path: Path, name: str) -> None:
    (tmp_path / "without ending").write_bytes(pictures.read(name))
    assert [source.path for source in find([str(tmp_path)]).sources] == [
        tmp_path / "without ending"
    ]


@pytest.mark.parametrize(
    ("content", "is_found"),
    [
        (PDF, True),
        (b"GIF89a", True),
        (b"RIFF\0\0\0\0WEBP", True),
        (b"RIFF\0\0\0\0WAVE", False),
        (b"BM\x36\0\0\0\0\0\0\0", True),
        (b"BMW and others", False),
        (b"", False),
    ],
)
def test_a_file_in_a_folder_is_told_by_its_first_bytes(
    tmp_path: Path, content: bytes, is_found: bool
) -> None:
    (tmp_path / "file").write_bytes(content)
    assert bool(find([str(tmp_path)]).sources) == is_found


def test_hidden_files_and_folders_of_a_folder_are_left_out(folder: Path) -> None:
    (folder / "sub/._b.webp").touch()
    (folder / ".thumbnails").mkdir()
    (folder / ".thumbnails/c.png").touch()
    assert names("sub") == ["sub/b.webp", "sub/deep/a.JPG"]
    assert not any("thumb" in name for name in names("."))


def test_a_pattern_stands_for_the_pictures_that_it_matches(folder: Path) -> None:
    assert names("page*") == ["page2.png", "page10.png"]
    assert names("*") == ["page2.png", "page10.png"]
    assert names("sub/**") == ["sub/b.webp", "sub/deep/a.JPG"]
    assert names("**/*.[jJ]*") == ["sub/deep/a.JPG"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(folder: Path) -> None:
    (folder / "page[12].png").touch()
    assert names("page[12].png") == ["page[12].png"]


def test_a_dash_is_standard_input() -> None:
    (source,) = find(["-"]).sources
    assert (source.name, source.path, source.place) == ("-", None, PurePath("stdin"))


def test_sources_stay_in_the_order_of_the_arguments_each_once(folder: Path) -> None:
    given = ("sub", "-", "page2.png", "./page10.png", "page*", "-")
    assert names(*given) == ["sub/b.webp", "sub/deep/a.JPG", "-", "page2.png", "page10.png"]


@pytest.mark.parametrize("nothing", ["nosuch.png", "nosuch/*.png", "*.gif", "empty", ""])
def test_what_names_no_file_is_a_failure_and_hides_no_other(folder: Path, nothing: str) -> None:
    (folder / "empty").mkdir()
    found = find(["page2.png", nothing])
    assert [source.name for source in found.sources] == ["page2.png"]
    (failure,) = found.failures
    assert (failure.file, failure.code) == (nothing, "nothing_found")


def test_a_name_that_is_not_utf_8_is_shown_and_found(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png"))
    path.touch()
    (source,) = find([str(path)]).sources
    assert source.path == path
    assert source.name.endswith("/\N{REPLACEMENT CHARACTER}.png")


@pytest.mark.parametrize(
    ("argument", "places"),
    [
        ("sub", ["b.webp", "deep/a.JPG"]),
        ("sub/deep/a.JPG", ["a.JPG"]),
        ("*/**/*.JPG", ["sub/deep/a.JPG"]),
        ("sub/*/*.JPG", ["deep/a.JPG"]),
    ],
)
def test_an_answer_goes_where_its_source_lies_below_what_was_named(
    folder: Path, argument: str, places: list[str]
) -> None:
    assert [str(source.place) for source in find([argument]).sources] == places


@pytest.mark.parametrize(
    ("arguments", "is_one"),
    [
        (["page2.png"], True),
        (["-"], True),
        (["page2.png", "notes.txt"], False),
        (["sub/deep"], False),
        (["*.png"], False),
    ],
)
def test_one_file_alone_is_told_from_what_may_be_several(
    folder: Path, arguments: list[str], is_one: bool
) -> None:
    assert find(arguments).is_one == is_one


def test_numbers_count_as_numbers_and_case_does_not_count() -> None:
    paths = [PurePath(name) for name in ("b1", "A10", "a9", "a/2", "a/10", "a")]
    in_order = ["a", "a/2", "a/10", "a9", "A10", "b1"]
    assert [str(path) for path in sorted(paths, key=natural_key)] == in_order
