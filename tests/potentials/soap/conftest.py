"""A kernel on cells and a molecule that the tests of SOAP kernels share."""

from __future__ import annotations

import pytest
from ase import Atoms
from ase.build import bulk

from mlffbench.descriptors import graph
from mlffbench.descriptors.neighbour_density import PlacedGraph, placed
from mlffbench.descriptors.power_spectrum import Basis
from mlffbench.potentials.soap.environments import describe
from mlffbench.potentials.soap.kernel import Kernel
from mlffbench.potentials.soap.sparse_points import principal_axes


@pytest.fixture
def mixed() -> tuple[PlacedGraph, Kernel]:
    """A small cell, a molecule and a larger cell, and some of their atoms as points."""
    cell = bulk("NaCl", "rocksalt", a=5.0)
    cell.rattle(0.1, seed=3)
    basis = Basis((11, 17), 3.0, 4, 3, 0.4, smooth=True)
    chain = Atoms("NaClCl", [[0, 0, 0], [2.2, 0.1, 0], [-0.3, 2.4, 0.2]])
    batch = placed(graph.build([cell, chain, cell.repeat((1, 1, 2))], basis.radius), basis)
    unit = describe(batch, basis).unit
    axes = {z: principal_axes(unit[batch.numbers == z]) for z in basis.numbers}
    points = {z: (unit[batch.numbers == z] @ axes[z])[:2] for z in basis.numbers}
    return batch, Kernel(basis, 3.0, axes, points)
