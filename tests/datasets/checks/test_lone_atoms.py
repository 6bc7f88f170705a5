"""Frames of one atom without neighbours."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from planted_mistakes import alone, check, found_by


@pytest.mark.parametrize(
    "lone",
    [Atoms("C"), Atoms("C", cell=np.eye(3) * 15, pbc=True), Atoms("C", cell=[0, 0, 12], pbc=(0, 0, 1))],
)
def test_a_lone_atom_is_found(lone):
    found_by(
        "lone_atoms", alone(Atoms("H2", [(0, 0, 0), (0, 0, 0.75)]), lone), "1 of 2 frames are one atom", False
    )


def test_a_primitive_cell_is_no_lone_atom():
    assert not check("lone_atoms", alone(bulk("Cu"), Atoms("H2", [(0, 0, 0), (0, 0, 9)])))
