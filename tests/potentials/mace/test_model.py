"""Layers that a model's configuration names."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("mace")

from mlffbench.potentials.mace.model import CLASSES, build

PLAIN = {
    "r_max": 4.0, "num_bessel": 4, "num_polynomial_cutoff": 5, "max_ell": 1, "num_interactions": 1,
    "interaction_cls": "RealAgnosticResidualInteractionBlock",
    "interaction_cls_first": "RealAgnosticResidualInteractionBlock",
    "hidden_irreps": "4x0e", "MLP_irreps": "4x0e", "gate": "silu", "radial_MLP": [8], "correlation": 1,
    "atomic_numbers": [1], "avg_num_neighbors": 1.0, "atomic_inter_scale": 1.0, "atomic_inter_shift": 0.0,
}  # fmt: skip


@pytest.mark.parametrize("argument", CLASSES)
@pytest.mark.parametrize(
    "name", ["torch", "Callable", "simplify_if_compile", "__builtins__", "nothing", "Irreps", ""]
)
def test_only_layers_of_mace_torch_are_taken(argument, name):
    with pytest.raises(ValueError, match=f"mace-torch has no layer '{name}'"):
        build({**PLAIN, argument: name}, torch.float64, torch.device("cpu"))
