"""Toy models that record their fits, for tasks that fit again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ase import Atoms

from mlffbench.data import Dataset, Labels, Score, Split
from mlffbench.forcefield import ForceField


class Toy(ForceField):
    """Counts its fits: the frames and the seed of each."""

    properties = ("energy", "forces")
    log: ClassVar[list[tuple[int, Any]]] = []

    def __init__(
        self, random_state: int | None = None, atomic_energies: dict[str, float] | None = None
    ) -> None:
        self.random_state = random_state
        self.atomic_energies = atomic_energies

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        Toy.log.append((len(frames), self.random_state))
        self._learn(frames, labels)


def fitted(model: ForceField, data: Dataset, split: Split) -> ForceField:
    model.set_params(atomic_energies={"Ar": 0.0})
    return model.fit([data.frames[i] for i in split.train], data.labels[split.train])


def scores(rows: Sequence[Any], metric: str) -> dict[tuple[str, str], Score]:
    return {(r.test, r.quantity): r for r in rows if isinstance(r, Score) and r.metric == metric}
