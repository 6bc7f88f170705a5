"""Random structures: distances, volumes and refusals."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk
from ase.data import covalent_radii

from mlffbench.labelling.samplers.random_structures import random_structures


def test_random_structures_keep_their_distances_and_volumes():
    params = {"volume": [16, 24], "n_frames": 12, "separation": {"Si-Si": 2.1, "C-Si": 1.7, "C-C": 1.4}}
    frames = random_structures(None, None, 0, composition=["Si4C2", "Si8"], **params)
    assert {f.get_chemical_formula() for f in frames} == {"C2Si4", "Si8"}
    least = {frozenset(p.split("-")): d for p, d in params["separation"].items()}
    for frame in frames:
        assert frame.pbc.all()
        assert 16 <= frame.get_volume() / len(frame) <= 24
        supercell = frame.repeat(3)  # images of images: what a minimum image would miss
        distances = supercell.get_all_distances()
        symbols = supercell.get_chemical_symbols()
        for i, j in zip(*np.triu_indices(len(supercell), 1), strict=True):
            assert distances[i, j] >= least[frozenset((symbols[i], symbols[j]))] - 1e-9


def test_random_structures_differ_and_take_the_elements_of_a_structure():
    frames = random_structures(bulk("Si", cubic=True), None, 0, [18, 22], 6)
    assert {f.get_chemical_formula() for f in frames} == {"Si8"}
    assert len({round(f.cell.lengths()[0], 6) for f in frames}) == 6
    nearest = min(np.sort(f.get_all_distances(mic=True), axis=1)[:, 1].min() for f in frames)
    assert nearest >= 0.8 * 2 * covalent_radii[14] - 1e-9


def test_random_structures_say_what_they_cannot_do():
    with pytest.raises(ValueError, match="had no room for 8 atoms"):
        random_structures(None, None, 0, [4, 5], 1, composition="Si8", max_attempts=5)
    with pytest.raises(ValueError, match=r"no distance for \['C-C', 'C-Si'\]"):
        random_structures(None, None, 0, [20, 20], 1, composition="SiC", separation={"Si-Si": 2.0})
    with pytest.raises(ValueError, match="needs a composition"):
        random_structures(None, None, 0, [20, 20], 1)
