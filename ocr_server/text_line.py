"""What the engine found in a picture."""

from dataclasses import dataclass

Point = tuple[float, float]
Box = tuple[Point, Point, Point, Point]


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of a text line as RapidOCR cuts it: in version 1.4.4 a character.

    box: as a text line's, where a person sees it.
    score: 0 to 1.
    """

    text: str
    box: Box
    score: float


@dataclass(frozen=True, slots=True)
class TextLine:
    """One text line; what a model that did not run would have told is None.

    box: top left, top right, bottom right, bottom left, (x, y) in pixels of the picture.
    text: what the recognizer read.
    score: 0 to 1, the mean over the text's characters; the classifier's with `angle`.
    angle: "0" or "180", the classifier's word; only where the classifier ran alone.
    words: in the order of the text; None where nobody asked for them, or the detector did not run.
    """

    box: Box | None = None
    text: str | None = None
    score: float | None = None
    angle: str | None = None
    words: tuple[Word, ...] | None = None
