"""Named parameters as coefficients to look up, with means for what is known only at a coarser level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch

from mlffbench.potentials.gaff.atom_types import Finder, Types, term_key
from mlffbench.potentials.gaff.energy_terms import UNIT
from mlffbench.potentials.gaff.topology import Topology

__all__ = ["Memory"]

Rows = dict[str, np.ndarray]
Named = Mapping[str, Mapping[str, Mapping[str, float]]]

MOST = 2000  # topologies remembered


@dataclass
class Memory:
    """What predictions with the same parameters need again and again."""

    parameters: Named
    finder: Finder
    values: dict[str, torch.Tensor]
    rest: Rows
    topologies: dict[bytes, Topology] = field(default_factory=dict)
    rows: dict[int, Rows] = field(default_factory=dict)

    @classmethod
    def of(cls, parameters: Named, types: Types) -> Memory:
        return cls(parameters, *tables(parameters, types))

    def forget_much(self) -> None:
        """Keep small: the rows go with the topologies whose ids they bear."""
        if len(self.topologies) > MOST:
            self.topologies, self.rows = {}, {}


def tables(parameters: Named, types: Types) -> tuple[Finder, dict[str, torch.Tensor], Rows]:
    """Where each term finds its row, the coefficients of `_bonded_terms.basis`, and the values at rest."""
    rows: dict[str, dict[str, int]] = {}
    values: Rows = {}
    for kind, named in parameters.items():
        keys, array = _with_means(kind, {k: tuple(v.values()) for k, v in named.items()}, types)
        rows[kind], values[kind] = {key: row for row, key in enumerate(keys)}, array
    coefficients = {
        "bonds": _curvature(values["bonds"]),
        "angles": _curvature(values["angles"]),
        "torsions": values["torsions"],
        "impropers": values["impropers"],
        "vdw": _wells(values["vdw"]),
        "charges": np.outer(values["charges"], values["charges"]).reshape(-1, 1),
        "offsets": values["offsets"],
    }
    rest = {"bonds": values["bonds"][:, 1], "angles": values["angles"][:, 1]}
    return Finder(types, rows), {k: torch.as_tensor(v) for k, v in coefficients.items()}, rest


def _with_means(
    kind: str, named: Mapping[str, tuple[float, ...]], types: Types
) -> tuple[list[str], np.ndarray]:
    """The keys and, for every coarser key, the mean over the keys that it covers."""
    below: dict[str, list[tuple[float, ...]]] = {}
    for key, value in named.items():
        for coarse in {term_key(kind, c.split("-")) for c in types.coarser(key)}:
            below.setdefault(coarse, []).append(value)
    means = {key: tuple(np.mean(found, axis=0)) for key, found in below.items() if key not in named}
    everything = dict(named) | means
    if not everything:
        return [], np.zeros((0, 2))
    return list(everything), np.array(list(everything.values()), dtype=float)


def _curvature(values: np.ndarray) -> np.ndarray:
    """(k, 0, 0): about its own value at rest a spring has no slope."""
    wide = np.zeros((len(values), 3))
    wide[:, 0] = values[:, 0]
    return wide


def _wells(values: np.ndarray) -> np.ndarray:
    """ε (R/3 Å)¹², ε (R/3 Å)⁶ of every pair of types, (n², 2)."""
    epsilon, radius = values.T
    depth = np.sqrt(np.outer(epsilon, epsilon)).ravel()
    sixth = (np.add.outer(radius, radius).ravel() / UNIT) ** 6
    return np.column_stack([depth * sixth**2, depth * sixth])
