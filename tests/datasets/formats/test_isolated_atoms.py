"""Isolated atoms among the frames, in any spelling."""

from __future__ import annotations

import pytest
from ase import Atoms
from example_files import h2

from mlffbench.datasets.formats.to_dataset import from_frames


@pytest.mark.parametrize("key", ["config_type", "ConfigType", "config-type"])
@pytest.mark.parametrize("word", ["isolated-atom", "isolated atoms", "ISOLATED_ATOM", "Isolated.Atoms"])
def test_isolated_atoms_in_any_spelling(key, word):
    data = from_frames("x", [Atoms("H", info={"energy": -13.6, key: word}), h2({"energy": -31.0, key: "md"})])
    assert data.atomic_energies == {"H": -13.6}
    assert len(data) == 1


@pytest.mark.parametrize(
    ("key", "word"),
    [
        *(("name", "isolated_atom"), ("group", "IsolatedAtoms"), ("config_type", "isolated_atom_H")),
        *(("config_type", "H-isolated-atom"), ("config_type", "E0s"), ("type", "isolated")),
        *(("label", "free atom"), ("is_isolated_atom", True), ("IsolatedAtom", 1)),
    ],
)
def test_isolated_atoms_under_any_key(key, word):
    frames = [Atoms("H", info={"energy": -13.6, key: word}), h2({"energy": -31.0, key: "md"})]
    assert from_frames("x", frames).atomic_energies == {"H": -13.6}


@pytest.mark.parametrize(("key", "word"), [("name", "E0"), ("config_type", "atom"), ("name", "isolated")])
def test_other_words_are_no_isolated_atoms(key, word):
    frames = [Atoms("H", info={"energy": -13.6, key: word}), h2({"energy": -31.0})]
    assert from_frames("x", frames).atomic_energies is None


@pytest.mark.parametrize("value", [True, 1])
def test_isolated_atoms_by_a_flag(value):
    frames = [Atoms("H", info={"energy": -13.6, "isolated_atom": value}), h2({"energy": -31.0})]
    assert from_frames("x", frames).atomic_energies == {"H": -13.6}
