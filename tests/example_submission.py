"""A small suite that ran: two problems, two seeds, three methods of which one fails on crystals."""

from __future__ import annotations

import json
import zipfile
from hashlib import sha256
from pathlib import Path

import numpy as np

from mlffbench.harness.case import id_of
from mlffbench.harness.documents.kept_suite import keep_suite
from mlffbench.harness.documents.seal import SEAL, sealed
from mlffbench.harness.documents.store import Store
from mlffbench.harness.planning.planned_run import plan_run
from mlffbench.harness.run import run

SUITE = """\
name: small
seeds: [0, 1]
problems:
  - dataset: {lennard_jones: {n_train: 8, n_test: 4}}
    split: {random: {train: 8}}
  - dataset: malonaldehyde
    split: {official: {train: train_300K, n_train: 8, tests: [test_300K, proton_transfer]}}
estimators:
  - atomic_reference
  - lennard_jones
  - sgdml: {sigma: 20}
tasks:
  - physics
"""


def run_small_suite(folder: Path) -> Path:
    """Results folder of the suite, run in this process."""
    store = Store(folder)
    for case in plan_run(SUITE).cases:
        outcome, predictions = run(case)
        store.save(outcome.to_json(), predictions)
    keep_suite(folder, SUITE, "mlffbench run small.yaml")
    return folder


def document_file(folder: Path, estimator: str, dataset: str = "malonaldehyde", seed: int = 0) -> Path:
    """File of a case."""
    for file in sorted(folder.glob(f"{estimator}-*.json")):
        case = json.loads(file.read_text())["case"]
        if case["dataset"]["name"] == dataset and case["seed"] == seed:
            return file
    raise LookupError(f"no {estimator} on {dataset} with seed {seed}")


def rewrite(file: Path, document: dict, with_seal: bool = False) -> None:
    """Write a document as a forger does, with a new seal or with the old one."""
    content = sealed(document) if with_seal and SEAL in document else document
    file.write_text(json.dumps(content))


def edit(file: Path, with_seal: bool, *path_and_value) -> None:
    """Change one value of a document: ``edit(file, True, "scores", 0, "value", 0.1)``."""
    *path, last, value = path_and_value
    document = json.loads(file.read_text())
    inside = document
    for key in path:
        inside = inside[key]
    inside[last] = value
    rewrite(file, document, with_seal)


def under_its_id(file: Path) -> Path:
    """Give a document the id of the case that is in it now, and its predictions that name too."""
    document = json.loads(file.read_text())
    id = id_of(document["case"])
    rewrite(file, {**document, "id": id}, with_seal=True)
    predictions = file.parent / "predictions" / f"{file.stem}.npz"
    if predictions.exists():
        predictions.rename(predictions.with_name(f"{id}.npz"))
    return file.rename(file.with_name(f"{id}.json"))


def edit_predictions(file: Path, change, with_digest: bool = True) -> None:
    """Change the arrays of a document's predictions; with their digest and the seal renewed, or not."""
    path = file.parent / "predictions" / f"{file.stem}.npz"
    with np.load(path) as stored:
        arrays = dict(stored)
    change(arrays)
    np.savez_compressed(path, **arrays)
    if with_digest:
        edit(file, True, "predictions", sha256(path.read_bytes()).hexdigest())


def repack(archive: Path, target: Path, change) -> Path:
    """Copy of an archive whose members, ``{name: content}``, are changed."""
    with zipfile.ZipFile(archive) as opened:
        members = {name: opened.read(name) for name in opened.namelist()}
    change(members)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return target
