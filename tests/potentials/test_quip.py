"""Virials and their noise as gap_fit reads them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from example_structures import copper

from mlffbench.potentials import quip

pytest.importorskip("quippy")
PARAMETERS = {
    "cutoff": 3.0, "cutoff_width": 0.5, "n_max": 3, "l_max": 2, "sigma": 0.5, "zeta": 2.0, "delta": 1.0,
    "n_sparse": 20, "sparse_method": "cur_points",
}  # fmt: skip


def test_the_noise_of_a_virial_is_that_of_its_frame() -> None:
    """Virials of infinite noise are as good as none, whatever gap_fit is told for frames that say nothing."""
    frames, labels = copper(6)
    arguments = {
        "gap": quip.soap_descriptors(frames, **PARAMETERS),
        "default_sigma": "{0.001 0.01 0.001 0}",
        "e0_method": "average",
        "rnd_seed": 1,
    }
    stresses = []
    none = replace(labels, stress=None)
    for given, noise in ((labels, 1e8), (none, 1e8), (labels, 1e-4)):
        potential = quip.potential(quip.gap_fit(frames, given, arguments, 3.0, noise))
        potential.calculate(frames[0], ["energy", "forces", "stress"])
        stresses.append(potential.results["stress"])
    np.testing.assert_allclose(stresses[0], stresses[1], atol=1e-6)
    assert np.abs(stresses[2] - stresses[1]).max() > 1e-3
