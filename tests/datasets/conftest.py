"""Labelled frames in every kind of file, an empty cache, and public data without a network."""

from __future__ import annotations

import gzip
import io
import json

import numpy as np
import pytest
import requests
from ase.calculators.singlepoint import SinglePointCalculator
from ase.db import connect
from ase.io import write

from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.system import fetch

STRESS = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache."""
    monkeypatch.setenv("MLFFBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "index"


@pytest.fixture(scope="module")
def labelled():
    """Thirty frames: every third without forces, every second periodic and with a stress."""
    data = malonaldehyde()
    frames = []
    for i in range(30):
        atoms = data.frames[i].copy()
        results = {"energy": data.labels.energy[i]}
        if i % 3:
            results["forces"] = data.labels.forces[i]
        if i % 2:
            atoms.set_cell([9.0, 9.5, 10.0])
            atoms.pbc = True
            results["stress"] = STRESS * i
        atoms.calc = SinglePointCalculator(atoms, **results)
        frames.append(atoms)
    return frames


@pytest.fixture(params=["xyz", "db", "npz", "xyz.gz"])
def file(request, labelled, tmp_path):
    """The same frames in every kind of file that is read lazily, and in one that is not."""
    place = tmp_path / f"a.{request.param}"
    if request.param == "db":
        with connect(place) as database:
            for i, atoms in enumerate(labelled):
                database.write(atoms, temperature=300.0 + i, kind="ab"[i % 2])
    elif request.param == "npz":
        arrays = {"R": [a.positions for a in labelled], "E": [a.get_potential_energy() for a in labelled]}
        forces = [a.positions - 1 for a in labelled]
        np.savez(place, z=labelled[0].numbers, F=forces, kind=["a", "b"] * 15, **arrays)
    else:
        frames = [a.copy() for a in labelled]
        for i, (atoms, whole) in enumerate(zip(frames, labelled, strict=True)):
            atoms.calc = whole.calc
            atoms.info = {"temperature": 300.0 + i, "kind": "ab"[i % 2]}
        text = io.StringIO()
        write(text, frames, format="extxyz")
        packed = request.param.endswith("gz")
        place.write_bytes(gzip.compress(text.getvalue().encode()) if packed else text.getvalue().encode())
    return str(place)


@pytest.fixture(scope="module")
def offline(tmp_path_factory):
    """An empty cache and no network: what is not in the mirror cannot be had."""

    def refuse(url, *_):
        raise requests.ConnectionError(f"no network for {url}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFFBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(fetch, "download", refuse)
        yield


@pytest.fixture(scope="module")
def mirror(shared_data, offline):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFFBENCH_DATA", str(shared_data))
        yield shared_data


@pytest.fixture(scope="module")
def manifest(shared_data):
    """The published files that the mirror describes, by dataset."""
    return json.loads((shared_data / "MANIFEST.json").read_text(encoding="utf-8"))["datasets"]
