"""The OCR engine: pixels -> text lines. The only module that knows RapidOCR."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from rapidocr_onnxruntime import RapidOCR

from ocr_server.decoder import Pixels
from ocr_server.errors import ImageTooElongated
from ocr_server.inference_size import detector_pixels, recognizer_pixels
from ocr_server.options import Options
from ocr_server.text_line import Box, TextLine


class Engine:
    """One RapidOCR with one thread a session; any number of threads may call `recognize`."""

    def __init__(self) -> None:
        # OpenCV's own threads would run beside the slots' inferences, and do not survive a fork.
        cv2.setNumThreads(1)
        self._rapid_ocr = RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)

    @classmethod
    def loaded(cls) -> "Engine":
        """Load the models and run a picture through them, so that the first request is fast."""
        engine = cls()
        image = np.full((160, 480, 3), 255, np.uint8)
        cv2.putText(image, "warm up 123", (20, 100), cv2.FONT_HERSHEY_SIMPLEX, 2, (0, 0, 0), 4)
        if not engine.recognize(image, Options()):
            raise RuntimeError("The engine reads no text in its warm-up picture.")
        return engine

    def recognize(self, image: Pixels, options: Options) -> list[TextLine]:
        """Read the text lines of a BGR picture, shape (height, width, 3), in reading order.

        The answers are RapidOCR's own. Without the detector the picture is taken as one text
        line; without the recognizer there are only boxes; the classifier alone tells `angle`;
        with no model there is nothing to tell.
        """
        # Only these three arguments: RapidOCR writes any other onto itself, for all later calls.
        found, _ = self._rapid_ocr(
            image, use_det=options.use_det, use_cls=options.use_cls, use_rec=options.use_rec
        )
        return [_text_line(entry, options) for entry in found or ()]


def check_size(width: int, height: int, options: Options, max_pixels: int) -> None:
    """Refuse a picture that the models would see at more than `max_pixels`, or not at all.

    Raises ImageTooElongated.
    """
    pixels = (detector_pixels if options.use_det else recognizer_pixels)(width, height)
    if not 0 < pixels <= max_pixels:
        raise ImageTooElongated(
            f"A picture of {width} x {height} pixels is too long and thin to be read. "
            "Cut it into pieces that are less than about 10 times as long as they are wide."
        )


def _text_line(entry: Any, options: Options) -> TextLine:
    """Name the parts of one of RapidOCR's results, whose shape depends on the models that ran."""
    if options.use_det and options.use_rec:
        box, text, score = entry
        return TextLine(box=_box(box), text=text, score=float(score))
    if options.use_det:
        return TextLine(box=_box(entry))
    if options.use_rec:
        text, score = entry
        return TextLine(text=text, score=float(score))
    angle, score = entry
    return TextLine(angle=angle, score=float(score))


def _box(corners: Sequence[Sequence[float]]) -> Box:
    top_left, top_right, bottom_right, bottom_left = ((float(x), float(y)) for x, y in corners)
    return top_left, top_right, bottom_right, bottom_left
