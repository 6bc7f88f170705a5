"""The page of the quantities is the registry's."""

from __future__ import annotations

from pathlib import Path

from mlffbench.report.quantities.catalogue import QUANTITIES
from mlffbench.report.quantities.glossary import HEAD, glossary

PAGE = Path(__file__).parents[3] / "docs" / "quantities.md"


def test_the_committed_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == glossary(), (
        "python -m mlffbench.report.quantities.glossary > docs/quantities.md"
    )


def test_every_quantity_is_one_row():
    rows = [line for line in glossary().splitlines() if line.startswith("| `")]
    assert len(rows) == len(QUANTITIES)
    assert {row.replace("\\|", "").count("|") for row in rows} == {len(HEAD) + 1}
