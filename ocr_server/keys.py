"""API keys: made here once, kept as hashes, compared in constant time.

A key has 256 random bits, so one round of SHA-256 protects it: slow hashes are for passwords, which
can be guessed (NIST SP 800-63B, section 5.1.1.2, asks them for secrets of less entropy).
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable

from ocr_server.settings import InvalidSettings, Settings

_HASH = re.compile(r"[0-9a-f]{64}")


class Keys:
    """The keys that are let in; empty if nobody needs one."""

    def __init__(self, hashes: Iterable[str]) -> None:
        """Take SHA-256 hashes in hexadecimal. Raises InvalidSettings; never repeats what it got."""
        found = list(hashes)
        for position, text in enumerate(found, 1):
            if not _HASH.fullmatch(text):
                raise InvalidSettings(
                    f"API key {position} is not a SHA-256 hash of 64 hexadecimal digits in lower "
                    "case. `ocr_server key` makes a key and its hash."
                )
        self._hashes = [bytes.fromhex(text) for text in found]

    @classmethod
    def of(cls, settings: Settings) -> "Keys":
        """Read the hashes from the settings, and from the file they name. Raises InvalidSettings.

        A line of the file holds a hash and, if you like, a name; lines that begin with # are left
        out.
        """
        hashes = [text.strip() for text in settings.api_keys.split(",") if text.strip()]
        if settings.api_keys and not hashes:
            raise InvalidSettings("OCR_SERVER_API_KEYS holds no hash of a key.")
        if settings.api_keys_file is not None:
            try:
                lines = settings.api_keys_file.read_text("utf-8").splitlines()
            except (OSError, UnicodeDecodeError) as error:
                raise InvalidSettings(f"OCR_SERVER_API_KEYS_FILE cannot be read: {error}") from None
            in_file = [line.split()[0] for line in lines if line.strip() and line[0] != "#"]
            if not in_file:
                raise InvalidSettings("OCR_SERVER_API_KEYS_FILE holds no hash of a key.")
            hashes += in_file
        return cls(hashes)

    def as_settings(self) -> dict[str, str]:
        """Return the variable that holds these keys' hashes."""
        return {"OCR_SERVER_API_KEYS": ",".join(known.hex() for known in self._hashes)}

    def __len__(self) -> int:
        return len(self._hashes)

    def hold(self, key: str) -> bool:
        """Return whether this is one of the keys; takes as long whichever it is, or none."""
        presented = hash_of(key)
        return sum(hmac.compare_digest(presented, known) for known in self._hashes) > 0


def make() -> str:
    """Return a new key of 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_of(key: str) -> bytes:
    """Return what is kept of a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
