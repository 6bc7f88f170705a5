"""Planned run: the suite, its cases and their data, checked before the first process starts."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlffbench.data import Dataset, Spec
from mlffbench.datasets.checks import admit
from mlffbench.datasets.formats.label_names import read_labels
from mlffbench.harness.case import Case
from mlffbench.harness.case_data import load_dataset
from mlffbench.harness.inputs import DataInputs
from mlffbench.harness.plan import Suite, SuiteError, cases
from mlffbench.harness.read_suite import read_suite

__all__ = ["PlannedRun", "plan_run"]


@dataclass(frozen=True)
class PlannedRun:
    """A suite, its cases, and the digests of their data.

    Attributes
    ----------
    inputs : mapping of str to DataInputs
        Of every dataset, by its spec as text.
    notes : tuple of str
        Sentences on the data that were read, to be shown.
    warnings : tuple of str
        Sentences on what is doubtful about them.
    """

    suite: Suite
    cases: list[Case]
    inputs: Mapping[str, DataInputs]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass
class _Data:
    """Datasets of a suite, loaded once each."""

    digests: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, DataInputs] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def digest(self, spec: Spec) -> str:
        """The data's checksum of a dataset spec."""
        key = str(spec)
        if key not in self.digests:
            dataset = load_dataset(spec)
            if spec.name == "path" or ":" in spec.name:  # the oddities of ours are in their cards
                self._admit(dataset)
            self.digests[key], self.inputs[key] = dataset.digest, DataInputs.of(dataset)
        return self.digests[key]

    def _admit(self, dataset: Dataset) -> None:
        """Check the user's own data: refuse it, or keep warnings."""
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            admit(dataset, dataset.card.get("allow", ()))
        if names := read_labels(dataset):
            self.notes.append(f"{dataset.name}: {len(dataset)} frames{names}")
        self.warnings += [str(warning.message) for warning in heard]


def plan_run(suite: Path | str | Mapping[str, Any] | Suite, device: str | None = None) -> PlannedRun:
    """Read a suite, list its cases and digest their data.

    Parameters
    ----------
    suite : Path, str, mapping or Suite
        A suite file, or its content.
    device : str, optional
        Given to every estimator that has the parameter and does not set it.

    Raises
    ------
    SuiteError
        The suite or its data cannot be used; one line a mistake.
    """
    content = suite if isinstance(suite, Suite) else read_suite(suite)
    source = content.name if isinstance(suite, Suite | Mapping) else str(suite)
    data = _Data()

    def digest(spec: Spec) -> str:
        try:
            return data.digest(spec)
        except (OSError, ValueError, LookupError) as error:
            raise SuiteError(f"{source}: dataset {spec}: {error}") from error

    planned = cases(content, digest, device)
    return PlannedRun(content, planned, data.inputs, tuple(data.notes), tuple(data.warnings))
