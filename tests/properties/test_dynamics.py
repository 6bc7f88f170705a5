"""Dynamics of analytic potentials: conserved energy, thermostat, seeds, and every kind of failure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.calculators.morse import MorsePotential

from mlffbench.properties.dynamics import dynamics
from mlffbench.properties.limits import Limits

CRYSTAL = bulk("Cu", cubic=True) * (2, 2, 2)


def smooth() -> LennardJones:
    return LennardJones(sigma=2.3, epsilon=0.2, rc=5.0, ro=4.0, smooth=True)


def test_energy_is_conserved_to_the_floor_of_the_integrator() -> None:
    """Verlet's energy error is of second order: half the step, a quarter of the fluctuation, and no drift."""
    coarse, fine = (dynamics(smooth(), CRYSTAL, 300, 200 * k, 4.0 / k, interval=2 * k) for k in (1, 2))
    assert coarse.failure is None
    assert coarse.times[-1] == fine.times[-1] == 800.0
    assert fine.fluctuation == pytest.approx(coarse.fluctuation / 4, rel=0.3)
    assert abs(fine.drift) < 0.2  # meV/atom/ps
    assert fine.fluctuation < 0.1


def test_forces_that_are_no_gradient_drift() -> None:
    class Driven(EMT):
        def calculate(self, *args: Any, **kwargs: Any) -> None:
            super().calculate(*args, **kwargs)
            x = self.atoms.positions - self.atoms.positions.mean(axis=0)
            self.results["forces"] = self.results["forces"] + 0.05 * np.cross([0, 0, 1.0], x)

    cluster = bulk("Cu", cubic=True)
    cluster.pbc = False
    true, driven = (
        dynamics(c, cluster, 100, 200, 2.0, limits=Limits(0, 0.1, 1e6)) for c in (EMT(), Driven())
    )
    assert abs(driven.drift) > 20 * abs(true.drift)


def test_the_thermostat_keeps_its_temperature() -> None:
    found = dynamics(smooth(), CRYSTAL, 300, 600, 4.0, friction=0.02)
    assert found.temperature == pytest.approx(300, rel=0.1)


def test_the_temperature_is_that_of_ase() -> None:
    found = dynamics(EMT(), molecule("CH3CH2OH"), 300, 1, interval=1)
    atoms, temperatures = molecule("CH3CH2OH"), []
    for velocities in found.velocities:
        atoms.set_velocities(velocities / units.fs)
        temperatures.append(atoms.get_temperature())
    assert len(temperatures) == 2
    assert found.temperature == pytest.approx(temperatures[1])  # of the second half


def test_the_seed_decides() -> None:
    one, same, other = (dynamics(EMT(), molecule("H2O"), 300, 20, friction=0.01, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(one.positions, same.positions)
    assert not np.allclose(one.positions, other.positions)


def test_a_molecule_neither_moves_nor_turns_at_first() -> None:
    found = dynamics(EMT(), molecule("CH3CH2OH"), 300, 1)
    atoms = molecule("CH3CH2OH")
    atoms.set_velocities(found.velocities[0] / units.fs)
    np.testing.assert_allclose(atoms.get_momenta().sum(axis=0), 0, atol=1e-10)
    np.testing.assert_allclose(atoms.get_angular_momentum(), 0, atol=1e-8)


def test_each_end_has_its_name() -> None:
    pair = Atoms("N2", [[0, 0, 0], [1.1, 0, 0]])
    weak = MorsePotential(epsilon=0.01, rho0=4.0, r0=1.1, rcut1=8.0, rcut2=10.0)
    found = dynamics(weak, pair, 3000, 2000)
    assert found.failure == "broken bond"
    assert 0 < found.lifetime < 1000

    class Falling(LennardJones):
        def calculate(self, *args: Any, **kwargs: Any) -> None:
            super().calculate(*args, **kwargs)
            self.results["forces"] = -self.results["forces"]

    dense = bulk("Ar", "fcc", a=4.6, cubic=True)
    ends = {
        dynamics(Falling(sigma=3.4, epsilon=e, rc=8.0), dense, 10, 3000, 2.0).failure for e in (0.01, 1.0)
    }
    assert ends <= {"collapse", "explosion"}

    class Broken(EMT):
        def calculate(self, *args: Any, **kwargs: Any) -> None:
            super().calculate(*args, **kwargs)
            self.results["forces"] = np.full((len(self.atoms), 3), np.nan)

    assert dynamics(Broken(), molecule("H2O"), 300, 20).failure == "not finite"
    with pytest.raises(ValueError, match="must be positive"):
        dynamics(EMT(), pair, 300, 10, timestep=0)


def test_an_error_of_what_has_exploded_is_its_end_and_another_error_is_not_hidden() -> None:
    class Strict(EMT):
        """Refuses positions that are not finite, as fitted models do."""

        wild = True

        def calculate(self, atoms: Any = None, *args: Any, **kwargs: Any) -> None:
            if not np.isfinite(atoms.positions).all() or not self.wild:
                raise ValueError("positions that are not finite")
            super().calculate(atoms, *args, **kwargs)
            self.results["forces"] = np.full((len(atoms), 3), np.nan)

    assert dynamics(Strict(), molecule("H2O"), 300, 20).failure == "not finite"
    Strict.wild = False
    with pytest.raises(ValueError, match="not finite"):
        dynamics(Strict(), molecule("H2O"), 300, 20)


def test_the_end_of_patience_is_no_failure() -> None:
    found = dynamics(EMT(), molecule("H2O"), 300, 500, max_seconds=0.0)
    assert found.failure is None
    assert found.lifetime == 5.0


def test_one_question_a_step_gives_the_trajectory_of_ase() -> None:
    from ase.md.verlet import VelocityVerlet

    class Counted(EMT):
        calls = 0

        def calculate(self, *args: Any, **kwargs: Any) -> None:
            type(self).calls += 1
            super().calculate(*args, **kwargs)

    ours = dynamics(Counted(), bulk("Cu", cubic=True), 300, 20, 2.0, interval=1)
    assert Counted.calls == 21
    theirs = bulk("Cu", cubic=True)
    theirs.calc = EMT()
    theirs.set_velocities(ours.velocities[0] / units.fs)
    VelocityVerlet(theirs, 2.0 * units.fs).run(20)
    np.testing.assert_allclose(ours.positions[-1], theirs.positions, atol=1e-10)
