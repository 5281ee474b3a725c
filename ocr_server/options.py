"""What a request asks the engine to do, by RapidOCR's names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ocr_server.errors import InvalidOption

_FLAGS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers that an option may have, ends included."""

    least: float
    most: float


# Scores and thresholds are parts of one. RapidOCR's manual speaks of unclip ratios from 1.6 to 2;
# far beyond, boxes only grow into their neighbours.
RANGES = {
    "text_score": Range(0, 1),
    "box_thresh": Range(0, 1),
    "unclip_ratio": Range(0.5, 5),
}
FLAGS = ("use_det", "use_cls", "use_rec", "return_word_box")


@dataclass(frozen=True, slots=True)
class Options:
    """How a picture is read; the defaults are RapidOCR's.

    use_det, use_cls, use_rec: which of the models run: detector, classifier, recognizer.
    text_score: 0 to 1, text lines whose score is less are dropped.
    box_thresh: 0 to 1, boxes whose mean probability of being text is less are dropped.
    unclip_ratio: 0.5 to 5, how far boxes are grown beyond the core that the detector marks.
    return_word_box: whether each text line tells where its words lie.
    """

    use_det: bool = True
    use_cls: bool = True
    use_rec: bool = True
    text_score: float = 0.5
    box_thresh: float = 0.5
    unclip_ratio: float = 1.6
    return_word_box: bool = False

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> "Options":
        """Read the options among a request's fields. Raises InvalidOption."""
        given: dict[str, Any] = {
            **{name: read_flag(name, fields[name]) for name in FLAGS if name in fields},
            **{name: _read_number(name, fields[name]) for name in RANGES if name in fields},
        }
        return cls(**given)


def read_flag(name: str, value: object) -> bool:
    """Return what a field says: true, false, 1 or 0. Raises InvalidOption."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # JSON knows no difference between 1 and 1.0.
    flag = _FLAGS.get(str(value).lower())
    if flag is None:
        raise InvalidOption(f"{name} must be true, false, 1 or 0.")
    return flag


def _read_number(name: str, value: object) -> float:
    allowed = RANGES[name]
    complaint = InvalidOption(f"{name} must be a number from {allowed.least} to {allowed.most}.")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise complaint
    try:
        number = float(value)
    except (ValueError, OverflowError) as error:
        raise complaint from error
    # Written so that "nan", which compares false with everything, is refused too.
    if not allowed.least <= number <= allowed.most:
        raise complaint
    return number
