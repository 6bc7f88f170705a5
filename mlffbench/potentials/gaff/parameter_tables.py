"""Parameter tables: named parameters as coefficients by row, with means for the coarser keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch

from mlffbench.potentials.gaff.atom_types import ParameterIndex, Types, term_key
from mlffbench.potentials.gaff.batches import TableRows
from mlffbench.potentials.gaff.energy_terms import UNIT
from mlffbench.potentials.gaff.topology import Topology

__all__ = ["ParameterCache", "Parameters", "tables"]

Parameters = Mapping[str, Mapping[str, Mapping[str, float]]]  # kind -> key -> name -> value

MOST_TOPOLOGIES = 2000  # in the cache


@dataclass
class ParameterCache:
    """Cache of the parameter tables of one set of parameters and of the topologies met in predictions.

    Attributes
    ----------
    parameters : the named parameters of the tables
    index : ParameterIndex, the row of each term
    coefficients : by kind, (rows, columns) of `energy_terms.basis`
    equilibrium : equilibrium values of bonds (Å) and angles (rad) by row
    topologies : by their keys
    rows : rows of the tables of each topology's terms, by its key
    """

    parameters: Parameters
    index: ParameterIndex
    coefficients: dict[str, torch.Tensor]
    equilibrium: dict[str, np.ndarray]
    topologies: dict[bytes, Topology] = field(default_factory=dict)
    rows: dict[bytes, TableRows] = field(default_factory=dict)

    @classmethod
    def of(cls, parameters: Parameters, types: Types) -> ParameterCache:
        """A cache of tables without topologies."""
        return cls(parameters, *tables(parameters, types))

    def evict(self) -> None:
        """Clear the topologies and their rows beyond `MOST_TOPOLOGIES`."""
        if len(self.topologies) > MOST_TOPOLOGIES:
            self.topologies, self.rows = {}, {}


def tables(
    parameters: Parameters, types: Types
) -> tuple[ParameterIndex, dict[str, torch.Tensor], dict[str, np.ndarray]]:
    """The row of each term, the coefficients of `energy_terms.basis`, and the equilibrium values."""
    rows: dict[str, dict[str, int]] = {}
    values: dict[str, np.ndarray] = {}
    for kind, named in parameters.items():
        keys, array = _with_means(kind, {k: tuple(v.values()) for k, v in named.items()}, types)
        rows[kind], values[kind] = {key: row for row, key in enumerate(keys)}, array
    coefficients = {
        "bonds": _harmonic(values["bonds"]),
        "angles": _harmonic(values["angles"]),
        "torsions": values["torsions"],
        "impropers": values["impropers"],
        "vdw": _lennard_jones(values["vdw"]),
        "charges": np.outer(values["charges"], values["charges"]).reshape(-1, 1),
        "offsets": values["offsets"],
    }
    equilibrium = {"bonds": values["bonds"][:, 1], "angles": values["angles"][:, 1]}
    return ParameterIndex(types, rows), {k: torch.as_tensor(v) for k, v in coefficients.items()}, equilibrium


def _with_means(
    kind: str, named: Mapping[str, tuple[float, ...]], types: Types
) -> tuple[list[str], np.ndarray]:
    """Keys and values of the parameters; every coarser key has the mean over the keys that it covers."""
    covered: dict[str, list[tuple[float, ...]]] = {}
    for key, value in named.items():
        for coarse in {term_key(kind, c.split("-")) for c in types.coarser_keys(key)}:
            covered.setdefault(coarse, []).append(value)
    means = {key: tuple(np.mean(values, axis=0)) for key, values in covered.items() if key not in named}
    rows = dict(named) | means
    if not rows:
        return [], np.zeros((0, 2))
    return list(rows), np.array(list(rows.values()), dtype=float)


def _harmonic(values: np.ndarray) -> np.ndarray:
    """Coefficients (k, 0, 0) of u², u and 1: about its equilibrium value a spring has no linear term."""
    coefficients = np.zeros((len(values), 3))
    coefficients[:, 0] = values[:, 0]
    return coefficients


def _lennard_jones(values: np.ndarray) -> np.ndarray:
    """Coefficients ε (R/3 Å)¹², ε (R/3 Å)⁶ of every pair of types, (n², 2)."""
    epsilon, radius = values.T
    depth = np.sqrt(np.outer(epsilon, epsilon)).ravel()
    sixth = (np.add.outer(radius, radius).ravel() / UNIT) ** 6
    return np.column_stack([depth * sixth**2, depth * sixth])
