"""ACE against its package's own pipeline and calculator; fits compile for seconds, so they are slow."""

from __future__ import annotations

import io
import time
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

import mlffbench
from mlffbench.data import Dataset
from mlffbench.datasets.silicon import silicon
from mlffbench.estimators import ACE

pytest.importorskip("ace_jax")

pytestmark = pytest.mark.slow


@cache
def parts() -> tuple[Dataset, np.ndarray, np.ndarray]:
    """Silicon with its training and in-domain test frames."""
    data = silicon()
    group = data.columns["group"]
    return data, np.flatnonzero(group == "train")[:100], np.flatnonzero(group == "test")


def fitted(**params: Any) -> ACE:
    data, train, _ = parts()
    return ACE(**params).fit([data.frames[i] for i in train], data.labels[train])


def errors(model: ACE) -> tuple[Any, np.ndarray]:
    """Predictions of the test frames, and errors of their forces, eV/Å."""
    data, _, test = parts()
    predicted = model.predict([data.frames[i] for i in test])
    true = np.concatenate(data.labels[test].forces)
    return predicted, np.concatenate(predicted.forces) - true


def test_silicon_within_a_minute_on_one_core():
    start = time.process_time()
    model = fitted(degree=12, cutoff=5.0)
    assert time.process_time() - start <= 60
    assert model.n_parameters_ == 223
    _, difference = errors(model)
    assert 1e3 * np.sqrt(np.mean(difference**2)) <= 17.45


def test_a_molecule_needs_no_cell():
    from mlffbench.testing import molecules

    data = molecules()
    frames, boxed = [atoms.copy() for atoms in data.frames], [atoms.copy() for atoms in data.frames]
    for bare, atoms in zip(frames, boxed, strict=True):
        bare.cell[:] = 0.0
        atoms.cell[:] = np.diag([31.0, 29.0, 33.0])
    small = ACE.test_params()
    one, two = (ACE(**small).fit(each, data.labels).predict(each) for each in (frames, boxed))
    np.testing.assert_allclose(one.energy, two.energy, atol=1e-6)
    np.testing.assert_allclose(np.concatenate(one.forces), np.concatenate(two.forces), atol=1e-5)


def test_deviations_are_those_of_the_package_and_as_large_as_the_errors(tmp_path):
    model = fitted(degree=6, cutoff=5.0, uncertainty=True)
    predicted, difference = errors(model)
    deviation = np.concatenate(predicted.forces_std)
    assert 0.6 < np.sqrt(np.mean((difference / deviation) ** 2)) < 1.6
    of_atoms = [np.linalg.norm(values, axis=1) for values in (difference, deviation)]
    assert spearmanr(*of_atoms).statistic > 0.4
    assert (predicted.energy_std > 0).all()
    model.save(tmp_path / "ace.mlff")
    again, _ = errors(mlffbench.load(tmp_path / "ace.mlff"))
    np.testing.assert_allclose(again.energy_std, predicted.energy_std, rtol=1e-12)
    assert model.evaluate(model.prepare(frames_of_test()), ("energy", "forces")).forces_std is None


def frames_of_test() -> list[Any]:
    data, _, test = parts()
    return [data.frames[i] for i in test]


def test_predictions_are_those_of_the_package_and_compile_nothing():
    from ace_jax.calc.point import ACECalculator
    from ace_jax.eval import load

    from mlffbench.potentials.ace import evaluation
    from mlffbench.potentials.ace.jax_session import double_precision

    model = fitted(degree=5, order=2, cutoff=5.0, energy_weight=30.0)
    frames = frames_of_test()[:3]
    prepared = model.prepare(frames[:1])
    compiled = evaluation._sites._cache_size()
    model.evaluate(prepared)
    predicted = model.predict([*frames, frames[0].repeat(2), frames[0].repeat(3)])
    assert evaluation._sites._cache_size() == compiled
    file = io.BytesIO()
    np.savez(file, **model.arrays_)
    file.seek(0)
    with double_precision():
        calculator = ACECalculator(*load(file)[:2])
        for k, atoms in enumerate(a.copy() for a in frames):
            atoms.calc = calculator
            energy = atoms.get_potential_energy() + len(atoms) * model.atomic_energies_["Si"]
            assert abs(energy - predicted.energy[k]) < 1e-9
            np.testing.assert_allclose(atoms.get_forces(), predicted.forces[k], atol=1e-9)
            np.testing.assert_allclose(atoms.get_stress(), predicted.stress[k], atol=1e-10)
