"""Energies, forces and stresses of a NEP by torchnep, of many frames at a time, in float64."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from ase.data import atomic_numbers

from mlffbench.data import VOIGT_FLAT
from mlffbench.descriptors.graph import Graph, volumes

__all__ = ["evaluate", "network"]


@lru_cache(maxsize=8)
def network(text: str, device: str = "cpu") -> Any:
    """torchnep's ``NEPCalculator`` of the text of a ``nep.txt``; the last few are kept.

    Raises
    ------
    ValueError
        The text is no NEP that torchnep reads.
    """
    from torchnep.nep import NEPCalculator

    with TemporaryDirectory(prefix="mlffbench-nep-") as folder:
        file = Path(folder) / "nep.txt"
        file.write_text(text, encoding="utf-8")
        try:
            return NEPCalculator(str(file), dtype=torch.float64, device=device)
        except (ValueError, IndexError, LookupError, RuntimeError) as error:
            raise ValueError(f"torchnep cannot read this NEP: {type(error).__name__}: {error}") from error


def evaluate(network: Any, graph: Graph) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Energies and analytical derivatives of a graph with the network's cutoff.

    Returns
    -------
    energy : (n_frames,) eV
    forces : (n, 3) eV/Å
    stress : (n_frames, 6) eV/Å³, Voigt, σ = −W/V; 0 where not periodic
    """
    from torchnep.ops import resolve_backend

    backend = resolve_backend("auto", num_types=network.num_types, device_type=graph.numbers.device.type)
    with torch.no_grad():
        result = network.compute_batch(_batch(network, graph), backend=backend)
        virial = graph.sum_atoms(result["virial"])[:, VOIGT_FLAT]
        return result["Etot"], result["forces"], -virial / volumes(graph)[:, None]


def _batch(network: Any, graph: Graph) -> dict[str, Any]:
    """The dictionary that ``compute_batch`` takes: types, pairs within both cutoffs, and basis functions."""
    from torchnep import ops

    types = _types(network, graph)
    vectors = graph.vectors
    distances = vectors.norm(dim=1)
    batch: dict[str, Any] = {
        "N": len(types),
        "num_structures": graph.n_frames,
        "atom_types": types,
        "struct_idx": graph.frame,
    }
    sizes = {"rad": network.basis_size_radial, "ang": network.basis_size_angular}
    for (name, size), cutoff in zip(sizes.items(), network.cutoff_args(), strict=True):
        reach = ops.pair_cutoff(cutoff, types, graph.source, graph.target)
        near = distances < reach
        source, target, distance = graph.source[near], graph.target[near], distances[near]
        reach = reach[near] if isinstance(reach, torch.Tensor) and reach.ndim else reach
        batch[f"pair_i_{name}"], batch[f"pair_j_{name}"] = source, target
        batch[f"rij_{name}"], batch[f"d12inv_{name}"] = vectors[near], 1.0 / distance
        batch[f"fk_{name}"], batch[f"fkp_{name}"] = ops.chebyshev_basis_and_deriv(distance, reach, size)
    units = (batch["rij_ang"] * batch["d12inv_ang"][:, None]).unbind(1)
    batch["blm"] = ops.angular_basis(*units, network.l_max_3b)
    return batch


def _types(network: Any, graph: Graph) -> torch.Tensor:
    """Number of each atom's element in the network's order, (n,) int64."""
    table = graph.numbers.new_full((len(atomic_numbers) + 1,), -1)
    for number, symbol in enumerate(network.type_names):
        table[atomic_numbers[symbol]] = number
    return table[graph.numbers].long()
