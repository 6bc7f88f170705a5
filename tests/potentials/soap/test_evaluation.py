"""Batches of any size, captured evaluation and chosen quantities of the SOAP models give the same numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from ase.build import bulk
from example_kernels import SMALL, springs, water

from mlffbench.data import Labels
from mlffbench.descriptors.captured_prediction import padded
from mlffbench.descriptors.neighbour_density import placed
from mlffbench.estimators.soap_gpr import SOAPGPR
from mlffbench.estimators.soap_kernel_ridge import SOAPKernelRidge
from mlffbench.potentials.soap import batch_sizes
from mlffbench.potentials.soap.batch_sizes import parts_of
from mlffbench.potentials.soap.evaluation import Evaluation
from mlffbench.testing.launches import operations, waits
from mlffbench.testing.replay import replayed_on_cpu

MODELS = [SOAPGPR(**SMALL, uncertainty="forces"), SOAPKernelRidge(**SMALL), SOAPGPR(**SMALL, zeta=2.5)]


@pytest.fixture(scope="module", params=MODELS, ids=lambda m: f"{type(m).__name__}-{m.zeta}")
def model(request):
    frames = water(10)
    return request.param.fit(frames, springs(frames))


def assert_equal(got: Labels, expected: Labels, rtol: float = 1e-9) -> None:
    scale = np.abs(np.concatenate(expected.forces)).max()
    np.testing.assert_allclose(got.energy, expected.energy, rtol=rtol)
    np.testing.assert_allclose(np.concatenate(got.forces), np.concatenate(expected.forces), atol=rtol * scale)
    if expected.energy_std is not None:
        np.testing.assert_allclose(got.energy_std, expected.energy_std, rtol=1e-6)
    if expected.forces_std is not None:
        pair = (np.concatenate(p.forces_std) for p in (got, expected))
        np.testing.assert_allclose(*pair, rtol=1e-6)


def predicted(model, frames, batch_size) -> Labels:
    model.batch_size = batch_size
    try:
        return model.predict(frames)
    finally:
        model.batch_size = None


def test_batches_of_all_sizes_agree(model):
    frames = water(9, seed=3)
    expected = predicted(model, frames, 1)
    for size in (4, 9, None):
        assert_equal(predicted(model, frames, size), expected)


def test_memory_decides_the_size_of_batches(model, monkeypatch):
    frames = water(9, seed=3)
    monkeypatch.setattr(batch_sizes, "batch_bytes", lambda device: 4.1 * one)
    one = batch_sizes._bytes(frames[0], model.basis_, 0)
    counts = lambda **keys: [p.stop - p.start for p in parts_of(frames, model.basis_, None, "cpu", 0, **keys)]
    assert counts() == [4, 4, 1]
    assert counts(share=2) == [2, 2, 2, 2, 1]
    explicit = lambda size, **keys: [
        p.stop - p.start for p in parts_of(frames, model.basis_, size, "cpu", 10**9, **keys)
    ]
    assert explicit(6) == [6, 3]
    assert explicit(1000, share=2) == [4, 4, 1]
    monkeypatch.setattr(batch_sizes, "batch_bytes", lambda device: 1e12)
    assert counts() == [9]
    assert counts(share=2) == [4, 4, 1]
    assert batch_sizes._bytes(bulk("Si"), model.basis_, 0) > one / 3  # a periodic cell has more neighbours


def test_a_batch_that_runs_out_of_memory_is_halved_once(model, monkeypatch):
    frames, plain, sizes = water(8, seed=3), Evaluation.__call__, []
    expected = model.predict(frames)

    def small(self, graph, *rest):
        sizes.append(graph.n_frames)
        if graph.n_frames > 4:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return plain(self, graph, *rest)

    monkeypatch.setattr(Evaluation, "__call__", small)
    assert_equal(model.predict(frames), expected)
    assert sizes == [8, 4, 4]


def test_structures_of_one_shape_are_replayed(model):
    frames = water(7, seed=5)
    expected = [model.predict([a]) for a in frames]
    fresh = type(model)(**model.get_params()).fit(water(10), springs(water(10)))
    with replayed_on_cpu():
        for atoms, labels in zip(frames, expected, strict=True):
            assert_equal(fresh.predict([atoms]), labels)
        assert evaluation(fresh).captured.status == "yes"


def test_the_captured_function_waits_for_nothing(model):
    (graph,) = model.prepare(water(2)).inputs
    filled = placed(padded(graph, model.basis_.radius), model.basis_)
    assert waits(lambda: evaluation(model).values(filled)) == []


def evaluation(model) -> Evaluation:
    if isinstance(model, SOAPGPR):
        return model.process_.evaluation
    from mlffbench.potentials.soap.kernel_ridge import EXPANSIONS

    return EXPANSIONS.of(model, model.kernel_, model.energy_weights_, model.slope_weights_).evaluation


def test_quantities_left_out_are_not_computed(model):
    frames = water(4, seed=3)
    everything, prepared = model.predict(frames), model.prepare(frames)
    some = model.evaluate(prepared, ["energy", "forces"])
    assert_equal(some, replace(everything, energy_std=None, forces_std=None))
    assert some.energy_std is None
    assert some.forces_std is None
    energy = model.evaluate(prepared, ["energy"])
    np.testing.assert_allclose(energy.energy, everything.energy, rtol=1e-12)
    assert energy.forces is None
    count = lambda *names: len(operations(lambda: model.evaluate(prepared, names)))
    assert count("energy") < 0.7 * count("energy", "forces") or model.zeta != 2
    if isinstance(model, SOAPGPR):
        assert count("energy", "forces") < count("energy", "forces", "std")


@pytest.mark.gpu
@pytest.mark.parametrize("template", MODELS, ids=lambda m: f"{type(m).__name__}-{m.zeta}")
def test_fit_and_evaluation_on_a_gpu_are_those_of_the_cpu(template):
    frames, test = water(10), water(12, seed=3)
    fits = [
        type(template)(**{**template.get_params(), "device": device}).fit(frames, springs(frames))
        for device in ("cpu", "cuda")
    ]
    assert_equal(*(m.predict(test) for m in reversed(fits)), rtol=1e-6)
    for atoms in test:
        assert_equal(*(m.predict([atoms]) for m in reversed(fits)), rtol=1e-6)
    assert evaluation(fits[1]).captured.status == "yes"
