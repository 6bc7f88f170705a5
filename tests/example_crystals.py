"""Crystals as datasets, and models that are the truth, or the truth times a factor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.build import bulk

from mlffbench import registry
from mlffbench.data import Dataset, Labels, Reference, Score, Split
from mlffbench.forcefield import ForceField
from mlffbench.tasks.common.subtasks import Row
from mlffbench.tasks.crystals.crystal import Crystal, CrystalSettings
from mlffbench.tasks.properties import properties

SPLIT = Split([0], {"test": [1]})
DIAMOND = bulk("Si", "diamond", a=5.431)
TIN = Atoms(
    "Si4", scaled_positions=[(0, 0, 0), (0, 0.5, 0.25), (0.5, 0.5, 0.5), (0.5, 0, 0.75)],
    cell=[4.971, 4.971, 2.787], pbc=True,
)  # fmt: skip
COPPER = {
    "fcc": bulk("Cu", a=3.6),
    "hcp": bulk("Cu", "hcp", a=2.54, covera=(8 / 3) ** 0.5),
    "bcc": bulk("Cu", "bcc", a=2.86),
}
SMALL = {"min_length": 3.5, "mesh": 3, "thickness": 6.0}


class Times(ForceField):
    """A potential of the registry, times a factor."""

    def __init__(
        self, potential: str = "emt", factor: float = 1.0, atomic_energies: dict[str, float] | None = None
    ) -> None:
        self.potential, self.factor, self.atomic_energies = potential, factor, atomic_energies

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        pass

    def _evaluate(self, inputs: Any) -> Labels:
        calculator, rows = registry.make(self.potential, ("calculators",)), []
        for atoms in inputs:
            bare = atoms.copy()
            bare.calc = calculator
            rows.append((bare.get_potential_energy(), bare.get_forces(), bare.get_stress()))
        energy, forces, stress = zip(*rows, strict=True)
        scaled = lambda values: tuple(self.factor * v for v in values)
        return Labels(np.array(scaled(energy)) - self._baseline(inputs), scaled(forces), scaled(stress))


class Stressless(Times):
    properties = ("energy", "forces")


def model(kind: type[Times] = Times, potential: str = "emt", factor: float = 1.0) -> Times:
    symbol = "Cu" if potential == "emt" else "Si"
    frames = [bulk(symbol), bulk(symbol)]
    zero = dict.fromkeys((symbol,), 0.0)
    return kind(potential, factor, atomic_energies=zero).fit(frames, Labels(np.zeros(2)))


def dataset(reference: Reference | None) -> Dataset:
    return Dataset("toy", [bulk("Cu"), bulk("Cu")], Labels(np.zeros(2)), reference=reference)


SILICON = dataset(Reference({"diamond": DIAMOND, "beta_tin": TIN}, truth={"stillinger_weber": {}}))


def solids(model: ForceField, data: Dataset, **keywords: Any) -> list[Row]:
    """Rows of the properties of a dataset's crystals."""
    return properties(model, data, SPLIT, 0, solids=keywords)


def crystal(model: ForceField, data: Dataset, **keywords: Any) -> Crystal:
    """The subject that the properties' files take."""
    subject = Crystal.ground_state(model, data, CrystalSettings(**keywords))
    assert subject is not None
    return subject


def scores(rows: Sequence[Row]) -> dict[tuple[str, str], Score]:
    return {(r.test, r.quantity): r for r in rows if isinstance(r, Score)}
