"""Many relaxations at once: each structure has its own optimiser, all are evaluated in one batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from ase.calculators.singlepoint import SinglePointCalculator
from ase.optimize import BFGS
from ase.optimize.optimize import Optimizer

from mlffbench.properties._structures import most_atoms, takes_any_structure
from mlffbench.properties.relaxation import Relaxation, cell_failure, degrees_of_freedom
from mlffbench.system.failures import catch_failure
from mlffbench.system.progress import report

__all__ = ["relax_many"]

NEEDED = ("energy", "forces", "stress")


@takes_any_structure
def relax_many(
    calculator: BaseCalculator,
    structures: Sequence[Atoms],
    cell: bool | str = False,
    fmax: float = 0.01,
    steps: int = 500,
    pressure: float = 0.0,
    optimizer: Callable[..., Optimizer] = BFGS,
) -> list[Relaxation]:
    """Relax many structures as `relax` does, evaluated together.

    Every structure has its own optimiser; before each step all that still move are evaluated at once, by the
    calculator's ``calculate_many`` where it has one (`ForceFieldCalculator` does), else one after the other.
    A structure whose evaluation fails or is not finite, or whose cell explodes or collapses, ends there, with
    a `failure`; the others continue.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with forces, and stresses where the cells move.
    structures : sequence of Atoms
        Starts; not changed, their constraints hold.
    cell, fmax, steps, pressure
        See `relax`.
    optimizer : Optimizer
        Optimiser class of ASE.

    Returns
    -------
    list of Relaxation
        Results in the order of the structures.
    """
    descents = [_Descent(atoms, cell, pressure, optimizer) for atoms in structures]
    moving = descents
    while moving:
        evaluations = _evaluate(calculator, [d.atoms for d in moving], bool(cell))
        for descent, (results, failure) in zip(moving, evaluations, strict=True):
            descent.set_results(results, failure)
        moving = [d for d in moving if d.step(fmax, steps)]
        report("relaxations", len(descents) - len(moving), len(descents))
    return [d.close() for d in descents]


class _StoredResults(SinglePointCalculator):
    """Stored results of the current structure; renewed before every step, so no positions are compared."""

    def check_state(self, atoms: Atoms, tol: float = 1e-15) -> list[str]:
        return []


class _Descent:
    """Relaxation of one structure with its optimiser."""

    def __init__(
        self, atoms: Atoms, cell: bool | str, pressure: float, optimizer: Callable[..., Optimizer]
    ) -> None:
        self.atoms = atoms.copy()
        self.volume = abs(atoms.cell.volume) if cell else None
        self.optimizer = optimizer(degrees_of_freedom(self.atoms, cell, pressure), logfile=None)
        self.converged = False
        self.failure: str | None = None

    def set_results(self, results: dict[str, Any] | None, failure: str | None) -> None:
        """Store energy, forces and stress of the current structure, or the reason why there are none."""
        if results is None:
            self.failure = failure
            return
        labels = {name: results[name] for name in NEEDED if results.get(name) is not None}
        infinite = [name for name, value in labels.items() if not np.isfinite(value).all()]
        if infinite:
            self.failure = f"{' and '.join(infinite)} not finite after {self.optimizer.nsteps} steps"
        self.atoms.calc = _StoredResults(self.atoms, **labels)

    def step(self, fmax: float, steps: int) -> bool:
        """Take an optimiser step; False if the relaxation converged, failed or used up its steps."""
        if self.failure is None:
            moving, failure = catch_failure(lambda: self._step(fmax, steps))
            self.failure = self.failure if failure is None else failure["message"]
        return self.failure is None and moving

    def _step(self, fmax: float, steps: int) -> bool:
        self.optimizer.fmax = fmax
        self.converged = bool(self.optimizer.converged())
        if self.converged or self.optimizer.nsteps >= steps:
            return False
        self.optimizer.step()
        self.optimizer.nsteps += 1
        self.failure = self._cell_failure()
        return True

    def _cell_failure(self) -> str | None:
        """Reason why the cell is no longer physical, or None."""
        reason = None if self.volume is None else cell_failure(self.atoms, self.volume)
        return reason and f"{reason} after {self.optimizer.nsteps} steps"

    def close(self) -> Relaxation:
        """Close the optimiser and return the result."""
        self.optimizer.close()
        energy = force = float("nan")
        if self.failure is None:
            energy = float(self.atoms.get_potential_energy())
            force = float(np.linalg.norm(self.atoms.get_forces(), axis=1).max())
        self.atoms.calc = None
        return Relaxation(self.atoms, energy, self.optimizer.nsteps, self.converged, force, self.failure)


Evaluation = tuple[dict[str, Any] | None, str | None]  # results, failure: one of them is None


def _evaluate(calculator: BaseCalculator, structures: Sequence[Atoms], stress: bool) -> Iterator[Evaluation]:
    """Results or failure of each structure; a batch that fails is evaluated one structure at a time."""
    calculate_many = getattr(calculator, "calculate_many", None)
    needed = NEEDED if stress else NEEDED[:2]
    for batch in _batches([_unconstrained(atoms) for atoms in structures], most_atoms(calculator)):
        batch_results, failure = (
            catch_failure(lambda b=batch: calculate_many(b, quantities=needed))  # type: ignore[misc]
            if calculate_many is not None
            else (None, {})
        )
        if failure is None:
            yield from ((results, None) for results in batch_results or ())
        else:
            yield from (_evaluate_one(calculator, atoms, stress) for atoms in batch)


def _unconstrained(atoms: Atoms) -> Atoms:
    copy = atoms.copy()
    copy.set_constraint()
    return copy


def _batches(structures: Sequence[Atoms], most: int) -> Iterator[list[Atoms]]:
    """Consecutive structures of about `most` atoms together."""
    ends = np.cumsum([len(atoms) for atoms in structures]) - 1
    for _, group in groupby(zip(structures, ends // most, strict=True), key=lambda pair: pair[1]):
        yield [atoms for atoms, _ in group]


def _evaluate_one(calculator: BaseCalculator, atoms: Atoms, stress: bool) -> Evaluation:
    results, failure = catch_failure(lambda: _results(calculator, atoms, stress))
    return results, None if failure is None else failure["message"]


def _results(calculator: BaseCalculator, atoms: Atoms, stress: bool) -> dict[str, Any]:
    atoms.calc = calculator
    results = {"energy": atoms.get_potential_energy(), "forces": atoms.get_forces()}
    return {**results, "stress": atoms.get_stress()} if stress else results
