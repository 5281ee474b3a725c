"""Takes a request in: whether there is room for it, and what it sent, within the limits."""

import flask

from ocr_server import extension
from ocr_server.connection import upload_within
from ocr_server.errors import ServerBusy
from ocr_server.payload import Upload, discard_body, read_upload
from ocr_server.request_start import HEADER, seconds_left


def receive(max_file_bytes: int) -> tuple[Upload, float]:
    """Return what the client sent, and how many seconds it may wait for a slot.

    Raises ServerBusy, UploadTimeout and what `read_upload` raises.
    """
    ocr_server = extension.current()
    settings = ocr_server.settings
    connection = flask.request.environ
    with upload_within(settings.max_upload_seconds, connection, ocr_server.deadlines):
        try:
            wait = seconds_left(settings.max_wait_seconds, flask.request.headers.get(HEADER, ""))
            ocr_server.slots.check_room()
        except ServerBusy:
            discard_body(flask.request)
            raise
        return read_upload(flask.request, max_file_bytes), wait
