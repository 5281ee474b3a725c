"""How long a request may still wait, if a proxy says when it came."""

import time

from ocr_server.errors import ServerBusy

# nginx: proxy_set_header X-Request-Start "t=${msec}"; seconds since 1970, with milliseconds.
HEADER = "X-Request-Start"
_PREFIX = "t="


def seconds_left(most: float, request_start: str) -> float:
    """Return how long a request may wait: `most` seconds, less its age on arrival.

    A stamp that makes no sense, or a time in the future, counts as none. Raises ServerBusy if
    the request is too old already.
    """
    try:
        age = time.time() - float(request_start.removeprefix(_PREFIX))
    except ValueError:
        return most
    if age >= most:
        raise ServerBusy(
            f"The request had waited more than {most:g} seconds before it came here. "
            "Try again after the time in Retry-After."
        )
    return min(most, most - age) if age > 0 else most
