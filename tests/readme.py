"""README's generated tables; `make readme` writes them anew."""

import re
from pathlib import Path

from ocr_server.errors import errors_table
from ocr_server.settings import settings_table

ROOT = Path(__file__).parent.parent
PATH = ROOT / "README.md"
BENCHMARKS = ROOT / "benchmarks" / "results"
RESULTS = {
    "servers": BENCHMARKS / "servers.md",
    "engine": BENCHMARKS / "engine.md",
    "memory": BENCHMARKS / "memory.md",
    "chaos": ROOT / "tests" / "chaos" / "results.md",
    "soak": ROOT / "tests" / "soak" / "results.md",
}


def with_tables(text: str) -> str:
    """Return a README's text with its generated tables made anew."""
    text = _with_table(text, "errors", errors_table())
    text = _with_table(text, "settings", settings_table())
    for name, file in RESULTS.items():
        text = _with_table(text, name, f"\n{file.read_text('utf-8')}\n")
    return text


def _with_table(text: str, name: str, table: str) -> str:
    pattern = rf"(<!-- {name}: .*? -->\n).*?(<!-- end -->)"
    return re.sub(pattern, lambda found: found[1] + table + found[2], text, flags=re.DOTALL)


if __name__ == "__main__":
    PATH.write_text(with_tables(PATH.read_text("utf-8")), "utf-8")
