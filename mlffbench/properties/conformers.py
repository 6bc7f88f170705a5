"""Conformers of one molecule: relative energies of its minima, and minima that the potential lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from scipy.stats import kendalltau

from mlffbench.properties._structures import takes_any_structure
from mlffbench.properties.bonds import bonds
from mlffbench.properties.duplicates import find_duplicates
from mlffbench.properties.relaxation import relaxed
from mlffbench.system import progress

__all__ = ["Conformers", "conformers"]

ALIKE = 0.1  # Å: a rotated hydroxyl group changes the structure many times as much


@dataclass(frozen=True)
class Conformers:
    """Relaxed structures of one molecule, by name.

    Attributes
    ----------
    atoms : mapping of str to Atoms
        Relaxed structures without calculators.
    energies : mapping of str to float
        Energies relative to the lowest, eV.
    collapsed : mapping of str to str
        Structures that relaxed into an earlier one, with the name of that; mirror images and exchanged like
        atoms are the same structure.
    broken : tuple of str
        Structures whose bonds changed in the relaxation.
    """

    atoms: Mapping[str, Atoms]
    energies: Mapping[str, float]
    collapsed: Mapping[str, str]
    broken: tuple[str, ...]

    def errors(self, reference: Mapping[str, float]) -> dict[str, float]:
        """Predicted − reference energy, eV, relative to the reference's ground state, which is left out."""
        names = self._shared(reference)
        ground = min(names, key=lambda n: reference[n])
        relative = lambda e, n: e[n] - e[ground]
        return {n: relative(self.energies, n) - relative(reference, n) for n in names if n != ground}

    def rank_error(self, reference: Mapping[str, float]) -> float:
        """Share of pairs in the wrong order, (1 − τ)/2 with Kendall's τ: 0 is perfect, 1 reversed."""
        names = self._shared(reference)
        tau = kendalltau([self.energies[n] for n in names], [reference[n] for n in names]).statistic
        return float(0.5 if np.isnan(tau) else (1 - tau) / 2)  # equal energies rank no better than chance

    def _shared(self, reference: Mapping[str, float]) -> list[str]:
        """Names of the structures with a predicted and a reference energy, two at least."""
        names = [n for n in self.energies if n in reference]
        if len(names) < 2:
            raise ValueError(
                f"relative energies need two structures with a reference; of {[*self.energies]} "
                f"there are {names}"
            )
        return names


@takes_any_structure
def conformers(
    calculator: BaseCalculator, structures: Mapping[str, Atoms], fmax: float = 0.01, steps: int = 500
) -> Conformers:
    """Relax every structure.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with forces.
    structures : mapping of str to Atoms
        Starts, all of one composition.
    fmax, steps : float, int
        Largest force left by a relaxation, eV/Å, and its step limit.

    Raises
    ------
    ValueError
        The structures have several compositions, or a relaxation does not converge.
    """
    if len({a.get_chemical_formula() for a in structures.values()}) != 1:
        raise ValueError(
            f"conformers are of one composition; got {[str(a.symbols) for a in structures.values()]}"
        )
    minima, energies = {}, {}
    for name, atoms in structures.items():
        minimum = relaxed(calculator, atoms, fmax=fmax, steps=steps)
        energies[name] = float(minimum.get_potential_energy())
        minimum.calc = None
        minima[name] = minimum
        progress.report("conformers", len(minima), len(structures))
    lowest = min(energies.values())
    relative = {n: e - lowest for n, e in energies.items()}
    broken = tuple(n for n, a in structures.items() if not np.array_equal(bonds(a), bonds(minima[n])))
    return Conformers(minima, relative, _collapsed(minima), broken)


def _collapsed(structures: Mapping[str, Atoms]) -> dict[str, str]:
    """First earlier duplicate of each structure that has one, by name."""
    names = list(structures)
    pairs = find_duplicates(list(structures.values()), tolerance=ALIKE)
    return {names[j]: names[min(t.i for t in pairs if t.j == j)] for j in sorted({t.j for t in pairs})}
