"""Pairs of batches against ASE's list and matscipy's, in all boundaries, and the memory they take."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule
from ase.neighborlist import neighbor_list
from torch.utils._python_dispatch import TorchDispatchMode

from mlffbench.descriptors.all_pairs import all_pairs
from mlffbench.descriptors.cell_list import cell_list
from mlffbench.descriptors.frame_arrays import frame_arrays
from mlffbench.descriptors.graph import build_counted
from mlffbench.descriptors.neighbours import neighbour_list
from mlffbench.descriptors.pairs import pairs

CPU = torch.device("cpu")


def random_frame(rng) -> Atoms:
    """Atoms in and out of a skewed, left-handed, flat or tiny cell, periodic in any directions."""
    cell = rng.normal(size=(3, 3)) * rng.uniform(1.0, 6.0, size=(3, 1)) + 3.0 * np.eye(3)
    if 1 / np.linalg.norm(np.linalg.inv(cell), axis=0).max() < 1.5:
        return random_frame(rng)  # thousands of images take ASE seconds
    n = int(rng.integers(1, 20))
    scaled = rng.uniform(-2.0, 3.0, size=(n, 3)) * rng.choice([0.2, 1.0])
    return Atoms(rng.choice([1, 6, 8], size=n), scaled @ cell, cell=cell, pbc=rng.random(3) < 0.6)


def rows(i, j, shifts) -> np.ndarray:
    table = np.column_stack([np.asarray(x) for x in (i, j, shifts)]).astype(int)
    return table[np.lexsort(table.T[::-1])]


def of_frame(listed, frames, k) -> np.ndarray:
    source, target, shifts = listed
    start = sum(len(a) for a in frames[:k])
    here = (source >= start) & (source < start + len(frames[k]))
    return rows(source[here] - start, target[here] - start, shifts[here])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("small", [0, 10**9, 100], ids=["matscipy", "all pairs", "both"])
def test_pairs_of_a_batch_are_those_of_ase(seed, small, monkeypatch):
    monkeypatch.setitem(import_module("mlffbench.descriptors.pairs").SMALL, "cpu", small)
    rng = np.random.default_rng(seed)
    frames, cutoff = [random_frame(rng) for _ in range(6)], float(rng.uniform(1.0, 4.0))
    listed = pairs(frames, frame_arrays(frames, cutoff, CPU), cutoff)
    assert (listed[0].diff() >= 0).all()
    for k, atoms in enumerate(frames):
        np.testing.assert_array_equal(of_frame(listed, frames, k), rows(*neighbor_list("ijS", atoms, cutoff)))
        alone = pairs([atoms], frame_arrays([atoms], cutoff, CPU), cutoff)
        np.testing.assert_array_equal(of_frame(listed, frames, k), rows(*alone))


@pytest.mark.parametrize("seed", range(30))
def test_the_cell_list_of_tensors_has_the_pairs_of_matscipy(seed):
    rng = np.random.default_rng(100 + seed)
    atoms, cutoff = random_frame(rng), float(rng.uniform(1.0, 4.0))
    listed = cell_list(torch.from_numpy(atoms.positions), atoms.cell.array, atoms.pbc, cutoff)
    assert (listed[0].diff() >= 0).all()
    np.testing.assert_array_equal(rows(*listed), rows(*neighbour_list("ijS", atoms, cutoff)))


LATTICE = Atoms("H8", [[x, y, z] for x in (0, 2) for y in (0, 2) for z in (0, 2)], cell=[4, 4, 4], pbc=True)


@pytest.mark.parametrize(
    ("frame", "cutoff"),
    [
        (LATTICE, 2.0),  # six neighbours at the cutoff itself: none is a pair
        (LATTICE, 4.0),
        (Atoms("H", cell=[[0, 1, 1], [1, 0, 1], [1, 1, 0]], pbc=True), 6.0),  # hundreds of images
        (Atoms("H2", [[1, 1, 1], [1, 1, 1]]), 1.0),  # at one place
        (Atoms("H2", [[1, 1, 1], [1, 1, 1]], cell=[3, 3, 3], pbc=True), 3.5),
        (Atoms("H2", [[0, 0, 0], [900.0, 2e4, 0.5]], cell=[1000.0] * 3, pbc=[1, 1, 0]), 150.0),
        (Atoms("H2", [[0, 0, 1e5], [-0.9, 0, 1e5]], cell=[1e3, 1e3, 0], pbc=[1, 1, 0]), 1.0),
        (bulk("Si") * (5, 5, 5), 2.5),
        (molecule("C60"), 1.7),
    ],
)  # fmt: skip
def test_pairs_of_extreme_frames_are_those_of_ase(frame, cutoff):
    expected = rows(*neighbor_list("ijS", frame, cutoff))
    arrays = frame_arrays([frame], cutoff, CPU)
    (together,) = all_pairs(arrays, np.array([0]), cutoff)
    np.testing.assert_array_equal(rows(*together), expected)
    np.testing.assert_array_equal(
        rows(*cell_list(arrays.positions, frame.cell.array, frame.pbc, cutoff)), expected
    )


def test_the_order_within_a_source_is_by_target_and_shift():
    frames = [bulk("Cu") * (2, 2, 1)] * 3
    source, target, shifts = pairs(frames, frame_arrays(frames, 4.0, CPU), 4.0)
    np.testing.assert_array_equal(
        np.column_stack([source, target, shifts]).astype(int), rows(source, target, shifts)
    )


class _Largest(TorchDispatchMode):
    """The largest tensor that an operation returned."""

    elements = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        value = func(*args, **(kwargs or {}))
        if isinstance(value, torch.Tensor) and not func.is_view:
            self.elements = max(self.elements, value.numel())
        return value


def test_memory_is_bounded_by_the_pairs_and_the_number_of_candidates(monkeypatch):
    rng = np.random.default_rng(0)
    frames = [Atoms("H20", rng.uniform(0, 20.0, (20, 3)), cell=[20] * 3, pbc=True) for _ in range(20)]
    arrays = frame_arrays(frames, 3.0, CPU)
    whole = pairs(frames, arrays, 3.0)
    monkeypatch.setitem(import_module("mlffbench.descriptors.all_pairs").CANDIDATES, "cpu", 1000)
    with _Largest() as largest:
        parts = pairs(frames, arrays, 3.0)
    assert len(whole[0]) > 100, "chunks of one frame each"
    assert all(map(torch.equal, whole, parts))
    assert largest.elements <= max(3 * 1000, 3 * len(parts[0]))


@pytest.mark.gpu
def test_graphs_on_a_gpu_are_those_on_the_cpu(monkeypatch):
    rng = np.random.default_rng(7)
    frames = [random_frame(rng) for _ in range(20)]
    expected, *counts = build_counted(frames, 3.0, torch.float32)
    for small in (0, 100, 10**9):
        monkeypatch.setitem(import_module("mlffbench.descriptors.pairs").SMALL, "cuda", small)
        graph, *counts_there = build_counted(frames, 3.0, torch.float32, "cuda")
        for name in ("numbers", "positions", "cells", "periodic", "frame"):
            assert getattr(graph, name).is_cuda
            assert torch.equal(getattr(graph, name).cpu(), getattr(expected, name)), name
        assert (graph.source.diff() >= 0).all()
        listed, known = (rows(*(x.cpu() for x in (g.source, g.target, g.shifts))) for g in (graph, expected))
        np.testing.assert_array_equal(listed, known)
        np.testing.assert_array_equal(counts_there, counts)
