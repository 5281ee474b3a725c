import io
import struct
import zlib
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps, PngImagePlugin

from ocr_server.decoder import Pixels, decode, read_header
from ocr_server.errors import ImageTooLarge, InvalidImage, UnsupportedFormat
from tests import pictures

WIDTH, HEIGHT = 37, 23
MAX_PIXELS = 1_000_000
ORIENTATION = 0x0112
# All but these lose colours; these are as near to the original as the format comes.
BEST: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"lossless": True},
}
FORMATS = ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"]
MARK_LENGTHS = {"JPEG": 3, "PNG": 8, "WEBP": 12, "BMP": 2, "TIFF": 4, "GIF": 6}
FORMATS_WITH_ORIENTATION = ["JPEG", "PNG", "WEBP", "TIFF"]
FORMATS_WITH_ALPHA = ["PNG", "WEBP", "TIFF"]

ROWS, COLUMNS = np.mgrid[0:HEIGHT, 0:WIDTH]
# No two corners alike, so that no turned or mirrored copy passes for another.
RED_FIRST = np.dstack(
    [COLUMNS * 255 // WIDTH, ROWS * 255 // HEIGHT, (ROWS + COLUMNS) * 255 // (WIDTH + HEIGHT)]
).astype(np.uint8)
PICTURE = Image.fromarray(RED_FIRST)
GREY = PICTURE.convert("L")
# Where the text stands in the pictures with alpha.
TEXT = (slice(8, 14), slice(5, 30))


def encode(picture: Image.Image, format_name: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, format_name, **{**BEST.get(format_name, {}), **options})
    return file.getvalue()


def encode_with_opencv(extension: str, image: np.ndarray[Any, np.dtype[Any]]) -> bytes:
    written, data = cv2.imencode(extension, image)
    assert written
    return data.tobytes()


def turned(orientation: object) -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return exif


def read(data: bytes) -> Pixels:
    image = decode(data, read_header(data, MAX_PIXELS))
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous
    return image


def as_pillow_sees_it(data: bytes) -> Pixels:
    with Image.open(io.BytesIO(data)) as picture:
        upright = ImageOps.exif_transpose(picture)
        return np.asarray(upright.convert("RGB"))[:, :, ::-1]


def grey_as_bgr(grey: np.ndarray[Any, np.dtype[np.uint8]]) -> Pixels:
    return np.dstack([grey, grey, grey])


def assert_alike(image: Pixels, expected: Pixels, tolerance: int = 2) -> None:
    assert image.shape == expected.shape
    difference = np.abs(image.astype(np.int16) - expected.astype(np.int16))
    assert difference.max() <= tolerance


def assert_seen_as_pillow_sees_it(data: bytes) -> None:
    assert_alike(read(data), as_pillow_sees_it(data))


def text_on_nothing(text: int, *, hidden: tuple[int, int, int] = (123, 45, 67)) -> Image.Image:
    """Opaque grey text on a fully transparent ground, which hides a colour nobody should see."""
    image = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    image[:, :, :3] = hidden
    image[TEXT] = (text, text, text, 255)
    return Image.fromarray(image)


def text_on(ground: int, text: int) -> Pixels:
    image = np.full((HEIGHT, WIDTH, 3), ground, np.uint8)
    image[TEXT] = text
    return image


def empty_png(width: int, height: int) -> bytes:
    """Eight-bit RGB that claims a size and has no pixels."""
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [b"IHDR" + size, b"IDAT", b"IEND"]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in chunks
    )


# Formats.


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_format_is_read_in_its_colours(format_name: str) -> None:
    data = encode(PICTURE, format_name)
    assert_seen_as_pillow_sees_it(data)
    header = read_header(data, MAX_PIXELS)
    assert (header.format, header.width, header.height) == (format_name, WIDTH, HEIGHT)


def test_blue_comes_first() -> None:
    red = Image.new("RGB", (WIDTH, HEIGHT), (255, 0, 0))
    assert read(encode(red, "PNG"))[0, 0].tolist() == [0, 0, 255]


@pytest.mark.parametrize("format_name", ["GIF", "WEBP", "PNG", "TIFF"])
def test_the_first_frame_of_several_is_read(format_name: str) -> None:
    data = encode(PICTURE, format_name, save_all=True, append_images=[PICTURE.rotate(180)])
    assert_alike(read(data), read(encode(PICTURE, format_name)))


def test_a_jpeg_of_several_pictures_is_read_as_its_first() -> None:
    data = encode(PICTURE, "MPO", save_all=True, append_images=[PICTURE.rotate(180)])
    assert_seen_as_pillow_sees_it(data)


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "tiff_lzw"},
        {"compression": "tiff_deflate"},
        {"compression": "packbits"},
        {"compression": "jpeg"},
    ],
)
def test_a_compressed_tiff_is_read(options: dict[str, str]) -> None:
    assert_seen_as_pillow_sees_it(encode(PICTURE, "TIFF", **options))


def test_a_fax_is_read() -> None:
    assert_seen_as_pillow_sees_it(encode(GREY.convert("1"), "TIFF", compression="group4"))


def test_a_progressive_jpeg_is_read() -> None:
    assert_seen_as_pillow_sees_it(encode(PICTURE, "JPEG", progressive=True))


def test_an_interlaced_gif_is_read() -> None:
    assert_seen_as_pillow_sees_it(encode(PICTURE.convert("P"), "GIF", interlace=1))


# Orientation.


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_name", FORMATS_WITH_ORIENTATION)
def test_a_picture_is_turned_as_its_exif_says(format_name: str, orientation: int) -> None:
    assert_seen_as_pillow_sees_it(encode(PICTURE, format_name, exif=turned(orientation)))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
def test_the_header_tells_the_size_a_person_sees(format_name: str, orientation: int) -> None:
    header = read_header(encode(PICTURE, format_name, exif=turned(orientation)), MAX_PIXELS)
    seen = (WIDTH, HEIGHT) if orientation < 5 else (HEIGHT, WIDTH)
    assert (header.orientation, header.width, header.height) == (orientation, *seen)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_header_of_a_tiff_tells_the_size_a_person_sees(orientation: int) -> None:
    data = encode(PICTURE, "TIFF", exif=turned(orientation))
    header = read_header(data, MAX_PIXELS)
    assert (header.height, header.width) == decode(data, header).shape[:2]


def test_a_grey_picture_is_turned_too() -> None:
    assert_seen_as_pillow_sees_it(encode(GREY, "JPEG", exif=turned(6)))


@pytest.mark.parametrize("format_name", FORMATS_WITH_ALPHA)
def test_a_picture_with_alpha_is_turned_too(format_name: str) -> None:
    data = encode(text_on_nothing(20), format_name, exif=turned(6))
    assert_alike(read(data), np.rot90(text_on(255, 20), -1))


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_counts_as_upright(
    format_name: str, orientation: int
) -> None:
    data = encode(PICTURE, format_name, exif=turned(orientation))
    assert_alike(read(data), read(encode(PICTURE, format_name)))


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("exif", [b"Exif\0\0garbage garbage", b"Exif\0\0", b"Exif\0\0\xff\xff"])
def test_broken_exif_counts_as_upright(format_name: str, exif: bytes) -> None:
    data = encode(PICTURE, format_name, exif=exif)
    assert read_header(data, MAX_PIXELS).orientation == 1
    assert_alike(read(data), read(encode(PICTURE, format_name)))


# Transparency.


@pytest.mark.parametrize("text", [0, 20, 100])
@pytest.mark.parametrize("format_name", FORMATS_WITH_ALPHA)
def test_dark_text_on_nothing_is_laid_over_white(format_name: str, text: int) -> None:
    assert_alike(read(encode(text_on_nothing(text), format_name)), text_on(255, text))


@pytest.mark.parametrize("text", [150, 230, 255])
@pytest.mark.parametrize("format_name", FORMATS_WITH_ALPHA)
def test_light_text_on_nothing_is_laid_over_black(format_name: str, text: int) -> None:
    assert_alike(read(encode(text_on_nothing(text), format_name)), text_on(0, text))


@pytest.mark.parametrize(("text", "ground"), [(20, 255), (230, 0)])
def test_grey_with_alpha_is_laid_over_the_ground_it_stands_out_from(text: int, ground: int) -> None:
    data = encode(text_on_nothing(text).convert("LA"), "PNG")
    assert_alike(read(data), text_on(ground, text))


@pytest.mark.parametrize(("text", "ground"), [(20, 255), (230, 0)])
@pytest.mark.parametrize("format_name", ["PNG", "GIF"])
def test_a_palette_with_a_transparent_entry_is_laid_over_too(
    format_name: str, text: int, ground: int
) -> None:
    picture = Image.new("P", (WIDTH, HEIGHT), 0)
    picture.putpalette([123, 45, 67, text, text, text])
    picture.paste(1, (5, 8, 30, 14))
    assert_alike(read(encode(picture, format_name, transparency=0)), text_on(ground, text))


def test_a_transparent_colour_of_a_png_is_laid_over_too() -> None:
    picture = Image.new("RGB", (WIDTH, HEIGHT), (1, 2, 3))
    picture.paste((20, 20, 20), (5, 8, 30, 14))
    assert_alike(read(encode(picture, "PNG", transparency=(1, 2, 3))), text_on(255, 20))


def test_sixteen_bits_with_alpha_are_laid_over_too() -> None:
    image = np.asarray(text_on_nothing(20)).astype(np.uint16) * 257
    assert_alike(read(encode_with_opencv(".png", image)), text_on(255, 20))


@pytest.mark.parametrize("format_name", FORMATS_WITH_ALPHA)
def test_half_transparent_black_becomes_grey_on_white(format_name: str) -> None:
    image = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    image[TEXT] = (0, 0, 0, 128)
    assert_alike(read(encode(Image.fromarray(image), format_name)), text_on(255, 127))


@pytest.mark.parametrize("format_name", FORMATS_WITH_ALPHA)
def test_half_transparent_white_becomes_grey_on_black(format_name: str) -> None:
    image = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    image[TEXT] = (255, 255, 255, 128)
    assert_alike(read(encode(Image.fromarray(image), format_name)), text_on(0, 128))


@pytest.mark.parametrize("format_name", FORMATS_WITH_ALPHA)
def test_alpha_that_is_opaque_changes_nothing(format_name: str) -> None:
    opaque = PICTURE.copy()
    opaque.putalpha(255)
    assert_alike(read(encode(opaque, format_name)), RED_FIRST[:, :, ::-1], 0)


@pytest.mark.parametrize("format_name", FORMATS_WITH_ALPHA)
def test_a_picture_of_nothing_is_blank(format_name: str) -> None:
    nothing = Image.new("RGBA", (WIDTH, HEIGHT), (123, 45, 67, 0))
    assert np.ptp(read(encode(nothing, format_name))) == 0


# Kinds of pixels.


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "BMP", "TIFF", "GIF"])
def test_grey_is_read(format_name: str) -> None:
    assert_seen_as_pillow_sees_it(encode(GREY, format_name))


@pytest.mark.parametrize("format_name", ["PNG", "BMP", "TIFF", "GIF"])
@pytest.mark.parametrize("mode", ["1", "P"])
def test_one_bit_and_palettes_are_read(format_name: str, mode: str) -> None:
    assert_seen_as_pillow_sees_it(encode(PICTURE.convert(mode), format_name))


@pytest.mark.parametrize("format_name", ["PNG", "TIFF"])
def test_sixteen_bit_grey_keeps_its_high_bytes(format_name: str) -> None:
    grey = np.asarray(GREY)
    picture = Image.fromarray(grey.astype(np.uint16) * 256 + 77)
    assert_alike(read(encode(picture, format_name)), grey_as_bgr(grey), 0)


@pytest.mark.parametrize("extension", [".png", ".tiff"])
def test_sixteen_bit_colours_keep_their_high_bytes(extension: str) -> None:
    blue_first = RED_FIRST[:, :, ::-1]
    data = encode_with_opencv(extension, blue_first.astype(np.uint16) * 256 + 77)
    assert_alike(read(data), blue_first, 0)


def test_a_float_tiff_is_read_from_0_black_to_1_white() -> None:
    grey = np.asarray(GREY)
    picture = Image.fromarray(grey.astype(np.float32) / 255)
    assert_alike(read(encode(picture, "TIFF")), grey_as_bgr(grey))


def test_floats_that_are_no_brightness_are_cut_to_black_or_white() -> None:
    values = np.array([[-1.0, 0.0, 1.0, np.nan, np.inf, -np.inf]], np.float32)
    image = read(encode(Image.fromarray(values), "TIFF"))
    assert image[0, :, 0].tolist() == [0, 0, 255, 0, 255, 0]


def test_floats_up_to_255_are_levels() -> None:
    values = np.array([[0.0, 100.0, 255.0, 300.0]], np.float32)
    image = read(encode(Image.fromarray(values), "TIFF"))
    assert image[0, :, 0].tolist() == [0, 100, 255, 255]


@pytest.mark.parametrize("key", [0, 200])
def test_the_transparent_level_of_a_grey_png_is_laid_over_white(key: int) -> None:
    grey = np.full((HEIGHT, WIDTH), key, np.uint8)
    grey[5:10, 5:20] = 20
    image = read(encode(Image.fromarray(grey), "PNG", transparency=key))
    assert image[0, 0].tolist() == [255, 255, 255]
    assert image[7, 10].tolist() == [20, 20, 20]


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
def test_a_grey_tiff_with_alpha_is_laid_over_white(compression: str | None) -> None:
    grey_and_alpha = np.zeros((HEIGHT, WIDTH, 2), np.uint8)
    grey_and_alpha[5:10, 5:20] = (20, 255)
    picture = Image.fromarray(grey_and_alpha)
    image = read(encode(picture, "TIFF", compression=compression))
    assert image[0, 0].tolist() == [255, 255, 255]
    assert image[7, 10].tolist() == [20, 20, 20]


def test_a_tiff_of_16_bits_with_alpha_is_laid_over_white() -> None:
    pixels = np.zeros((HEIGHT, WIDTH, 4), np.uint16)
    pixels[:, :, :3] = 30_000  # The colour under the transparency must not be seen.
    pixels[5:10, 5:20] = (20 << 8, 20 << 8, 20 << 8, 65535)
    image = read(cv2.imencode(".tiff", pixels)[1].tobytes())
    assert image[0, 0].tolist() == [255, 255, 255]
    assert image[7, 10].tolist() == [20, 20, 20]


def test_a_png_with_a_long_text_is_read() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "x" * 3_000_000, zip=True)
    assert_alike(read(encode(PICTURE, "PNG", pnginfo=text)), read(encode(PICTURE, "PNG")))


@pytest.mark.parametrize("format_name", ["JPEG", "TIFF"])
def test_printing_colours_are_read(format_name: str) -> None:
    assert_seen_as_pillow_sees_it(encode(PICTURE.convert("CMYK"), format_name))


def test_a_tiff_of_32_bit_integers_is_not_a_supported_format() -> None:
    picture = Image.fromarray(np.asarray(GREY).astype(np.int32))
    with pytest.raises(UnsupportedFormat, match="int32"):
        read(encode(picture, "TIFF"))


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_single_pixel_is_read(format_name: str) -> None:
    pixel = Image.new("RGB", (1, 1), (255, 255, 255))
    assert read(encode(pixel, format_name)).tolist() == [[[255, 255, 255]]]


# What is no picture.


def test_an_empty_file_is_an_invalid_image() -> None:
    with pytest.raises(InvalidImage, match="0 bytes"):
        read_header(b"", MAX_PIXELS)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"hello, this is text\n" * 20, id="text"),
        pytest.param(b"<!DOCTYPE html><html><body>404</body></html>", id="HTML"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", id="SVG"),
        pytest.param(bytes(1000), id="zeros"),
        pytest.param(np.random.default_rng(1).bytes(1000), id="random bytes"),
        pytest.param(b"RIFF\x24\x00\x00\x00WAVEfmt ", id="a sound in RIFF"),
        pytest.param(b"RIFF", id="RIFF alone"),
        pytest.param(b"\x89", id="one byte"),
        pytest.param(b"\xff\xd8", id="half of a JPEG's mark"),
        pytest.param(b"\n" + encode(PICTURE, "PNG"), id="a PNG after a line break"),
    ],
)
def test_what_is_no_picture_is_not_a_supported_format(data: bytes) -> None:
    with pytest.raises(UnsupportedFormat, match=r"BMP, GIF, JPEG, PNG, TIFF, WEBP\."):
        read_header(data, MAX_PIXELS)


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_mark_alone_is_an_invalid_image(format_name: str) -> None:
    mark = encode(PICTURE, format_name)[: MARK_LENGTHS[format_name]]
    with pytest.raises(InvalidImage, match=f"The {format_name} picture is broken, cut short"):
        read_header(mark, MAX_PIXELS)


@pytest.mark.parametrize("fraction", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
@pytest.mark.parametrize("format_name", FORMATS)
def test_a_picture_that_was_cut_short_is_an_invalid_image(
    format_name: str, fraction: float
) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    data = encode(Image.fromarray(noise), format_name)
    with pytest.raises(InvalidImage, match=format_name):
        read(data[: int(len(data) * fraction)])


# Size.


@pytest.mark.parametrize("format_name", FORMATS)
def test_the_most_pixels_allowed_are_read_and_one_more_is_refused(format_name: str) -> None:
    data = encode(PICTURE, format_name)
    assert read_header(data, WIDTH * HEIGHT).width == WIDTH
    with pytest.raises(ImageTooLarge, match=f"{WIDTH} x {HEIGHT} pixels; at most 850"):
        read_header(data, WIDTH * HEIGHT - 1)


@pytest.mark.parametrize("side", [60_000, 2**31 - 1])
def test_a_png_that_claims_to_be_huge_is_refused_by_its_header(side: int) -> None:
    with pytest.raises(ImageTooLarge):
        read_header(empty_png(side, side), 100_000_000)


def test_a_png_without_pixels_is_an_invalid_image() -> None:
    data = empty_png(WIDTH, HEIGHT)
    with pytest.raises(InvalidImage):
        read(data)


def test_a_jpeg_of_hundreds_of_scans_is_refused() -> None:
    progressive = encode(PICTURE, "JPEG", progressive=True)
    assert_seen_as_pillow_sees_it(progressive)
    scan = progressive[progressive.rindex(b"\xff\xda") : -2]
    with pytest.raises(InvalidImage):
        read_header(progressive[:-2] + scan * 200 + b"\xff\xd9", MAX_PIXELS)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate"])
def test_a_tiff_of_which_a_part_is_overwritten_is_broken_and_not_blank(compression: str) -> None:
    file = io.BytesIO()
    with Image.open(pictures.FOLDER / "page_latin.png") as image:
        image.convert("RGB").save(file, "TIFF", compression=compression)
    data = bytearray(file.getvalue())
    assert decode(bytes(data), read_header(bytes(data), 10**8)).any()
    middle = len(data) // 3
    data[middle : middle + 400] = b"\x99" * 400
    with pytest.raises(InvalidImage):
        decode(bytes(data), read_header(bytes(data), 10**8))


def test_a_pdf_is_told_where_it_is_read() -> None:
    with pytest.raises(UnsupportedFormat, match="/ocr/document"):
        read_header(b"%PDF-1.7\n", 10**8)
