"""Results folders with kept models, fitted in this process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from mlffbench.data import Spec
from mlffbench.harness.case import Case
from mlffbench.harness.case_data import load_dataset
from mlffbench.harness.documents.store import Store
from mlffbench.harness.execution.answer import answered_model, write_model
from mlffbench.harness.run import run


def results_folder(
    folder: Path, datasets: Iterable[Spec], methods: Mapping[str, Spec], seeds: Iterable[int] = (0,)
) -> Path:
    """Folder of the outcomes of every dataset, method and seed, each with its model."""
    store = Store(folder)
    folder.mkdir(parents=True)
    for dataset in datasets:
        digest = load_dataset(dataset).digest
        for label, estimator in methods.items():
            for seed in seeds:
                case = Case("demo", label, dataset, Spec("official"), estimator, seed, digest)
                outcome, predictions = run(case, lambda model: write_model(folder.parent, model, None))
                store.save(outcome.to_json(), predictions, answered_model(folder.parent))
    return folder
