"""Quality of predicted uncertainties on AcAc: SOAP-GPR and committees, per test group.

    MLFFBENCH_DATA=../shared/data python benchmarks/peers/uncertainty.py

Trained on train_300K; the calibration factor comes from a tenth of it, held out of one more fit
(`mlffbench.tasks.uncertainty`). There is no peer: no other suite publishes these numbers.
"""

from __future__ import annotations

import sys
from typing import Any

from _peer import publish

from mlffbench import registry
from mlffbench.data import Score
from mlffbench.system.timing import measure
from mlffbench.tasks.uncertainty import uncertainty

MODELS: dict[str, dict[str, Any]] = {
    "soap_gpr": {"soap_gpr": {"uncertainty": "forces"}},
    "committee of behler_parrinello": {
        "committee": {"model": {"behler_parrinello": {"max_seconds": 20}}, "n": 4, "resample": "bootstrap"}
    },
    "committee of mace": {"committee": {"model": {"mace": {"max_seconds": 25}}, "n": 4}},
}


def main(quick: bool) -> None:
    dataset = registry.load("datasets", "acac")()
    split = registry.load("splits", "official")(dataset, seed=0, n_train=30 if quick else None)
    rows: list[dict[str, Any]] = []
    for name, spec in MODELS.items():
        model = registry.make(spec, ("estimators",), random_state=0, atomic_energies=dataset.atomic_energies)
        with measure() as fit:
            model.fit([dataset.frames[i] for i in split.train], dataset.labels[split.train])
        for score in uncertainty(model, dataset, split):
            if not isinstance(score, Score) or score.test not in split.tests:
                continue  # curves, calibration factors, and quantities that could not be measured
            row = {"model": name, "test": score.test, "quantity": score.quantity, score.metric: score.value}
            _merge(rows, row)
        for row in rows:
            if row["model"] == name:
                row["fit_seconds"] = round(fit.seconds, 1)
                row["spearman"] = 1 - row.pop("rank_error", float("nan"))
                print(row, flush=True)
    if not quick:
        publish("uncertainty", [], {"rows": rows})


def _merge(rows: list[dict[str, Any]], row: dict[str, Any]) -> None:
    """Merge a row into the one of the same model, test group and quantity."""
    same = [r for r in rows if all(r[k] == row[k] for k in ("model", "test", "quantity"))]
    same[0].update(row) if same else rows.append(row)


if __name__ == "__main__":
    main("--quick" in sys.argv)
