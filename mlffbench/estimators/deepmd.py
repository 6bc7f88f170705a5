"""Deep potential (DeePMD) by its authors' package, in a Python environment of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ase import Atoms

from mlffbench.estimators.base.graph_network import GraphNetwork
from mlffbench.system.ranges import Count, Length, Positive, ShareBelowOne

if TYPE_CHECKING:
    import torch

    from mlffbench.descriptors.graph import Graph
    from mlffbench.potentials.deepmd import DeepPotential
    from mlffbench.potentials.networks.batches import LabelledGraphs
    from mlffbench.potentials.networks.labelled_frames import LabelledFrames

__all__ = ["DeePMD"]


@dataclass(eq=False, repr=False)
class DeePMD(GraphNetwork):
    """Deep potential ``se_e2_a`` [1]_ [2]_ as its authors write it, in the common training loop.

    The environment matrix R_ij = s(r_ij)(1, x̂, ŷ, ẑ) of each atom is contracted with an embedding network of
    s(r_ij), and the invariant product feeds the fitting network of its element. Descriptor, networks and
    first weights are deepmd-kit's; loss, batches, schedule and the choice of the best epoch are those of the
    other networks here. It is trained for 10⁵ to 10⁶ steps by its users: with a budget of minutes it looks
    worse than it is. The package pins versions: a suite fits this method in its own `environment`.

    Parameters
    ----------
    cutoff : float
        Å: ``rcut``.
    smoothing : float
        Part of the cutoff from which on pairs count less and less: ``rcut_smth`` divided by ``rcut``.
    embedding : sequence of int
        Neurons of the embedding network: ``descriptor.neuron``.
    axis_neurons : int
        Columns of the embedding that all others are multiplied by.
    hidden : sequence of int
        Neurons of the fitting network: ``fitting_net.neuron``.

    Other Parameters
    ----------------
    {shared}

    References
    ----------
    .. [1] L. Zhang et al., Adv. Neural Inf. Process. Syst. 31, 4436 (2018).
    .. [2] J. Zeng et al., J. Chem. Phys. 159, 054801 (2023). Code: https://github.com/deepmodeling/deepmd-kit
    """

    cutoff: Length = 6.0
    smoothing: ShareBelowOne = 0.1
    embedding: tuple[Count, ...] = (25, 50, 100)
    axis_neurons: Count = 16
    hidden: tuple[Count, ...] = (120, 120, 120)
    _: KW_ONLY
    learning_rate: Positive = 0.002

    requires: ClassVar[tuple[str, ...]] = ("torch", "deepmd")
    extra: ClassVar[str | None] = None
    environment: ClassVar[Mapping[str, Any] | None] = {
        "name": "deepmd",
        "requirements": ["deepmd-kit>=3.2,<3.3", "mpich", "e3nn>=0.5.9", "torch>=2.6,<2.14"],
    }

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """Cutoff, steps of the training and size of the networks."""
        return {
            **super().search_space(),
            "embedding": [(10, 20, 40), (25, 50, 100)],
            "hidden": [(60, 60), (120, 120, 120), (240, 240, 240)],
        }

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        small = {"embedding": (4, 8), "axis_neurons": 2, "hidden": (8, 8)}
        return {**small, "cutoff": 4.5, "max_epochs": 2, "dtype": "float64"}

    def import_libraries(self) -> None:
        super().import_libraries()

        from mlffbench.potentials.deepmd import library

        library()

    def _config(self, training: LabelledGraphs) -> dict[str, Any]:
        from mlffbench.potentials.deepmd import slots

        room = slots(training.graph, self.elements_)
        return {
            "elements": list(self.elements_),
            "cutoff": self.cutoff_,
            "smoothing": self.smoothing * self.cutoff_,
            "slots": room,
            "divisor": sum(room),
            "embedding": list(self.embedding),
            "axis": self.axis_neurons,
            "fitting": list(self.hidden),
            "dtype": self.dtype_,
        }

    def _build(self) -> DeepPotential:
        return self._module(**self.config_)

    def _module(self, **config: Any) -> DeepPotential:
        from mlffbench.potentials.deepmd import DeepPotential

        return DeepPotential(**config)

    @property
    def _network(self) -> DeepPotential:
        network: Any = self.module_
        return network

    def _train(self, labelled: LabelledFrames, training: list[int], held: list[int]) -> None:
        self._make_room(labelled.batch([*training, *held]).graph)
        if not hasattr(self, "history_"):  # the first time
            self._network.standardise(labelled.batch(training).graph)
        super()._train(labelled, training, held)

    def _prepare(self, frames: Sequence[Atoms]) -> list[Graph]:
        graphs = super()._prepare(frames)
        for graph in graphs:
            self._make_room(graph)
        return graphs

    def _make_room(self, graph: Graph) -> None:
        if self._network.make_room(graph):
            self.config_["slots"] = self._network.slots
            self.__dict__.pop("_predicted", None)  # captured for fewer

    def _energies(self, batch: Graph) -> torch.Tensor:
        atomic = self.module_(batch).double()
        return batch.sum_atoms(self.shift_ + self.scale_ * atomic)
