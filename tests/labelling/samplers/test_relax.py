"""The nearest minimum of a structure."""

from __future__ import annotations

import pytest
from ase.calculators.morse import MorsePotential
from example_samples import MORSE, nitrogen

from mlffbench.labelling.samplers.relax import relax


def test_relax_finds_the_minimum():
    (frame,) = relax(nitrogen(), MorsePotential(**MORSE), 0, fmax=1e-4)
    assert frame.get_distance(0, 1) == pytest.approx(1.1, abs=1e-4)
    with pytest.raises(ValueError, match="not relaxed after 1 steps"):
        relax(nitrogen(), MorsePotential(**MORSE), 0, fmax=1e-4, steps=1)
