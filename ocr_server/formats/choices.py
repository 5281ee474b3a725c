"""The formats that can be asked for, the default first."""

from ocr_server.formats.format import Format

JSON = Format("json", ("application/json",))
NDJSON = Format("ndjson", ("application/x-ndjson",))

OF_PICTURES = (JSON,)
OF_DOCUMENTS = (JSON, NDJSON)
