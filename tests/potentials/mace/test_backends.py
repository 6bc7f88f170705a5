"""Backends against mace-torch's own layers, and refused where they differ."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
import torch
from example_mace import mixed, small, untrained
from example_water import springs

from mlffbench.potentials.mace.backends import fuse, unfuse
from mlffbench.potentials.mace.evaluation import output
from mlffbench.potentials.mace.library import session
from mlffbench.potentials.mace.symmetric_contraction import MonomialContraction


@pytest.mark.parametrize(
    "settings",
    [
        {"max_L": 0, "max_ell": 2, "correlation": 2},
        {"max_L": 1, "max_ell": 2, "correlation": 3},
        {"max_L": 2, "max_ell": 2, "correlation": 2, "model": "MACE"},
        {"max_L": 1, "max_ell": 1, "correlation": 1, "num_interactions": 1},
    ],
    ids=str,
)
def test_fused_layers_are_mace_torchs(settings: dict[str, Any]) -> None:
    """Energies, forces, stresses, and the derivative of a loss on all of them by every weight."""
    module, graphs, _ = untrained(mixed(), [1, 6, 8], settings)
    batch = graphs.batch([1, 3, 0, 2])

    def everything() -> list[torch.Tensor]:
        found = output(module, batch, stress=True, training=True)
        values = [found[k] for k in ("energy", "forces", "stress")]
        loss = sum(v.sin().sum() for v in values)
        weights = [p for p in module.parameters() if p.requires_grad]
        gradients = torch.autograd.grad(loss, weights, allow_unused=True)
        return [v.detach() for v in values] + [g for g in gradients if g is not None]

    expected, names = everything(), [n for n, _ in module.named_parameters()]
    with session(torch.float64):
        fuse(module)
    assert [n for n, _ in module.named_parameters()] == names
    assert all(i.conv_fusion == "mlffbench" for i in module.interactions)  # type: ignore[union-attr]
    for theirs, ours in zip(expected, everything(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)
    unfuse(module)
    for theirs, again in zip(expected, everything(), strict=True):
        torch.testing.assert_close(again, theirs, rtol=0, atol=0)


def test_kernels_by_name_train_alike() -> None:
    frames, labels = springs(6)
    models = [small(kernels=k, max_epochs=2).fit(frames, labels) for k in ("mace", "fused")]
    assert [m.kernels_ for m in models] == ["mace", "fused"]
    ours, theirs = (m.predict(frames) for m in models)
    np.testing.assert_allclose(ours.energy, theirs.energy, atol=1e-8)
    np.testing.assert_allclose(np.array(ours.forces), np.array(theirs.forces), atol=1e-8)


def test_kernels_that_disagree_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    forward = MonomialContraction.forward
    monkeypatch.setattr(MonomialContraction, "forward", lambda *a: 1.5 * forward(*a))
    frames, labels = springs(3)
    assert small(max_epochs=1).fit(frames, labels).kernels_ == "mace"
    with pytest.raises(ValueError, match="'fused' do not give mace-torch's"):
        small(max_epochs=1, kernels="fused").fit(frames, labels)


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
