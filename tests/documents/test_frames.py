"""TIFF files of several pages and animations, page by page."""

import io
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ocr_server.decoder import Pixels, decode, read_header
from ocr_server.documents.frames import Animation, TiffPages
from ocr_server.errors import ImageTooLarge, InvalidImage, InvalidPage
from ocr_server.settings import Settings
from tests import pictures

MODES = ["1", "L", "RGB", "CMYK", "I;16", "LA", "RGBA", "P"]


def saved(image: Image.Image, format_name: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format_name, **options)
    return file.getvalue()


def joined(images: Sequence[Image.Image], format_name: str, **options: Any) -> bytes:
    return saved(images[0], format_name, save_all=True, append_images=images[1:], **options)


def small(mode: str) -> Image.Image:
    with Image.open(io.BytesIO(pictures.read("small.png"))) as image:
        grey = image.convert("L")
    if mode == "I;16":
        return Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    return (
        grey.convert("RGB").convert(mode) if mode in ("CMYK", "P", "RGBA") else grey.convert(mode)
    )


def alone(data: bytes) -> Pixels:
    return decode(data, read_header(data, 10**8))


def animation(data: bytes, kind: str = "GIF", **settings: Any) -> Animation:
    return Animation(data, kind, Settings(**settings))


def pixels(document: TiffPages | Animation) -> list[Pixels]:
    """All pages, one after the other."""
    numbers = range(1, document.page_count + 1)
    return [document.page(number)().pixels for number in numbers]


def coloured(*colours: str, size: tuple[int, int] = (30, 20)) -> list[Image.Image]:
    return [Image.new("RGB", size, colour) for colour in colours]


def colour_of(image: Pixels) -> list[int]:
    return [int(channel) for channel in np.median(image.reshape(-1, 3), axis=0)]


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate"])
def test_pages_of_a_tiff_are_those_that_single_files_would_be(compression: str | None) -> None:
    images = [small(mode) for mode in MODES]
    document = TiffPages(joined(images, "TIFF", compression=compression), Settings())
    assert document.page_count == len(MODES)
    for page, image in zip(pixels(document), images, strict=True):
        single = saved(image, "TIFF", compression=compression)
        np.testing.assert_array_equal(page, alone(single))


def test_pages_of_a_fax_are_those_that_single_files_would_be() -> None:
    images = [small("1"), small("1").rotate(180)]
    document = TiffPages(joined(images, "TIFF", compression="group4"), Settings())
    for page, image in zip(pixels(document), images, strict=True):
        np.testing.assert_array_equal(page, alone(saved(image, "TIFF", compression="group4")))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_page_of_a_tiff_is_turned_by_itself(orientation: int) -> None:
    tags = {274: orientation}
    first, second = saved(small("L"), "TIFF"), saved(small("RGB"), "TIFF", tiffinfo=tags)
    file = io.BytesIO()
    with Image.open(io.BytesIO(second)) as turned:
        stored = small("RGB")
        assert turned.getexif().get(274) == orientation
    stored.encoderinfo = {"tiffinfo": tags}
    small("L").save(file, "TIFF", save_all=True, append_images=[stored])
    document = TiffPages(file.getvalue(), Settings())
    pages = pixels(document)
    np.testing.assert_array_equal(pages[0], alone(first))
    np.testing.assert_array_equal(pages[1], alone(second))


def test_a_page_of_a_tiff_that_is_too_large_fails_alone() -> None:
    images = coloured("red", "green", "blue")
    images[1] = images[1].resize((300, 200))
    document = TiffPages(joined(images, "TIFF"), Settings(max_image_pixels=10_000))
    assert colour_of(document.page(1)().pixels) == [0, 0, 255]
    with pytest.raises(ImageTooLarge):
        document.page(2)
    assert colour_of(document.page(3)().pixels) == [255, 0, 0]


def test_a_tiff_without_pages_is_broken() -> None:
    with pytest.raises(InvalidImage):
        TiffPages(b"II*\0\0\0\0\0", Settings())


def test_no_more_pages_of_a_tiff_are_looked_for_than_one_more_than_are_read() -> None:
    document = TiffPages(joined(coloured(*["red"] * 9), "TIFF"), Settings(max_pages=5))
    assert document.page_count == 6


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_frames_come_in_order(kind: str) -> None:
    images = coloured("red", "lime", "blue")
    options = {"lossless": True} if kind == "WEBP" else {}
    document = animation(joined(images, kind, duration=50, **options), kind)
    assert document.page_count == 3
    colours = [colour_of(frame) for frame in pixels(document)]
    assert colours == [[0, 0, 255], [0, 255, 0], [255, 0, 0]]
    document.close()


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_a_frame_that_changes_a_part_stands_on_those_before_it(kind: str) -> None:
    # Encoders store of each frame what differs from the one before.
    images = coloured("red", "red", "red")
    images[1].paste("blue", (0, 0, 10, 20))
    images[2].paste("blue", (0, 0, 10, 20))
    images[2].paste("lime", (20, 0, 30, 20))
    options = {"lossless": True} if kind == "WEBP" else {}
    document = animation(joined(images, kind, duration=50, **options), kind)
    for frame, image in zip(pixels(document), images, strict=True):
        np.testing.assert_array_equal(frame[:, :, ::-1], np.asarray(image))


def test_a_transparent_frame_is_laid_over_what_it_stands_out_from() -> None:
    frames = [Image.new("RGBA", (30, 20)) for _ in range(2)]
    for frame, colour in zip(frames, ("black", "white"), strict=True):
        frame.paste(colour, (0, 0, 10, 20))
        frame.putpixel((29, 19), (0, 0, 0, 1))  # Else the encoder cuts off what is transparent.
    document = animation(joined(frames, "WEBP", lossless=True, duration=50), "WEBP")
    dark, light = pixels(document)
    assert (dark[0, 0].tolist(), dark[0, 29].tolist()) == ([0] * 3, [255] * 3)
    assert (light[0, 0].tolist(), light[0, 29].tolist()) == ([255] * 3, [0] * 3)


def test_frames_can_be_skipped() -> None:
    document = animation(joined(coloured("red", "lime", "blue", "white"), "GIF", duration=50))
    assert colour_of(document.page(2)().pixels) == [0, 255, 0]
    assert colour_of(document.page(4)().pixels) == [255, 255, 255]


def test_frames_are_decoded_in_order_whoever_needs_one_first() -> None:
    levels = list(range(0, 250, 10))
    images = [Image.new("L", (30, 20), level) for level in levels]
    document = animation(joined(images, "GIF", duration=50))
    begun = [document.page(number) for number in range(1, len(levels) + 1)]
    order = list(range(len(levels)))
    random.Random(0).shuffle(order)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda index: begun[index]().pixels, order))
    assert [colour_of(frame)[0] for frame in found] == [levels[index] for index in order]


def test_an_animation_cut_short_gives_the_frames_that_are_whole() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (3, 200, 300), np.uint8)
    data = joined([Image.fromarray(frame) for frame in noise], "GIF", duration=50)
    document = animation(data[: len(data) // 2])
    assert document.page_count == 2
    assert document.page(1)().pixels.shape == (200, 300, 3)
    with pytest.raises(InvalidImage):
        document.page(2)()


def test_an_animation_cut_behind_the_head_of_a_frame_is_broken_there() -> None:
    data = joined(coloured("red", "blue"), "GIF", duration=50)
    second = data.rindex(b",\0\0\0\0\x1e\0\x14\0")
    document = animation(data[: second + 10])
    assert document.page_count == 2
    assert colour_of(document.page(1)().pixels) == [0, 0, 255]
    with pytest.raises(InvalidImage):
        document.page(2)()


def test_a_frame_behind_too_many_large_ones_fails_in_time() -> None:
    document = animation(joined(coloured(*["red", "blue"] * 200), "GIF", duration=50))
    assert document.page(1)().pixels.shape == (20, 30, 3)
    document._seconds = 0
    with pytest.raises(InvalidPage, match="too many large frames"):
        document.page(400)()


def test_an_animation_of_large_frames_is_too_large() -> None:
    images = [Image.new("1", (8000, 5001), level) for level in (0, 1)]
    with pytest.raises(ImageTooLarge, match="8000 x 5001 pixels; at most 40000000"):
        animation(joined(images, "GIF", duration=50))


def test_frames_are_decoded_ahead_within_bounds() -> None:
    assert animation(joined(coloured("red", "blue"), "GIF", duration=50)).ahead > 100
    large = [Image.new("1", (6000, 5000), level) for level in (0, 1)]
    assert animation(joined(large, "GIF", duration=50)).ahead == 1
