"""One case of a suite: one fit, with an id made of data, split, estimator and seed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from mlffbench.data import Spec

__all__ = ["DEFAULT_METRICS", "Case", "id_of"]

DEFAULT_METRICS = ["rmse", "mae"]
PLAIN = json.JSONEncoder(default=vars)  # of a Spec
SORTED = json.JSONEncoder(sort_keys=True)
UNDECIDING = ("suite", "label", "metrics", "tasks", "resources")  # keys that do not decide the fit


@dataclass(frozen=True)
class Case:
    """One fit, as plain JSON that another Python interpreter can run.

    `id` digests what decides the fit: dataset with the data's checksum, split, estimator with parameters,
    seed, budget, and the environment's requirements. Metrics, tasks, the row's label, the suite's name,
    interpreters and resources are not among them.

    Attributes
    ----------
    budget, environment, resources : mapping or None
        See `mlffbench.harness.planning.row`; None, and absent in documents, if the suite says nothing.
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
    budget: Mapping[str, Any] | None = None
    environment: Mapping[str, Any] | None = None
    resources: Mapping[str, Any] | None = None

    @cached_property
    def id(self) -> str:
        return id_of(self.to_json())

    @property
    def title(self) -> str:
        """Row, data and seed, in words."""
        path = self.dataset.params.get("path")
        data = Path(path).name if isinstance(path, str) else self.dataset.name
        return f"{self.label} on {data}, seed {self.seed}"

    def to_json(self) -> dict[str, Any]:
        """The case as plain JSON, without what is None."""
        given = {f.name: value for f in fields(self) if (value := getattr(self, f.name)) is not None}
        return json.loads(PLAIN.encode(given))

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Case:
        specs = {k: Spec(**document[k]) for k in ("dataset", "split", "estimator")}
        tasks = tuple(Spec(**t) for t in document["tasks"])
        return cls(**{**document, **specs, "tasks": tasks, "metrics": tuple(document["metrics"])})


def id_of(plain: Mapping[str, Any]) -> str:
    """Id of a case that is given as plain JSON, with all that decides the fit."""
    decides = {k: v for k, v in plain.items() if k not in UNDECIDING}
    if environment := {k: v for k, v in decides.pop("environment", {}).items() if k != "python"}:
        decides["environment"] = environment
    digest = hashlib.sha256(SORTED.encode(decides).encode()).hexdigest()
    return f"{re.sub(r'[^A-Za-z0-9_]', '_', plain['estimator']['name'])}-{digest[:12]}"
