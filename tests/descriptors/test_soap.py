"""SOAP against dscribe's values and derivatives, and as a scikit-learn transformer."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import molecule
from example_structures import crystals, molecules
from sklearn.base import clone
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from mlffbench.descriptors.soap import SOAP


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


def test_derivatives_of_averages_are_refused():
    with pytest.raises(ValueError, match="average='off'"):
        SOAP(n_max=2, l_max=1).fit(molecules()).derivatives(molecules())
