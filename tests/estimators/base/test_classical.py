"""Residuals, unseen pairs and empty training sets of all classical potentials."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from ase import Atoms
from example_classical import alloys

from mlffbench.descriptors.graph import with_forces
from mlffbench.estimators.buckingham import Buckingham
from mlffbench.estimators.embedded_atom import EmbeddedAtom
from mlffbench.estimators.lennard_jones import LennardJones
from mlffbench.estimators.stillinger_weber import StillingerWeber
from mlffbench.potentials.classical.design_matrix import design_matrix

NO_ENERGY = {"Cu": 0.0, "Ni": 0.0, "Au": 0.0}


@pytest.mark.parametrize("cls", [LennardJones, StillingerWeber, EmbeddedAtom])
def test_residuals_are_what_predictions_miss(cls):
    frames, labels = alloys(4)
    model = cls(cutoff=4.0, max_iterations=3, atomic_energies=NO_ENERGY).fit(frames, labels)
    graph = model._graph(frames, "cpu")
    design = design_matrix(graph, frames, labels, (1.0, 1.0, 1.0), model.elements_)
    vectors = graph.vectors.requires_grad_()
    moved = type("Moved", (type(graph),), {"vectors": vectors})(**vars(graph))
    energy = model._interaction(moved)
    (gradient,) = torch.autograd.grad(energy.sum(), vectors)
    residual = design.on_energy @ energy.detach().numpy() + design.on_gradient @ gradient.numpy().ravel()
    predicted = with_forces(model._energies, model._prepare(frames))
    true = np.concatenate(labels.forces).ravel(), np.concatenate(labels.stress)
    weighted = [x.numpy().ravel() / np.linalg.norm(y) for x, y in zip(predicted[1:], true, strict=True)]
    np.testing.assert_allclose(residual[len(frames) :], np.concatenate(weighted), atol=1e-10)


@pytest.mark.parametrize("cls", [LennardJones, Buckingham, StillingerWeber, EmbeddedAtom])
def test_pairs_never_seen_do_not_interact(cls):
    frames = [Atoms("H2", [(0, 0, 0), (r, 0, 0)]) for r in (0.7, 0.75, 0.8)] + [Atoms("O")]
    model = cls(cutoff=3.0, max_iterations=10).fit(frames, [-6.0, -6.1, -6.0, -3.0])
    near, far = model.predict([Atoms("OH", [(0, 0, 0), (r, 0, 0)]) for r in (1.0, 9.0)]).energy
    assert near == pytest.approx(far)
    alone, pair = model.predict([Atoms("H2", [(0, 0, 0), (r, 0, 0)]) for r in (9.0, 0.75)]).energy
    assert abs(alone - pair) > 1e-3


@pytest.mark.parametrize("cls", [LennardJones, Buckingham, StillingerWeber, EmbeddedAtom])
def test_nothing_to_learn_from_is_no_force(cls):
    frames = [Atoms("H"), Atoms("O")]
    labels = cls().fit(frames, [-2.0, -2.0]).predict(frames)
    np.testing.assert_allclose(labels.energy, -2.0, atol=1e-8)
    assert not np.concatenate(labels.forces).any()
