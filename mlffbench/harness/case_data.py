"""Data of a case: its dataset and split, and the digests of what was used of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from mlffbench import registry
from mlffbench.data import NO_NAMES, Dataset, InvalidData, LazySequence, Spec, Split, value_name
from mlffbench.harness.budget import training_part
from mlffbench.harness.case import Case
from mlffbench.harness.clusters import Clusters, clusters_of_group
from mlffbench.harness.inputs import DataInputs, UsedColumns, case_inputs, checkpoint_key, named_files
from mlffbench.harness.kept_data import KeptData
from mlffbench.harness.metadata import leakage
from mlffbench.splits.common.composition import COMPUTED

__all__ = ["CaseData", "clusters_of", "keep_datasets", "load_dataset", "split_of"]

Content = TypeVar("Content")
TRAJECTORY = "trajectory"  # column of datasets whose frames follow each other

_kept: KeptData | None = None


@dataclass(frozen=True, eq=False)
class CaseData:
    """Dataset of a case, as the case sees it and as it was loaded.

    Attributes
    ----------
    plain : Dataset
        As it was loaded.
    dataset : Dataset
        The same, with columns that remember which are used, and frames that are copied on every access: a
        method that moves or removes atoms of its input does not change what others are compared with.
    """

    case: Case
    plain: Dataset
    dataset: Dataset
    digests: DataInputs
    columns: UsedColumns
    files: Mapping[str, str]

    @classmethod
    def of(cls, case: Case) -> CaseData:
        """Load the dataset of a case.

        Raises
        ------
        InvalidData
            It cannot be read, or changed since the suite was planned.
        """
        try:
            plain, _ = _known((case.data_digest, str(case.dataset)), lambda: _digested(case.dataset))
        except (ValueError, LookupError, OSError) as error:
            raise InvalidData(f"{case.dataset} cannot be loaded: {error}") from error
        if plain.digest != case.data_digest:
            raise InvalidData(
                f"the data of {case.dataset} changed since the suite was planned; start it again"
            )
        digests, files = DataInputs.of(plain), named_files(case)
        columns = UsedColumns(plain.columns)
        return cls(case, plain, _watched(plain, columns), digests, columns, files)

    def split(self) -> Split:
        """Make the split of the case, its training part within the budget of labels."""
        return split_of(self.case, self.dataset)

    def groups(self, split: Split) -> list[str] | None:
        """Group of each training frame, as the split or trajectories keep them together; None without."""
        columns = filter(None, (_column(self.case.split), TRAJECTORY))
        return next(filter(None, (self._names(column, split) for column in columns)), None)

    def _names(self, column: str, split: Split) -> list[str] | None:
        """Names of the training frames in a column; None if there is one name, or a frame without."""
        values: Sequence[Any] | np.ndarray | None = self.dataset.columns.get(column)
        if values is None and column in COMPUTED:
            values = COMPUTED[column](self.dataset)
        names = [] if values is None else [value_name(values[i]) for i in split.train]
        return names if len(set(names)) > 1 and not NO_NAMES.intersection(names) else None

    def clusters(self, split: Split) -> dict[str, Clusters]:
        """Clusters of the frames of each test group; no inputs of the case, which they do not change."""
        column = _column(self.case.split)
        key = ("clusters", self.case.data_digest, column, split.digest)
        return _known(key, lambda: clusters_of(self.case, self.plain, split))

    def leaks(self, split: Split) -> dict[str, Any]:
        """Numbers of test frames with duplicates in the training set."""
        key = (self.case.data_digest, tuple(self.digests.columns.items()), split.digest)
        return _known(key, lambda: leakage(self.plain, split))

    def inputs(self) -> dict[str, Any]:
        """Digests of the inputs that were used so far."""
        return case_inputs(self.case, self.digests, self.columns.used, self.files)

    def key(self, split: Split) -> str:
        """Digest of the inputs that checkpoints belong to."""
        return checkpoint_key(split, self.digests)


def split_of(case: Case, dataset: Dataset) -> Split:
    """Split of a dataset as a case asks for it, its training part within the budget of labels."""
    whole = registry.load("splits", case.split.name)(dataset, seed=case.seed, **case.split.params)
    return training_part(whole, (case.budget or {}).get("labels"), case.seed)


def clusters_of(case: Case, dataset: Dataset, split: Split) -> dict[str, Clusters]:
    """Clusters of the frames of each test group of a case."""
    column = _column(case.split)
    return {test: clusters_of_group(dataset, test, i, column) for test, i in split.tests.items()}


def _column(spec: Spec) -> str | None:
    """Column whose values a split keeps together; of a learning curve, that of the split inside."""
    target = registry.load("splits", spec.name)
    params = {**registry.parameters(target), **spec.params}
    for part, kinds in registry.parts(target).items():
        _, name, inside = registry.resolve(params[part], kinds)
        return _column(Spec(name, inside))
    column = params.get("column", params.get("trajectory"))
    return column if isinstance(column, str) else None


def keep_datasets(largest: int) -> None:
    """Keep datasets in memory from now on, up to so many bytes, for the cases that follow."""
    global _kept
    _kept = KeptData(largest)


def _known(key: Hashable, load: Callable[[], Content]) -> Content:
    """A value that earlier cases have left in memory; else it is loaded."""
    return load() if _kept is None else _kept.get(key, load)


def _digested(spec: Spec) -> tuple[Dataset, str]:
    """Dataset and its digest, which its copies remember."""
    dataset = load_dataset(spec)
    return dataset, dataset.digest


def load_dataset(spec: Spec) -> Dataset:
    """Load the dataset that a suite names."""
    return registry.build("datasets", spec.name, spec.params)(**spec.params)


def _watched(dataset: Dataset, columns: UsedColumns) -> Dataset:
    frames = dataset.frames
    if not isinstance(frames, LazySequence):  # which reads a new frame every time
        numbers = frozenset(atomic_numbers[symbol] for symbol in dataset.elements)
        frames = LazySequence(partial(_copy, frames), np.arange(len(frames)), numbers=numbers)
    watched = replace(dataset, columns=columns, frames=frames)
    columns.used.clear()  # the dataset looks at the lengths of all
    return watched


def _copy(frames: Sequence[Atoms], i: int) -> Atoms:
    return frames[i].copy()
