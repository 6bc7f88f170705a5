"""Small random models of mace-torch and their inputs, for the pages beside this file.

Nothing here computes a layer: that is mace-torch's code, which the pages take apart.
"""

import inspect
import textwrap
from collections.abc import Sequence
from typing import Any

import torch
from ase import Atoms

from mlffbench.potentials.mace.assembly import assemble
from mlffbench.potentials.mace.batch import Batch
from mlffbench.potentials.mace.batches import Graphs
from mlffbench.potentials.mace.library import session
from mlffbench.potentials.mace.model import build
from mlffbench.potentials.networks.seeding import fixed_seed

DTYPE = torch.float64
ARGUMENTS = {
    "r_max": 4.0,  # cutoff, Å
    "num_bessel": 6,
    "num_polynomial_cutoff": 5,
    "max_ell": 2,  # highest order of the spherical harmonics
    "interaction_cls": "RealAgnosticResidualInteractionBlock",
    "interaction_cls_first": "RealAgnosticResidualInteractionBlock",
    "num_interactions": 2,  # layers
    "hidden_irreps": "4x0e + 4x1o",  # 4 channels, L = 0 and 1
    "MLP_irreps": "16x0e",
    "gate": "silu",
    "radial_MLP": [16, 16],
    "correlation": 3,
    "use_reduced_cg": False,
    "avg_num_neighbors": 6.0,
    "atomic_inter_scale": 1.0,
    "atomic_inter_shift": 0.0,
}


def random_mace(numbers: Sequence[int], seed: int = 0, **arguments: Any) -> torch.nn.Module:
    """Build mace-torch's ScaleShiftMACE with random weights for these atomic numbers."""
    config = ARGUMENTS | arguments | {"atomic_numbers": sorted(numbers)}
    with session(DTYPE), fixed_seed(seed):
        return build(config, DTYPE, torch.device("cpu"))


def batch_of(module: torch.nn.Module, frames: Sequence[Atoms]) -> Batch:
    """Batch of frames within the module's cutoff, with pairs in both directions.

    Inside it atoms are sorted by element: ``batch.order[i]`` is the place of the frames' atom ``i``.
    """
    numbers = module.atomic_numbers.tolist()
    graphs = Graphs.build(frames, numbers, float(module.r_max), DTYPE, torch.device("cpu"))
    batch = assemble(graphs, range(len(frames)))
    inputs = batch.mace_inputs()
    sender, receiver = inputs["edge_index"]
    lengths = (inputs["positions"][receiver] - inputs["positions"][sender] + inputs["shifts"]).norm(dim=1)
    within = lengths < module.r_max  # without the pairs that pad a batch
    inputs["edge_index"] = inputs["edge_index"][:, within]
    inputs.update({k: inputs[k][within] for k in ("shifts", "unit_shifts")})
    inputs.order = torch.as_tensor(batch.order)
    return inputs


def run(module: torch.nn.Module, batch: Batch, forces: bool = False) -> dict[str, torch.Tensor]:
    """Outputs of the module; energies, features and forces of atoms in the frames' order."""
    with session(DTYPE):
        outputs = module(dict(batch), compute_force=forces)
    of_atoms = {k: outputs[k] for k in ("node_energy", "node_feats", "forces") if outputs[k] is not None}
    return outputs | {k: v[batch.order] for k, v in of_atoms.items()}


def show_source(thing: Any, first: str, last: str) -> None:
    """Print the lines of an object's source from the one with `first` to the next one with `last`.

    Raises
    ------
    ValueError
        The installed package has no such lines.
    """
    lines = inspect.getsource(thing).splitlines()
    begin = next((i for i, line in enumerate(lines) if first in line), None)
    end = next((i for i, line in enumerate(lines) if begin is not None and i >= begin and last in line), None)
    if begin is None or end is None:
        raise ValueError(f"{thing.__qualname__} has no lines from {first!r} to {last!r}")
    while "".join(lines[begin : end + 1]).count("(") > "".join(lines[begin : end + 1]).count(")"):
        end += 1  # a statement is shown whole
    print(f"# {thing.__module__}: {thing.__qualname__}")
    print(textwrap.dedent("\n".join(lines[begin : end + 1])))
