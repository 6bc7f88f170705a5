"""What neural potentials on graphs share: data held out, the loss, the training, weights in files."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.descriptors import graph
from mlffbench.descriptors.graph import Graph
from mlffbench.estimators.base.warm_start import WarmStart
from mlffbench.potentials.networks.batches import Labelled, join, labelled, loss, parts
from mlffbench.potentials.networks.training import (
    Settings,
    checked_dtype,
    holdout,
    seed_of,
    seeded,
    shuffled,
    train,
)
from mlffbench.system.device import checked_device

__all__ = ["GraphNetwork"]

HELD_BATCH = 10  # frames that are validated at a time


class GraphNetwork(WarmStart):
    """A neural potential E = Σ_i ε_i on graphs, forces and stresses by automatic differentiation.

    A subclass has the parameters named below and writes `_config`, `_module` and `_energies`. What atoms give
    is best made of `shift_`, the mean energy of an atom, and `scale_`, the root mean square force.
    """

    shares_inputs = True

    cutoff: float
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

    @abstractmethod
    def _config(self, training: Labelled) -> dict[str, Any]:
        """The arguments of `_module`: plain values, so that a file can hold them."""

    @abstractmethod
    def _module(self, **config: Any) -> torch.nn.Module:
        """The network with new weights, on the CPU."""

    @abstractmethod
    def _energies(self, batch: Graph) -> torch.Tensor:
        """(n_frames,) eV, summed in float64."""

    # ------------------------------------------------------------ learning
    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        self.dtype_, self.device_ = self.dtype, str(checked_device(self.device))
        self.cutoff_ = float(self.cutoff)
        training, held = self._split(frames, labels)
        whole = join(training)
        self.shift_, self.scale_ = _scales(whole)
        self.config_ = self._config(whole)
        with seeded(seed_of(self.random_state)):
            self.module_ = self._build().to(self.device_)
        self._train(training, held)

    def _partial_fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        self._train(*self._split(frames, labels))

    def _build(self) -> torch.nn.Module:
        dtype = checked_dtype(self.dtype_)
        module = self._module(**self.config_).to(dtype)
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
            settings=Settings(self.max_epochs, self.max_seconds, self.patience, cooldown=0.5),
        )

    def _loss(self, batch: Labelled, training: bool = True) -> torch.Tensor:
        return loss(batch, *graph.with_forces(self._energies, batch.graph, create_graph=training), self)

    def _mean_loss(self, batches: list[Labelled]) -> float:
        total = sum(self._loss(b, training=False).item() * b.graph.n_frames for b in batches)
        return total / sum(b.graph.n_frames for b in batches)

    # ------------------------------------------------------------ predicting
    def _prepare(self, frames: Sequence[Atoms]) -> list[Graph]:
        return [graph.build(p, self.cutoff_, device=self.device_) for p in parts(frames)]

    def _evaluate(self, inputs: list[Graph]) -> Labels:
        return graph.predict(self._energies, inputs)

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
    """Weights and buffers by name, as plain tensors; the state of graph-pes also holds versions and such."""
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        yield name, tensor.as_subclass(torch.Tensor)


def _scales(training: Labelled) -> tuple[float, float]:
    """Mean energy of an atom, eV, and the size of what is left: RMS force times 1 Å, else energies."""
    per_atom = training.energy / training.sizes
    known = training.forces[~training.forces.isnan()]
    scale = (known.square().mean().sqrt() if len(known) else per_atom.std(correction=0)).item()
    return per_atom.mean().item(), scale if scale > 0 else 1.0
