"""The engine against stock RapidOCR."""

import itertools
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import pytest
import rapidocr_onnxruntime
from rapidocr_onnxruntime import RapidOCR

from ocr_server.decoder import Pixels, decode, read_header
from ocr_server.engine import Engine
from ocr_server.options import Options
from ocr_server.sessions import Tensor
from ocr_server.settings import Settings
from ocr_server.slots import Slots
from ocr_server.text_line import TextLine
from tests import pictures

ALL_OPTIONS = [Options(*flags) for flags in itertools.product([True, False], repeat=3)]


def pixels(name: str) -> Pixels:
    data = pictures.read(name)
    return decode(data, read_header(data, 10**8))


def assert_same_line(ours: TextLine, box: Any, text: str, score: float) -> None:
    assert ours.text == text
    assert ours.score == pytest.approx(score, abs=1e-3)
    np.testing.assert_allclose(np.array(ours.box), box, atol=1)


@pytest.mark.parametrize("name", pictures.NAMES)
def test_a_picture_reads_as_stock_reads_it(name: str, engine: Engine, stock: RapidOCR) -> None:
    image = pixels(name)
    expected, _ = stock(image)
    lines = engine.recognize(image, Options())
    for line, (box, text, score) in zip(lines, expected or [], strict=True):
        assert_same_line(line, box, text, score)


@pytest.mark.parametrize("name", pictures.NAMES)
def test_a_picture_reads_as_the_text_it_was_rendered_from(name: str, engine: Engine) -> None:
    lines = engine.recognize(pixels(name), Options())
    assert [line.text for line in lines] == pictures.LINES[name]


@pytest.mark.parametrize("options", ALL_OPTIONS, ids=str)
def test_every_combination_of_models_gives_what_stock_gives(
    options: Options, engine: Engine, stock: RapidOCR
) -> None:
    image = pixels("upside_down.png")
    flags = {"use_det": options.use_det, "use_cls": options.use_cls, "use_rec": options.use_rec}
    found, _ = stock(image, **flags)
    lines = engine.recognize(image, options)
    assert len(lines) == len(found or [])
    for line, entry in zip(lines, found or [], strict=True):
        told = [part for part in (line.box, line.text, line.angle, line.score) if part is not None]
        expected = [entry] if options.use_det and not options.use_rec else entry
        for ours, theirs in zip(told, expected, strict=True):
            if isinstance(theirs, str):
                assert ours == theirs
            else:
                np.testing.assert_allclose(ours, theirs, atol=1e-3)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["page_mixed_sizes.png", "noisy.jpg", "tall.png"])
@pytest.mark.parametrize(
    "options",
    [
        Options(text_score=0.98),
        Options(box_thresh=0.9),
        Options(unclip_ratio=2.2),
        Options(text_score=0.97, box_thresh=0.7, unclip_ratio=1.2, return_word_box=True),
        Options(use_cls=False, return_word_box=True),
    ],
    ids=str,
)
def test_thresholds_and_word_boxes_are_those_of_stock(
    name: str, options: Options, engine: Engine
) -> None:
    image = pixels(name)
    # Options stay on a stock engine, so it gets one of its own.
    found, _ = RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)(image, **asdict(options))
    lines = engine.recognize(image, options)
    for line, (box, text, score, *words) in zip(lines, found or [], strict=True):
        assert_same_line(line, box, text, score)
        assert [word.text for word in line.words or ()] == (words[1] if words else [])
        for word, word_box, word_score in zip(line.words or (), *words[::2], strict=True):
            np.testing.assert_allclose(np.array(word.box), word_box, atol=1)
            assert word.score == pytest.approx(word_score, abs=1e-3)


def test_options_of_one_picture_do_not_change_the_next(engine: Engine) -> None:
    image = pixels("noisy.jpg")
    before = engine.recognize(image, Options())
    strict = Options(text_score=0.99, box_thresh=0.95, unclip_ratio=3, return_word_box=True)
    assert engine.recognize(image, strict) != before
    assert engine.recognize(image, Options()) == before


def test_the_words_of_a_text_line_that_is_upside_down_lie_on_it(engine: Engine) -> None:
    # Stock RapidOCR gives them as if the line had not been turned.
    image = pixels("upside_down.png")
    for line in engine.recognize(image, Options(return_word_box=True)):
        assert line.words
        assert line.box
        middles = [sum(x for x, _ in word.box) / 4 for word in line.words]
        assert middles == sorted(middles, reverse=True)
        left, right = min(x for x, _ in line.box), max(x for x, _ in line.box)
        assert middles[0] > right - 0.1 * (right - left)


def test_words_of_a_long_thin_picture_lie_within_their_line(engine: Engine) -> None:
    strip = np.full((40, 4000, 3), 255, np.uint8)
    cv2.putText(strip, "far away", (3600, 30), cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 0, 0), 2)
    lines = engine.recognize(strip, Options(text_score=0, return_word_box=True))
    assert lines
    for line in lines:
        assert line.box
        least, most = min(x for x, _ in line.box), max(x for x, _ in line.box)
        for word in line.words or ():
            assert all(least - 4 <= x <= most + 4 for x, _ in word.box)


def test_models_given_by_settings_are_used(tmp_path: Path) -> None:
    own = Path(rapidocr_onnxruntime.__file__).parent / "models"
    for name in ("det", "cls", "rec"):
        (found,) = own.glob(f"*_{name}_infer.onnx")
        shutil.copy(found, tmp_path / f"{name}.onnx")
    keys = tmp_path / "keys.txt"
    recognizer = onnxruntime.InferenceSession(tmp_path / "rec.onnx")
    characters = recognizer.get_modelmeta().custom_metadata_map["character"].splitlines()
    keys.write_text("\n".join(text.swapcase() for text in characters), "utf-8")
    settings = Settings(
        det_model_path=tmp_path / "det.onnx",
        cls_model_path=tmp_path / "cls.onnx",
        rec_model_path=tmp_path / "rec.onnx",
        rec_keys_path=keys,
        cache_dir=tmp_path,
    )
    lines = Engine.loaded(settings).recognize(pixels("small.png"), Options())
    assert [line.text for line in lines] == ["hARVEST"]


def test_answers_are_the_same_when_threads_share_the_engine(engine: Engine) -> None:
    jobs = [
        (pixels(name), options)
        for name in ("small.png", "upside_down.png")
        for options in ALL_OPTIONS
    ]
    alone = [engine.recognize(*job) for job in jobs]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda job: engine.recognize(*job), jobs))
    assert together == alone


def test_large_pictures_do_not_meet_in_the_detector(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = engine._detector.run
    inside: list[int] = []
    most = 0

    def recorded(tensor: Tensor, cores: int = 1) -> Tensor:
        nonlocal most
        inside.append(tensor.shape[2] * tensor.shape[3])
        most = max(most, sum(inside))
        output = run(tensor, cores)
        inside.remove(tensor.shape[2] * tensor.shape[3])
        return output

    monkeypatch.setattr(engine._detector, "run", recorded)
    page = np.full((1500, 1500, 3), 255, np.uint8)
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda image: engine.recognize(image, Options()), [page] * 3))
    assert 0 < most < 1.5 * page.shape[0] * page.shape[1]


def test_a_picture_that_waits_for_others_lends_its_slot(
    engine: Engine, slots: Slots, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = engine._detector.run
    inside, go_on = threading.Event(), threading.Event()

    def held_up(tensor: Tensor, cores: int = 1) -> Tensor:
        inside.set()
        assert go_on.wait(30)
        return run(tensor, cores)

    monkeypatch.setattr(engine._detector, "run", held_up)
    page = np.full((1500, 1500, 3), 255, np.uint8)

    lent = threading.Event()

    def read() -> None:
        with slots.hold() as slot:

            @contextmanager
            def watched() -> Iterator[None]:
                with slot.lent():
                    lent.set()
                    yield

            engine.recognize(page, Options(), while_waiting=watched)

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(read)
        assert inside.wait(30)
        assert slots.free == 1
        second = threads.submit(read)
        assert lent.wait(30)
        with slots.hold(timeout=1):  # the lent one
            go_on.set()
        first.result(30)
        second.result(30)
    assert slots.free == 2
