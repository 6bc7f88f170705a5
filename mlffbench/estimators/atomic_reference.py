"""Baseline of composition alone: a constant energy per atom of each element, zero forces and stresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.forcefield import ForceField
from mlffbench.system.ranges import AtomEnergies

__all__ = ["AtomicReference"]


class AtomicReference(ForceField):
    """Baseline that knows only the composition: least-squares energies per element, zero forces and stresses.

    Every other method must beat it.

    Parameters
    ----------
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV. If given, the remaining energy is fitted by one constant per atom.

    Examples
    --------
    >>> from ase.build import molecule
    >>> model = AtomicReference().fit([molecule("H2"), molecule("O2")], [-6.0, -8.0])
    >>> model.predict([molecule("H2O")]).energy.round(6).tolist()
    [-10.0]
    """

    family: ClassVar[str] = "baseline"

    def __init__(self, atomic_energies: AtomEnergies | None = None) -> None:
        self.atomic_energies = atomic_energies

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        sizes = np.array([len(a) for a in frames])
        self.energy_per_atom_ = float(np.sum(labels.energy * sizes) / np.sum(sizes**2))

    def learned_labels(self) -> tuple[str, ...]:
        """Energies alone."""
        return ("energy",)

    @property
    def n_parameters_(self) -> int:
        """One energy per element, or the constant beside given ones."""
        return len(self.elements_) if self.atomic_energies is None else 1

    def _evaluate(self, inputs: Sequence[Atoms]) -> Labels:
        return Labels(
            energy=self.energy_per_atom_ * np.array([len(a) for a in inputs]),
            forces=tuple(np.zeros((len(a), 3)) for a in inputs),
            stress=tuple(np.zeros(6) if a.pbc.all() else None for a in inputs),
        )
