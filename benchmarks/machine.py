"""What was measured on, for the head of a table."""

import datetime
import os
import re
from pathlib import Path


def describe() -> str:
    """Return the date, the processor and the number of cores."""
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    processor = found[1] if found else "unknown processor"
    today = datetime.datetime.now(datetime.UTC).date()
    return f"{today}, {processor}, {len(os.sched_getaffinity(0))} cores"
