"""Sizes and training settings of MACE, by name of a preset."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

__all__ = ["PRESETS", "Settings", "architecture"]

IRREPS = re.compile(r"(\d+)x(\d+)[eo]")


@dataclass(frozen=True)
class Settings:
    """Architecture, loss and training of a MACE model; the defaults are those of 3BPA in the paper.

    The estimator's parameters of the same name document the fields. In addition there is

    Attributes
    ----------
    model : {'MACE', 'ScaleShiftMACE'}
        The authors' model without or with a shift of each atom's energy.
    """

    cutoff: float = 5.0
    num_channels: int = 256
    max_L: int = 2
    max_ell: int = 3
    correlation: int = 3
    num_interactions: int = 2
    num_radial_basis: int = 8
    batch_size: int = 5
    learning_rate: float = 0.01
    max_epochs: int = 2000
    max_seconds: float | None = None
    patience: int | None = 256
    ema_decay: float = 0.99
    weight_decay: float = 5e-7
    schedule: str = "plateau"
    cooldown: float = 0.0
    energy_weight: float = 27.0
    forces_weight: float = 1000.0
    stress_weight: float = 1.0
    stage_two: float | None = None
    stage_two_energy_weight: float = 1000.0
    stage_two_forces_weight: float = 100.0
    stage_two_learning_rate: float = 1e-3
    stage_two_average: bool = False
    dtype: str = "float64"
    model: str = "MACE"

    @classmethod
    def from_preset(cls, preset: str, keywords: Mapping[str, Any]) -> Settings:
        """The preset, with every keyword of a field's name that is not None in its place.

        Raises
        ------
        ValueError
            There is no such preset.
        """
        if preset not in PRESETS:
            raise ValueError(f"no preset {preset!r}; there are {list(PRESETS)}")
        names = {f.name for f in fields(cls)}
        changes = {k: v for k, v in keywords.items() if k in names and v is not None}
        return replace(PRESETS[preset], **changes)


def architecture(config: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of `Settings` that the arguments of a model decide."""
    orders = [(int(n), int(order)) for n, order in IRREPS.findall(config["hidden_irreps"])]
    names = {"cutoff": "r_max", "num_radial_basis": "num_bessel"}
    same = {name: name for name in ("max_ell", "num_interactions", "correlation")}
    sizes = {field: config[name] for field, name in {**names, **same}.items() if name in config}
    return {**sizes, "num_channels": orders[0][0], "max_L": max(order for _, order in orders)}


PAPER = Settings()
COMMON = replace(
    PAPER, energy_weight=1.0, forces_weight=100.0, stress_weight=10.0, patience=None, dtype="float32",
    model="ScaleShiftMACE", cooldown=0.5,
)  # fmt: skip
PRESETS = {
    "small": replace(
        COMMON, cutoff=4.5, num_channels=32, max_L=0, max_ell=2, correlation=2, batch_size=10,
        learning_rate=0.02, max_epochs=100,
    ),
    "medium": replace(COMMON, num_channels=64, max_L=1, max_epochs=300),
    "large": replace(COMMON, num_channels=128, max_L=2, max_epochs=500),
    "paper": PAPER,
}  # fmt: skip
