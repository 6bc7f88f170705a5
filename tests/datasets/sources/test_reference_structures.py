"""References of one's own data."""

from __future__ import annotations

import pytest
from ase.build import bulk
from ase.io import write
from example_files import xyz

from mlffbench.datasets.path import path


def test_structures_bring_names_and_known_numbers(tmp_path):
    frames = [bulk("Cu", cubic=True), bulk("Cu", "bcc", a=2.87, cubic=True)]
    frames[0].info |= {"name": "fcc", "C11": 176.0, "energy": -3.5, "source": "measured"}
    write(tmp_path / "known.xyz", frames)
    data = xyz(tmp_path / "data.xyz", "energy=-1.5")
    known = path(data, structures=str(tmp_path / "known.xyz"), truth="emt").reference
    assert list(known.structures) == ["fcc", "Cu2"]
    assert known.values == {"fcc": {"C11": 176.0, "energy": -3.5}, "Cu2": {}}
    assert known.truth == {"emt": {}}
    assert path(data).reference is None


def test_references_that_make_no_sense_are_refused(tmp_path):
    data, twice = xyz(tmp_path / "data.xyz", "energy=-1.5"), tmp_path / "twice.xyz"
    write(twice, [bulk("Cu"), bulk("Cu")])
    with pytest.raises(ValueError, match="several structures named 'Cu'"):
        path(data, structures=str(twice))
    with pytest.raises(FileNotFoundError, match="no file of structures"):
        path(data, structures="nowhere.xyz")
    with pytest.raises(ValueError, match="truth needs structures"):
        path(data, truth="emt")
