"""Many trajectories as one batch: those of one by one and of ASE, of physics, and each ends alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk, molecule
from ase.calculators.calculator import Calculator
from ase.calculators.emt import EMT
from ase.constraints import FixAtoms, FixBondLength, Hookean
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution, Stationary, ZeroRotation
from ase.md.verlet import VelocityVerlet

from mlffbench.estimators import Morse
from mlffbench.properties.bulk_dynamics import batch_size, run_many
from mlffbench.properties.dynamics import Trajectory, dynamics
from mlffbench.properties.limits import Limits
from mlffbench.system.progress import listen

ANYTHING = Limits(0, 0, 1e9)
K = 5.0  # eV/Å²


class Springs(Calculator):
    """Every atom on a spring to the origin; counts its batches and can be made to fail."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def calculate_many(self, structures: Sequence[Atoms], quantities: Any = None) -> list[dict[str, Any]]:
        assert set(quantities) == {"energy", "forces"}
        self.sizes.append(len(structures))
        return [self.results_of(atoms) for atoms in structures]

    def results_of(self, atoms: Atoms) -> dict[str, Any]:
        return {"energy": K / 2 * float((atoms.positions**2).sum()), "forces": -K * atoms.positions}


def argon(n: int, seed: int = 0) -> Atoms:
    """4 n displaced atoms of a crystal."""
    atoms = bulk("Ar", "fcc", a=5.3, cubic=True) * (n, 1, 1)
    atoms.rattle(0.05, seed=seed)
    return atoms


@pytest.fixture(scope="module")
def model() -> Morse:
    frames = [argon(1, seed) for seed in range(3)]
    return Morse(**Morse.test_params()).fit(frames, [0.0, 0.1, 0.2])


def of_ase(calculator: Any, start: Atoms, temperature: float, steps: int, friction: float | None, seed: int):
    """Positions after some steps of 2 fs by ASE's own loop."""
    rng, atoms = np.random.RandomState(seed), start.copy()
    atoms.calc = calculator
    MaxwellBoltzmannDistribution(atoms, temperature_K=temperature, rng=rng)
    Stationary(atoms)
    if not atoms.pbc.any():
        ZeroRotation(atoms)
    dt = 2 * units.fs
    if friction is None:
        VelocityVerlet(atoms, dt).run(steps)
    else:
        fr = friction / units.fs
        Langevin(atoms, dt, temperature_K=temperature, friction=fr, rng=rng, fixcm=False).run(steps)
    return atoms


@pytest.mark.parametrize("friction", [None, 0.01])
def test_a_batch_of_mixed_sizes_gives_the_trajectories_of_one_by_one_and_of_ase(model, friction):
    starts = [argon(1), Atoms("Ar3", [[0, 0, 0], [3.7, 0, 0], [0, 3.8, 0]]), argon(2)]
    given = (60.0, 100, 2.0, friction, 25, ANYTHING)
    together = run_many(model.calculator(), starts, *given, seeds=[3, 1, 4])
    for start, seed, one in zip(starts, [3, 1, 4], together, strict=True):
        alone = dynamics(model.calculator(), start, *given, seed=seed)
        theirs = of_ase(model.calculator(), start, 60.0, 100, friction, seed)
        assert (one.failure, one.times.tolist()) == (None, [0, 50, 100, 150, 200])
        for name in ("positions", "velocities", "potential", "kinetic"):
            np.testing.assert_allclose(getattr(one, name), getattr(alone, name), atol=1e-9)
        np.testing.assert_allclose(one.positions[-1], theirs.positions, atol=1e-9)
        np.testing.assert_allclose(one.velocities[-1], theirs.get_velocities() * units.fs, atol=1e-9)
        assert one.kinetic[-1] == pytest.approx(theirs.get_kinetic_energy())
    assert not np.allclose(together[0].positions[0] - starts[0].positions, 0.1)
    np.testing.assert_array_equal(starts[0].positions, argon(1).positions)  # starts do not move


@pytest.mark.parametrize("friction", [None, 0.01])
@pytest.mark.parametrize(
    "constraint", [FixAtoms([0, 2]), FixBondLength(0, 1), Hookean(0, (0.2, 0.1, 0.0), 3.0, rt=0.0)]
)
def test_constraints_hold_as_in_ase(constraint, friction):
    start, other = molecule("H2O"), molecule("CH3OH")
    start.set_constraint(constraint)
    one, _ = run_many(EMT(), [start, other], 100, 40, 2.0, friction, 20, ANYTHING, seeds=[2, 3])
    theirs = of_ase(EMT(), start, 100, 40, friction, 2)
    np.testing.assert_allclose(one.positions[-1], theirs.positions, atol=1e-9)
    np.testing.assert_allclose(one.velocities[-1], theirs.get_velocities() * units.fs, atol=1e-9)
    assert one.potential[-1] == pytest.approx(theirs.get_potential_energy())


def test_springs_conserve_their_energy_and_the_thermostat_shares_it_equally():
    """Verlet's error of a harmonic energy is bounded; Langevin gives ½kT to every coordinate and momentum."""
    starts = [Atoms("Ar10", np.random.default_rng(k).normal(scale=0.07, size=(10, 3))) for k in range(32)]
    free = run_many(Springs(), starts, 300, 400, 4.0, None, 10, ANYTHING)
    total = np.array([run.potential + run.kinetic for run in free])
    np.testing.assert_allclose(total, np.broadcast_to(total[:, :1], total.shape), rtol=0.02)
    assert max(abs(run.drift) for run in free) < 0.5  # meV/atom/ps
    hot = run_many(Springs(), starts, 300, 1500, 4.0, 0.02, 10, ANYTHING)
    half = 0.5 * units.kB * 300 * 30
    for energy in ("potential", "kinetic"):
        mean = np.mean([getattr(run, energy)[40:] for run in hot])
        assert mean == pytest.approx(half, rel=0.03)  # standard error 0.01


class Ill(Springs):
    """Structures of some charge are ill after the first step."""

    def results_of(self, atoms: Atoms) -> dict[str, Any]:
        results, illness = super().results_of(atoms), int(atoms.get_initial_charges()[0])
        if len(self.sizes) < 7:
            return results
        if illness == 1:
            raise MemoryError("no room")
        if illness == 2:
            return {**results, "forces": results["forces"] * np.nan}
        if illness == 3:
            return {**results, "forces": -1e4 * results["forces"]}
        return results


def ill(illness: int) -> Atoms:
    positions = np.random.default_rng(illness).normal(scale=0.1, size=(4, 3))
    return Atoms("Ar4", positions, charges=[illness] * 4)


def test_one_that_dies_leaves_the_others_as_they_are():
    given = (300.0, 60, 4.0, 0.01, 10, Limits(0, 0, 20.0))
    healthy = run_many(Ill(), [ill(0), ill(4), ill(5)], *given, seeds=[0, 4, 5])
    starts = [ill(k) for k in (1, 0, 2, 4, 3, 5)]
    calculator = Ill()
    memory, a, nan, b, hot, c = run_many(calculator, starts, *given, seeds=[1, 0, 2, 4, 3, 5])
    for one, other in zip((a, b, c), healthy, strict=True):
        assert one.failure is None
        for name in ("times", "positions", "velocities", "potential", "kinetic"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert (memory.failure, repr(memory.error)) == (None, "MemoryError('no room')")
    assert (nan.failure, nan.lifetime) == ("not finite", 0.0)
    assert hot.failure in ("explosion", "not finite")
    assert calculator.sizes[0] == 6
    assert calculator.sizes[-1] == 3
    with pytest.raises(MemoryError, match="no room"):
        dynamics(Ill(), ill(1), *given)


def test_a_batch_too_large_goes_in_halves():
    class Small(Springs):
        def calculate_many(self, structures: Sequence[Atoms], quantities: Any = None) -> list[Any]:
            if len(structures) > 3:
                self.sizes.append(-len(structures))
                raise RuntimeError("CUDA out of memory")
            return super().calculate_many(structures, quantities)

    small, starts = Small(), [ill(k) for k in range(7)]
    found = run_many(small, starts, 300, 5, 4.0, 0.01, 5, ANYTHING)
    for one, other in zip(found, run_many(Springs(), starts, 300, 5, 4.0, 0.01, 5, ANYTHING), strict=True):
        np.testing.assert_array_equal(one.positions, other.positions)
        assert (one.failure, one.error) == (None, None)
    assert [-size for size in small.sizes if size < 0] == [7, 4]  # no second try


def test_another_calculator_follows_one_trajectory_after_the_other():
    class Ordered(EMT):
        seen: ClassVar[list[int]] = []

        def calculate(self, atoms: Any = None, *args: Any, **kwargs: Any) -> None:
            self.seen.append(len(atoms))
            super().calculate(atoms, *args, **kwargs)

    starts = [bulk("Cu", cubic=True), bulk("Cu") * (2, 1, 1)]
    calculator = Ordered()
    runs = run_many(calculator, starts, 300, 10, 2.0, None, 5, seeds=[1, 2])
    assert Ordered.seen == [4] * 11 + [2] * 11
    for start, seed, run in zip(starts, [1, 2], runs, strict=True):
        np.testing.assert_array_equal(
            run.positions, dynamics(EMT(), start, 300, 10, 2.0, interval=5, seed=seed).positions
        )
    assert batch_size(9, calculator) == 1
    assert batch_size(9, Springs()) == 56


def test_a_single_atom_rests_and_the_wall_time_is_shared():
    reports: list[tuple[str, int]] = []
    atom, pair = Atoms("Ar", [[0, 0, 0]]), Atoms("Ar2", [[0, 0, 0.1], [0.1, 0, 0]])
    with listen(lambda stage, step, *_: reports.append((stage, step))):
        runs = run_many(Springs(), [atom, pair], 300, 20, interval=10, limits=ANYTHING)
    np.testing.assert_array_equal(runs[0].positions, np.zeros((3, 1, 3)))
    assert runs[1].seconds == pytest.approx(2 * runs[0].seconds)
    assert reports == [("md", 10), ("md", 20)]
    stopped = run_many(Springs(), [atom, pair], 300, 20, interval=10, limits=ANYTHING, max_seconds=0.0)
    assert [(run.failure, run.lifetime) for run in stopped] == [(None, 5.0), (None, 5.0)]


@pytest.mark.gpu
def test_a_batch_on_cuda_follows_the_cpu():
    frames = [argon(1, seed) for seed in range(3)]
    fitted = {
        device: Morse(**{**Morse.test_params(), "device": device}).fit(frames, [0.0, 0.1, 0.2]).calculator()
        for device in ("cpu", "cuda")
    }
    starts = [argon(1), argon(2)]
    runs: dict[str, list[Trajectory]] = {
        device: run_many(calculator, starts, 60.0, 20, 2.0, 0.01, 5, ANYTHING)
        for device, calculator in fitted.items()
    }
    for one, other in zip(runs["cuda"], runs["cpu"], strict=True):
        np.testing.assert_allclose(one.positions, other.positions, atol=1e-6)
