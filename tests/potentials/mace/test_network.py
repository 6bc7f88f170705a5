"""Our layers around mace-torch's weights against its own, plain and padded."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from example_mace import mixed, untrained

from mlffbench.potentials.mace.assembly import assemble, least_shape
from mlffbench.potentials.mace.batch import Batch
from mlffbench.potentials.mace.evaluation import output
from mlffbench.potentials.mace.library import session
from mlffbench.potentials.mace.network import FusedMACE
from mlffbench.potentials.mace.shapes import common_shape
from mlffbench.testing.launches import waits

ORDER = [1, 3, 0, 2]


@pytest.mark.parametrize(
    "settings",
    [
        {"max_L": 0, "max_ell": 2, "correlation": 2},
        {"max_L": 1, "max_ell": 3, "correlation": 2, "num_interactions": 3},
        {"max_L": 2, "max_ell": 2, "correlation": 3, "model": "MACE"},
        {"max_L": 1, "max_ell": 1, "correlation": 1, "num_interactions": 1},
    ],
    ids=str,
)
def test_fused_layers_are_mace_torchs(settings: dict[str, Any]) -> None:
    """Energies, forces, stresses, and the derivative of a loss on all of them by every weight."""
    module, graphs, _ = untrained(mixed(), [1, 6, 8], settings)
    plain = assemble(graphs, ORDER)
    padded = assemble(graphs, ORDER, common_shape([least_shape(graphs, part) for part in (ORDER, [0, 0, 0])]))
    assert len(padded.positions) > len(plain.positions)
    weights = [p for p in module.parameters() if p.requires_grad]

    def everything(model: torch.nn.Module, batch: Batch) -> list[torch.Tensor]:
        outputs = output(model, batch, stress=True, training=True)
        periodic = torch.as_tensor(batch.periodic)
        values = [
            outputs["energy"][:4], outputs["forces"][torch.as_tensor(batch.order)],
            outputs["stress"][:4][periodic],
        ]  # fmt: skip
        gradients = torch.autograd.grad(sum(v.sin().sum() for v in values), weights, allow_unused=True)  # type: ignore[arg-type]
        return [v.detach() for v in values] + [g for g in gradients if g is not None]

    names, expected = [n for n, _ in module.named_parameters()], everything(module, plain)
    with session(torch.float64):
        fused = FusedMACE(module)
    assert [n for n, _ in fused.named_parameters()] == names
    for model, batch in ((fused, plain), (fused, padded), (module, padded)):
        for computed, theirs in zip(everything(model, batch), expected, strict=True):
            torch.testing.assert_close(computed, theirs, rtol=1e-10, atol=1e-10)
        assert waits(lambda b=batch, m=model: output(m, b, stress=False)) == []  # type: ignore[misc]
    assert waits(lambda: everything_captured(fused, padded, weights)) == []


def everything_captured(model: torch.nn.Module, batch: Batch, weights: list[torch.Tensor]) -> None:
    outputs = output(model, batch, stress=True, training=True)
    loss = outputs["forces"].square().sum() + outputs["stress"].square().sum()
    torch.autograd.grad(loss, weights, allow_unused=True)
