"""Cells in arrays; the formats' own tests are beside, in `test_npz`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlffbench.datasets.formats.npz_cells import cells_and_pbc


def test_a_slab_is_periodic_along_its_vectors():
    cells, pbc = cells_and_pbc(Path("a.npz"), {"cell": np.diag([3.0, 4.0, 0.0])}, 2)
    np.testing.assert_array_equal(cells[1], np.diag([3.0, 4.0, 0.0]))
    assert pbc.tolist() == [[True, True, False]] * 2


def test_lengths_and_angles_are_no_vectors():
    with pytest.raises(ValueError, match=r"'cell' has shape \(2, 6\), .* give the vectors as rows"):
        cells_and_pbc(Path("a.npz"), {"cell": np.ones((2, 6))}, 2)
