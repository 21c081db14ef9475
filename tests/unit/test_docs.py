"""What the documents point to is there."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
TEST = re.compile(r"`(test_[a-z0-9_]+)`")
FILE = re.compile(r"`((?:tests|docs)/[\w/.-]+\.\w+)`")
DEFINED = re.compile(r"^\s*(?:async )?def (test_\w+)", re.MULTILINE)

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings, as GitHub makes them."""
    headings = HEADING.findall(page.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.casefold()).replace(" ", "-") for heading in headings}


@cache
def defined() -> set[str]:
    """Return the name of every test, those of the conformance kit included."""
    files = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "vdx_plugin" / "testing").rglob("*.py")]
    return {name for file in files for name in DEFINED.findall(file.read_text("utf-8"))}


@each_page
def test_every_link_within_the_repository_leads_somewhere(page: Path) -> None:
    """A reader who follows a dead link stops trusting the page."""
    lost = []
    for link in LINK.findall(page.read_text("utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert lost == []


@each_page
def test_every_test_and_file_that_a_page_names_exists(page: Path) -> None:
    """A hazard whose test was renamed away looks guarded, and is not."""
    text = page.read_text("utf-8")
    assert [name for name in TEST.findall(text) if name not in defined()] == []
    assert [name for name in FILE.findall(text) if not (ROOT / name).exists()] == []
