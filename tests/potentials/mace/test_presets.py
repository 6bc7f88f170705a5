"""Presets and keywords: the paper's architecture, loss and training."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from example_mace import CPU
from example_water import springs
from sklearn.base import clone

from mlffbench.estimators.mace import MACE
from mlffbench.potentials.mace.batches import Graphs
from mlffbench.potentials.mace.library import session
from mlffbench.potentials.mace.model import build, hyperparameters
from mlffbench.potentials.mace.presets import Settings, architecture
from mlffbench.potentials.mace.training import parameter_groups


def test_the_papers_settings() -> None:
    """Architecture, loss and groups of weight decay as the paper gives them, with 4 channels, not 256."""
    assert Settings.from_preset("paper", {}).num_channels == 256
    settings = Settings.from_preset("paper", {"num_channels": 4})
    frames, labels = springs(3)
    with session(torch.float64):
        graphs = Graphs.build(frames, [1, 8], settings.cutoff, torch.float64, CPU, labels)
        config = hyperparameters(graphs, [0, 1, 2], settings, [1, 8])
        module: Any = build(config, torch.float64, CPU)
        groups = parameter_groups(module, settings)
    assert str(config["hidden_irreps"]) == "4x0e+4x1o+4x2e"
    assert (config["r_max"], config["num_bessel"], config["max_ell"], config["correlation"]) == (5.0, 8, 3, 3)
    assert (config["num_interactions"], config["MLP_irreps"], int(module.radial_embedding.cutoff_fn.p)) == (
        2, "16x0e", 5,
    )  # fmt: skip
    assert type(module.interactions[0]).__name__ == "RealAgnosticInteractionBlock"
    assert config["atomic_inter_shift"] == 0.0
    assert {g["name"] for g in groups if g["weight_decay"] == 5e-7} == {"interactions_decay", "products"}
    assert {g["lr"] for g in groups} == {0.01}
    assert (settings.energy_weight, settings.forces_weight) == (27.0, 1000.0)
    training = {k: getattr(settings, k) for k in ("batch_size", "ema_decay", "schedule", "cooldown", "dtype")}
    assert training == {
        "batch_size": 5, "ema_decay": 0.99, "schedule": "plateau", "cooldown": 0.0, "dtype": "float64",
    }  # fmt: skip


def test_presets_and_keywords() -> None:
    settings = Settings.from_preset("paper", {"num_channels": 8, "max_ell": None})
    assert (settings.num_channels, settings.max_ell, settings.energy_weight) == (8, 3, 27)
    assert clone(MACE("medium", cutoff=3.0)).get_params()["cutoff"] == 3.0
    with pytest.raises(ValueError, match=r"preset .*'tiny'"):
        MACE("tiny").fit(*springs(3))


def test_presets_are_stored_in_numbers():
    resolved = MACE("medium", cutoff=4.0).resolved_params()
    assert (resolved["preset"], resolved["num_channels"], resolved["max_L"]) == ("medium", 64, 1)
    assert (resolved["cutoff"], resolved["dtype"]) == (4.0, "float32")
    config = {"r_max": 6.0, "num_bessel": 10, "hidden_irreps": "128x0e+128x1o+128x2e", "correlation": 3}
    assert architecture(config) == {
        "cutoff": 6.0, "num_radial_basis": 10, "correlation": 3, "num_channels": 128, "max_L": 2,
    }  # fmt: skip
