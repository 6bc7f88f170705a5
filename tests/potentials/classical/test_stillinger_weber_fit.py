"""The exact Jacobian of the Stillinger–Weber fit."""

from __future__ import annotations

import numpy as np
from example_classical import alloys, check_jacobian

from mlffbench.descriptors.graph import build
from mlffbench.potentials.classical.design_matrix import design_matrix
from mlffbench.potentials.classical.stillinger_weber import GraphIndices
from mlffbench.potentials.classical.stillinger_weber_fit import Problem


def test_the_jacobian_is_finite_differences():
    frames, labels = alloys(3)
    graph = build(frames, 4.0)
    design = design_matrix(graph, frames, labels, (1.0, 1.0, 1.0), ["Ni", "Cu", "Au"])
    problem = Problem(graph, design, GraphIndices.of(graph, [28, 29, 79]), (4.0, 0.0))
    low, high = problem.layout.bounds(4.0)
    check_jacobian(problem, low + 0.3 * (np.minimum(high, low + 4.0) - low))
