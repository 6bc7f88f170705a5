"""Architecture and training of a NEP as the text of torchnep's input file ``nep.in``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Settings"]

LAST_RATE = 0.01  # learning rate at the end of a stage, relative to that at its beginning


@dataclass(frozen=True)
class Settings:
    """Hyperparameters of a network and its training; `mlffbench.estimators.NEP` describes them."""

    cutoff: float
    angular_cutoff: float
    n_max: int
    angular_n_max: int
    basis_size: int
    angular_basis_size: int
    l_max: int
    four_body: bool
    five_body: bool
    num_neurons: int
    zbl: float | None
    energy_weight: float
    forces_weight: float
    virial_weight: float
    stage_two: float | None
    stage_two_energy_weight: float
    stage_two_forces_weight: float
    stage_two_virial_weight: float
    stage_two_learning_rate: float
    batch_size: int
    learning_rate: float
    weight_decay: float
    patience: int | None

    def first_of_stage_two(self, epochs: int) -> int | None:
        """Number of the first epoch of stage two, from 1; None without one."""
        if self.stage_two is None or epochs < 2:
            return None
        return min(max(2, 1 + round(self.stage_two * epochs)), epochs)

    def weights(self, epoch: int, epochs: int) -> tuple[float, float, float]:
        """Weights of the squared errors of energies, forces and virials in an epoch."""
        second = self.first_of_stage_two(epochs)
        if second is None or epoch < second:
            return self.energy_weight, self.forces_weight, self.virial_weight
        return self.stage_two_energy_weight, self.stage_two_forces_weight, self.stage_two_virial_weight

    def text(self, elements: Sequence[str], epochs: int) -> str:
        """Text of ``nep.in``: learning rates fall exponentially to a hundredth within each stage."""
        second = self.first_of_stage_two(epochs)
        first = epochs if second is None else second - 1
        lines = {
            "type": f"{len(elements)} {' '.join(elements)}",
            "version": 4,
            "cutoff": f"{self.cutoff} {self.angular_cutoff}",
            "n_max": f"{self.n_max} {self.angular_n_max}",
            "basis_size": f"{self.basis_size} {self.angular_basis_size}",
            "l_max": f"{self.l_max} {2 * self.four_body} {int(self.five_body)}",
            "neuron": self.num_neurons,
            **({} if self.zbl is None else {"zbl": self.zbl}),
            "epoch": epochs,
            "batch": self.batch_size,
            "lr": self.learning_rate,
            "stop_lr": 0.0,
            "lambda_e": self.energy_weight,
            "lambda_f": self.forces_weight,
            "lambda_v": self.virial_weight,
            "weight_decay": self.weight_decay,
            "lr_scheduler": "step",
            "scheduler_patience": 1,
            "scheduler_factor": LAST_RATE ** (1 / first),
            **({} if self.patience is None else {"early_stop": self.patience}),
            **({} if second is None else self._second(second, epochs)),
        }
        return "".join(f"{name} {value}\n" for name, value in lines.items())

    def _second(self, start: int, epochs: int) -> dict[str, float]:
        return {
            "stage2": 1,
            "start_stage2": start,
            "stage2_lr": self.stage_two_learning_rate,
            "stage2_lambda_e": self.stage_two_energy_weight,
            "stage2_lambda_f": self.stage_two_forces_weight,
            "stage2_lambda_v": self.stage_two_virial_weight,
            "stage2_scheduler_patience": 1,
            "stage2_scheduler_factor": LAST_RATE ** (1 / (epochs - start + 1)),
        }
