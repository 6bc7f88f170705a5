"""ACSF against dscribe, and its derivatives against automatic differentiation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from mlffbench.descriptors import graph
from mlffbench.descriptors.acsf import ACSF
from mlffbench.descriptors.environments import padded, parts

RADIAL = [(0.1, 0.0), (1.0, 1.5), (4.0, 2.5)]
ANGULAR = [(0.01, 1.0, 1.0), (0.05, 4.0, -1.0), (0.2, 2.5, 1.0)]


def rattled(atoms: Atoms, seed: int = 0) -> Atoms:
    atoms = atoms.copy()
    atoms.rattle(0.1, seed=seed)
    return atoms


def salt() -> Atoms:
    """Two atoms in a skewed cell, many images inside the cutoff."""
    return rattled(bulk("NaCl", "rocksalt", a=5.2))


def reference(atoms: Atoms, species: list[str], cutoff: float) -> np.ndarray:
    """dscribe's, without its G1 columns, which it puts before the G2 of each element."""
    from dscribe.descriptors import ACSF as Reference

    periodic = bool(atoms.pbc.any())
    values = Reference(cutoff, RADIAL, None, ANGULAR, species=species, periodic=periodic).create(atoms)
    block = 1 + len(RADIAL)
    g1 = [i * block for i in range(len(species))]
    return np.delete(values, g1, axis=1)


@pytest.mark.parametrize("atoms", [rattled(molecule("CH3CH2OH")), salt(), rattled(bulk("Si", cubic=True))])
@pytest.mark.parametrize("cutoff", [3.5, 5.0])
def test_values_are_those_of_dscribe(atoms: Atoms, cutoff: float) -> None:
    acsf = ACSF(cutoff, RADIAL, ANGULAR, average="off").fit([atoms])
    (found,) = acsf.transform([atoms])
    expected = reference(atoms, acsf.species_, cutoff)
    assert found.shape == expected.shape == (len(atoms), len(acsf.get_feature_names_out()))
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)


def test_different_functions_have_different_names() -> None:
    radial, angular = [(1.0, 0.0), (1.0000001, 0.0)], [(0.1, 4.0, -1.0), (0.10000001, 4.0, -1.0)]
    acsf = ACSF(4.0, radial, angular).fit([molecule("H2O")])
    names = acsf.get_feature_names_out().tolist()
    assert len(set(names)) == len(names)
    assert {"G2_O_eta1_s0", "G2_O_eta1.0000001_s0", "G4_HO_eta0.1_zeta4_lambda-1"} <= {*names}


@pytest.mark.parametrize("atoms", [rattled(molecule("CH3CH2OH")), salt()])
def test_jacobian_is_that_of_automatic_differentiation(atoms: Atoms) -> None:
    acsf = ACSF(4.0).fit([atoms])
    batch = graph.build([atoms, atoms], 4.0)
    weights = torch.randn(len(batch.numbers), len(acsf.get_feature_names_out()), dtype=torch.float64)
    _, forces, _ = graph.with_forces(lambda g: g.sum_atoms((weights * acsf.features(g)).sum(1)), batch)
    columns = acsf.columns[acsf.element(batch.numbers)[batch.target]]
    pair = torch.einsum("pc,pxc->px", weights[batch.source].gather(1, columns), acsf.jacobian(batch))
    gradient = torch.zeros_like(forces).index_add(0, batch.target, pair).index_add(0, batch.source, -pair)
    assert forces.abs().max() > 0.1
    torch.testing.assert_close(-gradient, forces, rtol=1e-9, atol=1e-9)


def test_features_that_a_neighbour_changes_are_those_of_the_columns() -> None:
    for atoms in (rattled(molecule("CH3CH2OH")), bulk("Si")):
        acsf = ACSF(4.0).fit([atoms])
        values = torch.randn(5, len(acsf.get_feature_names_out()))
        expected = values[:, acsf.columns].flatten(0, 1)
        torch.testing.assert_close(acsf.functions().by_neighbour(values), expected)


def test_padding_changes_no_environment() -> None:
    """Nor does it make derivatives undefined."""
    frames = [rattled(molecule("CH3CH2OH")), salt()]
    acsf = ACSF(4.0, angular=ANGULAR).fit(frames)
    functions, own = acsf.functions(), acsf.environments(graph.build(frames, 4.0))
    n, p, t = len(own.element), len(own.source), len(own.first)
    filled = functions(padded(own, n + 1, p + 2, t + 9, acsf.cutoff))
    values = functions(own)
    torch.testing.assert_close(filled.features()[:n], values.features(), rtol=1e-14, atol=1e-14)
    assert not filled.features()[n:].any()
    gradient = torch.randn(n + 1, len(acsf.get_feature_names_out()), dtype=torch.float64)
    pairs = filled.pair_gradients(gradient)
    torch.testing.assert_close(pairs[:p], values.pair_gradients(gradient[:n]), rtol=1e-13, atol=1e-13)
    assert pairs[p:].abs().max() < 1e-30
    assert filled.jacobian()[p:].abs().max() < 1e-30


def test_parts_are_the_whole_and_their_gradients_contractions_of_the_jacobian() -> None:
    frames = [rattled(molecule("CH3CH2OH")), salt(), molecule("CH4"), Atoms("O")]
    acsf = ACSF(4.0, angular=ANGULAR).fit(frames)  # widths and shapes that are no full grid
    functions, whole = acsf.functions(), graph.build(frames, 4.0)
    values = functions(acsf.environments(whole))
    gradient = torch.randn(len(whole.numbers), len(acsf.get_feature_names_out()), dtype=torch.float64)
    each = parts(whole, acsf.element(whole.numbers), acsf.cutoff, 100)
    assert len(each) > 4
    large = [part.atoms for part in each if len(part.environments.first) > 100]
    assert all(atoms.stop - atoms.start == 1 for atoms in large)
    own = [(functions(part.environments), gradient[part.atoms]) for part in each]
    torch.testing.assert_close(torch.cat([v.features() for v, _ in own]), values.features())
    pairs = values.pair_gradients(gradient)
    torch.testing.assert_close(torch.cat([v.pair_gradients(g) for v, g in own]), pairs)
    rows = functions.by_neighbour(gradient)[whole.source * 5 + acsf.element(whole.numbers)[whole.target]]
    torch.testing.assert_close(torch.einsum("pc,pxc->px", rows, values.jacobian()), pairs)


def test_lone_atoms_and_empty_neighbourhoods() -> None:
    far = Atoms("OH", positions=[[0, 0, 0], [20, 0, 0]])
    acsf = ACSF(4.0, average="off").fit([far])
    for block in acsf.transform([far, Atoms("O"), rattled(molecule("OH"))])[:2]:
        assert not block.any()
    assert acsf.jacobian(graph.build([far], 4.0)).shape == (0, 3, acsf.columns.shape[1])


def test_transformer_in_a_pipeline() -> None:
    frames = [rattled(molecule("CH4"), seed) for seed in range(6)]
    model = make_pipeline(ACSF(4.0), Ridge()).fit(frames, np.arange(6.0))
    assert model.predict(frames).shape == (6,)
    assert clone(ACSF(4.0, RADIAL)).radial == RADIAL


def test_sentences() -> None:
    acsf = ACSF(4.0).fit([molecule("CH4")])
    with pytest.raises(ValueError, match=r"cannot describe \['O'\]"):
        acsf.transform([molecule("H2O")])
    with pytest.raises(ValueError, match="rows of 2 numbers"):
        ACSF(radial=[(1.0,)]).fit([molecule("CH4")])
    with pytest.raises(ValueError, match="average must be"):
        ACSF(average="outer").fit([molecule("CH4")])
