"""Basin hopping: a Monte Carlo walk from minimum to minimum of molecules and clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.properties.bulk_relaxation import relax_many
from mlffbench.properties.minima import Minimum, distinct_minima
from mlffbench.properties.relaxation import Relaxation
from mlffbench.system.progress import report

__all__ = ["BasinHopping", "basin_hopping"]


@dataclass(frozen=True)
class BasinHopping:
    """Where the walkers have been.

    Attributes
    ----------
    runs : tuple of Relaxation
        The starts' first, then hop by hop of every walker.
    minima : tuple of Minimum
        The distinct ones, the lowest first.
    """

    runs: tuple[Relaxation, ...]
    minima: tuple[Minimum, ...]

    @property
    def force_calls(self) -> int:
        return sum(run.steps + 1 for run in self.runs)


def basin_hopping(
    calculator: BaseCalculator,
    starts: Sequence[Atoms],
    hops: int = 20,
    temperature: float = 0.1,
    displacement: float = 0.4,
    seed: int = 0,
    fmax: float = 0.02,
    steps: int = 500,
    tolerance: float = 0.1,
) -> BasinHopping:
    """Displace all atoms, relax, and accept by Metropolis' rule for the energies of the minima.

    As ASE's own, with a seed, a limit to the steps of a relaxation, and walkers that are evaluated together.

    Parameters
    ----------
    calculator : Calculator
        With forces; batched where it has ``calculate_many``, see `relax_many`.
    starts : sequence of Atoms
        One walker each.
    hops : int
        Of every walker.
    temperature : float
        k_B T of the rule, eV.
    displacement : float
        Of every coordinate at most, uniform, Å.
    seed : int
    fmax, steps : float, int
        Of every relaxation, eV/Å; where one does not converge the walker stays.
    tolerance : float
        Å, see `distinct_minima`.

    Raises
    ------
    ValueError
        A start does not relax.

    References
    ----------
    D. J. Wales and J. P. K. Doye, J. Phys. Chem. A 101, 5111 (1997).
    """
    rng = np.random.default_rng(seed)
    here = relax_many(calculator, starts, fmax=fmax, steps=steps)
    if lost := [i for i, run in enumerate(here) if not run.converged]:
        why = here[lost[0]].failure or f"its largest force is {here[lost[0]].max_force:.2g} eV/Å"
        raise ValueError(f"start {lost[0]} does not relax in {steps} steps: {why}")
    runs = list(here)
    for hop in range(hops):
        tried = [_displaced(run.atoms, displacement, rng) for run in here]
        there = relax_many(calculator, tried, fmax=fmax, steps=steps)
        here = [b if _accepted(a, b, temperature, rng) else a for a, b in zip(here, there, strict=True)]
        runs += there
        report("hops", hop + 1, hops)
    return BasinHopping(tuple(runs), tuple(distinct_minima(runs, tolerance)))


def _displaced(atoms: Atoms, size: float, rng: np.random.Generator) -> Atoms:
    moved = atoms.copy()
    moved.positions += rng.uniform(-size, size, (len(atoms), 3))
    return moved


def _accepted(old: Relaxation, new: Relaxation, temperature: float, rng: np.random.Generator) -> bool:
    """min(1, exp((E_old − E_new)/kT))."""
    chance = rng.random()
    return new.converged and bool(np.log(chance) < (old.energy - new.energy) / temperature)
