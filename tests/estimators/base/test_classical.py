"""Residuals, unseen pairs and empty training sets of all classical potentials."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk
from example_classical import alloys
from example_lammps import in_lammps, needs_lammps

from mlffbench.datasets.emt_copper import emt_copper
from mlffbench.datasets.silicon import silicon
from mlffbench.descriptors.graph import with_forces
from mlffbench.estimators.buckingham import Buckingham
from mlffbench.estimators.embedded_atom import EmbeddedAtom
from mlffbench.estimators.lennard_jones import LennardJones
from mlffbench.estimators.morse import Morse
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


# ---------------------------------------------------------------- LAMMPS
FORMS = [LennardJones, Morse, Buckingham, StillingerWeber, EmbeddedAtom]


@pytest.mark.parametrize("cls", FORMS)
@needs_lammps
def test_lammps_gives_equal_numbers(cls, tmp_path):
    """On frames that were not fitted: silicon of DFT energies, -160 eV an atom, or a slab of copper."""
    data = silicon() if cls is StillingerWeber else emt_copper(n_train=3, n_test=1)
    groups = data.columns["group"]
    train = np.flatnonzero(groups == "train")[:3]
    model = cls(cutoff=4.6, max_iterations=1, n_starts=1, random_state=0)
    model.fit([data.frames[i] for i in train], data.labels[train])
    frames = [data.frames[np.flatnonzero(groups == g)[0]] for g in np.unique(groups) if g != "train"]
    check_in_lammps(model, frames, tmp_path)


@pytest.mark.parametrize("cls", [StillingerWeber, EmbeddedAtom])
@needs_lammps
def test_elements_keep_their_order_and_strangers_do_not_interact(cls, tmp_path):
    """Each pair and each angle of three elements has parameters of its own; helium never met a metal."""
    frames, labels = alloys(3)
    labels = type(labels)(np.append(labels.energy, -3.0))
    model = cls(cutoff=4.2, max_iterations=1, n_starts=1, random_state=0)
    model.fit([*frames, Atoms("He", cell=[9, 9, 9], pbc=True)], labels)
    mixed = bulk("Cu", "fcc", a=3.75, cubic=True).repeat((2, 1, 1))
    mixed.symbols = ["Cu", "Ni", "Au", "He", "Au", "Cu", "Ni", "Cu"]
    mixed.rattle(0.1, seed=2)
    check_in_lammps(model, [mixed, frames[1]], tmp_path)


def check_in_lammps(model, frames, folder):
    """Energies of all atoms, forces and stresses of LAMMPS; its bar has seven digits."""
    include, _ = model.export(folder / "x.lammps").files
    computed, expected = in_lammps(include, frames, model.elements_), model.predict(frames)
    np.testing.assert_allclose(computed.energy, expected.energy, rtol=1e-14, atol=1e-9)
    np.testing.assert_allclose(np.concatenate(computed.forces), np.concatenate(expected.forces), atol=1e-6)
    np.testing.assert_allclose(np.array(computed.stress), np.array(expected.stress), rtol=2e-7, atol=2e-8)
    assert np.abs(np.concatenate(expected.forces)).max() > 0.1
