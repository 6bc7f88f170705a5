"""The model GRACE/FS of tensorpotential, made of plain numbers and an array of weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mlffbench.potentials.grace.library import library, quiet

__all__ = ["DENSITIES", "instructions", "model", "weights_of"]

DENSITIES = ((1.0, 1.0), (1.0, 0.5), (1.0, 2.0), (1.0, 0.75), (1.0, 1.5))  # prefactors and exponents of F


def instructions(config: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of the model, without weights.

    Parameters
    ----------
    config : mapping
        ``elements``, ``cutoff`` (Å), ``neighbours`` (mean number), ``scale`` (eV), ``l_max`` and ``n_radial``
        by order, ``embedding``, ``densities``, ``radial``.
    """
    with quiet():
        built = library().presets.FS(
            element_map={symbol: k for k, symbol in enumerate(config["elements"])},
            rcut=config["cutoff"],
            avg_n_neigh=config["neighbours"],
            constant_out_scale=config["scale"],
            lmax=list(config["l_max"]),
            n_rad_base=config["radial"],
            n_rad_max=list(config["n_radial"]),
            embedding_size=config["embedding"],
            max_order=len(config["n_radial"]),
            fs_parameters=DENSITIES[: config["densities"]],
        )
    return dict(built.get_instructions())


def model(config: Mapping[str, Any], weights: Sequence[np.ndarray]) -> Any:
    """tensorpotential's ``TPModel`` with these weights."""
    packages = library()
    with quiet():
        built = packages.tpmodel.TPModel(
            instructions(config), train_function=packages.tpmodel.ComputeBatchEnergyForcesVirials()
        )
        built.build(param_dtype=getattr(packages.tf, config["dtype"]))
    for variable, values in zip(built.variables_to_train, weights, strict=True):
        variable.assign(values)
    return built


def weights_of(built: Any) -> list[np.ndarray]:
    """Copies of the trained weights."""
    return [np.array(variable.numpy()) for variable in built.variables_to_train]
