"""The authors' loss on frames of which some labels are missing."""

from __future__ import annotations

import torch
from example_mace import CPU, small
from example_water import springs

from mlffbench.data import Labels
from mlffbench.potentials.mace.batches import Graphs
from mlffbench.potentials.mace.evaluation import output
from mlffbench.potentials.mace.library import session
from mlffbench.potentials.mace.training import loss_function


def test_missing_forces_weigh_nothing_and_are_no_zeros() -> None:
    """The authors' loss, forces of frame 1 unknown: changing what stands in their place changes nothing."""
    frames, labels = springs(3)
    model = small(max_epochs=1).fit(frames, labels)
    partial = Labels(labels.energy, (labels.forces[0], None, labels.forces[2]))  # type: ignore[index]
    graphs = Graphs.build(frames, [1, 8], model.config_["r_max"], torch.float64, CPU, partial)
    batch = graphs.batch([0, 1, 2])
    with session(torch.float64):
        error = loss_function(1.0, 100.0, None)
    losses = []
    for stand_in in (0.0, 7.0):
        batch["forces"][3:6] = stand_in
        losses.append(error(batch, output(model.module_, batch, False)).item())
    assert losses[0] == losses[1]
