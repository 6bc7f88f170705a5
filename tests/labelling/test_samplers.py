"""All samplers: pure, deterministic, and with bare frames."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.emt import EMT
from ase.constraints import FixAtoms
from example_samples import copper

from mlffbench import registry

SMALL = {
    "as_given": {},
    "md": {"temperature": 300, "n_frames": 2, "spacing": 2, "equilibration": 2},
    "neb": None,
    "normal_modes": None,
    "dihedral": None,
    "random_structures": {"volume": [14, 16], "n_frames": 2, "composition": "Cu4"},
    "rattle": {"stdev": 0.05, "n_frames": 3},
    "relax": {"fmax": 0.5},
    "strain": {"n_frames": 2, "volumetric": [0.9, 1.1]},
    "vacancy": {"n_frames": 2},
}


def test_every_sampler_is_tested_here():
    assert set(SMALL) == set(registry.names("samplers"))


def decorated() -> Atoms:
    """Copper with all that a frame must not carry, and what it must."""
    atoms = copper()
    atoms.calc = EMT()
    atoms.set_constraint(FixAtoms([0]))
    atoms.set_velocities(np.ones((len(atoms), 3)))
    atoms.set_initial_magnetic_moments(np.arange(len(atoms)))
    atoms.set_array("REF_forces", np.ones((len(atoms), 3)))
    atoms.info = {"REF_energy": -1.0, "strain": 0.01}
    return atoms


@pytest.mark.parametrize("name", [n for n, params in SMALL.items() if params is not None])
def test_samplers_are_pure_deterministic_and_hand_over_bare_frames(name):
    sampler, params = registry.load("samplers", name), SMALL[name]
    atoms, before = decorated(), decorated()
    first, again = (sampler(atoms, EMT(), 7, **params) for _ in range(2))
    assert np.array_equal(atoms.positions, before.positions)
    assert len(atoms.constraints) == 1
    for a, b in zip(first, again, strict=True):
        assert np.array_equal(a.positions, b.positions)
        assert a.info == b.info
        assert a.calc is None
        assert not a.constraints
        assert not {"momenta", "REF_forces"} & set(a.arrays)
        assert "REF_energy" not in a.info
        assert all(isinstance(v, int | float | str) for v in a.info.values())
        if name != "random_structures":
            assert "strain" in a.info, "facts of an earlier sampler stay"
            assert a.get_initial_magnetic_moments().any()


@pytest.mark.parametrize("name", ["md", "rattle", "strain", "random_structures", "vacancy"])
def test_another_seed_gives_other_frames(name):
    sampler = registry.load("samplers", name)
    one, two = (sampler(copper(), EMT(), seed, **SMALL[name]) for seed in (1, 2))
    assert not all(np.allclose(a.positions, b.positions) for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("name", ["md", "relax"])
def test_who_needs_a_calculator_says_so(name):
    with pytest.raises(ValueError, match="needs a calculator"):
        registry.load("samplers", name)(copper(), None, 0, **SMALL[name])
