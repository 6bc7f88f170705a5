"""Labels that are refused with a sentence."""

from __future__ import annotations

import numpy as np
import pytest
from example_files import FORCES, h2

from mlffbench.datasets.formats.to_dataset import from_frames


@pytest.mark.parametrize(
    ("frames", "keys", "sentence"),
    [
        ([h2({"enrgy": 1.0, "T": 300})], {}, r"x: no energies found; the frames have \['T', 'enrgy'\]"),
        ([h2({"dft_en": 1.0})], {"energy_key": "dft_em"}, r"no frame has energy_key 'dft_em'.*'dft_en'\?"),
        ([h2(energy=0.0)], {"forces_key": "frc"}, "no frame has forces_key 'frc'"),
        ([h2({"dft_energy": 1.0}, energy=2.0)], {}, r"\['dft_energy', 'energy'\] hold .* energy_key"),
        (
            [h2({"E": 1.0}, {"forces": FORCES, "dft_forces": 2 * FORCES})],
            {},
            r"\['dft_forces', 'forces'\] hold different values for the forces; choose one as forces_key",
        ),
        ([h2({"E": 0.0}), h2(), h2()], {}, r"2 of 3 frames \(first: frame 1\) have no 'E'"),
        ([h2({"E": 0.0}), h2({"E": np.nan})], {}, "'E' of frame 1 is not finite"),
        ([h2({"E": 0.0}, {"forces": FORCES + np.inf})], {}, "'forces' of frame 0 is not finite"),
        ([h2({"E": 0.0, "forces": np.zeros((3, 3))})], {}, r"frame 0 has shape \(3, 3\); .* have \(2, 3\)"),
        ([h2({"E": 0.0, "stress": [1.0, 2.0]})], {}, "'stress' of frame 0 has shape"),
        ([h2({"E": 0.0, "my": "low"})], {"energy_key": "my"}, "'my' of frame 0 is 'low', not a number"),
        (
            [h2({"E": [1, 5]})],
            {},
            r"write energy=-76.4 .*\['E'\] are several numbers, such as 1,5 with a comma",
        ),
        ([h2({"E": True})], {}, r"no energies found; .*\['E'\] are true or false"),
        ([h2({"E": 1.0}), h2({"E": True})], {}, "'E' of frame 1 is True, a flag and not a number"),
        ([h2({"E": 1.0, "my": True})], {"energy_key": "my"}, "energy_key 'my' is a flag in every frame"),
        ([h2({"E": 0.0, "F": np.ones((2, 3), dtype=bool)})], {}, "a flag and not a number"),
        ([h2({"E": np.nan})], {}, r"no energies found; .*\['E'\] are NaN in every frame"),
        (
            [h2({"E": 0.0, "energy": 0.0}), h2({"E": 1.0}), h2({"energy": 1.0}), h2({"energy": 1.0})],
            {},
            "2 frames have only 'energy' and 1 only 'E' for the energy: are they of one level of theory",
        ),
        (
            [h2({"E": 0.0}, {"F": FORCES}), h2({"E": 1.0}, {"dft_force": FORCES})],
            {},
            "1 frames have only 'F' and 1 only 'dft_force' for the forces",
        ),
        ([h2({"E": 0.0}, {"F": FORCES * [1, 1, np.nan]})], {}, "'F' of frame 0 is not finite"),
        ([h2({"E": 0.0, "my": [1.0, 2.0]})], {"energy_key": "my"}, "an energy is one number"),
    ],
)
def test_labels_are_refused_with_a_sentence(frames, keys, sentence):
    with pytest.raises(ValueError, match=sentence):
        from_frames("x", frames, **keys)


@pytest.mark.parametrize(
    ("key", "value", "unit"),
    [
        ("energy_Ha", -1.0, "ha"),
        ("energy_kcal_mol", -1.0, "kcal"),
        ("E_kJmol", -1.0, "kjmol"),
        ("e_mev", 1.0, "mev"),
    ],
)
def test_a_unit_in_the_name_of_an_energy_that_is_not_used_is_refused(key, value, unit):
    with pytest.raises(
        ValueError, match=f"energy_key '{key}' names the unit '{unit}', but the file is read in eV"
    ):
        from_frames("x", [h2({key: value})], energy_key=key)
    assert from_frames("x", [h2({"energy_eV": value})], energy_key="energy_eV").labels.energy[0] == value


def test_a_unit_in_the_name_of_forces_or_a_stress():
    frames = [h2({"E": 0.0, "stress_GPa": [1.0] * 6}, {"forces_kcal": FORCES}, periodic=True)]
    for keys in ({"forces_key": "forces_kcal"}, {"stress_key": "stress_GPa"}):
        with pytest.raises(ValueError, match=r"names the unit .* but the file is read in eV; set units"):
            from_frames("x", frames, **keys)


def test_forces_in_one_row_are_read_if_their_key_is_given():
    data = from_frames("x", [h2({"E": 0.0, "forces": FORCES.ravel()})], forces_key="forces")
    np.testing.assert_array_equal(data.labels.forces[0], FORCES)


@pytest.mark.parametrize(
    ("energy", "forces"), [("E_dft", "F_dft"), ("energy_ref", "forces_ref"), ("dft_energy", "f")]
)
def test_usual_names_are_found_in_either_order_of_their_words(energy, forces):
    data = from_frames("x", [h2({energy: 1.5}, {forces: FORCES})])
    assert data.labels.energy.tolist() == [1.5]
    np.testing.assert_array_equal(data.labels.forces[0], FORCES)
