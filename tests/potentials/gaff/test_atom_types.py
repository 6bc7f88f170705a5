"""Atom types of molecules with known symmetry, and rare surroundings."""

from __future__ import annotations

import numpy as np
from ase.build import molecule
from example_gaff import topology

from mlffbench.potentials.gaff.atom_types import learn_types


def test_atoms_alike_share_a_type():
    ethanol = topology(molecule("CH3CH2OH"))
    types = learn_types([ethanol], 3, {}, least=1).assign(ethanol)
    assert sorted(np.unique(types, return_counts=True)[1].tolist()) == [1, 1, 1, 1, 2, 3]
    benzene = topology(molecule("C6H6"))
    assert len(set(learn_types([benzene], 3, {}, least=1).assign(benzene))) == 2


def test_rare_surroundings_are_no_type_of_their_own():
    frames = [topology(molecule(name)) for name in ("CH4", "CH4", "CH4", "C2H6")]
    types = learn_types(frames, 2, {}, least=2)
    assert set(types.assign(frames[3]).tolist()) == {"C", "H(C)"}
