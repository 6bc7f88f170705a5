"""Basin hopping: a Monte Carlo walk among the minima of a molecule or cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.properties._structures import takes_any_structure
from mlffbench.properties.bulk_relaxation import relax_many
from mlffbench.properties.minima import Minimum, distinct_minima
from mlffbench.properties.relaxation import Relaxation
from mlffbench.system.progress import report

__all__ = ["BasinHopping", "basin_hopping"]


@dataclass(frozen=True)
class BasinHopping:
    """Relaxations and distinct minima of a basin-hopping run.

    Attributes
    ----------
    runs : tuple of Relaxation
        Relaxations of the starts, then those of all walkers hop by hop.
    minima : tuple of Minimum
        Distinct minima, the lowest first.
    """

    runs: tuple[Relaxation, ...]
    minima: tuple[Minimum, ...]

    @property
    def force_calls(self) -> int:
        """Number of structures evaluated: every start and every optimiser step."""
        return sum(run.steps + 1 for run in self.runs)


@takes_any_structure
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
    """Displace all atoms, relax, and accept or reject the new minimum by the Metropolis rule.

    Like ASE's own, with a seed, a step limit for each relaxation, and walkers that are evaluated together.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with forces; batched where it has ``calculate_many``, see `relax_many`.
    starts : sequence of Atoms
        Start of each walker.
    hops : int
        Number of hops of each walker.
    temperature : float
        k_B T of the Metropolis rule, eV.
    displacement : float
        Largest displacement of a coordinate, drawn uniformly, Å.
    seed : int
    fmax, steps : float, int
        Largest force left by a relaxation, eV/Å, and its step limit. Where a relaxation does not converge the
        walker stays.
    tolerance : float
        Largest distance between structures that count as one minimum, Å; see `distinct_minima`.

    Raises
    ------
    ValueError
        A start does not relax within `steps`.

    References
    ----------
    D. J. Wales and J. P. K. Doye, J. Phys. Chem. A 101, 5111 (1997).
    """
    rng = np.random.default_rng(seed)
    current = relax_many(calculator, starts, fmax=fmax, steps=steps)
    if unconverged := [i for i, run in enumerate(current) if not run.converged]:
        first = current[unconverged[0]]
        reason = first.failure or f"its largest force is {first.max_force:.2g} eV/Å"
        raise ValueError(f"start {unconverged[0]} does not relax in {steps} steps: {reason}")
    runs = list(current)
    for hop in range(hops):
        displaced = [_displaced(run.atoms, displacement, rng) for run in current]
        trials = relax_many(calculator, displaced, fmax=fmax, steps=steps)
        current = [
            b if _accepted(a, b, temperature, rng) else a for a, b in zip(current, trials, strict=True)
        ]
        runs += trials
        report("hops", hop + 1, hops)
    return BasinHopping(tuple(runs), tuple(distinct_minima(runs, tolerance)))


def _displaced(atoms: Atoms, size: float, rng: np.random.Generator) -> Atoms:
    moved = atoms.copy()
    moved.positions += rng.uniform(-size, size, (len(atoms), 3))
    return moved


def _accepted(old: Relaxation, new: Relaxation, temperature: float, rng: np.random.Generator) -> bool:
    """Metropolis rule: accept with probability min(1, exp((E_old − E_new)/kT))."""
    uniform = rng.random()
    return new.converged and bool(np.log(uniform) < (old.energy - new.energy) / temperature)
