"""Gives files to a page, and waits for what it makes of them."""

import base64
from collections.abc import Sequence

from playwright.sync_api import FilePayload, JSHandle, Locator, Page

from tests import pictures

_TRANSFER = """([name, type, content]) => {
  const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type }));
  return transfer;
}"""


def picture(name: str) -> FilePayload:
    """Return a committed picture as a file that a browser can be given."""
    kind = "image/jpeg" if name.endswith(".jpg") else "image/png"
    return {"name": name, "mimeType": kind, "buffer": pictures.read(name)}


def choose(page: Page, files: FilePayload | Sequence[FilePayload]) -> None:
    """Choose files."""
    page.set_input_files("#files", files)


def transfer(page: Page, file: FilePayload) -> JSHandle:
    """Return a file as it is dropped and pasted."""
    content = base64.b64encode(file["buffer"]).decode()
    return page.evaluate_handle(_TRANSFER, [file["name"], file["mimeType"], content])


def read(page: Page, name: str) -> Locator:
    """Choose a picture and return its item, when it was read."""
    choose(page, picture(name))
    return finished(page)


def finished(page: Page) -> Locator:
    """Return the newest item, when it was read."""
    item = page.locator("article").first
    item.get_by_role("button", name="Copy text").wait_for()
    return item


def texts(item: Locator) -> list[str]:
    """Return the text lines that an item shows."""
    return item.locator(".line .text").all_text_contents()
