"""One case of a suite: one fit, with an id made of data, split, estimator and seed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mlffbench.data import Spec

__all__ = ["DEFAULT_METRICS", "Case"]

DEFAULT_METRICS = ["rmse", "mae"]


@dataclass(frozen=True)
class Case:
    """One fit, as plain JSON that another Python interpreter can run.

    `id` digests what decides the fit: dataset with the data's checksum, split, estimator with parameters,
    seed. Metrics, tasks, the row's label and the suite's name are not among them.
    """

    suite: str
    label: str
    dataset: Spec
    split: Spec
    estimator: Spec
    seed: int
    data_digest: str
    metrics: tuple[str, ...] = tuple(DEFAULT_METRICS)
    tasks: tuple[Spec, ...] = ()

    @property
    def id(self) -> str:
        decides = {k: v for k, v in self.to_json().items() if k not in ("suite", "label", "metrics", "tasks")}
        digest = hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()
        return f"{re.sub(r'[^A-Za-z0-9_]', '_', self.estimator.name)}-{digest[:12]}"

    @property
    def title(self) -> str:
        """Row, data and seed, in words."""
        path = self.dataset.params.get("path")
        data = Path(path).name if isinstance(path, str) else self.dataset.name
        return f"{self.label} on {data}, seed {self.seed}"

    def to_json(self) -> dict[str, Any]:
        return json.loads(json.dumps(asdict(self)))

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Case:
        specs = {k: Spec(**document[k]) for k in ("dataset", "split", "estimator")}
        tasks = tuple(Spec(**t) for t in document["tasks"])
        return cls(**{**document, **specs, "tasks": tasks, "metrics": tuple(document["metrics"])})
