"""Derivatives by vectors between neighbours give the forces and stresses of those by positions."""

from __future__ import annotations

import pytest
import torch
from ase.build import bulk, molecule

from mlffbench.descriptors.graph import Graph, build, with_forces
from mlffbench.descriptors.pair_forces import with_pair_forces
from mlffbench.testing.launches import operations, waits


def energies(graph: Graph) -> torch.Tensor:
    """Many-body: Σ_i (Σ_j exp(−r_ij))²."""
    density = graph.vectors.square().sum(1).add(1e-3).sqrt().neg().exp()
    atoms = density.new_zeros(len(graph.numbers)).index_add(0, graph.source, density)
    return graph.sum_atoms(atoms.square())


@pytest.fixture
def graph() -> Graph:
    frames = [molecule("CH3CH2OH"), bulk("Cu", cubic=True), molecule("H"), bulk("NaCl", "rocksalt", a=5.6)]
    for k, atoms in enumerate(frames):
        atoms.rattle(0.1, seed=k)
    return build(frames, 4.0)


@pytest.mark.parametrize("create_graph", [False, True])
def test_they_are_those_of_positions_and_strains(graph: Graph, create_graph: bool) -> None:
    for found, expected in zip(
        with_pair_forces(energies, graph, create_graph), with_forces(energies, graph), strict=True
    ):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)
        assert found.requires_grad == (create_graph or found.ndim == 1)


def test_a_frame_without_neighbours_has_neither() -> None:
    energy, forces, stress = with_pair_forces(energies, build([molecule("H")], 4.0))
    assert not any(x.any() for x in (energy, forces, stress))


def test_they_wait_for_nothing_and_take_fewer_operations(graph: Graph) -> None:
    pairs, positions = (
        lambda f=f: [x.sum() for x in f(energies, graph, True)][1].backward()
        for f in (with_pair_forces, with_forces)
    )
    for function in (pairs, positions):
        function()
        assert waits(function) == []
    assert len(operations(pairs)) < len(operations(positions))
