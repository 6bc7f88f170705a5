"""Base class of descriptors as scikit-learn transformers, with checks of frames and elements."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, chemical_symbols
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from mlffbench.forcefield import check_frames

__all__ = ["Descriptor"]

BATCH = 32  # frames at a time: bounds the memory


class Descriptor(TransformerMixin, BaseEstimator):
    """Transformer of frames; a subclass writes `_learn` and `_describe` and lists its `averages`."""

    averages: ClassVar[tuple[str, ...]]

    average: str
    species: Iterable[str | int] | None

    def fit(self, X: Sequence[Atoms], y: Any = None) -> Self:
        """Learn the elements of the frames.

        Raises
        ------
        ValueError
            A parameter is out of range.
        """
        frames = check_frames(X)
        if self.average not in self.averages:
            raise ValueError(f"average must be one of {self.averages}, not {self.average!r}")
        present = {int(z) for a in frames for z in a.numbers}
        numbers = sorted(present if self.species is None else _numbers(self.species))
        self.species_ = [chemical_symbols[z] for z in numbers]
        self._learn(numbers)
        return self

    def transform(self, X: Sequence[Atoms]) -> np.ndarray | list[np.ndarray]:
        """Features of each frame, (n_frames, n_features), or with ``average="off"`` of its atoms.

        Raises
        ------
        ValueError
            A frame holds an element that is not in `species_`.
        """
        frames = self._checked(X)
        parts = [self._describe(frames[i : i + BATCH]) for i in range(0, len(frames), BATCH)]
        return [f for part in parts for f in part] if self.average == "off" else np.vstack(parts)

    def _checked(self, X: Sequence[Atoms]) -> list[Atoms]:
        """The frames, if all their elements are known."""
        check_is_fitted(self)
        frames = check_frames(X)
        unseen = sorted({s for a in frames for s in a.symbols} - set(self.species_))
        if unseen:
            raise ValueError(f"{type(self).__name__} was fitted to {self.species_}, cannot describe {unseen}")
        return frames

    @abstractmethod
    def _learn(self, numbers: list[int]) -> None:
        """Check the parameters and store the fitted attributes for these atomic numbers."""

    @abstractmethod
    def _describe(self, frames: list[Atoms]) -> Any:
        """Features of a batch: a row per frame, or with ``average="off"`` an array per frame."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags


def _numbers(species: Iterable[str | int]) -> set[int]:
    """Atomic numbers of chemical symbols or atomic numbers."""
    unknown = [s for s in species if isinstance(s, str) and s not in atomic_numbers]
    if unknown:
        raise ValueError(f"species {unknown} are no chemical symbols")
    return {atomic_numbers[s] if isinstance(s, str) else int(s) for s in species}
