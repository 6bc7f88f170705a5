"""Random cells: distances, volumes and space groups."""

from __future__ import annotations

import numpy as np
import spglib

from mlffbench.properties.random_cells import random_cells


def test_symmetric_random_cells_have_a_space_group_and_keep_their_distances() -> None:
    least = {"Si-Si": 2.0, "C-Si": 1.7, "C-C": 1.4}
    cells = random_cells(["Si8", "Si4C2", "CSi3C"], [14, 22], 12, seed=1, separation=least, symmetry=1.0)
    table = {frozenset(pair.split("-")): d for pair, d in least.items()}
    for atoms in cells:
        found = spglib.get_symmetry(
            (atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers), symprec=1e-4
        )
        assert len(found["rotations"]) > 1
        assert 14 <= atoms.get_volume() / len(atoms) <= 22
        symbols = atoms.get_chemical_symbols()
        whole = atoms.repeat(3)
        distances = whole.get_all_distances()
        np.fill_diagonal(distances, np.inf)
        for i, row in enumerate(distances):
            for j, d in enumerate(row):
                pair = frozenset((symbols[i % len(symbols)], symbols[j % len(symbols)]))
                assert d >= table[pair] - 1e-6
    assert {a.get_chemical_formula("reduce") for a in cells} <= {"Si8", "Si4C2", "CSi3C"}


def test_random_cells_without_symmetry_have_none() -> None:
    for atoms in random_cells(["Cu6"], [11, 14], 4, seed=0):
        cell = (atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers)
        assert spglib.get_spacegroup(cell, symprec=1e-4) == "P1 (1)"
