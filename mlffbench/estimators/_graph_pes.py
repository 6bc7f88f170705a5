"""The fence around graph-pes, the only file that imports it, and what its models share as estimators."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from ase import Atoms

from mlffbench import graph
from mlffbench.data import Labels
from mlffbench.device import checked_device
from mlffbench.estimators._warm_start import WarmStart
from mlffbench.graph import Graph
from mlffbench.nn.batches import Labelled, join, labelled, mean_square, parts
from mlffbench.nn.train import (
    Settings,
    checked_dtype,
    holdout,
    seed_of,
    seeded,
    shuffled,
    train,
)

__all__ = ["GraphPES", "atomic_graph", "library"]

HELD_BATCH = 10  # frames that are validated at a time


@cache
def library() -> SimpleNamespace:
    """What is used of graph-pes; its import takes seconds, and leaves the warnings' filters as they were."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from graph_pes import models
        from graph_pes.atomic_graph import AtomicGraph
        from graph_pes.models.components.distances import CosineEnvelope
        from graph_pes.utils.nn import HaddamardProduct
    return SimpleNamespace(
        SchNet=models.SchNet,
        PaiNN=models.PaiNN,
        TensorNet=models.TensorNet,
        AtomicGraph=AtomicGraph,
        CosineEnvelope=CosineEnvelope,
        product=HaddamardProduct,
    )


def atomic_graph(batch: Graph, cutoff: float, dtype: torch.dtype) -> Any:
    """The same frames, atoms and neighbours as a batch of graph-pes.

    Every frame moves to its centre, where `dtype` is finest.
    """
    sizes = torch.bincount(batch.frame, minlength=batch.n_frames)
    centre = batch.sum_atoms(batch.positions).detach() / sizes[:, None]
    return library().AtomicGraph(
        Z=batch.numbers,
        R=(batch.positions - centre[batch.frame]).to(dtype),
        cell=batch.cells.to(dtype),
        neighbour_list=torch.stack([batch.source, batch.target]),
        neighbour_cell_offsets=batch.shifts.to(dtype),
        properties={},
        cutoff=cutoff,
        other={},
        batch=batch.frame,
        ptr=torch.cat([sizes.new_zeros(1), sizes.cumsum(0)]),
    )


@contextmanager
def _default(dtype: torch.dtype) -> Iterator[None]:
    """Torch's default while graph-pes makes tensors without saying of what type."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


class GraphPES(WarmStart):
    """A model of graph-pes under the one training loop: E = Σ_i (shift + scale · ε_i).

    shift is the mean energy of an atom, scale the root mean square force; ε_i is the model's energy of atom i
    with a trained factor for each element. A subclass has the parameters named below and
    writes `_construct`.
    """

    requires = ("graph_pes",)
    extra = "graph-pes"
    shares_inputs = True

    cutoff: float
    channels: int
    layers: int
    radial_features: int
    energy_weight: float
    forces_weight: float
    stress_weight: float
    max_epochs: int
    batch_size: int
    learning_rate: float
    validation_fraction: float
    patience: int | None
    max_seconds: float | None
    device: str
    dtype: str
    random_state: int | None

    @staticmethod
    @abstractmethod
    def _construct(
        library: SimpleNamespace, cutoff: float, channels: int, layers: int, radial_features: int
    ) -> torch.nn.Module:
        """The model with new weights."""

    # ------------------------------------------------------------ learning
    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        self.dtype_, self.device_ = self.dtype, str(checked_device(self.device))
        self.cutoff_ = float(self.cutoff)
        training, held = self._split(frames, labels)
        self.shift_, self.scale_ = _scales(training)
        self.config_ = {k: getattr(self, k) for k in ("channels", "layers", "radial_features")}
        with seeded(seed_of(self.random_state)):
            self.module_ = self._build().to(self.device_)
        self._train(training, held)

    def _partial_fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        self._train(*self._split(frames, labels))

    def _build(self) -> torch.nn.Module:
        """The network of `config_`, on the CPU."""
        dtype = checked_dtype(self.dtype_)
        module = self._construct(library(), cutoff=self.cutoff_, **self.config_).to(dtype)
        found = {p.dtype for p in module.parameters()}
        assert found == {dtype}, f"weights are {found}, not {dtype}"
        return module

    def _split(self, frames: Sequence[Atoms], labels: Labels) -> tuple[list[Labelled], list[Labelled]]:
        """Graphs and labels to train on, and those held out."""
        items = labelled(frames, labels, self.cutoff_, device=self.device_)
        split = holdout(len(items), self.validation_fraction, seed_of(self.random_state))
        training, held = ([items[i] for i in part] for part in split)
        return training, held

    def _train(self, training: list[Labelled], held: list[Labelled]) -> None:
        generator = torch.Generator().manual_seed(seed_of(self.random_state))
        held_batches = [join(held[i : i + HELD_BATCH]) for i in range(0, len(held), HELD_BATCH)]
        self.history_ = train(
            self.module_,
            [{"params": self.module_.parameters(), "lr": self.learning_rate}],
            batches=lambda: map(join, shuffled(training, self.batch_size, generator)),
            loss=self._loss,
            validate=(lambda: self._mean_loss(held_batches)) if held else None,
            settings=Settings(
                max_epochs=self.max_epochs,
                max_seconds=self.max_seconds,
                patience=self.patience,
                cooldown=0.5,
            ),
        )

    def _loss(self, batch: Labelled, training: bool = True) -> torch.Tensor:
        """w_E ⟨(ΔE/n)²⟩ + w_F ⟨ΔF²⟩ + w_S ⟨ΔS²⟩ over what is labelled."""
        energy, forces, stress = graph.with_forces(self._energies, batch.graph, create_graph=training)
        return (
            self.energy_weight * ((energy - batch.energy) / batch.sizes).square().mean()
            + self.forces_weight * mean_square(forces - batch.forces)
            + self.stress_weight * mean_square(stress - batch.stress)
        )

    def _mean_loss(self, batches: list[Labelled]) -> float:
        total = sum(self._loss(b, training=False).item() * b.graph.n_frames for b in batches)
        return total / sum(b.graph.n_frames for b in batches)

    def _energies(self, batch: Graph) -> torch.Tensor:
        """(n_frames,) eV, summed in float64."""
        dtype = checked_dtype(self.dtype_)
        with _default(dtype):
            local = self.module_(atomic_graph(batch, self.cutoff_, dtype))["local_energies"]
        # graph-pes drops the dimension of a single atom
        return batch.sum_atoms(self.shift_ + self.scale_ * local.reshape(-1).double())

    # ------------------------------------------------------------ predicting
    def _prepare(self, frames: Sequence[Atoms]) -> list[Graph]:
        return [graph.build(p, self.cutoff_, device=self.device_) for p in parts(frames)]

    def _evaluate(self, inputs: list[Graph]) -> Labels:
        found = [graph.labels(g, *graph.with_forces(self._energies, g)) for g in inputs]
        return Labels(
            np.concatenate([p.energy for p in found]),
            tuple(f for p in found for f in p.forces or ()),
            tuple(s for p in found for s in p.stress or [None] * len(p)),
        )

    # ------------------------------------------------------------ pickling
    def __getstate__(self) -> dict[str, Any]:
        """Weights instead of the module: a file holds values, no code."""
        state = super().__getstate__().copy()
        if "module_" in state:
            state["module_"] = {k: v.detach().cpu().clone() for k, v in _tensors(state["module_"])}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "module_" in state:
            self.device_ = self.device_ if torch.cuda.is_available() else "cpu"
            with seeded(0):
                self.module_ = self._build()
            with torch.no_grad():
                for name, tensor in _tensors(self.module_):
                    tensor.copy_(state["module_"][name])
            self.module_.to(self.device_)


def _tensors(module: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Weights and buffers by name; graph-pes' own state also holds versions and such."""
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        yield name, tensor.as_subclass(torch.Tensor)


def _scales(training: Sequence[Labelled]) -> tuple[float, float]:
    """Mean energy of an atom, eV, and the size of what is left: RMS force times 1 Å, else energies."""
    whole = join(training)
    per_atom = whole.energy / whole.sizes
    known = whole.forces[~whole.forces.isnan()]
    scale = (known.square().mean().sqrt() if len(known) else per_atom.std(correction=0)).item()
    return per_atom.mean().item(), scale if scale > 0 else 1.0
