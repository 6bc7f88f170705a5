"""Labels of weight zero, frames that did not converge, and atoms without an element."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from example_files import FORCES, SIGMA, h2

from mlffbench.datasets.path import path


def frames_with(column, n=6, virial=False, **info):
    """Every second frame has the weight zero."""
    frames = []
    for i in range(n):
        stress = {} if virial else {"stress": SIGMA}
        frames.append(
            h2({**info, column: float(i % 2 == 0)}, periodic=True, energy=-1.0 - i, forces=FORCES, **stress)
        )
        if virial:
            frames[-1].info["virials"] = np.eye(3)
    return frames


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("suffix", ["xyz", "db", "traj"])
def test_forces_without_weight_are_missing(suffix, lazy, tmp_path):
    file = tmp_path / f"a.{suffix}"
    frames = frames_with("config_forces_weight")
    if suffix == "db":
        from ase.db import connect

        with connect(file) as database:
            for atoms in frames:
                database.write(atoms, key_value_pairs=atoms.info)
    else:
        write(file, frames)
    data = path(str(file), lazy=lazy)
    assert [f is None for f in data.labels.forces] == [False, True] * 3
    assert [s is None for s in data.labels.stress] == [False] * 6
    (note,) = data.card["notes"]
    assert note == "the 'forces' of 3 of 6 frames have config_forces_weight = 0 and are taken as missing"


@pytest.mark.parametrize(
    ("column", "virial"), [("config_stress_weight", False), ("config_virials_weight", True)]
)
def test_stresses_and_virials_without_weight_are_missing(column, virial, tmp_path):
    write(tmp_path / "a.xyz", frames_with(column, virial=virial))
    data = path(str(tmp_path / "a.xyz"))
    assert [s is None for s in data.labels.stress] == [False, True] * 3
    assert f"{column} = 0 and are taken as missing" in data.card["notes"][0]
    other = "config_virials_weight" if column == "config_stress_weight" else "config_stress_weight"
    write(tmp_path / "b.xyz", frames_with(other, virial=virial))
    assert not any(s is None for s in path(str(tmp_path / "b.xyz")).labels.stress)


@pytest.mark.parametrize("column", ["config_energy_weight", "config_weight"])
def test_energies_without_weight_are_named(column, tmp_path):
    write(tmp_path / "a.xyz", frames_with(column))
    data = path(str(tmp_path / "a.xyz"))
    assert len(data) == 6
    assert (
        f"the 'energy' of 3 of 6 frames have {column} = 0 and are used nevertheless" in data.card["notes"][0]
    )


def test_all_weights_are_one(tmp_path):
    frames = [h2({"config_forces_weight": 1.0, "config_weight": 0.5}, energy=-1.0, forces=FORCES)] * 2
    write(tmp_path / "a.xyz", frames)
    data = path(str(tmp_path / "a.xyz"))
    assert "notes" not in data.card
    assert all(f is not None for f in data.labels.forces)


@pytest.mark.parametrize("words", [(False, True), (0, 1), ("no", "yes")])
def test_frames_that_say_that_they_did_not_converge_are_named(words, tmp_path):
    write(tmp_path / "a.xyz", [h2({"converged": words[i > 0]}, energy=-1.0 - i) for i in range(3)])
    (note,) = path(str(tmp_path / "a.xyz")).card["notes"]
    assert note.startswith("1 of 3 frames say converged = False; leave them out")


@pytest.mark.parametrize("suffix", ["xyz", "db", "traj"])
def test_atoms_without_an_element_are_refused(suffix, tmp_path):
    frame = Atoms("H2X", [(0, 0, 0), (0, 0, 0.75), (0, 0, 3)])
    frame.calc = SinglePointCalculator(frame, energy=-1.0)
    write(tmp_path / f"a.{suffix}", frame)
    with pytest.raises(ValueError, match=r"atoms 'X' of atomic number 0 \(dummies, ghosts or padding\)"):
        path(str(tmp_path / f"a.{suffix}"))
