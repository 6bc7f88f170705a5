"""Labelled frames in every kind of file, and an empty cache of indexes."""

from __future__ import annotations

import gzip
import io

import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator
from ase.db import connect
from ase.io import write

from mlffbench.datasets.malonaldehyde import malonaldehyde

STRESS = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
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
