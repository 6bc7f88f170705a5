"""Arrays of frames on a device: one copy, exact integers, cells of directions that are not periodic."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, fcc111, molecule

from mlffbench.descriptors.frame_arrays import _copied, frame_arrays


def test_arrays_of_frames_are_joined():
    slab = fcc111("Al", (1, 1, 2))  # no third cell vector
    frames = [molecule("H2O"), bulk("NaCl", "rocksalt", a=5.6), slab]
    frames[0].set_cell([7.0, 8.0, 9.0])  # without periodic directions it means nothing
    arrays = frame_arrays(frames, 4.0, torch.device("cpu"))
    assert arrays.numbers.tolist() == [8, 1, 1, 11, 17, 13, 13]
    assert arrays.frame().tolist() == [0, 0, 0, 1, 1, 2, 2]
    assert arrays.starts.tolist() == [0, 3, 5]
    assert arrays.periodic.tolist() == [False, True, False]
    assert arrays.cells[0].abs().max() == arrays.inverse[0].abs().max() == 0.0
    for k, axes in ((1, 3), (2, 2)):
        dual = arrays.cells[k] @ arrays.inverse[k]
        torch.testing.assert_close(dual[:axes, :axes], torch.eye(axes, dtype=torch.float64))
    assert arrays.images[0].tolist() == [1, 1, 1]
    assert arrays.images[2, 2] == 1
    heights = 1 / np.linalg.norm(np.linalg.inv(frames[1].cell), axis=0)
    assert arrays.reach[1].numpy() == pytest.approx(4.0 / heights, abs=2e-6)


@pytest.mark.parametrize("device", ["meta", pytest.param("cuda", marks=pytest.mark.gpu)])
def test_one_copy_holds_all_arrays(device, monkeypatch):
    copies = []
    to = torch.Tensor.to
    monkeypatch.setattr(torch.Tensor, "to", lambda x, *a, **k: copies.append(a) or to(x, *a, **k))
    arrays = {"positions": np.arange(6.0).reshape(2, 3), "numbers": np.array([1, 118]), "none": np.zeros(0)}
    there = _copied(arrays, torch.device(device))
    assert len(copies) == 1
    assert there["positions"].dtype == torch.float64
    assert there["numbers"].dtype == torch.int64
    assert [t.shape for t in there.values()] == [(2, 3), (2,), (0,)]
    if device == "cuda":
        assert there["numbers"].tolist() == [1, 118]
        assert there["positions"].tolist() == arrays["positions"].tolist()


def test_a_single_atom_without_a_cell():
    arrays = frame_arrays([Atoms("H")], 3.0, torch.device("cpu"))
    assert arrays.positions.tolist() == [[0.0, 0.0, 0.0]]
    assert arrays.images.tolist() == [[1, 1, 1]]
