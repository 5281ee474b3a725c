"""How long a request may still wait, if a proxy says when it came."""

import time
from collections.abc import Mapping

from ocr_server.errors import ServerBusy

# nginx: proxy_set_header X-Request-Start "t=${msec}"; seconds since 1970, with milliseconds.
_HEADER = "X-Request-Start"
_PREFIX = "t="


def seconds_left(most: float, headers: Mapping[str, str]) -> float:
    """Return how long a request may wait: `most` seconds, less its age on arrival.

    A header that makes no sense, or a time in the future, counts as none. Raises ServerBusy if
    the request is too old already.
    """
    try:
        age = time.time() - float(headers.get(_HEADER, "").removeprefix(_PREFIX))
    except ValueError:
        return most
    if age >= most:
        raise ServerBusy(
            f"The request had waited more than {most:g} seconds before it came here. "
            "Try again after the time in Retry-After."
        )
    return min(most, most - age) if age > 0 else most
