"""README and docs say what the code says, and point to what is there."""

import re
from pathlib import Path

import pytest

from tests import readme

PAGES = {str(page.relative_to(readme.ROOT)): page for page in readme.pages()}
_FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """Return what can stand behind a # in links to a page: its headings, as GitHub writes them."""
    text = _FENCED.sub("", page.read_text("utf-8"))
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", PAGES)
def test_the_tables_are_those_of_the_code(name: str) -> None:
    text = PAGES[name].read_text("utf-8")
    assert text == readme.with_tables(text), "run `make readme`"


def test_each_table_stands_on_one_page() -> None:
    text = "".join(page.read_text("utf-8") for page in PAGES.values())
    assert sorted(re.findall(r"<!-- (\w+): .*? -->", text)) == sorted(readme.tables())
    assert all(table in text for table in readme.tables().values())


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    text = _FENCED.sub("", PAGES[name].read_text("utf-8"))
    for link in _LINK.findall(text):
        if re.match("https?:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (PAGES[name].parent / path).resolve() if path else PAGES[name]
        assert target.exists(), link
        assert target.is_relative_to(readme.ROOT), link
        assert not anchor or anchor in anchors(target), link


def test_readme_leads_to_every_page() -> None:
    linked = _LINK.findall(PAGES["README.md"].read_text("utf-8"))
    pages = {link.partition("#")[0] for link in linked}
    assert {name for name in PAGES if name.startswith("docs/")} <= pages
