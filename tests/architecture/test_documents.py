"""What the documents lead to is there, and every picture that is kept is looked at somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)|(?:src|srcset)=\"([^\"]+)\"")


def targets(page: Path) -> set[Path]:
    """The files that a page leads to or shows; code is not looked at."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.S)
    found = (first or second for first, second in LINK.findall(text))
    return {(page.parent / name).resolve() for name in found if "://" not in name}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_that_all_that_a_page_leads_to_is_there(page: Path) -> None:
    assert [str(path) for path in targets(page) if not path.exists()] == []


def test_that_every_picture_is_shown_in_both_themes() -> None:
    shown = set().union(*(targets(page) for page in PAGES))
    kept = {path.resolve() for path in (ROOT / "docs" / "images").glob("*.png")}
    assert kept, "the pictures are found"
    assert kept == {path for path in shown if path.suffix == ".png"}
    light, dark = (
        {path.stem.removesuffix(end) for path in kept if path.stem.endswith(end)}
        for end in ("-light", "-dark")
    )
    assert light == dark
