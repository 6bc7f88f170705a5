"""Many relaxations at the same time: each by its own optimiser, all evaluated in one batch."""

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

from mlffbench.properties.relaxation import Relaxation, misshapen, movable
from mlffbench.system.failures import catch_failure
from mlffbench.system.progress import report

__all__ = ["relax_many"]

BATCH = 2048  # atoms evaluated at once
NEEDED = ("energy", "forces", "stress")


def relax_many(
    calculator: BaseCalculator,
    structures: Sequence[Atoms],
    cell: bool | str = False,
    fmax: float = 0.01,
    steps: int = 500,
    pressure: float = 0.0,
    optimizer: Callable[..., Optimizer] = BFGS,
) -> list[Relaxation]:
    """What `relax` finds for each of many structures, evaluated together.

    Every structure has its own optimiser; before each step all that still move are evaluated at once, by the
    calculator's ``calculate_many`` where it has one (`ForceFieldCalculator` does), else one after the other.
    A structure whose evaluation fails or is not finite, or whose cell explodes or collapses, ends there, with
    a `failure`; the others go on.

    Parameters
    ----------
    calculator : Calculator
        Of ASE's interface; stresses are needed where the cells move.
    structures : sequence of Atoms
        Not changed; their constraints hold.
    cell, fmax, steps, pressure
        As for `relax`.
    optimizer : Optimizer
        One of ASE's classes.

    Returns
    -------
    list of Relaxation
        In the order of the structures.
    """
    descents = [_Descent(atoms, cell, pressure, optimizer) for atoms in structures]
    moving = descents
    while moving:
        found = _evaluated(calculator, [d.atoms for d in moving], bool(cell))
        for descent, (results, failure) in zip(moving, found, strict=True):
            descent.take(results, failure)
        moving = [d for d in moving if d.goes_on(fmax, steps)]
        report("relaxations", len(descents) - len(moving), len(descents))
    return [d.end() for d in descents]


class _Filled(SinglePointCalculator):
    """Results of the structure as it is; renewed before every step, so that nothing has to be compared."""

    def check_state(self, atoms: Atoms, tol: float = 1e-15) -> list[str]:
        return []


class _Descent:
    """One structure on its way down."""

    def __init__(
        self, atoms: Atoms, cell: bool | str, pressure: float, optimizer: Callable[..., Optimizer]
    ) -> None:
        self.atoms = atoms.copy()
        self.volume = abs(atoms.cell.volume) if cell else None
        self.optimizer = optimizer(movable(self.atoms, cell, pressure), logfile=None)
        self.converged = False
        self.failure: str | None = None

    def take(self, results: dict[str, Any] | None, failure: str | None) -> None:
        """Energy, forces and stress of the structure as it is now, or why there are none."""
        if results is None:
            self.failure = failure
            return
        known = {name: results[name] for name in NEEDED if results.get(name) is not None}
        bad = [name for name, value in known.items() if not np.isfinite(value).all()]
        if bad:
            self.failure = f"{' and '.join(bad)} not finite after {self.optimizer.nsteps} steps"
        self.atoms.calc = _Filled(self.atoms, **known)

    def goes_on(self, fmax: float, steps: int) -> bool:
        """Take a step, unless this is the end."""
        if self.failure is None:
            going, failure = catch_failure(lambda: self._step(fmax, steps))
            self.failure = self.failure if failure is None else failure["message"]
        return self.failure is None and going

    def _step(self, fmax: float, steps: int) -> bool:
        self.optimizer.fmax = fmax
        self.converged = bool(self.optimizer.converged())
        if self.converged or self.optimizer.nsteps >= steps:
            return False
        self.optimizer.step()
        self.optimizer.nsteps += 1
        self.failure = self._shape()
        return True

    def _shape(self) -> str | None:
        """What is wrong with the cell."""
        wrong = None if self.volume is None else misshapen(self.atoms, self.volume)
        return wrong and f"{wrong} after {self.optimizer.nsteps} steps"

    def end(self) -> Relaxation:
        self.optimizer.close()
        energy = force = float("nan")
        if self.failure is None:
            energy = float(self.atoms.get_potential_energy())
            force = float(np.linalg.norm(self.atoms.get_forces(), axis=1).max())
        self.atoms.calc = None
        return Relaxation(self.atoms, energy, self.optimizer.nsteps, self.converged, force, self.failure)


Evaluated = tuple[dict[str, Any] | None, str | None]


def _evaluated(calculator: BaseCalculator, structures: Sequence[Atoms], stress: bool) -> Iterator[Evaluated]:
    """The results of each structure and None, or None and what went wrong."""
    many = getattr(calculator, "calculate_many", None)
    for batch in _batches([_bare(atoms) for atoms in structures]):
        found, failure = catch_failure(lambda b=batch: many(b)) if many is not None else (None, {})  # type: ignore[misc]
        if failure is None:
            yield from ((results, None) for results in found or ())
        else:  # one of them, or all: each alone
            yield from (_alone(calculator, atoms, stress) for atoms in batch)


def _bare(atoms: Atoms) -> Atoms:
    bare = atoms.copy()
    bare.set_constraint()
    return bare


def _batches(structures: Sequence[Atoms]) -> Iterator[list[Atoms]]:
    ends = np.cumsum([len(atoms) for atoms in structures]) - 1
    for _, group in groupby(zip(structures, ends // BATCH, strict=True), key=lambda pair: pair[1]):
        yield [atoms for atoms, _ in group]


def _alone(calculator: BaseCalculator, atoms: Atoms, stress: bool) -> Evaluated:
    results, failure = catch_failure(lambda: _results(calculator, atoms, stress))
    return results, None if failure is None else failure["message"]


def _results(calculator: BaseCalculator, atoms: Atoms, stress: bool) -> dict[str, Any]:
    atoms.calc = calculator
    found = {"energy": atoms.get_potential_energy(), "forces": atoms.get_forces()}
    return {**found, "stress": atoms.get_stress()} if stress else found
