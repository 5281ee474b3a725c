"""The OCR engine: pixels -> text lines. The only module that knows RapidOCR.

RapidOCR's own parts prepare pictures and interpret outputs; here is the order of the work, which
models run how, and on which cores. The answers are those of a stock RapidOCR.
"""

import copy
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import rapidocr_onnxruntime
from rapidocr_onnxruntime import RapidOCR

from ocr_server.budget import Budget
from ocr_server.decoder import Pixels
from ocr_server.elastic import OneCore
from ocr_server.elongated import framed, in_picture, is_elongated
from ocr_server.inference_size import detector_pixels
from ocr_server.model_store import folded
from ocr_server.options import Options
from ocr_server.sessions import Model, Tensor, agree
from ocr_server.settings import Settings
from ocr_server.stopwatch import Stopwatch
from ocr_server.text_line import Box, TextLine, Word

_MODELS = Path(rapidocr_onnxruntime.__file__).parent / "models"
# Pixels that the detector of one process sees at once: an A4 page as large as RapidOCR leaves it.
# Each new way in which larger amounts meet would let the memory of the process grow by a step.
_DETECTED_AT_ONCE = 2000 * 1414
_UPSIDE_DOWN = "180"


@dataclass(frozen=True, slots=True)
class Run:
    """One picture's reading: what is asked, on which cores, timed by whom."""

    options: Options
    cores: OneCore
    stopwatch: Stopwatch
    while_waiting: Callable[[], AbstractContextManager[None]] = nullcontext


@dataclass(frozen=True, slots=True)
class Crop:
    """A text line's pixels: the picture between its corners, lying straight.

    corners: where the detector saw it; None if the whole picture is the text line.
    ratio: of width to height, to which it is padded for the recognizer.
    """

    image: Pixels
    corners: Any
    ratio: float

    def turned(self) -> "Crop":
        """Return the crop of a text line that was found to lie upside down."""
        corners = None if self.corners is None else np.roll(self.corners, 2, axis=0)
        image = np.asarray(cv2.rotate(self.image, cv2.ROTATE_180), np.uint8)
        return replace(self, image=image, corners=corners)


class Engine:
    """RapidOCR's three models; any number of threads may call `recognize`."""

    def __init__(self, settings: Settings) -> None:
        # OpenCV's own threads would run beside the slots' inferences, and do not survive a fork.
        cv2.setNumThreads(1)
        paths = _model_paths(settings)
        self._rapid_ocr = RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1, **paths)
        load = partial(_load, settings=settings)
        cores = _powers_of_two(settings.slots) if settings.elastic else [1]
        self._detector = load(paths["det_model_path"], (1, 3, 64, 96), cores=cores)
        self._classifier = load(paths["cls_model_path"], (1, 3, 48, 192))
        self._recognizer = load(paths["rec_model_path"], (1, 3, 48, 96))
        self._levels = self._normalized_levels()
        self._max_pixels = settings.max_inference_pixels
        self._detected_pixels = Budget(_DETECTED_AT_ONCE)
        self._drop_stock_sessions()

    @classmethod
    def loaded(cls, settings: Settings) -> "Engine":
        """Load the models and run a picture through them, so that the first request is fast."""
        engine = cls(settings)
        image = np.full((160, 480, 3), 255, np.uint8)
        cv2.putText(image, "warm up 123", (20, 100), cv2.FONT_HERSHEY_SIMPLEX, 2, (0, 0, 0), 4)
        if not engine.recognize(image, Options(text_score=0)):
            raise RuntimeError("The engine reads no text in its warm-up picture.")
        return engine

    def recognize(
        self,
        image: Pixels,
        options: Options,
        cores: OneCore | None = None,
        stopwatch: Stopwatch | None = None,
        while_waiting: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> list[TextLine]:
        """Read the text lines of a BGR picture, shape (height, width, 3), in reading order.

        Without the detector the picture is taken as one text line; without the recognizer there
        are only boxes; the classifier alone tells `angle`; with no model there is nothing to
        tell. The answers do not depend on the cores used; None is the caller's alone. The stopwatch
        is told how long each stage took. If it has to wait for other pictures in this process, it
        does so in a `while_waiting` block.
        """
        run = Run(options, cores or OneCore(), stopwatch or Stopwatch(), while_waiting)
        height, width = image.shape[:2]
        if not is_elongated(width, height, options, self._max_pixels):
            return self._recognize(image, run)
        image, shrinkage = framed(image, options)
        lines = self._recognize(image, run)
        return [in_picture(line, shrinkage, width, height) for line in lines]

    def _recognize(self, image: Pixels, run: Run) -> list[TextLine]:
        options = run.options
        height, width = image.shape[:2]
        scaled, ratio_height, ratio_width = self._rapid_ocr.preprocess(image)
        record = {"preprocess": {"ratio_h": ratio_height, "ratio_w": ratio_width}}
        if not options.use_det:
            lines = self._read_crops([scaled], [None], run)
            return lines if options.use_cls or options.use_rec else []
        scaled, record = self._rapid_ocr.maybe_add_letterbox(scaled, record)
        corners = self._detect_in_turn(scaled, run)
        if not corners:
            return []
        boxes = self._rapid_ocr._get_origin_points(corners, record, height, width)
        if not options.use_rec:
            return [TextLine(box=_box(box)) for box in boxes]
        crops = self._rapid_ocr.get_crop_img_list(scaled, corners)
        lines = self._read_crops(crops, corners, run)
        in_picture = partial(
            self._rapid_ocr._get_origin_points, op_record=record, raw_h=height, raw_w=width
        )
        return [
            replace(line, box=_box(box), words=_words_in_picture(line.words, in_picture))
            for box, line in zip(boxes, lines, strict=True)
            if line.score is not None and line.score >= options.text_score
        ]

    def _detect_in_turn(self, image: Pixels, run: Run) -> list[Any]:
        """Detect when the process has room for it; the slot is lent meanwhile."""
        pixels = detector_pixels(image.shape[1], image.shape[0])
        with ExitStack() as held:
            with run.stopwatch.time("queue"):
                held.enter_context(self._detected_pixels.hold(pixels, run.while_waiting))
            with run.stopwatch.time("detect"):
                return self._detect(image, run)

    def _detect(self, image: Pixels, run: Run) -> list[Any]:
        """Return the corners of the text lines, in reading order."""
        detector = self._rapid_ocr.text_det
        resized = detector.get_preprocess(max(image.shape[:2])).resize(image)
        with run.cores.gather(self._detector.core_counts) as count:
            output = self._detector.run(self._normalized(resized), count)
        # RapidOCR's own is of all requests; what is written onto it would stay.
        postprocess = copy.copy(detector.postprocess_op)
        postprocess.box_thresh = run.options.box_thresh
        postprocess.unclip_ratio = run.options.unclip_ratio
        found, _ = postprocess(output, image.shape[:2])
        corners = detector.filter_tag_det_res(found, image.shape[:2])
        return list(self._rapid_ocr.sorted_boxes(corners)) if len(corners) else []

    def _read_crops(
        self, images: Sequence[Pixels], corners: Sequence[Any], run: Run
    ) -> list[TextLine]:
        """Classify and recognize text lines, each alone, the longest first."""
        ratios = _padded_ratios(images, self._rapid_ocr.text_rec)
        crops = list(map(Crop, images, corners, ratios))
        longest_first = sorted(range(len(crops)), key=lambda index: -crops[index].ratio)
        with run.stopwatch.share() as stopwatch:
            lines = run.cores.map(
                lambda index: self._read_crop(crops[index], run.options, stopwatch), longest_first
            )
        return [line for _, line in sorted(zip(longest_first, lines, strict=True), key=_first)]

    def _read_crop(self, crop: Crop, options: Options, stopwatch: Stopwatch) -> TextLine:
        line = TextLine()
        if options.use_cls:
            with stopwatch.time("classify"):
                line = self._classify(crop.image)
            if (
                line.angle == _UPSIDE_DOWN
                and (line.score or 0) > self._rapid_ocr.text_cls.cls_thresh
            ):
                crop = crop.turned()
        if options.use_rec:
            with stopwatch.time("recognize"):
                line = self._recognize_crop(crop, options)
        return line

    def _classify(self, image: Pixels) -> TextLine:
        classifier = self._rapid_ocr.text_cls
        output = self._classifier.run(classifier.resize_norm_img(image)[None])
        angle, score = classifier.postprocess_op(output)[0]
        return TextLine(angle=angle, score=float(score))

    def _recognize_crop(self, crop: Crop, options: Options) -> TextLine:
        recognizer = self._rapid_ocr.text_rec
        output = self._recognizer.run(recognizer.resize_norm_img(crop.image, crop.ratio)[None])
        if not options.return_word_box or crop.corners is None:
            text, score = recognizer.postprocess_op(output)[0]
            return TextLine(text=text, score=float(score))
        height, width = crop.image.shape[:2]
        ratios = {"wh_ratio_list": [width / height], "max_wh_ratio": crop.ratio}
        text, score, columns = recognizer.postprocess_op(output, True, **ratios)[0]
        found = self._rapid_ocr.cal_rec_boxes(
            [crop.image], [crop.corners], [(text, score, columns)]
        )
        _, _, boxes, texts, scores = found[0]
        # Where nothing was read there is one score, of no word.
        words = tuple(
            Word(text=text, box=_box(box), score=float(score))
            for text, box, score in zip(texts, boxes, scores, strict=False)
        )
        return TextLine(text=text, score=float(score), words=words)

    def _normalized(self, image: Pixels) -> Tensor:
        """Return a picture as the detector's input, shape (1, 3, height, width)."""
        tensor = np.empty((1, 3, *image.shape[:2]), np.float32)
        for plane, channel in zip(tensor[0], cv2.split(image), strict=True):
            cv2.LUT(channel, self._levels, plane)
        return tensor

    def _normalized_levels(self) -> Tensor:
        """Return what RapidOCR's normalization gives for each of the 256 levels of a pixel."""
        levels = np.arange(256, dtype=np.uint8).reshape(256, 1, 1).repeat(3, axis=2)
        normalized = self._rapid_ocr.text_det.get_preprocess(256).normalize(levels)
        return np.ascontiguousarray(normalized[:, 0, 0], np.float32)

    def _drop_stock_sessions(self) -> None:
        """Free the memory of the sessions that RapidOCR made and nobody runs."""
        del self._rapid_ocr.text_det.infer
        del self._rapid_ocr.text_cls.infer
        del self._rapid_ocr.text_rec.session


def _model_paths(settings: Settings) -> dict[str, Path]:
    """Return the files of the models, and that of the recognizer's characters if it has one."""
    paths = {
        "det_model_path": settings.det_model_path or _MODELS / "ch_PP-OCRv4_det_infer.onnx",
        "cls_model_path": settings.cls_model_path
        or _MODELS / "ch_ppocr_mobile_v2.0_cls_infer.onnx",
        "rec_model_path": settings.rec_model_path or _MODELS / "ch_PP-OCRv4_rec_infer.onnx",
    }
    keys = settings.rec_keys_path
    return paths if keys is None else {**paths, "rec_keys_path": keys}


def _load(
    path: Path, shape: Sequence[int], settings: Settings, cores: Sequence[int] = (1,)
) -> Model:
    if not settings.fold:
        return Model(path.read_bytes(), cores)
    return Model(folded(path, settings.cache_dir, partial(agree, shape=shape)), cores)


def _powers_of_two(most: int) -> list[int]:
    return [2**exponent for exponent in range(most.bit_length())]


def _padded_ratios(crops: Sequence[Pixels], recognizer: Any) -> list[float]:
    """Return the width to height ratio to which RapidOCR pads each crop.

    It recognizes crops of similar ratio in batches and pads all to the widest of their batch, and
    never less than the model's own shape; how much a crop is padded can change what is read.
    """
    own = [crop.shape[1] / float(crop.shape[0]) for crop in crops]
    order = np.argsort(np.array(own))
    _, height, width = recognizer.rec_image_shape
    size = recognizer.rec_batch_num
    padded = dict[int, float]()
    for start in range(0, len(own), size):
        batch = order[start : start + size]
        widest = max(width / height, *(own[index] for index in batch))
        padded.update(dict.fromkeys(map(int, batch), widest))
    return [padded[index] for index in range(len(own))]


def _first(pair: tuple[int, TextLine]) -> int:
    return pair[0]


def _words_in_picture(
    words: tuple[Word, ...] | None, in_picture: Callable[[Sequence[Box]], Any]
) -> tuple[Word, ...] | None:
    """Return words with their boxes in the picture, in whole pixels as RapidOCR gives them."""
    if not words:
        return words
    boxes = in_picture([word.box for word in words]).astype(np.int32)
    return tuple(replace(word, box=_box(box)) for word, box in zip(words, boxes, strict=True))


def _box(corners: Any) -> Box:
    top_left, top_right, bottom_right, bottom_left = ((float(x), float(y)) for x, y in corners)
    return top_left, top_right, bottom_right, bottom_left
