"""Data of a suite: datasets loaded once, the user's own ones checked, and their splits made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mlffbench import registry
from mlffbench.data import Dataset, Spec, Split
from mlffbench.datasets.checks import admit_quietly
from mlffbench.datasets.formats.label_names import read_labels
from mlffbench.datasets.sources.availability import absence, sources_of
from mlffbench.harness.case_data import load_dataset
from mlffbench.harness.inputs import DataInputs, is_own_data

__all__ = ["SuiteData", "make_split"]

COSTLY = ("clusters", "farthest_point")  # splits that take minutes of large datasets
LARGE = 1000  # frames; costly splits of more are made in the cases only


@dataclass
class SuiteData:
    """Datasets of a suite.

    Parameters
    ----------
    fetch : bool
        Download what is not on this machine.

    Attributes
    ----------
    digests : dict of str to str
        Checksums of the datasets, by their specs as text.
    inputs : dict of str to DataInputs
    absent : dict of str to str
        What is not on this machine: ``to download, 4.1 MB``.
    notes, warnings : list of str
        Sentences on the user's own data.
    """

    fetch: bool = True
    digests: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, DataInputs] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    last: tuple[str, Dataset] | None = None

    def load(self, spec: Spec) -> Dataset | None:
        """Return the dataset of a spec; None if it is not here and not to be fetched.

        Raises
        ------
        OSError, ValueError, LookupError
            It cannot be loaded, or the checks refuse it.
        """
        key = str(spec)
        if self.last is not None and self.last[0] == key:
            return self.last[1]
        if not self.fetch and (missing := absence(sources_of(spec))) is not None:
            self.absent[key] = missing
            return None
        dataset = load_dataset(spec)
        if key not in self.digests and is_own_data(spec):  # the oddities of ours are in their cards
            self._admit(dataset)
        self.take(spec, dataset)
        return dataset

    def take(self, spec: Spec, dataset: Dataset) -> None:
        """Take the dataset of a spec, which has passed the checks."""
        key = str(spec)
        if key not in self.digests:
            self.digests[key], self.inputs[key] = dataset.digest, DataInputs.of(dataset)
        self.last = (key, dataset)

    def _admit(self, dataset: Dataset) -> None:
        """Check the user's own data: refuse it, or keep warnings."""
        self.warnings += admit_quietly(dataset)
        if names := read_labels(dataset):
            self.notes.append(f"{dataset.name}: {len(dataset)} frames{names}")


def make_split(dataset: Dataset, spec: Spec, seed: int) -> Split | None:
    """Return the split; None for one that takes minutes.

    Raises
    ------
    ValueError, LookupError
        The data have no such split.
    """
    if len(dataset) > LARGE and any(name in str(spec) for name in COSTLY):
        return None
    make: Any = registry.load("splits", spec.name)
    split: Split = make(dataset, seed=seed, **spec.params)
    if not len(split.train) or not split.tests or not all(len(part) for part in split.tests.values()):
        raise ValueError(f"the split {spec} leaves a group of {dataset.name} without frames")
    return split
