"""Evidence: datasets, splits and duplicates as our code makes them, whatever documents say of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from mlffbench import registry
from mlffbench.data import Dataset, InvalidData, Spec, Split
from mlffbench.datasets.sources.availability import absence, sources_of
from mlffbench.harness.case import Case
from mlffbench.harness.case_data import clusters_of, load_dataset, split_of
from mlffbench.harness.clusters import Clusters
from mlffbench.harness.inputs import DataInputs
from mlffbench.harness.metadata import leakage, split_metadata
from mlffbench.harness.training_part import training_labels
from mlffbench.system.failures import catch_failure

__all__ = ["Evidence"]

Value = TypeVar("Value")


class Evidence:
    """The dataset that was asked for last, and all that was made of it.

    Parameters
    ----------
    fetch : bool
        Download public data that are not on this machine.
    """

    def __init__(self, fetch: bool = True) -> None:
        self._fetch = fetch
        self._spec: str | None = None
        self._made: dict[Any, Any] = {}
        self.digests: dict[str, str] = {}  # of all datasets that were loaded, by their specs as text

    def dataset(self, spec: Spec) -> Dataset:
        """Dataset of a spec.

        Raises
        ------
        InvalidData
            It is not here, or cannot be loaded; every time that it is asked for.
        """
        if self._spec != str(spec):
            self._spec, self._made = str(spec), {}
        dataset: Dataset = self._once("dataset", lambda: self._load(spec))
        self.digests[str(spec)] = dataset.digest
        return dataset

    def inputs(self, spec: Spec) -> DataInputs:
        """Digests of columns, isolated-atom energies and reference."""
        return self._once("inputs", lambda: DataInputs.of(self.dataset(spec)))

    def split(self, case: Case) -> Split:
        """Split of a case.

        Raises
        ------
        InvalidData
            The data, or the split of them, cannot be made here.
        """
        dataset = self.dataset(case.dataset)

        def make() -> Split:
            registry.build("splits", case.split.name, case.split.params, ("dataset", "seed"))
            return split_of(case, dataset)

        labels = (case.budget or {}).get("labels")
        return self._once(("split", str(case.split), case.seed, labels), make)

    def split_facts(self, case: Case) -> dict[str, Any]:
        """Facts of the split as a document states them: digest, sizes, notes and duplicates."""
        split, dataset = self.split(case), self.dataset(case.dataset)
        leaks = self._once(("leaks", split.digest), lambda: leakage(dataset, split))
        facts: dict[str, Any] = json.loads(
            json.dumps({**split_metadata(split), "leaks": leaks}, default=repr)
        )
        return facts

    def clusters(self, case: Case) -> dict[str, Clusters]:
        """Clusters of the frames of each test group."""
        split, dataset = self.split(case), self.dataset(case.dataset)
        key = "clusters", str(case.split), split.digest
        return self._once(key, lambda: clusters_of(case, dataset, split))

    def training_labels(self, case: Case) -> dict[str, Any]:
        """Numbers of training frames by label."""
        split, dataset = self.split(case), self.dataset(case.dataset)
        return self._once(("labels", split.digest), lambda: training_labels(dataset, split))

    def _load(self, spec: Spec) -> Dataset:
        if not self._fetch and (missing := absence(sources_of(spec))) is not None:
            raise InvalidData(f"they are not on this machine ({missing})")
        return load_dataset(spec)

    def _once(self, key: Any, make: Callable[[], Value]) -> Value:
        """What is made of the dataset, or the failure of it, once."""
        if key not in self._made:
            self._made[key] = catch_failure(make)
        value, failure = self._made[key]
        if failure is not None:
            raise InvalidData(failure["message"].partition(": ")[2] or failure["message"])
        return value
