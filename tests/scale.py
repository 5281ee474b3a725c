"""How long the long tests are: short in CI, long for `make fuzz`, `chaos` and `soak`."""

import os

LONG = os.environ.get("OCR_SERVER_LONG_TESTS") == "1"


def scaled(short: int, long: int) -> int:
    """Return a count or a time for the form that runs."""
    return long if LONG else short
