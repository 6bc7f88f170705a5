"""Many relaxations at once against one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import all_changes
from ase.calculators.emt import EMT
from ase.constraints import FixAtoms
from ase.optimize import FIRE
from example_potentials import rattled

from mlffbench.data import Labels
from mlffbench.forcefield import ForceField
from mlffbench.properties.bulk_relaxation import relax_many
from mlffbench.properties.relaxation import relax


class Counted(ForceField):
    """EMT behind the estimators' interface; counts its predictions."""

    def __init__(self, atomic_energies: Any = None) -> None:
        self.atomic_energies = atomic_energies

    def _fit(self, frames: Any, labels: Any) -> None:
        self.sizes_: list[int] = []

    def _evaluate(self, inputs: Any) -> Labels:
        self.sizes_.append(len(inputs))
        rows = []
        for atoms in inputs:
            atoms = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc, calculator=EMT())
            stress = atoms.get_stress() if atoms.pbc.all() else None
            rows.append((atoms.get_potential_energy(), atoms.get_forces(), stress))
        energy, forces, stresses = zip(*rows, strict=True)
        return Labels(np.array(energy), forces, stresses)


def counted() -> Counted:
    return Counted({"Cu": 0.0}).fit([bulk("Cu")], [0.0])


@pytest.mark.parametrize("cell", [False, True, "hydrostatic"])
def test_many_relaxations_are_those_of_one_by_one(cell: Any) -> None:
    starts = rattled(3)
    starts[1].set_constraint(FixAtoms([0]))
    pressure = 5.0 if cell else 0.0
    model = counted()
    batched = relax_many(model.calculator(), starts, cell, 0.05, 100, pressure)
    looped = relax_many(EMT(), starts, cell, 0.05, 100, pressure)
    single = [relax(EMT(), s, cell, 0.05, 100, pressure) for s in starts]
    assert len({run.steps for run in single}) > 1  # they do not end together
    for runs in (batched, looped):
        for found, expected in zip(runs, single, strict=True):
            assert (found.steps, found.converged, found.failure) == (expected.steps, True, None)
            assert found.energy == pytest.approx(expected.energy, abs=1e-8)
            assert found.max_force == pytest.approx(expected.max_force, abs=1e-8)
            np.testing.assert_allclose(found.atoms.positions, expected.atoms.positions, atol=1e-8)
            np.testing.assert_allclose(found.atoms.cell, expected.atoms.cell, atol=1e-8)
    assert len(model.sizes_) == max(run.steps for run in single) + 1  # one prediction a step
    assert sum(model.sizes_) == sum(run.steps + 1 for run in single)
    assert starts[0].positions == pytest.approx(rattled(1)[0].positions)


def test_steps_and_optimiser_are_as_asked() -> None:
    short = relax_many(EMT(), rattled(1), fmax=1e-4, steps=2)[0]
    assert (short.steps, short.converged, short.failure) == (2, False, None)
    fire = relax_many(EMT(), rattled(1), fmax=0.02, optimizer=FIRE)[0]
    bfgs = relax_many(EMT(), rattled(1), fmax=0.02)[0]
    assert fire.converged
    assert fire.steps > bfgs.steps
    assert fire.energy == pytest.approx(bfgs.energy, abs=1e-3)


class Moody(EMT):
    """Refuses one size, gives no number for another, and pulls the cell of a third apart."""

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = ()) -> None:
        if len(atoms) == 1:
            raise RuntimeError("one atom is too few")
        super().calculate(atoms, properties, system_changes)
        if len(atoms) == 2:
            self.results["forces"] = np.full((2, 3), np.nan)
        if len(atoms) == 3:
            self.results["stress"] = np.array([-9.0, -9, -9, 0, 0, 0])


class MoodyMany(Moody):
    """The same in batches: one that fails spoils all."""

    def calculate_many(self, structures: list[Atoms], quantities: Any = None) -> list[dict[str, Any]]:
        found = []
        for atoms in structures:
            self.calculate(atoms, None, all_changes)
            found.append(dict(self.results))
        return found


@pytest.mark.parametrize("calculator", [Moody(), MoodyMany()])
def test_what_fails_ends_alone(calculator: Any) -> None:
    sizes = [bulk("Cu"), bulk("Cu") * (2, 1, 1), bulk("Cu") * (3, 1, 1), rattled(1)[0]]
    one, two, three, good = relax_many(calculator, sizes, cell=True, fmax=0.02, steps=200)
    assert "RuntimeError: one atom is too few" in str(one.failure)
    assert two.failure == "forces not finite after 0 steps"
    assert "times its volume" in str(three.failure)
    assert not any(run.converged for run in (one, two, three))
    assert np.isnan(one.energy)
    assert good.converged
    assert good.steps == relax(EMT(), sizes[3], True, 0.02).steps


def test_the_results_of_many_structures_are_those_of_each() -> None:
    model, structures = counted(), [*rattled(2), bulk("Cu")]
    calculator = model.calculator()
    many = calculator.calculate_many(structures)
    assert model.sizes_ == [3]
    for atoms, results in zip(structures, many, strict=True):
        atoms.calc = calculator
        assert results["energy"] == pytest.approx(atoms.get_potential_energy())
        np.testing.assert_allclose(results["forces"], atoms.get_forces())
        np.testing.assert_allclose(results["stress"], atoms.get_stress())
    assert "stress" not in calculator.calculate_many([Atoms("Cu2", [[0, 0, 0], [0, 0, 2.4]])])[0]
