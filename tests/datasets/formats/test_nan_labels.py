"""Labels that are NaN in some frames, read lazily and at once."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from ase.db import connect
from ase.io import write
from example_files import FORCES, SIGMA, h2, same

from mlffbench.datasets.path import path

NAN, PARTLY = np.full((2, 3), np.nan), np.where(np.eye(2, 3) > 0, np.nan, FORCES)


def write_frames(place, forces):
    """Frames with these forces, every one with a stress but the last, whose is NaN."""
    stresses = [SIGMA] * (len(forces) - 1) + [np.full(6, np.nan)]
    frames = [
        h2({"name": "nan"}, periodic=True, energy=-float(i), forces=f, stress=s)
        for i, (f, s) in enumerate(zip(forces, stresses, strict=True))
    ]
    if place.suffix == ".npz":
        arrays = {"R": [a.positions for a in frames], "F": forces, "E": -np.arange(float(len(forces)))}
        np.savez(place, z=[1, 1], cell=np.eye(3) * 2, stress=stresses, **arrays)
    elif place.suffix == ".db":
        with connect(place) as database:
            for atoms in frames:
                database.write(atoms)
    elif place.suffix == ".gz":
        write(place.with_suffix(""), frames)
        place.write_bytes(gzip.compress(place.with_suffix("").read_bytes()))
    else:
        write(place, frames)
    return str(place), {"units": "eV"} if place.suffix == ".npz" else {}


@pytest.mark.parametrize("name", ["a.xyz", "a.xyz.gz", "a.db", "a.npz", "a.traj"])
def test_they_are_missing_and_counted_at_once_and_lazily(name, tmp_path):
    place, keys = write_frames(tmp_path / name, [NAN, FORCES, NAN, FORCES])
    whole, lazy = (path(place, lazy=lazy, **keys) for lazy in (False, True))
    for data in (whole, lazy):
        assert [f is None for f in data.labels.forces] == [True, False, True, False]
        assert [s is None for s in data.labels.stress] == [False, False, False, True]
        assert data.card["missing"] == {"forces": 2, "stress": 1}
    if not name.endswith("traj"):
        assert lazy.labels.forces.present.tolist() == [False, True, False, True]
    same(whole, lazy)


@pytest.mark.parametrize("name", ["a.xyz", "a.db", "a.npz"])
def test_nothing_but_nan_are_no_forces(name, tmp_path):
    place, keys = write_frames(tmp_path / name, [NAN] * 3)
    for lazy in (False, True):
        data = path(place, lazy=lazy, **keys)
        assert data.labels.forces is None
        assert data.card["labels"]["forces"] == "none"
        assert data.card["missing"]["forces"] == 3


@pytest.mark.parametrize("name", ["a.xyz", "a.db", "a.npz", "a.traj"])
def test_partly_nan_is_refused(name, tmp_path):
    place, keys = write_frames(tmp_path / name, [FORCES, PARTLY, FORCES])
    with pytest.raises(ValueError, match="of frame 1 is not finite"):
        path(place, **keys)
    with pytest.raises(ValueError, match="of frame 1 is not finite"):
        list(path(place, lazy=True, **keys).labels.forces)


def test_nan_of_a_name_that_is_not_read_is_not_counted(tmp_path):
    frames = [h2({}, {"dft_forces": NAN}, energy=-1.0, forces=FORCES)] * 2
    write(tmp_path / "a.xyz", frames)
    assert "missing" not in path(str(tmp_path / "a.xyz")).card
