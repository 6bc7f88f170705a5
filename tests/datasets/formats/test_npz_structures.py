"""Positions and elements in arrays of several forms."""

from __future__ import annotations

import numpy as np

from mlffbench.datasets.path import path


def test_symbols_and_positions_in_one_row_are_read(tmp_path):
    positions = np.arange(18.0).reshape(2, 3, 3)
    symbols = [["O", "H", "H"], ["n", "N", ""]]
    np.savez(tmp_path / "a.npz", z=symbols, R=positions, E=[1.0, 2.0])
    frames = path(str(tmp_path / "a.npz"), units="eV").frames
    assert [str(a.symbols) for a in frames] == ["OH2", "N2"]
    np.savez(tmp_path / "b.npz", z=[8, 1, 1], R=positions.reshape(2, 9), E=[1.0, 2.0])
    np.testing.assert_array_equal(path(str(tmp_path / "b.npz"), units="eV").frames[1].positions, positions[1])
