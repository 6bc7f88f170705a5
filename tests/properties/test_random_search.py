"""Random search for a known ground state."""

from __future__ import annotations

import pytest
from ase.build import bulk

from mlffbench.labelling.calculators.stillinger_weber import stillinger_weber
from mlffbench.properties.minima import structure_distance
from mlffbench.properties.random_search import random_search


def test_a_random_search_of_silicon_finds_diamond() -> None:
    found = random_search(stillinger_weber(), ["Si2"], [17, 24], n=8, seed=1, fmax=0.05, steps=150)
    best = found.minima[0]
    assert best.spacegroup == "Fd-3m (227)"
    assert best.energy == pytest.approx(-4.3366, abs=1e-3)
    assert structure_distance(bulk("Si", a=5.431), best.atoms) < 0.05
    energies = [m.energy for m in found.minima]
    assert energies == sorted(energies)
    ends = [i for m in found.minima for i in m.found]
    assert sorted(ends) == [i for i, run in enumerate(found.runs) if run.converged]
    assert found.force_calls == found.calls_until(7) == sum(run.steps + 1 for run in found.runs)
