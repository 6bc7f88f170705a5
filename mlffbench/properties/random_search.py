"""Ab initio random structure searching (AIRSS): relaxations of random cells, and their distinct minima."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.properties.bulk_relaxation import relax_many
from mlffbench.properties.minima import Minimum, distinct_minima
from mlffbench.properties.random_cells import random_cells
from mlffbench.properties.relaxation import Relaxation

__all__ = ["RandomSearch", "random_search"]


@dataclass(frozen=True)
class RandomSearch:
    """Relaxations and distinct minima of a random search.

    Attributes
    ----------
    runs : tuple of Relaxation
        Relaxation of every random cell, in the order in which the cells were drawn.
    minima : tuple of Minimum
        Distinct minima, the lowest energy per atom first; `Minimum.found` are indices of `runs`.
    """

    runs: tuple[Relaxation, ...]
    minima: tuple[Minimum, ...]

    @property
    def force_calls(self) -> int:
        """Number of structures evaluated: every start and every optimiser step."""
        return sum(run.steps + 1 for run in self.runs)

    def calls_until(self, run: int) -> int:
        """Number of structures evaluated up to the end of a run, as if the runs followed one another."""
        return sum(r.steps + 1 for r in self.runs[: run + 1])


def random_search(
    calculator: BaseCalculator,
    compositions: Sequence[str | Atoms],
    volume: Sequence[float],
    n: int = 20,
    seed: int = 0,
    separation: float | Mapping[str, float] = 0.8,
    symmetry: float = 0.5,
    fmax: float = 0.02,
    steps: int = 300,
    pressure: float = 0.0,
    tolerance: float = 0.1,
) -> RandomSearch:
    """Relax random cells together, and merge those that end in one structure.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with forces and stresses; batched where it has ``calculate_many``, see `relax_many`.
    compositions, volume, n, seed, separation, symmetry
        Parameters of `random_cells`.
    fmax, steps, pressure
        Parameters of `relax_many` for cell and ions; only converged relaxations give minima.
    tolerance : float
        Largest distance between structures that count as one minimum, Å; see `distinct_minima`.

    References
    ----------
    C. J. Pickard and R. J. Needs, J. Phys.: Condens. Matter 23, 053201 (2011).
    """
    cells = random_cells(compositions, volume, n, seed, separation, symmetry)
    runs = relax_many(calculator, cells, cell=True, fmax=fmax, steps=steps, pressure=pressure)
    return RandomSearch(tuple(runs), tuple(distinct_minima(runs, tolerance)))
