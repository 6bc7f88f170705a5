"""Labelled paths: named by the card, else by its coordinates, else by nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest
from example_molecule import Toy, dataset, rows

from mlffbench.data import Missing, Score


def paths_of(card: dict[str, object], **keywords: object) -> set[str]:
    data, split = dataset()
    found = rows(Toy(), replace(data, card=card), split, include=["profiles"], **keywords)
    return {r.test for r in found if isinstance(r, Score)}


def test_the_card_names_the_paths_and_a_keyword_others():
    assert paths_of({"molecule": {"profiles": ["dihedral"]}}) == {"dihedral"}
    assert paths_of({"coordinates": {"proton_transfer": "r (Å)"}}) == {"proton_transfer"}
    named = {"molecule": {"profiles": ["dihedral"]}}
    assert paths_of(named, profiles=["dihedral", "proton_transfer"]) == {"dihedral", "proton_transfer"}


def test_without_a_path_the_row_says_so():
    data, split = dataset()
    (row,) = rows(Toy(), replace(data, card={}), split, include=["profiles"])
    assert isinstance(row, Missing)
    assert row.message == "no labelled path is named, by an option or the card"


def test_a_card_with_an_unknown_word_is_refused():
    data, split = dataset()
    card = {"molecule": {"dihedrals": [0, 1, 2, 3]}}
    with pytest.raises(LookupError, match=r"of the card of chain has no keyword 'dihedrals'.*'dihedral'"):
        rows(Toy(), replace(data, card=card), split)
