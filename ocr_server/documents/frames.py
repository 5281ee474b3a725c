"""Pictures of several frames as documents: TIFF files of several pages, animations."""

import io
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from PIL import Image

from ocr_server.decoder import decode, on_background, read_header
from ocr_server.documents.gif import BrokenGif, count_frames
from ocr_server.errors import ClientError, ImageTooLarge, InvalidImage, InvalidPage
from ocr_server.reader import Picture
from ocr_server.settings import Settings
from ocr_server.tiff import BrokenTiff, beginning_with, directories

# Of frames that are decoded and wait to be read; and of one frame, for the decoder holds several
# copies of it as long as the animation is read.
_MOST_PIXELS = 40_000_000


class TiffPages:
    """The pages of a TIFF file. Each is decoded as the first of a file of its own."""

    ahead = 16
    is_serial = False

    def __init__(self, data: bytes, settings: Settings) -> None:
        """Find the pages, at most one more than are read. Raises InvalidImage."""
        try:
            self._directories = directories(data, settings.max_pages)
        except BrokenTiff as error:
            raise _broken() from error
        if not self._directories:
            raise _broken()
        self._data = data
        self._max_pixels = settings.max_image_pixels
        self.page_count = len(self._directories)

    def page(self, number: int) -> Callable[[], Picture]:
        """Return what decodes a page; its header is read at once."""
        header = read_header(self._file(number), self._max_pixels)
        return lambda: Picture(decode(self._file(number), header))

    def close(self) -> None:
        """Do nothing: the bytes are the caller's."""

    def _file(self, number: int) -> bytes:
        return beginning_with(self._data, self._directories[number - 1])


class Animation:
    """The frames of a GIF or WebP, as an animation shows them one after the other.

    Each is made of those before it, so they are decoded in the order in which they are asked for,
    by whoever needs one first.
    """

    is_serial = True

    def __init__(self, data: bytes, kind: str, settings: Settings) -> None:
        """Find the frames, at most one more than are read. Raises InvalidImage, ImageTooLarge."""
        header = read_header(data, settings.max_image_pixels)
        self._size = header.width, header.height
        self._seconds = settings.max_render_seconds
        self._image = Image.open(io.BytesIO(data), formats=[kind])
        # Pillow would walk through all frames of a GIF, however many there are.
        count = getattr(self._image, "n_frames", 1) if kind == "WEBP" else 0
        try:
            self.page_count = count or max(1, count_frames(data, settings.max_pages))
        except BrokenGif as error:
            raise _broken() from error
        if self.page_count > 1 and header.width * header.height > _MOST_PIXELS:
            raise ImageTooLarge(
                f"The animation has {header.width} x {header.height} pixels; at most "
                f"{_MOST_PIXELS} are allowed where there are several frames. Send it smaller."
            )
        self.ahead = max(1, _MOST_PIXELS // (header.width * header.height))
        self._turn = threading.Lock()
        self._asked: deque[int] = deque()
        self._decoded: dict[int, Picture | ClientError] = {}
        self._at = 0  # the frame where the decoder is, from 1

    def page(self, number: int) -> Callable[[], Picture]:
        """Return what decodes a frame."""
        self._asked.append(number)
        return partial(self._frame, number)

    def close(self) -> None:
        """Free the decoder."""
        self._image.close()

    def _frame(self, number: int) -> Picture:
        with self._turn:
            while number not in self._decoded:
                following = self._asked.popleft()
                try:
                    self._decoded[following] = self._go_to(following)
                except ClientError as error:
                    self._decoded[following] = error
            found = self._decoded.pop(number)
        if isinstance(found, ClientError):
            raise found
        return found

    def _go_to(self, number: int) -> Picture:
        end = time.monotonic() + self._seconds
        try:
            while self._at < number:
                if time.monotonic() > end:
                    raise InvalidPage("There are too many large frames before this one.")
                self._image.seek(self._at)
                self._image.load()
                self._at += 1
            # Without alpha where there is none: frames may be large.
            mode = "RGBA" if self._image.has_transparency_data else "RGB"
            frame = np.asarray(self._image.convert(mode), np.uint8)
        except InvalidPage:
            raise
        # What a broken file makes of Pillow's decoders is in no contract.
        except Exception as error:
            raise _broken() from error
        if frame.shape[1::-1] != self._size:
            raise _broken()  # The limit on pixels was held against the header's size.
        if mode == "RGB":
            return Picture(np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), np.uint8))
        bgra = np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGBA2BGRA), np.uint8)
        return Picture(on_background(bgra))


def _broken() -> InvalidImage:
    return InvalidImage(
        "The picture is broken or cut short. Check that it opens in a viewer and that all of it "
        "was sent."
    )
