"""Labels of padded batches: what is missing weighs nothing, and no sum of weights is zero."""

from __future__ import annotations

import numpy as np
from ase.build import bulk, molecule

from mlffbench.data import Labels
from mlffbench.potentials.grace.bonds import Shape, bonds_of
from mlffbench.potentials.grace.labelled_batches import labelled, labelled_batches, shared_shapes


def test_labels_are_weighed_where_they_are_known():
    frames = [bulk("Si", a=5.4), molecule("SiH4"), bulk("Si", a=5.6)]
    forces = [np.full((len(atoms), 3), 0.1 + i) for i, atoms in enumerate(frames)]
    stress = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    labels = Labels(np.array([1.0, 2.0, 3.0]), (forces[0], forces[1], None), (stress, stress, None))
    arrays = labelled(bonds_of(frames, [1, 14], 3.0), labels, Shape(12, 200))
    assert arrays["true_energy"][:3, 0].tolist() == [1.0, 2.0, 3.0]
    assert arrays["energy_weight"][:4, 0].tolist() == [1.0, 1.0, 1.0, 0.0]
    assert arrays["force_weight"][:10, 0].tolist() == [1.0] * 7 + [0.0] * 3
    np.testing.assert_array_equal(arrays["true_force"][2:7], forces[1])
    assert arrays["virial_weight"][:3, 0].tolist() == [1.0, 0.0, 0.0]  # no virial of a molecule
    volume = frames[0].get_volume()
    np.testing.assert_allclose(arrays["true_virial"][0], -volume * stress[[0, 1, 2, 5, 4, 3]])
    assert arrays["volume"][0, 0] == volume
    for name in ("energy", "force", "virial"):
        assert 0 < arrays[f"{name}_weight"][-1, 0] < 1e-9
    bare = labelled(bonds_of(frames, [1, 14], 3.0), Labels(np.zeros(3)), Shape(12, 200))
    assert bare["force_weight"].sum() == bare["virial_weight"].sum() > 0


def test_batches_share_few_shapes():
    alike = [Shape(9, n) for n in (100, 104, 110)]
    assert shared_shapes(alike) == [slice(0, 3)]
    unlike = [Shape(9, n) for n in (10, 11, 500, 510, 9000, 9100)]
    parts = shared_shapes(unlike)
    assert 2 <= len(parts) <= 4
    assert [i for part in parts for i in range(*part.indices(6))] == list(range(6))
    assert shared_shapes([Shape(5, 0)]) == [slice(0, 1)]
    assert shared_shapes([]) == []


def test_every_frame_is_in_one_batch():
    frames = [bulk("Si", a=5.2 + 0.01 * i) for i in range(10)] + [molecule("SiH4")]
    bonds = bonds_of(frames, [1, 14], 4.0)
    labels = Labels(np.arange(11.0))
    batches = labelled_batches(bonds, labels, 3, np.random.default_rng(0))
    assert len(batches) == 4
    energies = [batch["true_energy"][batch["energy_weight"][:, 0] == 1.0, 0].tolist() for batch in batches]
    assert sorted(len(some) for some in energies) == [2, 3, 3, 3]
    assert np.sort(np.concatenate(energies)).tolist() == labels.energy.tolist()
    again = labelled_batches(bonds, labels, 3, np.random.default_rng(0))
    for one, other in zip(batches, again, strict=True):
        np.testing.assert_array_equal(one["bond_vector"], other["bond_vector"])
