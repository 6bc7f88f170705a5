"""Rows of the FCHL19 kernel against qmllib's own."""

from __future__ import annotations

import numpy as np
import pytest
from example_kernels import stacked

from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.potentials.fchl19 import describe, operator_rows

pytest.importorskip("qmllib")
ELEMENTS = [1, 6, 8]


@pytest.fixture(scope="module")
def frames():
    data = malonaldehyde()
    return [data.frames[i] for i in np.flatnonzero(data.columns["group"] == "train_300K")[:3]]


def test_operator_rows_are_those_of_qmllib(frames):
    from qmllib.kernels.gradient_kernels import get_atomic_local_gradient_kernel, get_atomic_local_kernel

    described = [describe(a, ELEMENTS, 8.0) for a in frames]
    (vectors, derivatives), charges = stacked(described), [d.numbers for d in described]
    values = get_atomic_local_kernel(vectors, vectors, charges, charges, 5.0)
    forces = get_atomic_local_gradient_kernel(vectors, vectors, derivatives, charges, charges, 5.0)
    numbers = np.concatenate(charges)
    order = np.concatenate([np.flatnonzero(numbers == z) for z in ELEMENTS])
    points = {z: np.concatenate(vectors)[numbers == z] for z in ELEMENTS}
    ours = [operator_rows(d, points, 5.0) for d in described]
    np.testing.assert_allclose(np.stack([v for v, _ in ours]), values[:, order], atol=1e-12)
    np.testing.assert_allclose(np.vstack([f for _, f in ours]), forces[:, order], atol=1e-12)
