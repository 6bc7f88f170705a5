"""A model with a parameter whose best value is known, that trains in epochs and counts its fits."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from mlffbench.data import Labels
from mlffbench.datasets.lennard_jones import lennard_jones
from mlffbench.forcefield import ForceField
from mlffbench.system import progress
from mlffbench.system.ranges import AtomEnergies, Natural, Seed


class Tunable(ForceField):
    """Forces towards the centre, `factor` times those of `argon`: the best factor is 1."""

    properties: ClassVar[tuple[str, ...]] = ("energy", "forces")
    fits: ClassVar[list[float]] = []

    def __init__(
        self,
        factor: float = 3.0,
        epochs: Natural = 0,
        forces_weight: float = 1.0,
        random_state: Seed | None = None,
        atomic_energies: AtomEnergies | None = None,
    ) -> None:
        self.factor = factor
        self.epochs = epochs
        self.forces_weight = forces_weight
        self.random_state = random_state
        self.atomic_energies = atomic_energies

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        from scipy.stats import uniform

        return {"factor": uniform(0.0, 4.0)}

    def _fit(self, frames, labels):
        self.fits.append(self.factor)
        if self.factor < 0:
            raise FloatingPointError("diverged")
        for epoch in range(1, self.epochs + 1):
            progress.report("epoch", epoch, self.epochs, validation=abs(self.factor - 1) + 1 / epoch)

    def _evaluate(self, inputs):
        forces = [self.factor * (a.positions.mean(axis=0) - a.positions) for a in inputs]
        return Labels(np.zeros(len(inputs)), tuple(forces))


def argon(n=20):
    """Frames of argon and labels whose forces are those of `Tunable` with the factor 1."""
    data = lennard_jones(n_train=n, n_test=1)
    frames = list(data.frames[:n])
    forces = Tunable(1.0)._evaluate(frames).forces
    return frames, Labels(data.labels.energy[:n], forces)
