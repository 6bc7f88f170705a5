"""The base class: reference energies, what is refused, the calculator."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from mlffbench.data import Labels
from mlffbench.estimators import AtomicReference
from mlffbench.estimators.morse import Morse


class Echo(AtomicReference):
    """Remembers what it was given to fit."""

    def _fit(self, frames, labels):
        super()._fit(frames, labels)
        self.given_ = labels


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


def test_a_failed_fit_is_not_a_fitted_model():
    from sklearn.exceptions import NotFittedError

    model = Echo()
    with pytest.raises(ValueError, match="nan"):
        model.fit([molecule("H2")], [np.nan])
    with pytest.raises(NotFittedError):
        model.predict([molecule("H2")])


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
