"""The generated tables in README and docs; `make readme` writes them anew."""

import re
from pathlib import Path

from ocr_server.errors import errors_table
from ocr_server.settings import settings_table

ROOT = Path(__file__).parent.parent
BENCHMARKS = ROOT / "benchmarks" / "results"
RESULTS = {
    "servers": BENCHMARKS / "servers.md",
    "engine": BENCHMARKS / "engine.md",
    "memory": BENCHMARKS / "memory.md",
    "documents": BENCHMARKS / "documents.md",
    "chaos": ROOT / "tests" / "chaos" / "results.md",
    "soak": ROOT / "tests" / "soak" / "results.md",
}


def pages() -> list[Path]:
    """Return what people read: README and the others at the top, and docs."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def tables() -> dict[str, str]:
    """Return the tables by the name that stands in their marker."""
    results = {name: f"\n{file.read_text('utf-8')}\n" for name, file in RESULTS.items()}
    return {"errors": errors_table(), "settings": settings_table(), **results}


def with_tables(text: str) -> str:
    """Return a page's text with its generated tables made anew."""
    for name, table in tables().items():
        text = _with_table(text, name, table)
    return text


def _with_table(text: str, name: str, table: str) -> str:
    pattern = rf"(<!-- {name}: .*? -->\n).*?(<!-- end -->)"
    return re.sub(pattern, lambda found: found[1] + table + found[2], text, flags=re.DOTALL)


if __name__ == "__main__":
    for page in pages():
        page.write_text(with_tables(page.read_text("utf-8")), "utf-8")
