"""The analytic Jacobian of the embedded-atom fit."""

from __future__ import annotations

import numpy as np
from example_classical import alloys, check_jacobian

from mlffbench.descriptors.graph import build
from mlffbench.potentials.classical.design_matrix import design_matrix, undirected
from mlffbench.potentials.classical.embedded_atom_fit import Problem


def test_the_jacobian_is_finite_differences():
    frames, labels = alloys(3)
    graph = undirected(build(frames, 4.0))
    design = design_matrix(graph, frames, labels, (1.0, 1.0, 1.0), ["Ni", "Cu", "Au"])
    ends = np.sort([graph.numbers[x].numpy() for x in (graph.source, graph.target)], axis=0)
    kinds = np.unique(ends[0] * 100 + ends[1], return_inverse=True)[1]
    problem = Problem(graph, design, kinds, 4.0, 4, 3)
    check_jacobian(problem, np.random.default_rng(0).uniform(0.1, 2.0, sum(problem.sizes)))
