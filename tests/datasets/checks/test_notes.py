"""Notes of the readers."""

from __future__ import annotations

from dataclasses import replace

from mlffbench.datasets.checks.notes import notes
from mlffbench.datasets.lennard_jones import lennard_jones


def test_notes_of_the_reader_are_warnings():
    data = lennard_jones()
    assert notes(data) == []
    (finding,) = notes(replace(data, card={**data.card, "notes": ["two frames left out"]}))
    assert (finding.check, finding.message, finding.certain) == ("notes", "two frames left out", False)
