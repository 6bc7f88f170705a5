"""Means and widths against numpy's, and the two energy scales against each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import molecule
from example_water import springs

from mlffbench.data import Labels
from mlffbench.descriptors.acsf import ACSF
from mlffbench.potentials.networks.acsf_frames import DescribedFrames
from mlffbench.potentials.networks.batches import LabelledGraphs
from mlffbench.potentials.networks.labelled_frames import LabelledFrames
from mlffbench.potentials.networks.standardisation import energy_scale, energy_scale_of_frames, feature_scale


def test_features_are_scaled_by_the_training_frames_of_each_element() -> None:
    frames, labels = springs(6)
    acsf = ACSF(4.0, average="off").fit([*frames, molecule("CH4")])  # carbon is in no training frame
    described = DescribedFrames(acsf, frames, labels, torch.float64, torch.device("cpu"), 1e9)
    mean, width = feature_scale(described, [0, 2, 5])
    atoms = [acsf.transform([frames[i]])[0] for i in (0, 2, 5)]
    oxygen = np.concatenate([a[:1] for a in atoms])
    np.testing.assert_allclose(mean[acsf.species_.index("O")], oxygen.mean(0), atol=1e-12)
    floor = max(0.1 * oxygen.std(0).mean(), 1e-3)
    expected = np.maximum(oxygen.std(0), floor)
    np.testing.assert_allclose(width[acsf.species_.index("O")], expected, atol=1e-12)
    assert not mean[acsf.species_.index("C")].any()
    assert (width >= 1e-3).all()


def joined(frames: list[Atoms], labels: Labels) -> LabelledGraphs:
    return LabelledFrames.build(frames, labels, 4.0).batch(range(len(frames)))


def test_the_energy_scale_is_the_root_mean_square_force() -> None:
    frames, labels = springs(5)
    shift, scale = energy_scale(joined(frames, labels))
    assert shift == pytest.approx(labels.energy.mean() / 3)
    assert scale == pytest.approx(np.sqrt(np.mean(np.concatenate(labels.forces) ** 2)))
    assert energy_scale_of_frames(frames, labels) == pytest.approx((shift, scale))


def test_without_forces_energies_give_the_scale_and_without_spread_it_is_one() -> None:
    frames, labels = springs(5)
    unlabelled = replace(labels, forces=None)
    scales = [
        energy_scale(joined(frames, unlabelled)),
        energy_scale_of_frames(frames, unlabelled),
    ]
    for _, scale in scales:
        assert scale == pytest.approx((labels.energy / 3).std())
    assert energy_scale_of_frames(frames[:1], unlabelled[[0]])[1] == 1.0
    assert energy_scale(joined(frames[:1], unlabelled[[0]]))[1] == 1.0
