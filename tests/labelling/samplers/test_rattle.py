"""Statistics and distances of random displacements."""

from __future__ import annotations

import numpy as np
import pytest
from example_samples import copper, nitrogen

from mlffbench.labelling.samplers.rattle import rattle
from mlffbench.system import progress


def test_progress_is_told():
    heard = []
    with progress.listen(lambda stage, step, total, values: heard.append((stage, step, total))):
        rattle(copper(), None, 0, stdev=0.01, n_frames=3)
    assert heard == [("rattle", i, 3) for i in (1, 2, 3)]


def test_rattle_has_the_standard_deviation_asked_for():
    atoms = copper(3)
    moved = np.array([f.positions - atoms.positions for f in rattle(atoms, None, 0, 0.07, n_frames=50)])
    assert moved.std() == pytest.approx(0.07, rel=0.02)
    assert moved.mean() == pytest.approx(0.0, abs=0.003)


def test_rattle_keeps_atoms_apart():
    close = [f.get_all_distances(mic=True)[0, 1] for f in rattle(nitrogen(), None, 0, 0.3, 40)]
    apart = [
        f.get_all_distances(mic=True)[0, 1] for f in rattle(nitrogen(), None, 0, 0.3, 40, min_distance=1.0)
    ]
    assert min(close) < 1.0 <= min(apart)
    with pytest.raises(ValueError, match="kept the atoms 9 Å apart"):
        rattle(nitrogen(), None, 0, 0.01, min_distance=9.0)
