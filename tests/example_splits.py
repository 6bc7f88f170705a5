"""Small datasets for tests of splits, and keywords for every split."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import molecule

from mlffbench import registry
from mlffbench.data import Dataset, Labels
from mlffbench.datasets.lennard_jones import lennard_jones
from mlffbench.splits.common import manifest_file
from mlffbench.splits.random import random

GROUPS = ["train_300K"] * 20 + ["test_600K"] * 5 + ["test_300K"] * 6 + ["dihedral"] * 4
SOAP = {"cutoff": 3.0, "n_max": 2, "l_max": 2}
EVERY: dict[str, dict[str, object]] = {
    "blocks": {"block": 5},
    "clusters": {"n_clusters": 4, **SOAP},
    "extrapolation": {"by": "strain"},
    "farthest_point": {"train": 10, **SOAP},
    "groups": {"train": "train"},
    "kfold": {"fold": 2},
    "learning_curve": {"n_train": 10},
    "manifest": {},
    "official": {"n_train": 10},
    "random": {},
}
MADE_BY = {"split": "random", "params": {"train": 0.6}, "seed": 3}


def dataset(names=GROUPS, card=None, column="group"):
    n = len(names)
    columns = {column: np.array(names), "temperature": np.arange(n) % 3 * 100.0}
    return Dataset("toy", [Atoms("H")] * n, Labels(np.zeros(n)), columns, card or {})


def mixture():
    """6 H2O, 5 N2, 4 CH4."""
    frames = [molecule(name) for name, n in (("H2O", 6), ("N2", 5), ("CH4", 4)) for _ in range(n)]
    return Dataset("toy", frames, Labels(np.zeros(len(frames))))


@cache
def crystals():
    return lennard_jones(n_train=25, n_test=5)


def odd_ones():
    """21 rattled water molecules and, among them at 3 places, structures of another kind."""
    frames = [molecule("H2O") for _ in range(21)] + [molecule(m) for m in ("H2", "O2", "H2O2")]
    rng = np.random.default_rng(0)
    for atoms in frames:
        atoms.positions += rng.normal(scale=0.01, size=atoms.positions.shape)
    return [21, 22, 23], Dataset("toy", frames, Labels(np.zeros(24)))


def series(energy, columns=None):
    return Dataset("toy", [Atoms("H")] * len(energy), Labels(energy), columns or {})


def counts(split):
    return {"train": len(split.train), **{k: len(v) for k, v in split.tests.items()}}


def digests(folder):
    """The digest of every split with seeds 0 and 1; run in this process and in another."""
    data = crystals()
    file = Path(folder) / "split.json"
    manifest_file.write(file, manifest_file.export(data, random(data), {}))
    found = {}
    for name in registry.names("splits"):
        keywords = {**EVERY[name], **({"file": str(file)} if name == "manifest" else {})}
        make = registry.build("splits", name, keywords)
        found[name] = [make(data, seed=seed, **keywords).digest for seed in (0, 1)]
    return found


# ---------------------------------------------------------------- manifests
def shuffled(data, seed=7):
    """A copy in another order, and the place in `data` of each of its frames."""
    order = np.random.default_rng(seed).permutation(len(data))
    return Dataset("copy", [data.frames[i] for i in order], data.labels[order]), order


def exported(data, split):
    """A document that went through a file's text."""
    return json.loads(json.dumps(manifest_file.export(data, split, MADE_BY)))


def same_structures(split, copy, order):
    """Whether every part names the same structures in the same order."""
    found = {"train": copy.train, **copy.tests}
    return all(
        order[found[k]].tolist() == v.tolist() for k, v in {"train": split.train, **split.tests}.items()
    )
