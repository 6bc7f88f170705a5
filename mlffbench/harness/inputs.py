"""Inputs of a case beside structures and labels: columns, isolated atoms, reference, files and code it names.

They are not in a case's id, which older results share; a document keeps their digests, so that a result that
no longer belongs to its inputs is seen when the suite is run again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ase import Atoms

from mlffbench import registry
from mlffbench.data import Dataset, Reference, Spec, Split
from mlffbench.harness.case import Case
from mlffbench.system.checksum import Checksum, checksums_of_named_files, texts
from mlffbench.system.module_source import source_file

__all__ = [
    "DataInputs",
    "UsedColumns",
    "case_inputs",
    "changed_inputs",
    "checkpoint_key",
    "has_foreign_code",
    "is_own_data",
    "named_files",
]


@dataclass(frozen=True)
class DataInputs:
    """Digests of a dataset's columns, of its isolated-atom energies and of its reference; None without."""

    columns: Mapping[str, str]
    atomic_energies: str | None
    reference: str | None

    @classmethod
    def of(cls, dataset: Dataset) -> DataInputs:
        energies = dataset.atomic_energies
        rounded = None if energies is None else {k: round(float(v), 9) for k, v in energies.items()}
        columns = {name: _digest(np.asarray(values).tolist()) for name, values in dataset.columns.items()}
        reference = None if dataset.reference is None else _digest(_plain(dataset.reference))
        return cls(columns, None if rounded is None else _digest(rounded), reference)


class UsedColumns(Mapping[str, np.ndarray]):
    """Columns of a dataset that remember which of them were asked for, absent ones too."""

    def __init__(self, columns: Mapping[str, np.ndarray]) -> None:
        self.all = columns
        self.used: set[str] = set()

    def __getitem__(self, name: str) -> np.ndarray:
        self.used.add(name)
        return self.all[name]

    def __contains__(self, name: object) -> bool:
        self.used.add(str(name))
        return name in self.all

    def __iter__(self) -> Iterator[str]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)


def case_inputs(
    case: Case, data: DataInputs, columns: Iterable[str], files: Mapping[str, str]
) -> dict[str, Any]:
    """Digests of what decides the case beside its id, plain JSON; an absent column is None.

    Of `files`, those named before the fit, the ones that the case itself has written to are left out.
    """
    after = named_files(case)
    return {
        "columns": {name: data.columns.get(name) for name in sorted(columns)},
        "atomic_energies": data.atomic_energies,
        "reference": data.reference,
        "files": {name: digest for name, digest in files.items() if after.get(name) == digest},
    }


def changed_inputs(
    document: Mapping[str, Any], case: Case, data: DataInputs, load: Callable[[], Dataset]
) -> list[str]:
    """List the inputs, in words, that differ from those of a stored case; none if it still belongs to them.

    A document of the user's own data that is older than these digests is compared by its split, for which the
    dataset is loaded.
    """
    before = document.get("inputs")
    case = _with_stored_tasks(case, document)
    if not before:
        ok = document["status"] == "ok"
        return ["split"] if ok and is_own_data(case.dataset) and _other_split(document, case, load) else []
    now = case_inputs(case, data, before["columns"], named_files(case))
    words = [f"column {k!r}" for k, digest in before["columns"].items() if now["columns"][k] != digest]
    if now["atomic_energies"] != before["atomic_energies"]:
        words.append("isolated-atom energies")
    if document["case"]["tasks"] and now["reference"] != before["reference"]:
        words.append("reference structures or numbers")
    files = [name for name, digest in before["files"].items() if now["files"].get(name) != digest]
    return words + [f"{'source of' if ':' in name else 'file'} {name!r}" for name in files]


def _with_stored_tasks(case: Case, document: Mapping[str, Any]) -> Case:
    """The case with the tasks and metrics that its document has beside the suite's, which stay there."""
    stored = document["case"]
    tasks = [task for task in (Spec(**t) for t in stored["tasks"]) if task not in case.tasks]
    metrics = [metric for metric in stored["metrics"] if metric not in case.metrics]
    return replace(case, tasks=(*case.tasks, *tasks), metrics=(*case.metrics, *metrics))


def checkpoint_key(split: Split, data: DataInputs) -> str:
    """Digest of the inputs that a checkpoint of a case belongs to."""
    return _digest([split.digest, data.atomic_energies, data.reference])


def is_own_data(spec: Spec) -> bool:
    """True for data that are the user's, or of another package: they can change under one name."""
    return spec.name == "path" or ":" in spec.name or registry.plugin("datasets", spec.name) is not None


def _other_split(document: Mapping[str, Any], case: Case, load: Callable[[], Dataset]) -> bool:
    """True if the split of the data as they are now is not the one of the document."""
    stored = (document.get("split") or {}).get("digest")
    if stored is None:
        return False
    make = registry.load("splits", case.split.name)
    try:
        return make(load(), seed=case.seed, **case.split.params).digest != stored
    except (ValueError, LookupError):  # the data have no such split any more
        return True


def named_files(case: Case) -> dict[str, str]:
    """Checksums of the files that estimator, split, tasks and the calculator of the labels name.

    The source file of a ``module:Name``, or of a name that an installed package adds, is one of them; what
    that module imports is not.
    """
    sources = {name: source_file(name.partition(":")[0]) for name in _foreign_names(case)}
    code = {name: Checksum("").of(file) for name, file in sources.items() if file is not None}
    return {**checksums_of_named_files(_params(case)), **code}


def has_foreign_code(case: Case) -> bool:
    """True if the case runs code that a suite or another package adds, or a file that it reads."""
    return bool(_foreign_names(case)) or _reads_code("estimators", case.estimator.name, case.estimator.params)


def _reads_code(kind: str, name: str, params: Mapping[str, Any]) -> bool:
    """True if an estimator, or a model inside it, reads a file that needs trust."""
    target = registry.load(kind, name)
    if registry.named_files(target, params):
        return True
    inner = [(params[word], kinds) for word, kinds in registry.parts(target).items() if word in params]
    specs = [registry.resolve(value, kinds) for value, kinds in inner if isinstance(value, str | Mapping)]
    return any(_reads_code(*spec) for spec in specs)


def _params(case: Case) -> list[Any]:
    specs = (case.estimator, case.split, *case.tasks)
    return [*(spec.params for spec in specs), case.dataset.params.get("truth")]


def _foreign_names(case: Case) -> list[str]:
    """Texts of a case that name ``module:Name``, also for a name that an installed package adds."""
    specs = (case.estimator, case.split, *case.tasks)
    kinds = ("estimators", "splits", *["tasks"] * len(case.tasks))
    named = [*zip(kinds, (spec.name for spec in specs), strict=True), ("datasets", case.dataset.name)]
    named += [("metrics", name) for name in case.metrics]
    named += [(kind, text) for text in texts(_params(case)) for kind in ("estimators", "calculators")]
    names = {registry.plugin(kind, name) or name for kind, name in named}
    return sorted(name for name in names if ":" in name)


def _plain(reference: Reference) -> list[Any]:
    shapes = [{k: _arrays(v) for k, v in part.items()} for part in (reference.structures, reference.saddles)]
    values = {name: dict(numbers) for name, numbers in reference.values.items()}
    return [*shapes, values, reference.truth]


def _arrays(atoms: Atoms) -> list[Any]:
    arrays = (atoms.numbers, atoms.positions, np.asarray(atoms.cell), atoms.pbc)
    return [(np.asarray(a, dtype=float).round(9) + 0.0).tolist() for a in arrays]


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]
