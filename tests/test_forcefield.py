"""The base class: reference energies, what is refused, the calculator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.calculator import PropertyNotImplementedError

from mlffbench.data import Labels
from mlffbench.estimators import SOAPGPR, AtomicReference, Committee
from mlffbench.estimators.morse import Morse
from mlffbench.forcefield import check_frames
from mlffbench.system.model_file import load


class Echo(AtomicReference):
    """Remembers what it was given to fit."""

    def _fit(self, frames, labels):
        super()._fit(frames, labels)
        self.given_ = labels


class GoesOn(Echo):
    """Can learn more."""

    def _partial_fit(self, frames, labels):
        self.more_ = labels


class OneMolecule(Echo):
    supports = ("periodic",)


class NotHere(Echo):
    requires = ("no_such_module",)
    extra = "gap"


def test_an_absent_library_is_named_with_the_extra_before_the_fit_is_timed():
    words = r"NotHere needs no_such_module: pip install 'mlffbench\[gap\]'"
    for attempt in (NotHere().import_libraries, lambda: NotHere().fit([molecule("H2")], [-1.0])):
        with pytest.raises(ImportError, match=words):
            attempt()
    committee = Committee(NotHere(), n=2)
    with pytest.raises(ImportError, match=words):
        committee.import_libraries()


def test_libraries_are_imported_on_request(monkeypatch):
    imported = []
    monkeypatch.setattr("mlffbench.forcefield.import_module", imported.append)
    SOAPGPR().import_libraries()
    Committee(SOAPGPR(), n=2).import_libraries()
    assert imported[0].startswith("mlffbench.potentials.soap")
    assert len(imported) >= 2 * len(SOAPGPR.implementation)


def test_reference_energies_are_least_squares_of_the_training_part():
    frames = [molecule("H2"), molecule("O2"), molecule("H2O")]
    model = Echo().fit(frames, [-2.0, -6.0, -5.0])
    assert model.atomic_energies_ == pytest.approx({"H": -1.0, "O": -3.0})
    assert model.given_.energy == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)


def test_isolated_atom_energies_are_used_as_given():
    model = Echo({"H": -1.0, "O": -2.0, "Xe": 0.0}).fit([molecule("H2O")], [-5.0])
    assert model.atomic_energies_ == {"H": -1.0, "O": -2.0}
    assert model.given_.energy.tolist() == [-1.0]
    assert model.predict([molecule("H2O")]).energy == pytest.approx([-5.0])


def test_an_element_without_a_reference_is_refused():
    with pytest.raises(ValueError, match=r"atomic_energies lacks \['O'\]"):
        Echo({"H": -1.0}).fit([molecule("H2O")], [-5.0])


@pytest.mark.parametrize(
    ("frames", "labels", "sentence"),
    [
        ([], [], "an empty one"),
        ([molecule("H2")], [1.0, 2.0], "1 frames but 2 labels"),
        ([molecule("H2")], [np.nan], "energy of frame 0 is nan"),
        ([molecule("H2")], Labels([0.0], [np.zeros((3, 3))]), r"2 atoms but forces of shape \(3, 3\)"),
        ([molecule("H2")], Labels([0.0], [np.full((2, 3), np.inf)]), "forces of frame 0 are not finite"),
        ([Atoms()], [0.0], "frame 0 has no atoms"),
        ([Atoms("H", [[np.nan, 0, 0]])], [0.0], "positions that are not finite"),
        ([Atoms("H", pbc=True)], [0.0], "periodic but its cell has no volume"),
        ([molecule("H2")], None, "carry no energy"),
    ],
)
def test_what_cannot_be_fitted_is_a_sentence(frames, labels, sentence):
    with pytest.raises(ValueError, match=sentence):
        Echo().fit(frames, labels)


class Structure:
    """Stands for a molecule of pymatgen."""

    def to_ase_atoms(self):
        return molecule("H2O")


def test_structures_of_pymatgen_are_fitted_and_predicted_among_atoms():
    model = Echo({"H": -1.0, "O": -2.0}).fit([Structure(), molecule("O2")], Labels([-5.0, -4.0]))
    assert model.predict([molecule("O2"), Structure()]).energy == pytest.approx([-4.0, -5.0], abs=2)
    with pytest.raises(TypeError, match=r"got one Structure; write \[atoms\]"):
        model.predict(Structure())


def test_a_failed_fit_is_not_a_fitted_model():
    from sklearn.exceptions import NotFittedError

    model = Echo()
    with pytest.raises(ValueError, match="nan"):
        model.fit([molecule("H2")], [np.nan])
    with pytest.raises(NotFittedError):
        model.predict([molecule("H2")])


def test_a_fit_that_breaks_off_is_not_a_fitted_model():
    from sklearn.exceptions import NotFittedError

    class Interrupted(Echo):
        def _fit(self, frames, labels):
            super()._fit(frames, labels)
            raise KeyboardInterrupt

    model = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        model.fit([molecule("H2")], [-1.0])
    with pytest.raises(NotFittedError):
        model.predict([molecule("H2")])


# ---------------------------------------------------------------- more frames
def test_a_partial_fit_keeps_the_reference_of_the_first():
    model = GoesOn().fit([molecule("H2"), molecule("O2")], [-2.0, -6.0])
    assert model.partial_fit([molecule("H2O")], [-4.0]) is model
    assert model.atomic_energies_ == pytest.approx({"H": -1.0, "O": -3.0})
    assert model.more_.energy == pytest.approx([1.0])
    with pytest.raises(ValueError, match=r"trained on \['H', 'O'\] and cannot predict \['C'\]"):
        model.partial_fit([molecule("CH4")], [-4.0])
    with pytest.raises(ValueError, match="1 frames but 2 labels"):
        model.partial_fit([molecule("H2")], [-4.0, -5.0])


def test_the_first_partial_fit_is_a_fit():
    model = GoesOn().partial_fit([molecule("H2")], [-2.0])
    assert model.given_.energy == pytest.approx([0.0])


def test_who_cannot_go_on_has_no_partial_fit():
    assert hasattr(GoesOn(), "partial_fit")
    assert not hasattr(Echo(), "partial_fit")


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (Atoms(), "frame 2 has no atoms"),
        (Atoms("HOH", [[0, 0, 0], [0, 0, 1], [0, np.inf, 0]]), "frame 2 has positions that are not finite"),
        (
            Atoms("H", cell=[[1, 0, 0], [2, 0, 0], [0, 0, 1]], pbc=True),
            "frame 2 is periodic but its cell",
        ),
        (
            Atoms("H", cell=[0, 0, 3], pbc=[True, False, True]),
            "frame 2 is periodic but its cell has no volume",
        ),
    ],
)
def test_a_fault_is_found_among_sound_frames(frame, message):
    wire = Atoms("H", cell=[0, 0, 3], pbc=[False, False, True])
    check_frames([molecule("H2O"), bulk("Cu"), wire])
    with pytest.raises(ValueError, match=message):
        check_frames([molecule("H2O"), bulk("Cu"), frame, wire, frame])


def test_isolated_atom_energies_count_the_atoms_of_mixed_frames():
    energies = {"H": -1.0, "O": -20.0, "C": -300.0}
    frames = [molecule("H2O"), molecule("CH4"), molecule("CO"), Atoms("H"), molecule("O2")]
    model = Echo(energies).fit(frames, [-22.0, -304.0, -320.0, -1.0, -40.0])
    assert model.given_.energy == pytest.approx(np.zeros(5), abs=1e-12)


# ---------------------------------------------------------------- one molecule
def test_a_model_of_one_molecule_refuses_others():
    two = [molecule("H2O"), molecule("H2O")[[2, 0, 1]]]
    model = OneMolecule().fit(two, [-5.0, -5.0])
    assert len(model.predict(two)) == 2
    sentence = "OneMolecule describes one molecule: H2O; frame {} is {}"
    with pytest.raises(ValueError, match=sentence.format(1, "HO")):
        model.predict([two[0], molecule("OH")])
    with pytest.raises(ValueError, match=sentence.format(1, "HO2")):
        model.predict([two[0], Atoms("OOH", two[0].positions), two[1]])
    with pytest.raises(ValueError, match=sentence.format(0, "H2")):
        model.predict([molecule("H2")])
    with pytest.raises(ValueError, match=sentence.format(1, "H2")):
        OneMolecule().fit([molecule("H2O"), molecule("H2")], [-5.0, -1.0])


def test_the_calculator_gives_uncertainties_where_there_are_any():
    class Unsure(Echo):
        def _evaluate(self, inputs):
            labels = super()._evaluate(inputs)
            return replace(labels, energy_std=np.array([0.5]), forces_std=(np.full((2, 3), 0.25),))

    atoms = molecule("H2")
    atoms.calc = Unsure().fit([molecule("H2")], [-1.0]).calculator()
    assert atoms.calc.get_property("energy_std", atoms) == 0.5
    assert atoms.calc.get_property("forces_std", atoms).shape == (2, 3)
    atoms.calc = Echo().fit([molecule("H2")], [-1.0]).calculator()
    assert atoms.get_potential_energy() == pytest.approx(-1.0)
    with pytest.raises(PropertyNotImplementedError):
        atoms.calc.get_property("energy_std", atoms)


def test_the_calculator_gives_stress_for_crystals_only():
    frames = [bulk("Ar", "fcc", a=5.3, cubic=True) for _ in range(3)]
    for i, a in enumerate(frames):
        a.rattle(0.05, seed=i)
    model = Morse(**Morse.test_params()).fit(frames, [0.0, 0.1, 0.2])
    crystal, cluster = frames[0].copy(), Atoms("Ar2", [[0, 0, 0], [3.7, 0, 0]])
    crystal.calc = cluster.calc = model.calculator()
    assert crystal.get_stress().shape == (6,)
    assert cluster.get_forces().shape == (2, 3)
    assert "stress" not in cluster.calc.results


def test_only_the_quantities_asked_for_are_given():
    frames = [bulk("Ar", "fcc", a=5.3, cubic=True) for _ in range(3)]
    for i, atoms in enumerate(frames):
        atoms.rattle(0.05, seed=i)
    model = Morse(**Morse.test_params()).fit(frames, [0.0, 0.1, 0.2])
    prepared = model.prepare(frames)
    everything, some = model.evaluate(prepared), model.evaluate(prepared, ["energy", "forces"])
    np.testing.assert_array_equal(some.energy, everything.energy)
    np.testing.assert_array_equal(some.forces[0], everything.forces[0])
    assert some.stress is None
    assert everything.stress is not None
    with pytest.raises(ValueError, match="no quantity 'force'; there are"):
        model.evaluate(prepared, ["force"])


def test_a_model_knows_the_structures_that_it_was_fitted_to(tmp_path):
    frames = [bulk("Ar", "fcc", a=5.3, cubic=True) for _ in range(5)]
    for i, atoms in enumerate(frames):
        atoms.rattle(0.05, seed=i)
    same, moved, strained = frames[0][[2, 0, 3, 1]], frames[0].copy(), frames[0].copy()
    same.positions += 1e-6  # as other digits of a file
    moved.positions[0, 0] += 0.01
    strained.set_cell(1.001 * strained.cell)
    model = Morse(**Morse.test_params()).fit(frames[:3], [0.0, 0.1, 0.2])
    asked, known = [*frames, same, moved, strained], [True, True, True, False, False, True, False, False]
    assert model.was_fitted_to(asked).tolist() == known
    model.save(tmp_path / "argon.mlff")
    assert load(tmp_path / "argon.mlff").was_fitted_to(asked).tolist() == known
    assert not model.fit(frames[3:], [0.0, 0.1]).was_fitted_to(frames[:3]).any()
    del model.training_frames_  # as in the file of an earlier mlffbench
    assert not model.was_fitted_to(frames).any()


def test_a_partial_fit_adds_to_the_structures_known():
    frames = [molecule("H2"), molecule("O2"), molecule("H2O")]
    model = GoesOn().fit(frames[:2], [-1.0, -4.0])
    assert model.partial_fit(frames[2:], [-6.0]).was_fitted_to(frames).all()
