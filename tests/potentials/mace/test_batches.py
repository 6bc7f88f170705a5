"""Batches against mace-torch's own graphs, and their labels against the frames'."""

from __future__ import annotations

import numpy as np
import torch
from example_mace import CPU, mixed, untrained

from mlffbench.potentials.mace.assembly import assemble
from mlffbench.potentials.mace.batches import Graphs
from mlffbench.potentials.mace.evaluation import output
from mlffbench.potentials.mace.library import session
from mlffbench.testing import solids


def test_batches_give_what_mace_torchs_own_graphs_give() -> None:
    frames, numbers, order = mixed(), [1, 6, 8], [2, 0, 3, 1]
    module, graphs, config = untrained(frames, numbers, {})
    with session(torch.float64):
        from mace.data import AtomicData, Configuration
        from mace.tools import AtomicNumberTable
        from mace.tools.torch_geometric.dataloader import Collater

        theirs = [
            AtomicData.from_config(
                Configuration(
                    frames[i].numbers, frames[i].positions, {}, {}, cell=np.array(frames[i].cell),
                    pbc=tuple(frames[i].pbc.tolist()),
                ),
                AtomicNumberTable(numbers), config["r_max"],
            )
            for i in order
        ]  # fmt: skip
        expected = module(Collater([None], [])(theirs).to_dict(), compute_stress=True)
    batch = assemble(graphs, order)
    ours = output(module, batch, stress=True)
    ours["forces"] = ours["forces"][torch.as_tensor(batch.order)]
    for name in ("energy", "forces"):
        torch.testing.assert_close(ours[name], expected[name], rtol=0, atol=1e-10)
    torch.testing.assert_close(ours["stress"][0], expected["stress"][0], rtol=0, atol=1e-10)


def test_labels_of_a_batch_are_the_frames_own() -> None:
    data = solids()
    labels = data.labels
    assert labels.forces is not None
    assert labels.stress is not None
    graphs = Graphs.build(data.frames, [18], 4.0, torch.float64, CPU, labels)
    batch = assemble(graphs, [3, 1])
    np.testing.assert_array_equal(
        batch.forces[torch.as_tensor(batch.order)], np.vstack([labels.forces[3], labels.forces[1]])
    )
    np.testing.assert_array_equal(batch.energy, labels.energy[[3, 1]])
    full = np.array([labels.stress[3], labels.stress[1]])[:, [0, 5, 4, 5, 1, 3, 4, 3, 2]]
    np.testing.assert_array_equal(batch.stress, full.reshape(2, 3, 3))
