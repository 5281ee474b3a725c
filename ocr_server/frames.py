"""Pictures of several frames as documents: TIFF files of several pages, animations."""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image

from ocr_server.decoder import decode, on_background, read_header
from ocr_server.errors import InvalidImage
from ocr_server.gif import count_frames
from ocr_server.reader import Picture
from ocr_server.tiff import BrokenTiff, beginning_with, directories

# Of frames that are decoded and wait to be read.
_PIXELS_AHEAD = 40_000_000


class TiffPages:
    """The pages of a TIFF file. Each is decoded as the first of a file of its own."""

    ahead = 16

    def __init__(self, data: bytes, max_pixels: int, most: int) -> None:
        """Find the pages, at most `most` + 1. Raises InvalidImage."""
        try:
            self._directories = directories(data, most)
        except BrokenTiff as error:
            raise _broken() from error
        if not self._directories:
            raise _broken()
        self._data = data
        self._max_pixels = max_pixels
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
    """The frames of a GIF or WebP, as an animation shows them one after the other."""

    def __init__(self, data: bytes, kind: str, max_pixels: int, most: int) -> None:
        """Find the frames, at most `most` + 1. Raises InvalidImage, ImageTooLarge."""
        header = read_header(data, max_pixels)
        self._size = header.width, header.height
        self._image = Image.open(io.BytesIO(data), formats=[kind])
        # Pillow would walk through all frames of a GIF, however many there are.
        count = count_frames(data, most) if kind == "GIF" else getattr(self._image, "n_frames", 1)
        self.page_count = max(1, count)
        self.ahead = max(1, _PIXELS_AHEAD // max(1, header.width * header.height))

    def page(self, number: int) -> Callable[[], Picture]:
        """Decode a frame: it is made of those before it, so this cannot be left for later."""
        try:
            self._image.seek(number - 1)
            rgba = np.asarray(self._image.convert("RGBA"), np.uint8)
        except (OSError, ValueError, SyntaxError, EOFError) as error:
            raise _broken() from error
        if rgba.shape[1::-1] != self._size:
            raise _broken()  # The limit on pixels was held against the header's size.
        picture = Picture(on_background(rgba[:, :, [2, 1, 0, 3]]))
        return lambda: picture

    def close(self) -> None:
        """Free the decoder."""
        self._image.close()


def _broken() -> InvalidImage:
    return InvalidImage(
        "The picture is broken or cut short. Check that it opens in a viewer and that all of it "
        "was sent."
    )
