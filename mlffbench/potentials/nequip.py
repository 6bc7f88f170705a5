"""Access to nequip and nequip-allegro; the only file that imports them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

import torch
from ase.data import atomic_numbers

from mlffbench.descriptors.graph import Graph
from mlffbench.potentials.networks.seeding import undisturbed

__all__ = ["atomic_energies", "builder", "last_linear", "network"]

COMMON = {"type_names", "r_max", "l_max", "num_layers", "num_bessels", "parity"} | {
    "avg_num_neighbors", "per_type_energy_shifts", "per_type_energy_scales"
}  # fmt: skip
ARGUMENTS = {
    "nequip": COMMON | {"num_features", "radial_mlp_width"},
    "allegro": COMMON | {"num_scalar_features", "num_tensor_features", "mlp_width"},
}


@cache
def builder(architecture: str) -> Callable[..., torch.nn.Module]:
    """Import a package, which takes seconds; random states and torch's default type stay as they were.

    nequip sets the state of the process once, before it builds a model: it seeds all generators.

    Parameters
    ----------
    architecture : {"nequip", "allegro"}
    """
    with undisturbed(), _default_type():
        from nequip.utils.global_state import set_global_state

        build = _nequip() if architecture == "nequip" else _allegro()
        set_global_state()
    return build


def _nequip() -> Callable[..., torch.nn.Module]:
    from nequip.model import NequIPGNNModel

    return NequIPGNNModel


def _allegro() -> Callable[..., torch.nn.Module]:
    from allegro.model import AllegroModel

    return AllegroModel


@contextmanager
def _default_type() -> Iterator[None]:
    """Set torch's default type inside the block to float64, as nequip does for good."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def network(
    architecture: str, dtype: str, config: Mapping[str, Any], do_derivatives: bool = False
) -> torch.nn.Module:
    """Build a package's network with weights from torch's generator.

    Other arguments than the known ones are refused: the packages import and call what some of them name, and
    `config` may come from a stranger's file.

    Parameters
    ----------
    architecture : {"nequip", "allegro"}
    dtype : {"float32", "float64"}
        Of the weights and layers.
    config : mapping
        Arguments of ``nequip.model.NequIPGNNModel``; those of ``allegro.model.AllegroModel`` with
        ``num_bessels`` and ``mlp_width``, the width of the hidden layers of all networks of scalars.
    do_derivatives : bool
        With the package's own forces and stresses among the outputs.
    """
    if set(config) != ARGUMENTS[architecture]:
        names = ", ".join(sorted(set(config) ^ ARGUMENTS[architecture]))
        raise ValueError(f"the arguments of a network of {architecture} differ from the known ones: {names}")
    given = dict(config) if architecture == "nequip" else _arguments_of_allegro(**config)
    build = builder(architecture)
    seed = int(torch.randint(2**31 - 1, ()))
    with _default_type():
        module = build(seed=seed, model_dtype=dtype, do_derivatives=do_derivatives, **given)
    if architecture == "allegro":
        _use_matrix_products(module)
    return module


def _use_matrix_products(module: torch.nn.Module) -> None:
    """Let Allegro's tensor products with weights for each channel multiply matrices.

    The package multiplies arrays of all indices and sums them, at twice the time of a training step with
    ``l_max=2``.
    """
    from allegro.nn._strided import Contracter

    for product in module.modules():
        if isinstance(product, Contracter) and product.path_channel_coupling:
            product._contract_conv = partial(_contract, product)


def _contract(product: Any, x1: torch.Tensor, x2: torch.Tensor, centres: torch.Tensor) -> torch.Tensor:
    """z_puk = Σ_ij w_uijk x_pui y_c(p)uj for pairs p with centres c, channels u; w includes Wigner's 3j."""
    x2 = x2.index_select(0, centres)
    weights = torch.einsum(product._weight_w3j_einstr, product.weights, product.w3j)
    if product.w3j_is_ij_diagonal:  # i = j
        outer = x1 * x2
    else:
        outer, weights = (x1.unsqueeze(-1) * x2.unsqueeze(-2)).flatten(2), weights.flatten(1, 2)
    return torch.bmm(outer.transpose(0, 1), weights).transpose(0, 1)


def _arguments_of_allegro(*, num_bessels: int, mlp_width: int, **config: Any) -> dict[str, Any]:
    """Arguments of Allegro's network."""
    networks = ("scalar_embed_mlp", "allegro_mlp", "readout_mlp")
    radial = {"_target_": "allegro.nn.TwoBodyBesselScalarEmbed", "num_bessels": int(num_bessels)}
    widths = {f"{name}_hidden_layers_width": mlp_width for name in networks}
    return {**config, **widths, "radial_chemical_embed": radial}


def atomic_energies(module: torch.nn.Module, batch: Graph, elements: tuple[str, ...]) -> torch.Tensor:
    """Energies of the atoms of a batch, (n,) eV, in float64.

    Parameters
    ----------
    elements : tuple of str
        The network's types, by their order.
    """
    numbers, order = _types(elements, batch.numbers.device)
    data = {
        "pos": batch.positions,
        "edge_index": torch.stack([batch.source, batch.target]),
        "edge_vectors": batch.vectors,
        "atom_types": order[torch.searchsorted(numbers, batch.numbers)],
        "batch": batch.frame,
        "num_atoms": batch.sum_atoms(torch.ones_like(batch.frame)),
    }
    with _default_type():
        return module(data)["atomic_energy"].reshape(-1)


def last_linear(module: torch.nn.Module) -> torch.nn.Module:
    """The last layer of a network: energies of atoms in NequIP, of pairs in Allegro."""
    names = "per_atom_energy_readout", "edge_readout"
    (readout,) = (m for name, m in module.named_modules() if name.rpartition(".")[2] in names)
    layers: Any = readout.mlp_module
    last: torch.nn.Module = layers.mlp[-1]
    return last


@cache
def _types(elements: tuple[str, ...], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Atomic numbers of the elements, ascending, and the type of each."""
    numbers = torch.tensor([atomic_numbers[symbol] for symbol in elements], device=device)
    return numbers.sort()
