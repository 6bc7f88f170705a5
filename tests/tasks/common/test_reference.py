"""Reference potentials and stored values."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mlffbench import registry
from mlffbench.data import Reference
from mlffbench.datasets.lennard_jones import lennard_jones
from mlffbench.tasks.common.reference import (
    measure_both,
    reference_calculator,
    reference_potential,
    stored_value,
)
from mlffbench.testing.controls import Analytic


def test_controls_are_models_of_their_potential():
    data = lennard_jones(n_train=4, n_test=2)
    model = Analytic(data.reference.truth, data.atomic_energies).fit(data.frames[:4], data.labels[:4])
    found = model.predict(data.frames[4:])
    np.testing.assert_allclose(found.energy, data.labels.energy[4:], atol=1e-12)
    np.testing.assert_allclose(found.stress[0], data.labels.stress[4], atol=1e-12)


@pytest.mark.parametrize("name", ["lennard_jones", "emt_copper", "stillinger_weber_si"])
def test_the_truth_of_an_analytic_dataset_made_its_labels(name):
    data = registry.load("datasets", name)(n_train=2, n_test=1)
    calculator = reference_calculator(data.reference)
    atoms = data.frames[1].copy()
    atoms.calc = calculator
    assert atoms.get_potential_energy() == pytest.approx(data.labels.energy[1], abs=1e-10)
    json.dumps(data.reference.truth)


def test_without_a_potential_nothing_is_measured_of_the_reference():
    assert reference_calculator(None) is reference_potential(Reference()) is None
    assert measure_both(lambda: 1.5, None) == (1.5, None)


def test_a_failure_of_the_reference_potential_says_whose_it_is():
    def refuse():
        raise ValueError("too far")

    assert measure_both(lambda: 1.0, lambda: 2.0) == (1.0, 2.0)
    with pytest.raises(ValueError, match=r"^the reference potential itself fails: too far$"):
        measure_both(lambda: 1.0, refuse)
    with pytest.raises(ValueError, match=r"^too far$"):
        measure_both(refuse, lambda: 2.0)


def test_stored_values_are_found_by_structure_and_quantity():
    reference = Reference(values={"fcc": {"energy": -1.0, "C11": 170.0}})
    assert stored_value(reference, "fcc") == -1.0
    assert stored_value(reference, "fcc", "C11") == 170.0
    assert stored_value(reference, "hcp") is stored_value(None, "fcc") is None
