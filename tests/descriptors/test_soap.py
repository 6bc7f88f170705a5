"""SOAP against dscribe's values and derivatives, and as a scikit-learn transformer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule
from sklearn.base import clone
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from mlffbench.descriptors import graph
from mlffbench.descriptors.power_spectrum import Basis, pair_density, pair_gradient, power_spectrum
from mlffbench.descriptors.soap import SOAP
from mlffbench.descriptors.soap_derivatives import derivatives


def molecules() -> list[Atoms]:
    return [molecule("CH3CH2OH"), molecule("C6H6"), Atoms("O")]


def crystals() -> list[Atoms]:
    """Cells smaller than the cutoff: several images of one neighbour."""
    salt, copper = bulk("NaCl", "rocksalt", a=5.6), bulk("Cu")
    salt.rattle(0.1, seed=1)
    return [salt, copper, bulk("Cu").repeat((2, 1, 1))]


@pytest.mark.parametrize("average", ["inner", "outer", "off"])
@pytest.mark.parametrize("size", [(6, 4, 0.3, 5.0), (8, 6, 0.5, 4.0), (3, 9, 0.3, 5.0), (1, 0, 0.4, 3.0)])
@pytest.mark.parametrize("periodic", [False, True])
def test_values_are_those_of_dscribe(average, size, periodic):
    from dscribe.descriptors import SOAP as Reference

    frames = crystals() if periodic else molecules()
    n_max, l_max, sigma, cutoff = size
    ours = SOAP(cutoff, n_max, l_max, sigma, average).fit(frames)
    params = {"r_cut": cutoff, "n_max": n_max, "l_max": l_max, "sigma": sigma, "average": average}
    theirs = Reference(**params, species=ours.species_, periodic=periodic)
    for got, atoms in zip(ours.transform(frames), frames, strict=True):
        np.testing.assert_allclose(got, theirs.create(atoms), rtol=0, atol=1e-8)


def test_derivatives_are_those_of_dscribe():
    from dscribe.descriptors import SOAP as Reference

    atoms = molecule("H2O")
    basis = Basis((1, 8), 5.0, 4, 3, 0.4)
    theirs = Reference(r_cut=5.0, n_max=4, l_max=3, sigma=0.4, species=["H", "O"])
    expected, _ = theirs.derivatives(atoms, method="analytical", attach=True)  # (centre, atom, 3, feature)
    batch = graph.build([atoms], basis.radius)

    def features(positions: torch.Tensor) -> torch.Tensor:
        return power_spectrum(replace(batch, positions=positions), basis)

    got = torch.autograd.functional.jacobian(features, batch.positions)  # (centre, feature, atom, 3)
    np.testing.assert_allclose(got.permute(0, 2, 3, 1), expected, rtol=0, atol=1e-8)


@pytest.mark.parametrize("smooth", [False, True])
def test_the_explicit_pair_gradient_is_the_automatic_one(smooth):
    basis = Basis((1,), 3.0, 3, 5, 0.4, smooth)
    vectors = 2.0 * torch.randn(20, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    vectors[0] = 0.0  # the atom itself
    automatic = torch.autograd.functional.jacobian(lambda v: pair_density(v, basis).sum(0), vectors)
    expected = automatic.permute(2, 3, 0, 1)
    torch.testing.assert_close(pair_gradient(vectors, basis), expected, rtol=0, atol=1e-11)


def test_a_smooth_neighbour_fades_out():
    basis = Basis((1,), 3.0, 3, 2, 0.3, smooth=True)
    edge = torch.tensor([[basis.radius - 1e-4, 0.0, 0.0]], dtype=torch.float64)
    assert pair_density(edge, basis).abs().max() < 1e-12
    assert pair_gradient(edge, basis).abs().max() < 1e-8


def test_it_is_a_transformer():
    frames = [molecule("H2O") for _ in range(12)]
    for k, atoms in enumerate(frames):
        atoms.positions[0, 2] += 0.02 * k
    energies = np.linspace(0.0, 1.0, 12) ** 2
    pipeline = make_pipeline(SOAP(n_max=3, l_max=2), KernelRidge(alpha=1e-8)).fit(frames, energies)
    np.testing.assert_allclose(pipeline.predict(frames), energies, atol=0.02)
    assert np.isfinite(cross_val_score(pipeline, frames, energies, cv=3)).all()
    names = pipeline[0].get_feature_names_out()
    assert len(set(names)) == len(names) == pipeline[0].transform(frames).shape[1]
    assert clone(pipeline[0]).get_params() == pipeline[0].get_params()


def test_species_can_be_given_ahead():
    model = SOAP(n_max=2, l_max=1, species=["O", "H", 6]).fit([molecule("H2O")])
    assert model.species_ == ["H", "C", "O"]
    assert model.transform([molecule("CH4")]).shape == (1, 42)
    with pytest.raises(ValueError, match=r"fitted to .* cannot describe \['N'\]"):
        model.transform([molecule("NH3")])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"cutoff": 0.9}, "cutoff must exceed 1 Å"),
        ({"n_max": 0}, "n_max counts radial functions"),
        ({"n_max": 40}, "not independent in double precision"),
        ({"l_max": -1}, "l_max must be an integer"),
        ({"sigma": 0.0}, "must be positive"),
        ({"average": "mean"}, "average must be one of"),
        ({"species": ["Xx"]}, "no chemical symbols"),
    ],
)
def test_bad_values_are_refused(params, message):
    with pytest.raises(ValueError, match=message):
        SOAP(**params).fit([molecule("H2O")])


def test_only_lists_of_atoms():
    with pytest.raises(TypeError, match=r"list of ase\.Atoms"):
        SOAP().fit(molecule("H2O"))


@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize("frames", [molecules(), crystals()], ids=["molecules", "crystals"])
def test_derivatives_of_frames_are_those_of_automatic_differentiation(frames, smooth):
    numbers = tuple(sorted({int(z) for a in frames for z in a.numbers}))
    basis = Basis(numbers, 3.5, 3, 3, 0.4, smooth)
    for atoms, found in zip(frames, derivatives(frames, basis), strict=True):
        batch = graph.build([atoms], basis.radius)

        def features(positions: torch.Tensor, batch: graph.Graph = batch) -> torch.Tensor:
            return power_spectrum(replace(batch, positions=positions), basis)

        expected = torch.autograd.functional.jacobian(features, batch.positions).permute(0, 2, 3, 1)
        torch.testing.assert_close(found.values, features(batch.positions), rtol=0, atol=1e-12)
        torch.testing.assert_close(found.dense(), expected, rtol=0, atol=1e-11)


def test_derivatives_of_molecules_are_those_of_dscribe_to_1e_8():
    from dscribe.descriptors import SOAP as Reference

    frames = molecules()[:2]
    for atoms in frames:  # dscribe shifts neighbours that lie exactly on an axis by a little
        atoms.rattle(0.05, seed=0)
    ours = SOAP(5.0, 6, 4, 0.3, average="off").fit(frames)
    theirs = Reference(r_cut=5.0, n_max=6, l_max=4, sigma=0.3, species=ours.species_)
    for atoms, found in zip(frames, ours.derivatives(frames), strict=True):
        expected, values = theirs.derivatives(atoms, method="analytical", attach=True)
        np.testing.assert_allclose(found.values, values, rtol=0, atol=1e-8)
        np.testing.assert_allclose(found.dense(), expected, rtol=0, atol=1e-8)


def test_derivatives_of_crystals_are_dscribe_s_differences():
    from dscribe.descriptors import SOAP as Reference

    (atoms,) = crystals()[:1]
    ours = SOAP(4.0, 3, 2, 0.4, average="off").fit([atoms])
    theirs = Reference(r_cut=4.0, n_max=3, l_max=2, sigma=0.4, species=ours.species_, periodic=True)
    (found,) = ours.derivatives([atoms])
    step, dense = 1e-4, found.dense()
    for i in range(len(atoms)):
        for x in range(3):
            up, down = atoms.copy(), atoms.copy()
            up.positions[i, x] += step
            down.positions[i, x] -= step
            slope = (theirs.create(up) - theirs.create(down)) / (2 * step)
            np.testing.assert_allclose(dense[:, i, x], slope, rtol=0, atol=2e-4 * abs(slope).max())


def test_derivatives_of_averages_are_refused():
    with pytest.raises(ValueError, match="average='off'"):
        SOAP(n_max=2, l_max=1).fit(molecules()).derivatives(molecules())
