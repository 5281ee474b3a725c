"""Render the test pictures, and pictures.json with the text that each of them shows.

Run as ``python tests/pictures/render.py``; everything is written beside this file.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

HERE = Path(__file__).resolve().parent
FAMILY = "Noto Sans CJK SC"
PACKAGE = "fonts-noto-cjk"
SEED = 20240229

Colour = tuple[int, int, int]
BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)
NAVY: Colour = (24, 32, 72)
CREAM: Colour = (252, 240, 208)
GREY: Colour = (60, 60, 60)
SILVER: Colour = (225, 225, 225)

Lines = Sequence[str]


class FontMissingError(RuntimeError):
    """The font of the test pictures is not installed."""


@dataclass(frozen=True)
class Picture:
    """One picture: its file name, what it is for, its text, and how it is drawn."""

    name: str
    about: str
    lines: tuple[str, ...]
    draw: Callable[[Lines], Image.Image]
    quality: int = 85


@cache
def font_file() -> tuple[str, int]:
    """Return the font's file and its index in that file."""
    hint = f'font "{FAMILY}" not found: install the Debian package {PACKAGE}'
    command = ["fc-match", "-f", "%{family}\n%{file}\n%{index}", FAMILY]
    try:
        answer = subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise FontMissingError(f"{hint} (and fontconfig)") from error
    family, path, index = answer.stdout.splitlines()
    # fc-match always answers with some font, so a wrong family means that ours is absent.
    if FAMILY not in family.split(","):
        raise FontMissingError(hint)
    # The upper half of the index names a variation of the font, which Pillow does not take.
    return path, int(index) & 0xFFFF


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """Return the font at a size in pixels."""
    path, index = font_file()
    # The basic layout is built into every Pillow; the other one depends on the machine.
    return ImageFont.truetype(path, size, index=index, layout_engine=ImageFont.Layout.BASIC)


def text_mask(lines: Lines, sizes: Sequence[int], canvas: tuple[int, int]) -> Image.Image:
    """Draw the lines white on black, left-aligned, spread evenly over the canvas's height."""
    width, height = canvas
    mask = Image.new("L", canvas, 0)
    pen = ImageDraw.Draw(mask)
    gap = (height - sum(sizes)) / (len(lines) + 1)
    top = gap
    for line, size in zip(lines, sizes, strict=True):
        left = max(12, width // 20)
        if left + pen.textlength(line, font(size)) > width:
            raise ValueError(f"too wide for its picture: {line}")
        pen.text((left, round(top + size / 2)), line, fill=255, font=font(size), anchor="lm")
        top += size + gap
    return mask


def paint(mask: Image.Image, ink: Colour, paper: Colour) -> Image.Image:
    """Colour a mask: ink where it is white, paper where it is black."""
    front = Image.new("RGB", mask.size, ink)
    return Image.composite(front, Image.new("RGB", mask.size, paper), mask)


def page(
    lines: Lines,
    size: int,
    canvas: tuple[int, int],
    ink: Colour = BLACK,
    paper: Colour = WHITE,
) -> Image.Image:
    """Return a page on which all lines have the same size."""
    return paint(text_mask(lines, [size] * len(lines), canvas), ink, paper)


def draw_chinese(lines: Lines) -> Image.Image:
    """Return plain Chinese, black on white."""
    return page(lines, 30, (640, 520))


def draw_latin(lines: Lines) -> Image.Image:
    """Return plain English, black on white."""
    return page(lines, 28, (680, 520))


def draw_mixed_sizes(lines: Lines) -> Image.Image:
    """Return lines that each have another size."""
    return paint(text_mask(lines, [64, 48, 36, 28, 20], (640, 440)), BLACK, WHITE)


def draw_many_lines(lines: Lines) -> Image.Image:
    """Return a long list of short lines."""
    return page(lines, 28, (420, 900))


def draw_rotated(lines: Lines) -> Image.Image:
    """Return text that leans by a few degrees, as from a crooked scan."""
    flat = page(lines, 32, (600, 360))
    return flat.rotate(8, Image.Resampling.BICUBIC, expand=True, fillcolor=WHITE)


def draw_upside_down(lines: Lines) -> Image.Image:
    """Return text that stands on its head."""
    # Turning the page turns the order too: the lines are listed as they lie in the picture.
    flat = page(lines[::-1], 36, (620, 240))
    return flat.transpose(Image.Transpose.ROTATE_180)


def draw_perspective(lines: Lines) -> Image.Image:
    """Return a page seen at a slant, lying on a grey table."""
    flat = np.asarray(page(lines, 34, (600, 360)))
    corners = np.array([[0, 0], [600, 0], [600, 360], [0, 360]], dtype=np.float32)
    seen = np.array([[70, 40], [630, 75], [600, 410], [30, 430]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(corners, seen)
    warped = cv2.warpPerspective(
        flat,
        matrix,
        (680, 470),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(150, 150, 150),
    )
    return Image.fromarray(warped.astype(np.uint8))


def draw_noisy(lines: Lines) -> Image.Image:
    """Return text under Gaussian noise."""
    clean = np.asarray(page(lines, 34, (560, 320), GREY, SILVER), dtype=np.float64)
    noise = np.random.default_rng(SEED).normal(0.0, 22.0, clean.shape)
    return Image.fromarray(np.clip(np.rint(clean + noise), 0, 255).astype(np.uint8))


def draw_artefacts(lines: Lines) -> Image.Image:
    """Return coloured text, which strong compression harms most."""
    return page(lines, 30, (560, 320), (120, 20, 40), CREAM)


def draw_light_on_dark(lines: Lines) -> Image.Image:
    """Return light text on a dark page."""
    return page(lines, 34, (600, 320), CREAM, NAVY)


def draw_transparent(lines: Lines, ink: Colour) -> Image.Image:
    """Return text that shows in the alpha channel alone: the colour is the ink's everywhere."""
    picture = Image.new("RGBA", (600, 260), ink)
    picture.putalpha(text_mask(lines, [36] * len(lines), picture.size))
    return picture


def draw_transparent_dark(lines: Lines) -> Image.Image:
    """Return black text on nothing."""
    return draw_transparent(lines, BLACK)


def draw_transparent_light(lines: Lines) -> Image.Image:
    """Return white text on nothing."""
    return draw_transparent(lines, WHITE)


def draw_grey(lines: Lines) -> Image.Image:
    """Return a picture with one channel of eight bits."""
    return page(lines, 32, (560, 300), GREY, SILVER).convert("L")


def draw_one_bit(lines: Lines) -> Image.Image:
    """Return a picture with one bit to the pixel."""
    # Without dithering: the edges of letters would be strewn with dots.
    return page(lines, 36, (600, 300)).convert("1", dither=Image.Dither.NONE)


def draw_palette(lines: Lines) -> Image.Image:
    """Return a picture with a palette of sixteen colours."""
    picture = page(lines, 34, (600, 300), NAVY, CREAM)
    return picture.quantize(16, dither=Image.Dither.NONE)


def draw_wide_line(lines: Lines) -> Image.Image:
    """Return one line in a picture much wider than it is high."""
    return page(lines, 32, (900, 60))


def draw_tall(lines: Lines) -> Image.Image:
    """Return a narrow column, as on a till receipt."""
    return page(lines, 28, (300, 1400))


def draw_small(lines: Lines) -> Image.Image:
    """Return one word in a tiny picture."""
    return page(lines, 26, (120, 40))


def draw_blank(_lines: Lines) -> Image.Image:
    """Return an empty page."""
    return Image.new("RGB", (640, 480), WHITE)


PICTURES = (
    Picture(
        "page_chinese.png",
        "plain Chinese, black on white",
        (
            "清晨的菜市场已经很热闹",
            "卖豆腐的老人推着小车走来",
            "孩子们背着书包去学校上课",
            "桥下的河水慢慢流向远方",
            "中午大家坐在树下吃面条",
            "邮递员送来三封厚厚的信",
            "傍晚山上的灯一盏盏亮起来",
            "夜里下雨屋里的人早早睡了",
        ),
        draw_chinese,
    ),
    Picture(
        "page_latin.png",
        "plain English with prices, dates and punctuation",
        (
            "Harbour Street Garden Shop",
            "Opened on 14 March 2023, Tuesday",
            "Two watering cans: $37.50",
            "Seven bags of compost - $86.94",
            "Members save 15% today",
            "Date of delivery: 2024-06-28",
            "Call us before 17:45, please!",
            "Do you need a receipt?",
        ),
        draw_latin,
    ),
    Picture(
        "page_mixed_sizes.png",
        "Chinese and English, every line in another size",
        (
            "周末读书会",
            "Weekend Reading",
            "地点在城南图书馆三楼",
            "Weekends at 16:30",
            "每人可以借走两本书两张地图",
        ),
        draw_mixed_sizes,
    ),
    Picture(
        "page_many_lines.png",
        "sixteen numbered lines, whose order must be kept",
        (
            "1 apple",
            "2 banana",
            "3 cherry",
            "4 walnut",
            "5 pepper",
            "6 carrot",
            "7 tomato",
            "8 onion",
            "9 garlic",
            "10 lemon",
            "11 mango",
            "12 butter",
            "13 bread",
            "14 cheese",
            "15 honey",
            "16 water",
        ),
        draw_many_lines,
    ),
    Picture(
        "rotated.jpg",
        "text leaning by eight degrees",
        ("这张纸放得有点歪", "The scanner lid was open", "但是每个字都很清楚", "Page 27 of 64"),
        draw_rotated,
    ),
    Picture(
        "upside_down.png",
        "text turned by 180 degrees, listed from the picture's top to its bottom",
        ("The second line comes first", "这一页是倒着放的"),
        draw_upside_down,
    ),
    Picture(
        "perspective.jpg",
        "a page seen at a slant on a grey table",
        ("桌上放着一张通知", "Meeting moved to Friday", "请带上铅笔和地图", "Bring 12 pencils"),
        draw_perspective,
    ),
    Picture(
        "noisy.jpg",
        "text under Gaussian noise",
        ("窗外的雪越下越大", "Snow fell all night", "火车晚点四十分钟", "Platform 17 closed"),
        draw_noisy,
        quality=80,
    ),
    Picture(
        "artefacts.jpg",
        "coloured text under strong JPEG compression",
        ("红茶加牛奶很好喝", "Fresh bread every day", "请在柜台付款", "Lunch from 12:15"),
        draw_artefacts,
        quality=25,
    ),
    Picture(
        "light_on_dark.png",
        "light text on a dark page",
        ("天黑以后看星星", "Look up at the night sky", "月亮从东边升起", "Bring warm clothes"),
        draw_light_on_dark,
    ),
    Picture(
        "transparent_dark_text.png",
        "black text on full transparency, black under the transparency",
        ("透明背景黑色文字", "Dark ink on glass", "适合贴在白色墙上"),
        draw_transparent_dark,
    ),
    Picture(
        "transparent_light_text.png",
        "white text on full transparency, white under the transparency",
        ("透明背景白色文字", "Bright ink on glass", "适合贴在黑色墙上"),
        draw_transparent_light,
    ),
    Picture(
        "grey.jpg",
        "JPEG with a single grey channel",
        ("老照片只有灰色", "Printed in grey only", "海边的石头房子", "Photograph 1968"),
        draw_grey,
    ),
    Picture(
        "one_bit.png",
        "PNG with one bit to the pixel",
        ("传真机打印的合同", "Fax from the north office", "请今天下午签字"),
        draw_one_bit,
    ),
    Picture(
        "palette.png",
        "PNG with a palette",
        ("颜色不多也够用", "Sixteen colours are enough", "画面依然很干净"),
        draw_palette,
    ),
    Picture(
        "wide_line.png",
        "one long line, much wider than it is high",
        ("The quick river runs past 24 green meadows",),
        draw_wide_line,
    ),
    Picture(
        "tall.png",
        "a narrow column with many short lines",
        (
            "社区小超市",
            "Monday 08:35",
            "鸡蛋十个",
            "$12.80",
            "新鲜牛奶",
            "$9.60",
            "大米五斤",
            "$23.50",
            "白菜两棵",
            "$17.40",
            "洗衣粉",
            "$18.90",
            "毛巾一条",
            "$25.60",
            "合计六件",
            "$107.80",
            "现金支付",
            "$120.40",
            "找零",
            "$12.60",
            "谢谢光临",
            "Goodbye",
        ),
        draw_tall,
    ),
    Picture("small.png", "a single word in a tiny picture", ("Harvest",), draw_small),
    Picture("blank.png", "a white page without any text", (), draw_blank),
)


def save(picture: Picture, folder: Path) -> None:
    """Draw a picture and write it; the file name's ending chooses the format."""
    image = picture.draw(picture.lines)
    target = folder / picture.name
    if target.suffix == ".jpg":
        image.save(target, quality=picture.quality, optimize=True)
    else:
        image.save(target, optimize=True)


def save_index(folder: Path) -> None:
    """Write the text that each picture shows."""
    index = {p.name: {"about": p.about, "lines": list(p.lines)} for p in PICTURES}
    text = json.dumps(index, ensure_ascii=False, indent=2) + "\n"
    (folder / "pictures.json").write_text(text, encoding="utf-8")


def main() -> int:
    """Write all pictures and their index."""
    try:
        font_file()
    except FontMissingError as error:
        print(error, file=sys.stderr)
        return 1
    for picture in PICTURES:
        save(picture, HERE)
    save_index(HERE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
