"""Examples that run: a picture of the word Hello, and what is answered to it."""

from typing import Any

Schema = dict[str, Any]

# A PNG of 72 x 40 pixels.
BASE64 = (
    "iVBORw0KGgoAAAANSUhEUgAAAEgAAAAoAQAAAAB1YoGwAAAAb0lEQVR42sXQMQrCYBiD4aefVDoUdHRw+C/i6nl7"
    "DMceoYODa6Fg+aXUoRbBwVEzhfCGQIrZS+Gf7oTQ5u/clMx7gXvjcRUYRnkrUKWF66uOYSPsxne3T6tb0o+Nm3oS"
    "OHRrVl/acxYoG+VR8YOvnrYbGaxntCWwAAAAAElFTkSuQmCC"
)
TEXT = "Hello"
LINES: Schema = {
    "0": {
        "rec_txt": TEXT,
        "dt_boxes": [[4.0, 9.0], [69.0, 8.0], [69.0, 34.0], [4.0, 35.0]],
        "score": "0.9994704842567443",
    }
}
_PAGE: Schema = {
    "page": 1,
    "page_count": 1,
    "remaining": 0,
    "width": 72,
    "height": 40,
    "dpi": None,
    "lines": LINES,
}
PICTURE_ANSWERS = {"json": LINES, "text": f"{TEXT}\n"}
DOCUMENT_ANSWERS = {"json": {"page_count": 1, "pages": [_PAGE]}, "text": f"{TEXT}\n"}
