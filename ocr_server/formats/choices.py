"""The formats that can be asked for, the default first."""

from ocr_server.formats import alto, hocr, image, markdown, text, tsv
from ocr_server.formats.format import Format

JSON = Format("json", ("application/json",))
NDJSON = Format("ndjson", ("application/x-ndjson",))
IMAGE = image.FORMAT
PDF = Format("pdf", ("application/pdf",), needs_words=True)

_OF_TEXT = (text.FORMAT, markdown.FORMAT, hocr.FORMAT, alto.FORMAT, tsv.FORMAT)
OF_PICTURES = (JSON, *_OF_TEXT, IMAGE)
OF_DOCUMENTS = (JSON, NDJSON, *_OF_TEXT, PDF)
