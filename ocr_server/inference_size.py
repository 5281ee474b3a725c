"""How large a picture becomes before the models see it, worked out without touching a pixel.

RapidOCR shrinks pictures longer than 2000 pixels, enlarges those thinner than 30 and then
enlarges again for the detector; a picture of 2000 x 1 grows to 900 megapixels. The steps and
constants here are those of rapidocr_onnxruntime 1.4.4 (`main.py`, `utils/process_img.py`,
`ch_ppocr_det/utils.py`, `config.yaml`).
"""

MAX_SIDE = 2000
_MIN_SIDE = 30
_LETTERBOX_HEIGHT = 30
_LETTERBOX_RATIO = 8
_DETECTOR_MIN_SIDE = 736
_RECOGNIZER_HEIGHT = 48
_STRIDE = 32


def detector_pixels(width: int, height: int) -> int:
    """Return how many pixels the detector sees of a picture; 0 if it cannot be scaled at all."""
    width, height = _preprocessed(width, height)
    if width * height == 0:
        return 0
    if height <= _LETTERBOX_HEIGHT or width / height > _LETTERBOX_RATIO:
        padded = max(int(width / _LETTERBOX_RATIO), _LETTERBOX_HEIGHT) * 2
        height += 2 * int(abs(padded - height) / 2)
    if min(width, height) < _DETECTOR_MIN_SIDE:
        width, height = _scaled(width, height, _DETECTOR_MIN_SIDE / min(width, height))
    else:
        width, height = _scaled(width, height, 1.0)
    return width * height


def recognizer_pixels(width: int, height: int) -> int:
    """Return how many pixels the recognizer sees of a picture taken as one text line; or 0."""
    width, height = _preprocessed(width, height)
    if width * height == 0:
        return 0
    return width * height + _RECOGNIZER_HEIGHT * int(_RECOGNIZER_HEIGHT * width / height)


def _preprocessed(width: int, height: int) -> tuple[int, int]:
    if max(width, height) > MAX_SIDE:
        width, height = _scaled(width, height, MAX_SIDE / max(width, height))
    if 0 < min(width, height) < _MIN_SIDE:
        width, height = _scaled(width, height, _MIN_SIDE / min(width, height))
    return width, height


def _scaled(width: int, height: int, ratio: float) -> tuple[int, int]:
    return _to_stride(int(width * ratio)), _to_stride(int(height * ratio))


def _to_stride(side: int) -> int:
    return round(side / _STRIDE) * _STRIDE
