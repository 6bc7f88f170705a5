"""Energies and forces of structures that move, each evaluation once, errors attributed to structures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator, Calculator, all_changes

__all__ = ["ForceEvaluation", "batches"]

Evaluated = tuple[np.ndarray, np.ndarray, dict[int, Exception]]  # energies, forces, errors by structure


def batches(calculator: BaseCalculator) -> bool:
    """True for a calculator that evaluates many structures at once, as `ForceFieldCalculator` does."""
    return hasattr(calculator, "calculate_many")


class ForceEvaluation:
    """Evaluation of structures by a calculator, in one batch where it can.

    ASE compares every array of the atoms with a tolerance at every call, three calls a step: for a small
    molecule that took four times as long as the rest of the step. Here each evaluation is one call.
    """

    def __init__(self, calculator: BaseCalculator) -> None:
        self.calculator = calculator
        self.largest: int | None = None  # structures in a batch, once a larger one has failed as a whole
        self._changes = all_changes

    def __call__(self, frames: Sequence[Atoms]) -> Evaluated:
        """Energies (n_frames,), eV, forces (n, 3), eV/Å, and errors, beside which both are NaN."""
        size, parts = self.largest or len(frames), []
        for start in range(0, len(frames), size):
            parts.append(self._halved(frames[start : start + size]))
        energies, forces = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
        errors = {size * k + i: error for k, part in enumerate(parts) for i, error in part[2].items()}
        return energies, forces, errors

    def _halved(self, frames: Sequence[Atoms]) -> Evaluated:
        """Evaluate a batch; one that fails is evaluated in halves, down to the structures that fail."""
        try:
            return *self._evaluated(frames), {}
        except Exception as error:
            if len(frames) == 1:
                return np.full(1, np.nan), np.full((len(frames[0]), 3), np.nan), {0: error}
        half = len(frames) // 2
        left, right = self._halved(frames[:half]), self._halved(frames[half:])
        errors = left[2] | {half + i: error for i, error in right[2].items()}
        if not errors:  # too large for the memory, say
            self.largest = half
        return np.concatenate([left[0], right[0]]), np.concatenate([left[1], right[1]]), errors

    def _evaluated(self, frames: Sequence[Atoms]) -> tuple[np.ndarray, np.ndarray]:
        if batches(self.calculator):
            results = self.calculator.calculate_many(frames, quantities=("energy", "forces"))
        else:
            results = [self._results(atoms) for atoms in frames]
        forces = np.concatenate([np.asarray(r["forces"], dtype=float) for r in results])
        return np.array([r["energy"] for r in results], dtype=float), forces

    def _results(self, atoms: Atoms) -> dict[str, Any]:
        if not isinstance(self.calculator, Calculator):
            forces = self.calculator.get_forces(atoms)
            return {"energy": self.calculator.get_potential_energy(atoms), "forces": forces}
        changes, self._changes = self._changes, all_changes  # as long as this one has not succeeded
        self.calculator.results = {}
        self.calculator.calculate(atoms, ["energy", "forces"], changes)
        self._changes = ["positions"]
        return self.calculator.results
