"""DeePMD-kit's folders."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT

from mlffbench.datasets.path import path


@pytest.fixture(scope="module")
def crystals():
    """Four strained crystals of copper and gold with EMT's labels."""
    frames = []
    for i in range(4):
        atoms = bulk("Cu", cubic=True)
        atoms.symbols[0] = "Au"
        atoms.set_cell(atoms.cell * [[1.05], [1.0], [1.02]], scale_atoms=True)
        atoms.rattle(0.05, seed=i)
        atoms.calc = EMT()
        frames.append(atoms)
    return frames


def write(folder, frames, sets=2, suffix="npy"):
    folder.mkdir(parents=True)
    (folder / "type_map.raw").write_text("Cu\nAu\n")
    (folder / "type.raw").write_text(" ".join(str(int(s == "Au")) for s in frames[0].symbols))
    for i, part in enumerate(np.array_split(np.arange(len(frames)), sets)):
        some = [frames[j] for j in part]
        arrays = {
            "coord": [a.positions.ravel() for a in some],
            "box": [a.cell.array.ravel() for a in some],
            "energy": [a.get_potential_energy() for a in some],
            "force": [a.get_forces().ravel() for a in some],
            "virial": [(-a.get_stress(voigt=False) * a.get_volume()).ravel() for a in some],
        }
        for name, values in arrays.items():
            if suffix == "raw":
                np.savetxt(folder / f"{name}.raw", values)
            else:
                (folder / f"set.{i:03d}").mkdir(exist_ok=True)
                np.save(folder / f"set.{i:03d}" / f"{name}.npy", values)
    return str(folder)


def check(data, frames):
    for i, atoms in enumerate(frames):
        assert data.frames[i].get_chemical_symbols() == atoms.get_chemical_symbols()
        assert data.frames[i].pbc.all()
        np.testing.assert_allclose(data.frames[i].cell, atoms.cell)
        np.testing.assert_allclose(data.labels.energy[i], atoms.get_potential_energy())
        np.testing.assert_allclose(data.labels.forces[i], atoms.get_forces())
        np.testing.assert_allclose(data.labels.stress[i], atoms.get_stress(), atol=1e-9)


@pytest.mark.parametrize(("suffix", "sets"), [("npy", 2), ("raw", 1)])
def test_values_units_periodicity_and_the_sign_of_the_stress(suffix, sets, crystals, tmp_path):
    folder = write(tmp_path / "system", crystals, sets, suffix)
    check(path(folder), crystals)
    with pytest.raises(ValueError, match=r"units='Hartree' is for .*DeePMD-kit's are in eV"):
        path(folder, units="Hartree")


def test_several_systems_in_a_folder(crystals, tmp_path):
    write(tmp_path / "all" / "a", crystals[:2])
    write(tmp_path / "all" / "b", crystals[2:])
    check(path(str(tmp_path / "all")), crystals)
    check(path(f"{tmp_path}/all/*"), crystals)


def test_a_molecule_has_no_box(crystals, tmp_path):
    folder = tmp_path / "system"
    write(folder, crystals)
    (folder / "nopbc").touch()
    data = path(str(folder))
    assert not data.frames[0].pbc.any()
    assert data.labels.stress is None


def test_what_does_not_fit_is_refused(crystals, tmp_path):
    folder = tmp_path / "system"
    write(folder, crystals)
    np.save(folder / "set.000" / "force.npy", np.zeros((2, 9)))
    with pytest.raises(ValueError, match="force has 18 numbers, not 12 for each of 2 frames"):
        path(str(folder))
    (folder / "set.001" / "real_atom_types.npy").touch()
    with pytest.raises(ValueError, match="mixed-type format"):
        path(str(folder))
    (folder / "type_map.raw").write_text("Cu")
    with pytest.raises(ValueError, match=r"type 1 in type.raw, but type_map.raw has \['Cu'\] only"):
        path(str(folder))
    (folder / "type_map.raw").unlink()
    with pytest.raises(ValueError, match=r"no type_map.raw, so the types have no elements"):
        path(str(folder))


def test_arrays_of_other_names_are_named_or_read(crystals, tmp_path):
    folder = write(tmp_path / "system", crystals, 1)
    place = tmp_path / "system" / "set.000"
    (place / "force.npy").rename(place / "my_forces.npy")
    np.save(place / "note.npy", np.array(["a", 1], dtype=object), allow_pickle=True)
    data = path(folder)
    assert data.labels.forces is None
    assert "give forces_key: my_forces" in data.card["unread"]["my_forces"]
    np.testing.assert_allclose(
        path(folder, forces_key="my_forces").labels.forces[1], crystals[1].get_forces()
    )
