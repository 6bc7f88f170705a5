"""The Stillinger–Weber potential: silicon's parameters and elastic constants, and the sum over triples."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.units import GPa
from example_classical import part

from mlffbench.datasets.stillinger_weber_si import stillinger_weber_si
from mlffbench.estimators.stillinger_weber import StillingerWeber
from mlffbench.labelling.calculators.stillinger_weber import stillinger_weber

SILICON = {"epsilon": 2.1683, "A": 7.049556277, "B": 0.6022245584, "sigma": 2.0951, "a": 1.80, "gamma": 1.20}


@pytest.fixture(scope="module")
def silicon():
    return stillinger_weber_si(n_train=12, n_test=4)


@pytest.fixture(scope="module")
def fitted_silicon(silicon):
    return StillingerWeber(n_starts=1).fit(*part(silicon, "train"))


def test_the_parameters_of_silicon_are_recovered(fitted_silicon):
    assert fitted_silicon.parameters_["Si-Si"] == pytest.approx(SILICON, rel=0.01)
    assert fitted_silicon.angles_["Si-Si-Si"] == pytest.approx(
        {"lambda": 21.0, "cos_theta": -1 / 3}, rel=0.01
    )


@pytest.mark.parametrize("group", ["test_hot", "vacancy", "beta_tin"])
def test_silicon_carries_over_to_other_phases(silicon, fitted_silicon, group):
    frames, true = part(silicon, group)
    predicted = fitted_silicon.predict(frames)
    np.testing.assert_allclose(predicted.energy, true.energy, atol=1e-3)
    np.testing.assert_allclose(np.concatenate(predicted.forces), np.concatenate(true.forces), atol=1e-3)
    np.testing.assert_allclose(predicted.stress, true.stress, atol=1e-5)


def test_the_elastic_constants_of_silicon(fitted_silicon):
    atoms = bulk("Si", "diamond", a=5.431)
    stress = lambda a: fitted_silicon.predict([a]).stress[0] / GPa
    stretched, sheared = strained(atoms, 0, 0), strained(atoms, 1, 2)
    rigid = (stress(sheared[0]) - stress(sheared[1]))[3] / 2e-3
    along = (stress(stretched[0]) - stress(stretched[1])) / 2e-3
    relaxed = [stress(settled(a, fitted_silicon)) for a in sheared]
    assert along[[0, 1]] == pytest.approx([151.4, 76.4], rel=0.01)
    assert rigid == pytest.approx(rigid_shear_of_matscipy(sheared), rel=0.01)
    assert (relaxed[0] - relaxed[1])[3] / 2e-3 == pytest.approx(56.4, rel=0.01)


def rigid_shear_of_matscipy(sheared):
    """C44 without internal relaxation by matscipy, GPa, as no published number is at hand."""
    up, down = (stillinger_weber().get_property("stress", a.repeat(3))[3] / GPa for a in sheared)
    return (up - down) / 2e-3


def strained(atoms, i, j, size=1e-3):
    """A pair of copies with engineering strain ±size."""
    copies = []
    for sign in (1, -1):
        strain = np.zeros((3, 3))
        strain[i, j] += sign * size / 2
        strain[j, i] += sign * size / 2
        copies.append(atoms.copy())
        copies[-1].set_cell(atoms.cell @ (np.eye(3) + strain), scale_atoms=True)
    return copies


def settled(atoms, model):
    """The cell with atoms relaxed until forces vanish."""
    atoms = atoms.copy()
    for _ in range(200):
        forces = model.predict([atoms]).forces[0]
        if np.abs(forces).max() < 1e-7:
            break
        atoms.positions += 0.03 * forces
    assert np.abs(forces).max() < 1e-6
    return atoms


def test_moments_are_the_sum_over_triples():
    rng = np.random.default_rng(1)
    atoms = Atoms("SiCSiCCSi", rng.uniform(0, 3.2, (6, 3)))
    model = StillingerWeber().fit([Atoms("Si"), Atoms("C")], [0.0, 0.0])
    pair = lambda k: dict(SILICON, epsilon=1 + k, sigma=1.9 + 0.1 * k, gamma=1 + 0.1 * k)
    model.parameters_ = {"C-C": pair(0), "C-Si": pair(1), "Si-Si": pair(2)}
    ends = ("C-C", "C-Si", "Si-Si")
    names = [e.replace("-", f"-{centre}-") for centre in ("C", "Si") for e in ends]
    model.angles_ = {n: {"lambda": 5.0 + i, "cos_theta": -0.1 * i} for i, n in enumerate(names)}
    predicted = model.predict([atoms]).energy[0]
    assert predicted == pytest.approx(by_triples(atoms, model), rel=1e-10)


def by_triples(atoms, model):
    """The formula of the docstring, term by term."""
    symbol, position = atoms.get_chemical_symbols(), atoms.positions
    of = lambda i, j: model.parameters_["-".join(sorted((symbol[i], symbol[j])))]
    total = 0.0
    for i, j in combinations(range(len(atoms)), 2):
        v, r = of(i, j), np.linalg.norm(position[j] - position[i])
        if r < v["a"] * v["sigma"]:
            well = v["B"] * (v["sigma"] / r) ** 4 - 1
            total += v["A"] * v["epsilon"] * well * np.exp(v["sigma"] / (r - v["a"] * v["sigma"]))
    for i in range(len(atoms)):
        for j, k in combinations([x for x in range(len(atoms)) if x != i], 2):
            arms = [position[x] - position[i] for x in (j, k)]
            lengths = [np.linalg.norm(a) for a in arms]
            bonds = [of(i, j), of(i, k)]
            gaps = [r - v["a"] * v["sigma"] for r, v in zip(lengths, bonds, strict=True)]
            if max(gaps) < 0:
                ends = sorted((symbol[j], symbol[k]))
                angle = model.angles_[f"{ends[0]}-{symbol[i]}-{ends[1]}"]
                decay = sum(v["gamma"] * v["sigma"] / gap for v, gap in zip(bonds, gaps, strict=True))
                cosine = arms[0] @ arms[1] / np.prod(lengths) - angle["cos_theta"]
                unit = np.sqrt(bonds[0]["epsilon"] * bonds[1]["epsilon"])
                total += angle["lambda"] * unit * np.exp(decay) * cosine**2
    return total


def test_the_end_of_the_range_is_smooth(fitted_silicon):
    reach = SILICON["a"] * SILICON["sigma"]
    labels = fitted_silicon.predict(
        [Atoms("Si2", [(0, 0, 0), (reach + x, 0, 0)]) for x in (-1e-2, -1e-4, 0.1)]
    )
    assert np.ptp(labels.energy) < 1e-12
    assert np.abs(np.concatenate(labels.forces)).max() < 1e-12
