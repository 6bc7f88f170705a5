"""Mean and deviation of predictions against their formula."""

from __future__ import annotations

import numpy as np

from mlffbench.data import Labels
from mlffbench.potentials.networks.ensemble import mean_and_deviation


def test_mean_and_deviation_of_three_members() -> None:
    """A molecule without and a crystal with a stress; Bessel's correction."""
    members = [
        Labels(np.array([1.0, 2.0]) * k, (np.full((2, 3), k), np.full((1, 3), 3 * k)), (None, np.full(6, k)))
        for k in (1.0, 2.0, 6.0)
    ]
    labels = mean_and_deviation(members)
    deviation = np.sqrt(((1 - 3) ** 2 + (2 - 3) ** 2 + (6 - 3) ** 2) / 2)
    np.testing.assert_allclose(labels.energy, [3.0, 6.0])
    np.testing.assert_allclose(labels.energy_std, [deviation, 2 * deviation])
    np.testing.assert_allclose(labels.forces[1], np.full((1, 3), 9.0))
    np.testing.assert_allclose(labels.forces_std[1], np.full((1, 3), 3 * deviation))
    assert labels.stress[0] is None
    np.testing.assert_allclose(labels.stress[1], np.full(6, 3.0))
