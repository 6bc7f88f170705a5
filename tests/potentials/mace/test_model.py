"""Layers that a model's configuration names, and its number of neighbours."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("mace")

from ase import Atoms
from ase.build import molecule
from ase.neighborlist import neighbor_list

from mlffbench.potentials.mace.batches import Graphs
from mlffbench.potentials.mace.library import session
from mlffbench.potentials.mace.model import CLASSES, build, hyperparameters
from mlffbench.potentials.mace.presets import PRESETS

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


def test_the_average_number_of_neighbours_counts_pairs_within_the_cutoff():
    frames = [molecule("CH3OH"), molecule("H2O"), Atoms("O")]
    centres = [neighbor_list("i", frame, 2.0) for frame in frames]
    with session(torch.float64):
        graphs = Graphs.build(frames, [1, 6, 8], 2.0, torch.float64, torch.device("cpu"))
        config = hyperparameters(graphs, [0, 1, 2], PRESETS["small"], [1, 6, 8])
    atoms_with_neighbours = sum(len(set(i.tolist())) for i in centres)
    assert config["avg_num_neighbors"] == pytest.approx(sum(map(len, centres)) / atoms_with_neighbours)
