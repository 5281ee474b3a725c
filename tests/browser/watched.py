"""Chromium, and what a page may do in it: load from its own server, and break no rule."""

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A folder; then the tests save there how the page looks.
SCREENSHOTS = os.environ.get("BROWSER_SCREENSHOTS")


def chromium() -> str:
    """Return Debian's Chromium."""
    found = shutil.which("chromium")
    assert found, "Chromium is not installed: see CONTRIBUTING.md"
    return found


@dataclass
class Watched:
    """What the pages of a context did: addresses they asked for, complaints of the browser."""

    addresses: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Fail if a page left its server, broke the policy or threw an error."""
        assert self.complaints == []
        assert {urlsplit(address).hostname for address in self.addresses} <= {"127.0.0.1", None}
        assert {urlsplit(address).scheme for address in self.addresses} <= {"http", "blob", "data"}


def watch(context: BrowserContext) -> Watched:
    """Note what the pages of a context will do."""
    watched = Watched()
    context.on("request", lambda request: watched.addresses.append(request.url))
    context.on("weberror", lambda error: watched.complaints.append(str(error.error)))
    context.on(
        "console",
        lambda message: watched.complaints.append(message.text) if _is_ours(message.text) else None,
    )
    # Each page tells of its violations in the console, with a word that no other message has.
    context.add_init_script(
        "document.addEventListener('securitypolicyviolation', (event) => console.error("
        "`policy violation: ${event.violatedDirective} ${event.blockedURI}`));"
    )
    return watched


def _is_ours(text: str) -> bool:
    return "policy" in text.lower()


def shoot(page: Page, name: str) -> None:
    """Save how a page looks, if the environment asks for it."""
    if SCREENSHOTS:
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", full_page=True)
