"""Backends against mace-torch's own layers, and refused where they differ."""

from __future__ import annotations

from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from example_mace import mixed, small, untrained
from example_water import springs

from mlffbench.potentials.mace import backends
from mlffbench.potentials.mace.assembly import assemble
from mlffbench.potentials.mace.library import session
from mlffbench.potentials.mace.symmetric_contraction import JacobianContraction


def test_kernels_by_name_train_alike() -> None:
    frames, labels = springs(6)
    models = [small(kernels=k, max_epochs=2).fit(frames, labels) for k in ("mace", "fused")]
    assert [m.kernels_ for m in models] == ["mace", "fused"]
    ours, theirs = (m.predict(frames) for m in models)
    np.testing.assert_allclose(ours.energy, theirs.energy, atol=1e-8)
    np.testing.assert_allclose(np.array(ours.forces), np.array(theirs.forces), atol=1e-8)


def test_kernels_that_disagree_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    forward = JacobianContraction.forward
    monkeypatch.setattr(JacobianContraction, "forward", lambda *a: 1.5 * forward(*a))
    frames, labels = springs(3)
    assert small(max_epochs=1).fit(frames, labels).kernels_ == "mace"
    with pytest.raises(ValueError, match="'fused' do not give mace-torch's"):
        small(max_epochs=1, kernels="fused").fit(frames, labels)


def test_layers_that_ours_do_not_know_stay_mace_torchs() -> None:
    """A model with agnostic products: ``auto`` leaves it alone, and a name is refused."""
    module, graphs, _ = untrained(mixed(), [1, 6, 8], {})
    module.products[0].use_agnostic_product = True  # type: ignore[index, union-attr]
    example = assemble(graphs, [0])
    assert backends.accelerate(module, "auto", example).module is module
    assert backends.restore_backend(module, "fused") == (module, "mace")
    with pytest.raises(NotImplementedError, match="do not know all layers"):
        backends.accelerate(module, "fused", example)


def test_the_backend_of_the_shortest_step_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a GPU, with times that are set."""
    module, graphs, _ = untrained(mixed(), [1, 6, 8], {})
    with session(torch.float64):
        candidates = backends._agreeing(
            module, backends.energies_and_forces(module, assemble(graphs, [0])), assemble(graphs, [0])
        )
    assert list(candidates) == ["fused", "mace"]
    seconds = {id(candidates["fused"]): 2.0, id(module): 1.0}
    monkeypatch.setattr(backends, "_seconds", lambda m, *_: seconds[id(m)])
    example = assemble(graphs, [0])
    monkeypatch.setattr(type(example), "positions", torch.zeros(1, device="meta"), raising=False)
    assert backends._fastest(candidates, example).backend == "fused"
    monkeypatch.undo()
    assert backends._seconds(module, example, torch.device("cpu")) > 0


def test_on_a_gpu_the_fastest_is_taken_of_those_that_its_memory_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    modules: dict[str, Any] = {"fused": 2.0, "cuequivariance": 1.0, "mace": None}
    example: Any = SimpleNamespace(positions=SimpleNamespace(device=torch.device("cuda", 0)))

    def seconds(module: Any, *_: Any) -> float:
        if module is None:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return float(module)

    monkeypatch.setattr(backends, "_seconds", seconds)
    fastest = backends._fastest(modules, example)
    assert (fastest.backend, fastest.seconds) == ("cuequivariance", {"fused": 2.0, "cuequivariance": 1.0})
    nothing: dict[str, Any] = {"fused": None, "mace": None}
    assert backends._fastest(nothing, example).backend == "fused"


def test_kernels_that_do_not_exist_are_a_sentence() -> None:
    with pytest.raises(ValueError, match="kernels must be one of 'auto', 'mace'"):
        small(kernels="fast").fit(*springs(3))


@pytest.mark.skipif(find_spec("cuequivariance_torch") is not None, reason="cuequivariance is installed")
def test_cuequivariance_missing_is_a_sentence() -> None:
    with pytest.raises(ImportError, match=r"mlffbench\[gpu\]"):
        small(kernels="cuequivariance").fit(*springs(3))


@pytest.mark.skipif(find_spec("cuequivariance_torch") is None, reason="cuequivariance is not installed")
def test_cuequivariance_predicts_what_mace_torch_predicts() -> None:
    frames, labels = springs(6)
    ours, theirs = (
        small(kernels=k, max_epochs=2).fit(frames, labels).predict(frames) for k in ("cuequivariance", "mace")
    )
    np.testing.assert_allclose(ours.energy, theirs.energy, atol=1e-6)
