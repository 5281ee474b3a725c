"""Decodes mutants of pictures of every format, within limits; run by test_pictures.

`python -m tests.fuzz.mutants FIRST COUNT PROGRESS` decodes mutants FIRST to FIRST + COUNT and
writes into the file PROGRESS the number of the one at hand, which says who broke the process.
"""

import io
import mmap
import random
import resource
import struct
import sys
import time
import zlib
from pathlib import Path
from typing import Any

from PIL import Image

from ocr_server.decoder import decode, read_header
from ocr_server.errors import ClientError
from tests import pictures

MAX_PIXELS = 4_000_000
SECONDS_EACH = 2.0
_ADDRESS_BYTES = 3 << 30
_KINDS: list[tuple[str, str, dict[str, Any]]] = [
    ("PNG", "RGB", {}),
    ("PNG", "RGBA", {}),
    ("PNG", "P", {}),
    ("PNG", "1", {}),
    ("PNG", "I;16", {}),
    ("JPEG", "RGB", {}),
    ("JPEG", "RGB", {"progressive": True}),
    ("JPEG", "L", {}),
    ("JPEG", "CMYK", {}),
    ("WEBP", "RGB", {}),
    ("WEBP", "RGBA", {"lossless": True}),
    ("BMP", "RGB", {}),
    ("BMP", "P", {}),
    ("BMP", "1", {}),
    ("GIF", "P", {}),
    ("TIFF", "RGB", {}),
    ("TIFF", "RGB", {"compression": "tiff_lzw"}),
    ("TIFF", "RGB", {"compression": "tiff_adobe_deflate"}),
    ("TIFF", "RGB", {"compression": "packbits"}),
    ("TIFF", "RGB", {"compression": "jpeg"}),
    ("TIFF", "1", {"compression": "group4"}),
    ("TIFF", "LA", {}),
    ("TIFF", "RGBA", {}),
]
_INTERESTING = [0, 1, 2, 7, 8, 127, 128, 255, 256, 32767, 32768, 65535, 1 << 24, (1 << 31) - 1]


def originals() -> list[tuple[str, bytes]]:
    """Return a small picture in every kind of file that is read, with the name of its format."""
    with Image.open(io.BytesIO(pictures.read("small.png"))) as image:
        small = image.convert("RGBA").resize((64, 40))
    made = []
    exif = Image.Exif()
    exif[0x0112] = 6
    for format_name, mode, options in _KINDS:
        file = io.BytesIO()
        picture = small.convert("L").convert(mode) if mode == "I;16" else small.convert(mode)
        turned = {"exif": exif} if format_name in ("PNG", "JPEG", "WEBP") else {}
        picture.save(file, format_name, **turned, **options)
        made.append((format_name, file.getvalue()))
    return made


def mutant(number: int, files: list[tuple[str, bytes]]) -> tuple[str, bytes]:
    """Return the mutant of this number, always the same one, and the format it was."""
    chance = random.Random(number)
    format_name, original = files[number % len(files)]
    data = bytearray(original)
    for _ in range(chance.choice([1, 1, 2, 3, 8, 40])):
        _mutate(data, chance, files)
    if format_name == "PNG" and chance.random() < 0.7:
        _mend_checksums(data)
    return format_name, bytes(data)


def _mutate(data: bytearray, chance: random.Random, files: list[tuple[str, bytes]]) -> None:
    if len(data) < 16:
        return
    # Most of what steers a decoder stands near the beginning.
    limit = len(data) if chance.random() < 0.5 else min(len(data), 200)
    place = chance.randrange(limit - 8)
    what = chance.randrange(7)
    if what == 0:
        data[place] ^= 1 << chance.randrange(8)
    elif what == 1:
        data[place] = chance.randrange(256)
    elif what == 2:
        layout = chance.choice([">I", "<I", ">H", "<H"])
        size = struct.calcsize(layout)
        number = chance.choice(_INTERESTING) & ((1 << (8 * size)) - 1)
        data[place : place + size] = struct.pack(layout, number)
    elif what == 3:
        del data[place : place + chance.randrange(1, 64)]
    elif what == 4:
        data[place:place] = data[place : place + chance.randrange(1, 64)]
    elif what == 5:
        other = chance.choice(files)[1]
        start = chance.randrange(len(other))
        data[place:place] = other[start : start + chance.randrange(1, 64)]
    elif chance.random() < 0.3:
        del data[place:]


def _mend_checksums(data: bytearray) -> None:
    position = 8
    while position + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, position)
        end = position + 8 + length
        if end + 4 > len(data):
            return
        data[end : end + 4] = struct.pack(">I", zlib.crc32(data[position + 4 : end]))
        position = end + 4


def try_one(data: bytes) -> str:
    """Decode a file; return "read" or the code of the client's error."""
    try:
        header = read_header(data, MAX_PIXELS)
        image = decode(data, header)
    except ClientError as error:
        return error.code
    assert image.shape == (header.height, header.width, 3)
    return "read"


def main() -> None:
    """Decode the mutants asked for; exits with an error at the first that does what none may."""
    first, count = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_BYTES, _ADDRESS_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    files = originals()
    outcomes: dict[str, int] = {}
    slowest = 0.0
    with Path(sys.argv[3]).open("r+b") as file:
        progress = mmap.mmap(file.fileno(), 8)
    for number in range(first, first + count):
        progress[:] = struct.pack("<q", number)
        _, data = mutant(number, files)
        start = time.process_time()
        outcome = try_one(data)
        slowest = max(slowest, time.process_time() - start)
        assert slowest < SECONDS_EACH
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{outcomes} slowest {slowest * 1000:.0f} ms, peak {peak} MiB")


if __name__ == "__main__":
    main()
