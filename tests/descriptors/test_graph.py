"""Neighbours against ASE's own list, derivatives against a hand-written pair potential."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from ase.calculators.lj import LennardJones
from ase.neighborlist import neighbor_list

from mlffbench.descriptors.graph import build, build_counted, labels, split, with_forces


def structures():
    slab = fcc111("Al", (2, 1, 3))
    slab.rotate(30, "x", rotate_cell=True)
    wire = Atoms("C2", [[0, 0, 0], [1.2, 3.0, -2.0]], cell=[2.5, 0, 0], pbc=(True, False, False))
    tiny = bulk("Cu")  # one atom, several images of itself within the cutoff
    outside = bulk("NaCl", "rocksalt", a=5.6)
    outside.positions += [30.0, -20.0, 7.0]
    frames = [tiny, molecule("CH3CH2OH"), outside, Atoms("H"), molecule("H2O"), slab, wire]
    for i, atoms in enumerate(frames):
        atoms.rattle(0.05, seed=i)
    return frames


def test_pairs_are_those_of_ase():
    frames = structures()
    graph = build(frames, 5.0)
    found = graph.vectors.norm(dim=1)
    for k, atoms in enumerate(frames):
        mine = found[graph.frame[graph.source] == k].sort().values.numpy()
        assert mine == pytest.approx(np.sort(neighbor_list("d", atoms, 5.0)), abs=1e-10), f"frame {k}"


def test_every_pair_is_there_in_both_directions():
    graph = build(structures(), 4.0)
    total = torch.zeros(graph.n_frames, 3, dtype=torch.float64)
    total.index_add_(0, graph.frame[graph.source], graph.vectors)
    assert total.abs().max() < 1e-9


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_counts_of_frames_are_those_of_the_graph(dtype):
    frames = [*structures(), Atoms("H")]  # the last has no pair
    graph, atoms, pairs = build_counted(frames, 4.0, dtype)
    assert graph.positions.dtype == graph.cells.dtype == graph.shifts.dtype == dtype
    assert atoms.tolist() == graph.frame.bincount().tolist() == [len(a) for a in frames]
    assert pairs.tolist() == graph.frame[graph.source].bincount(minlength=len(frames)).tolist()


def test_parts_of_a_graph_are_the_graphs_of_their_frames():
    frames = structures()
    graph, atoms, pairs = build_counted(frames, 4.0)
    for groups in ([3, 3, 1], [4, 3], [len(frames)]):
        stops = np.cumsum(groups)
        for part, size, stop in zip(split(graph, atoms, pairs, groups), groups, stops, strict=True):
            alone = build(frames[stop - size : stop], 4.0)
            for name in ("numbers", "positions", "cells", "periodic", "frame"):
                assert torch.equal(getattr(part, name), getattr(alone, name)), name
            assert pairs_of(part) == pairs_of(alone)


def pairs_of(graph):
    return sorted(torch.column_stack([graph.source, graph.target, graph.shifts]).tolist())


def test_energy_forces_and_stress_of_lennard_jones_are_those_of_ase():
    frames = [bulk("Ar", "fcc", a=5.2, cubic=True), molecule("CO2"), bulk("Ar", "fcc", a=5.4)]
    for i, atoms in enumerate(frames):
        atoms.rattle(0.1, seed=i)
    calculator = LennardJones(epsilon=0.01, sigma=3.0, rc=6.0, ro=4.0, smooth=True)

    def energies(graph):
        r2 = (graph.vectors**2).sum(dim=1)
        c6 = (9.0 / r2) ** 3
        switch = torch.where(r2 > 16.0, (36 - r2) ** 2 * (36 + 2 * r2 - 48) / (36 - 16.0) ** 3, 1.0)
        pair = 0.5 * 4 * 0.01 * (c6**2 - c6) * switch
        return graph.sum_atoms(pair.new_zeros(len(graph.numbers)).index_add(0, graph.source, pair))

    graph = build(frames, 6.0)
    found = labels(graph, *with_forces(energies, graph))
    for k, atoms in enumerate(frames):
        atoms.calc = calculator
        assert found.energy[k] == pytest.approx(atoms.get_potential_energy(), abs=1e-10)
        assert found.forces[k] == pytest.approx(atoms.get_forces(), abs=1e-9)
        if atoms.pbc.all():
            assert found.stress[k] == pytest.approx(atoms.get_stress(), abs=1e-10)
    assert found.stress[1] is None, "a molecule has no stress"


def test_an_energy_without_neighbours_has_no_forces():
    graph = build([Atoms("H")], 3.0)
    energy, forces, _ = with_forces(lambda g: g.sum_atoms(torch.ones(1, dtype=torch.float64)), graph)
    assert energy.tolist() == [1.0]
    assert forces.tolist() == [[0.0, 0.0, 0.0]]
