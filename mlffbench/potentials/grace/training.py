"""Training of a GRACE model: tensorpotential's loss and optimiser, epoch by epoch within a time limit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import numpy as np

from mlffbench.data import Labels
from mlffbench.potentials.divergence import check_finite
from mlffbench.potentials.grace.bonds import Bonds
from mlffbench.potentials.grace.labelled_batches import labelled_batches
from mlffbench.potentials.grace.library import library, quiet
from mlffbench.potentials.grace.network import instructions, weights_of
from mlffbench.potentials.learning_rate import factor
from mlffbench.system import progress

__all__ = ["Settings", "Trained", "Training"]


@dataclass(frozen=True)
class Settings:
    """Loss and steps of a training; `mlffbench.estimators.GRACE` describes them."""

    energy_weight: float
    forces_weight: float
    stress_weight: float
    huber_delta: float
    max_epochs: int
    batch_size: int
    learning_rate: float
    ema_decay: float
    patience: int | None
    max_seconds: float | None
    xla: bool


@dataclass(frozen=True)
class Trained:
    """Weights of the best epoch and the course of the training.

    Attributes
    ----------
    weights : list of arrays
    history : list of dict
        ``epoch``, ``loss``, ``validation``, ``learning_rate`` and ``seconds`` since the start of each epoch.
    stopped_by : {"epochs", "time", "patience"}
    """

    weights: list[np.ndarray]
    history: list[dict[str, float]]
    stopped_by: str


class Training:
    """A model with new weights, or given ones, and what trains it.

    Parameters
    ----------
    config : mapping
        Of `instructions`.
    settings : Settings
    seed : int
        Of the first weights and of the batches.
    start : sequence of arrays, optional
        The first weights.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        settings: Settings,
        seed: int,
        start: Sequence[np.ndarray] | None = None,
    ) -> None:
        self.settings, self.random = settings, np.random.default_rng(seed)
        self.begun = monotonic()
        packages = library()
        packages.tf.random.set_seed(seed)
        with quiet():
            self.potential = packages.tensorpot.TensorPotential(
                instructions(config),
                fit_config={"optimizer": "Adam", "opt_params": self._optimizer()},
                global_batch_size=1,
                loss_function=self._loss(),
                compute_metrics=packages.metrics.ComputeMetrics([]),
                model_train_function=packages.tpmodel.ComputeBatchEnergyForcesVirials(),
                param_dtype=getattr(packages.tf, config["dtype"]),
                jit_compile=settings.xla,
                seed=seed,
            )
        for variable, values in zip(self.potential.model.variables_to_train, start or (), strict=False):
            variable.assign(values)

    def _optimizer(self) -> dict[str, Any]:
        return {
            "learning_rate": self.settings.learning_rate,
            "amsgrad": True,
            "clipnorm": 1.0,
            "use_ema": True,
            "ema_momentum": self.settings.ema_decay,
        }

    def _loss(self) -> Any:
        module, s = library().loss, self.settings
        kinds = {
            "energy": (s.energy_weight, module.WeightedHuberEnergyPerAtomLoss),
            "forces": (s.forces_weight, module.WeightedHuberForceLoss),
            "stress": (s.stress_weight, module.WeightedHuberStressLoss),
        }
        return module.LossFunction(
            {name: kind(weight, delta=s.huber_delta) for name, (weight, kind) in kinds.items()}
        )

    @property
    def seconds(self) -> float:
        return monotonic() - self.begun

    def run(self, training: list[dict[str, Any]], validation: list[dict[str, Any]]) -> Trained:
        """Train on batches; the averaged weights of the epoch with the smallest loss are the result.

        Raises
        ------
        FloatingPointError
            A loss is not finite.
        """
        history: list[dict[str, float]] = []
        best, lowest, best_epoch, reason = weights_of(self.potential.model), math.inf, 0, ""
        while not reason:
            epoch = len(history) + 1
            with quiet():
                loss = self._epoch(epoch, training)
                with self.potential.ema_scope():
                    value = self._validate(validation) if validation else loss
                    if value < lowest:
                        best, lowest, best_epoch = weights_of(self.potential.model), value, epoch
            check_finite(loss, "training loss", epoch)
            check_finite(value, "validation loss", epoch)
            rate = float(self.potential.optimizer.learning_rate.numpy())
            history.append({
                "epoch": epoch, "loss": loss, "validation": value, "learning_rate": rate,
                "seconds": self.seconds,
            })  # fmt: skip
            progress.report("epoch", epoch, self.settings.max_epochs, loss=loss, validation=value)
            reason = self._reason(epoch, best_epoch)
        return Trained(best, history, reason)

    def _reason(self, epoch: int, best_epoch: int) -> str:
        s = self.settings
        if epoch >= s.max_epochs:
            return "epochs"
        if s.max_seconds is not None and self.seconds > s.max_seconds:
            return "time"
        return "patience" if s.patience is not None and epoch - best_epoch >= s.patience else ""

    def _epoch(self, epoch: int, batches: list[dict[str, Any]]) -> float:
        """Mean loss of the epoch's batches, until the time is over."""
        losses: list[float] = []
        for i, k in enumerate(self.random.permutation(len(batches))):
            limit = self.settings.max_seconds or math.inf
            if losses and self.seconds > limit:
                break
            share = max((epoch - 1 + i / len(batches)) / self.settings.max_epochs, self.seconds / limit)
            rate = self.settings.learning_rate * factor("cosine", 0.0, share)
            self.potential.optimizer.learning_rate.assign(rate)
            result = self.potential.distributed_train_step([batches[k]])
            losses.append(float(result["total_loss/train"]))
        return float(np.mean(losses))

    def _validate(self, batches: list[dict[str, Any]]) -> float:
        results = [self.potential.distributed_test_step([batch]) for batch in batches]
        return float(np.mean([float(result["total_loss/test"]) for result in results]))

    def batches(self, frames: Sequence[Bonds], labels: Labels) -> list[dict[str, Any]]:
        """Random batches of the frames with their labels, as tensors."""
        tf = library().tf
        kinds = {name: spec.dtype for name, spec in self.potential.get_model_grad_signatures().items()}
        return [
            {name: tf.constant(arrays[name], kind) for name, kind in kinds.items()}
            for arrays in labelled_batches(frames, labels, self.settings.batch_size, self.random)
        ]
