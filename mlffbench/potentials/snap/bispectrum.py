"""Settings of the bispectrum, as LAMMPS's commands and coefficient files take them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, chemical_symbols, covalent_radii

__all__ = ["FORMS", "RFAC0", "Bispectrum", "default_radii", "default_weights"]

FORMS = ("linear", "quadratic", "explicit")
RFAC0 = 0.99363  # share of the 3-sphere's half that the cutoff covers, as in all published SNAPs
REACH = 1.3  # Å that a radius is by default longer than the covalent one


@dataclass(frozen=True)
class Bispectrum:
    """Bispectrum components of the neighbour density up to 2J, of atoms of several elements.

    Attributes
    ----------
    elements : tuple of str
        Chemical symbols of LAMMPS's atom types 1, 2, ...
    radii : tuple of float
        Radii of the elements, Å, whose sum is the cutoff of a pair.
    two_j_max : int
        2J, twice the largest angular momentum.
    form : {"linear", "quadratic", "explicit"}
        Linear or quadratic in components of one density in which elements have weights; or linear in those of
        one density an element: explicit multi-element SNAP.
    weights : tuple of float
        Weights of the elements in the one density.
    """

    elements: tuple[str, ...]
    radii: tuple[float, ...]
    two_j_max: int
    form: str
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse what would be other commands for LAMMPS; a model file could put them there."""
        if unknown := [s for s in self.elements if s not in chemical_symbols[1:]]:
            raise ValueError(f"no chemical elements: {unknown}")
        if self.form not in FORMS:
            raise ValueError(f"no form {self.form!r} of SNAP; there are {list(FORMS)}")
        numbers = int(self.two_j_max), *map(float, self.weights), *map(float, self.radii)
        if not np.isfinite(numbers).all() or len(numbers) != 1 + 2 * len(self.elements):
            raise ValueError(f"SNAP needs a finite radius and a finite weight of each of {self.elements}")

    @property
    def distinct(self) -> tuple[np.ndarray, np.ndarray]:
        """Columns of LAMMPS that differ, and for each of its columns the place among these."""
        return _distinct(self.two_j_max, len(self.elements) if self.form == "explicit" else 1)

    @property
    def n_components(self) -> int:
        """Number of an atom's components that differ."""
        return len(self.distinct[0])

    def to_lammps(self, coefficients: np.ndarray) -> np.ndarray:
        """Coefficients (n_elements, n_features) for ``pair_style snap``, shared by equal columns."""
        if self.form != "explicit":
            return coefficients
        places = self.distinct[1]
        shared = coefficients[:, 1:] / np.bincount(places)
        return np.column_stack([coefficients[:, :1], shared[:, places]])

    @property
    def n_features(self) -> int:
        """Number of coefficients of an element: 1, components, and their products if quadratic."""
        n = self.n_components
        return 1 + n + (n * (n + 1) // 2 if self.form == "quadratic" else 0)

    @property
    def n_columns(self) -> int:
        """Number of coefficients of all elements."""
        return len(self.elements) * self.n_features

    @property
    def cutoff(self) -> float:
        """Largest cutoff of a pair, Å."""
        return 2 * max(map(float, self.radii))

    @property
    def flags(self) -> dict[str, int]:
        """Options that are the same words in commands and files, but for ``chemflag``."""
        return {
            "bzeroflag": 1,
            "switchflag": 1,
            "bnormflag": int(self.form == "explicit"),
            "quadraticflag": int(self.form == "quadratic"),
        }

    def arguments(self, quadratic: bool = True) -> str:
        """Arguments of ``compute snap`` and, without products of components, of ``compute sna/atom``."""
        radii, weights = map(float, self.radii), map(float, self.weights)
        words = [1.0, RFAC0, int(self.two_j_max), *radii, *weights, "rmin0", 0.0]
        flags = {name: flag for name, flag in self.flags.items() if quadratic or name != "quadraticflag"}
        for name, flag in flags.items():
            words += [name, flag]
        if self.form == "explicit":
            words += ["chem", len(self.elements), *range(len(self.elements))]
        return " ".join(map(str, words))

    def types(self, atoms: Atoms) -> np.ndarray:
        """LAMMPS's types of the atoms, (n,) int from 1."""
        column = np.zeros(len(chemical_symbols), dtype=int)
        column[[atomic_numbers[s] for s in self.elements]] = 1 + np.arange(len(self.elements))
        return column[atoms.numbers]


@cache
def _distinct(two_j_max: int, n_densities: int) -> tuple[np.ndarray, np.ndarray]:
    """Components that differ among all that LAMMPS lists.

    A component belongs to three pairs of angular momentum and density, (j₁, a), (j₂, b) and (j, c), in any
    order, and LAMMPS lists it once for each order. Forces of ``pair_style snap`` are the gradient only if
    equal components have equal coefficients.
    """
    momenta = [
        (j1, j2, j)
        for j1 in range(two_j_max + 1)
        for j2 in range(j1 + 1)
        for j in range(j1 - j2, min(two_j_max, j1 + j2) + 1, 2)
        if j >= j1
    ]
    triples = product(product(range(n_densities), repeat=3), momenta)
    keys = [tuple(sorted(zip(js, abc, strict=True))) for abc, js in triples]
    number = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    places = np.array([number[key] for key in keys])
    return np.unique(places, return_index=True)[1], places


def default_radii(elements: Sequence[str]) -> dict[str, float]:
    """Radii, Å, that reach to the second neighbours of molecules and of solids alike."""
    return {s: round(float(covalent_radii[atomic_numbers[s]]) + REACH, 2) for s in elements}


def default_weights(elements: Sequence[str], form: str) -> dict[str, float]:
    """Weights of elements as neighbours: from 1/n to 1 in their order in one density, else 1."""
    n = len(elements)
    return {symbol: 1.0 if form == "explicit" else (i + 1) / n for i, symbol in enumerate(elements)}
