"""Labels, datasets and splits: what is accepted, what is refused, what scikit-learn may do with them."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.calculators.singlepoint import SinglePointCalculator

from mlffbench.data import (
    Dataset,
    InvalidPrediction,
    Labels,
    LazySequence,
    Score,
    Split,
    as_atoms,
    labels_of,
    matched,
    value_name,
)


def water(energy=None, **results):
    atoms = molecule("H2O")
    if energy is not None:
        atoms.calc = SinglePointCalculator(atoms, energy=energy, **results)
    return atoms


def test_labels_are_an_array_of_energies():
    labels = Labels([1.0, 2.0, 3.0], [np.ones((2, 3)), None, np.zeros((1, 3))])
    assert np.asarray(labels).tolist() == [1.0, 2.0, 3.0]
    assert len(labels) == 3
    assert labels.shape == (3,)


@pytest.mark.parametrize("key", [[0, 2], np.array([0, 2]), slice(0, 3, 2), np.array([True, False, True])])
def test_labels_are_indexed_frame_by_frame(key):
    labels = Labels([1.0, 2.0, 3.0], [np.ones((2, 3)), None, np.zeros((1, 3))], energy_std=[0.1, 0.2, 0.3])
    part = labels[key]
    assert part.energy.tolist() == [1.0, 3.0]
    assert part.energy_std.tolist() == [0.1, 0.3]
    assert [f.shape for f in part.forces] == [(2, 3), (1, 3)]


def test_missing_forces_stay_missing():
    assert Labels([1.0], [None]).forces is None
    assert Labels([1.0, 2.0], [None, np.zeros((1, 3))]).forces[0] is None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"energy": [[1.0]]}, "one number a frame"),
        ({"energy": [1.0], "forces": [np.zeros(3)]}, r"forces of frame 0 must have shape \(n_atoms, 3\)"),
        ({"energy": [1.0, 2.0], "forces": [np.zeros((1, 3))]}, "2 energies but 1 entries of forces"),
        ({"energy": [1.0], "stress": [np.zeros((3, 3))]}, r"stress of frame 0 must have shape \(6\)"),
    ],
)
def test_labels_of_the_wrong_shape_are_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        Labels(**arguments)


@pytest.mark.parametrize("energy", [[1j, 2.0], np.array([True, False]), ["1.0", "2.0"], 0.0, [[1.0, 2.0]]])
def test_energies_that_are_no_vector_of_real_numbers_are_refused(energy):
    with pytest.raises(ValueError, match="energy must be"):
        Labels(energy)


def test_one_energy_fits_one_frame():
    assert Labels([1.0]).misfit([3]) == ""
    assert Labels([1.0]).misfit([3, 3]) == "2 frames but 1 labels"
    deviations = Labels([1.0], forces_std=[np.ones((2, 3))])
    assert deviations.misfit([3]) == "frame 0 has 3 atoms but forces_std of shape (2, 3)"


def test_values_are_matched_whole_or_not_at_all():
    one, two = np.zeros(6), np.ones(6)
    assert matched(None, (one,), "stress") == matched((one,), None, "stress") == []
    assert [(t is one, p is two) for t, p in matched((one, None), (two, None), "stress")] == [(True, True)]
    with pytest.raises(InvalidPrediction, match="stress predicted for 1 of 2 frames that are labelled"):
        matched((one, one), (two, None), "stress")


def test_labels_come_from_the_frames_calculators():
    labels = labels_of([water(-1.0, forces=np.ones((3, 3))), water(-2.0)])
    assert labels.energy.tolist() == [-1.0, -2.0]
    assert labels.forces[0].tolist() == np.ones((3, 3)).tolist()
    assert labels.forces[1] is None


def test_frames_without_energy_are_refused():
    with pytest.raises(ValueError, match=r"1 of 2 frames \(first: frame 1\) carry no energy"):
        labels_of([water(-1.0), water()])


def test_digest_is_of_the_data_and_of_nothing_else():
    one = Dataset("a", [water()], Labels([1.0]))
    assert one.digest == Dataset("b", [water()], Labels([1.0]), card={"level": "x"}).digest
    assert one.digest != Dataset("a", [water()], Labels([1.1])).digest
    moved = water()
    moved.positions[0, 0] += 1e-6
    assert one.digest != Dataset("a", [moved], Labels([1.0])).digest


def test_a_dataset_prints_its_card():
    dataset = Dataset(
        "toy", [water()] * 2, Labels([1.0, 2.0]), {"group": np.array(["a", "b"])},
        {"title": "Toy", "level": "none", "units": {"energy": "eV"}},
    )  # fmt: skip
    for words in ("toy: Toy", "frames: 2", "elements: H O", "groups: a 1, b 1", "level: none", "energy: eV"):
        assert words in str(dataset)


@pytest.mark.parametrize(
    ("train", "tests", "sentence"),
    [
        ([0, 1], {"a": [1, 2]}, "shares 1 frames with the training set"),
        ([], {"a": [1]}, "'train' of the split is empty"),
        ([0], {"a": []}, "'a' of the split is empty"),
        ([0, 0], {"a": [1]}, "names a frame twice"),
        ([0], {}, "at least one test group"),
    ],
)
def test_splits_that_leak_or_are_empty_are_refused(train, tests, sentence):
    with pytest.raises(ValueError, match=sentence):
        Split(train, tests)


def test_elements_are_ordered_by_atomic_number():
    assert Dataset("a", [Atoms("OCH")], Labels([0.0])).elements == ["H", "C", "O"]


def test_two_values_of_a_column_never_share_a_name():
    numbers = np.array([20240100.0, 20240101.0, 0.1234567, 0.1234568, 1e16, 1e16 + 2, -0.0, 300.0])
    assert len({value_name(v) for v in numbers}) == len(numbers)
    assert [value_name(v) for v in numbers[[0, 2, 6, 7]]] == ["20240100", "0.1234567", "0", "300"]
    assert value_name(np.float32(0.1)) == value_name(0.1) == "0.1"
    assert [value_name(v) for v in (7, np.int64(7), "7", True)] == ["7", "7", "7", "True"]


# ---------------------------------------------------------------- shown in a notebook
def two_waters():
    labels = Labels([-14.0, -14.1], [np.full((3, 3), 2.0), None])
    columns = {"group": np.array(["hot", ""]), "time": np.array([1.0, np.nan])}
    return Dataset("<water>", [water(), water()], labels, columns, {"title": "two", "level": "PBE"})


def test_values_are_shown_in_one_line_without_their_arrays():
    data, split = two_waters(), Split([0], {"test": [1]}, "test")
    assert repr(data) == (
        "<Dataset <water>: frames 2; elements H O; labels energy (eV), forces (eV/Å); columns group, time>"
    )
    assert repr(data.labels) == "<Labels of 2 frames: energy (eV), forces (eV/Å) of 1>"
    assert repr(split) == "<Split: 1 training frames; tests test (in domain) 1>"
    score = Score("diamond", "C11", "error", 1.7, "GPa", None, None, 153.1, 151.4, "properties")
    assert "trials" not in score.to_json()
    assert Score(**Score("300 K", "failures", "share", 0.25, "", trials=4).to_json()).trials == 4
    assert repr(score) == "<Score properties: C11 error on diamond: 1.7 GPa, 153.1 for 151.4>"
    assert "[0.02, 0.023]" in repr(Score("test", "forces", "rmse", 0.0213, "eV/Å", 0.02, 0.023))


def test_names_are_no_html():
    data = two_waters()
    assert "&lt;water&gt;" in data._repr_html_()
    assert "<water>" not in data._repr_html_()
    assert all(
        "<table>" in value._repr_html_()
        for value in (data, data.labels, Split([0], {"a": [1]}), Score("t", "C11", "error", 1.0, "GPa"))
    )


def test_frames_on_disk_are_not_read_to_be_shown():
    def read(i):
        raise AssertionError("read")

    frames = LazySequence(read, np.arange(2))
    data = Dataset("large", frames, Labels([1.0, 2.0], frames))
    assert "frames 2; labels energy (eV), forces" in repr(data)
    assert "large" in data._repr_html_()


def test_a_dataset_becomes_atoms_with_labels_and_a_table():
    data = two_waters()
    hot, other = data.to_atoms()
    assert (hot.get_potential_energy(), hot.get_forces()[0, 0]) == (-14.0, 2.0)
    assert (hot.info, other.info) == ({"group": "hot", "time": 1.0}, {})
    assert labels_of([hot, other]).forces[1] is None
    assert data.to_atoms([1])[0].get_potential_energy() == -14.1
    table = data.to_frame()
    assert table.columns.tolist() == ["formula", "n_atoms", "energy", "rms_force", "group", "time"]
    assert table["rms_force"].tolist()[0] == 2.0
    assert np.isnan(table["rms_force"].tolist()[1])


def test_pressure_and_uncertainty_are_columns_where_they_are_known():
    labels = Labels([1.0], None, [[3.0, 2.0, 1.0, 9.0, 9.0, 9.0]], [0.1])
    assert labels.to_frame().to_dict("records") == [{"energy": 1.0, "pressure": -2.0, "energy_std": 0.1}]


# ---------------------------------------------------------------- structures of pymatgen
class Structure:
    """Stands for pymatgen's, which is a sequence of sites."""

    def to_ase_atoms(self):
        class MSONAtoms(Atoms):
            pass

        return MSONAtoms(water(-14.0))


def test_structures_of_pymatgen_are_taken_as_frames():
    assert type(as_atoms(Structure())) is Atoms
    assert labels_of([as_atoms(Structure())]).energy.tolist() == [-14.0]
    data = Dataset("mixed", [Structure(), water()], Labels([1.0, 2.0]))
    assert [atoms.get_chemical_formula() for atoms in data.frames] == ["H2O", "H2O"]
    assert as_atoms("text") == "text"


def test_real_structures_of_pymatgen_keep_cell_species_and_places():
    core = pytest.importorskip("pymatgen.core", reason="pymatgen, 60 MB, is no dependency of the tests")
    lattice = core.Lattice.from_parameters(3.0, 4.0, 5.0, 80.0, 85.0, 95.0)
    crystal = core.Structure(lattice, ["Si", "C"], [[0, 0, 0], [0.4, 0.5, 0.6]])
    atoms = as_atoms(crystal)
    assert (atoms.get_chemical_symbols(), atoms.pbc.all()) == (["Si", "C"], True)
    assert np.allclose(atoms.cell.array, lattice.matrix)
    assert np.allclose(atoms.positions, crystal.cart_coords)
    molecule_ = core.Molecule(["O", "H"], [[0, 0, 0], [0, 0, 0.97]])
    assert not as_atoms(molecule_).pbc.any()
