"""State of a training as arrays and plain facts, and its restoration in place."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Protocol

import numpy as np
import torch

from mlffbench.potentials.networks.averaging import Average, Best
from mlffbench.potentials.networks.schedule import LearningRate
from mlffbench.potentials.networks.training_settings import Settings, StageTwo
from mlffbench.system.state_file import State

__all__ = ["Training", "restore", "state_of", "training_name"]

FORMAT = 1  # of a state
MOMENTS = ("step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq")  # of Adam with AMSGrad
RATES = ("rates", "factor", "lowest", "waited", "schedule")
FACTS = ("history", "epoch", "done", "stage", "parts", "stopped_by", "captured")


class Training(Protocol):
    """The parts of a training that change while it runs.

    Attributes
    ----------
    order : torch.Generator or None
        Generator of the order of the batches, whose state at the start of the epoch is `order_before`.
    epoch, done : int
        The present epoch, and its batches that are done, with their `losses`.
    parts : int
        In which each batch is computed.
    stopped_by : str
        Empty until the training has ended.
    """

    weights: list[torch.nn.Parameter]
    optimizer: torch.optim.Adam
    average: Average
    best: Best
    rate: LearningRate
    history: list[dict[str, float]]
    losses: list[torch.Tensor]
    order: torch.Generator | None
    order_before: torch.Tensor | None
    epoch: int
    done: int
    stage: int
    parts: int
    stopped_by: str
    captured: str


def training_name(
    weights: Sequence[torch.Tensor],
    groups: Sequence[Mapping[str, Any]],
    settings: Settings,
    second: StageTwo[Any] | None,
    order: torch.Generator | None,
) -> str:
    """Name from what decides a training besides its frames: first weights, optimiser, schedule, order."""
    options = [{k: float(v) for k, v in g.items() if isinstance(v, int | float)} for g in groups]
    stage = None if second is None else (second.start, second.learning_rate, second.average)
    digest = hashlib.sha256(repr((FORMAT, asdict(settings), stage, options)).encode())
    digest.update(_flat(weights).tobytes())
    digest.update(b"" if order is None else order.get_state().numpy().tobytes())
    return f"training-{digest.hexdigest()[:16]}.state"


def state_of(run: Training) -> State:
    """Copy the state of a training to the host."""
    arrays = {"weights": _flat(run.weights), "average": _flat(run.average.copies)}
    arrays["updates"] = run.average.updates.cpu().numpy()
    updated = [w for w in run.weights if run.optimizer.state.get(w)]
    arrays["updated"] = np.array([bool(run.optimizer.state.get(w)) for w in run.weights])
    for name in MOMENTS if updated else ():
        arrays[name] = _flat([run.optimizer.state[w][name] for w in updated])
    if run.best.copies:
        arrays["best"] = _flat(run.best.copies)
    if run.losses:
        arrays["losses"] = torch.stack(run.losses).cpu().numpy()
    if run.order_before is not None:
        arrays["order"] = run.order_before.numpy()
    facts = {
        "rate": {name: getattr(run.rate, name) for name in RATES},
        "average": run.average.plain,
        "best": [run.best.value, run.best.epoch],
        **{name: getattr(run, name) for name in FACTS},
    }
    return facts, arrays


def restore(run: Training, state: State) -> None:
    """Write a state into a training that has not begun: into its tensors, which a captured step reads."""
    facts, arrays = state
    _write(arrays["weights"], run.weights)
    _write(arrays["average"], run.average.copies)
    run.average.updates.fill_(float(arrays["updates"]))
    run.average.plain = facts["average"]
    _restore_optimizer(run, arrays)
    run.best.value, run.best.epoch = facts["best"]
    if "best" in arrays:
        run.best.copies = [torch.empty_like(w.detach()) for w in run.weights]
        _write(arrays["best"], run.best.copies)
    device = run.weights[0].device
    run.losses = list(torch.as_tensor(arrays["losses"], device=device)) if "losses" in arrays else []
    if run.order is not None:
        run.order_before = torch.as_tensor(arrays["order"])
        run.order.set_state(run.order_before)
    run.rate.restore(**facts["rate"])
    for name in FACTS:
        setattr(run, name, facts[name])


def _restore_optimizer(run: Training, arrays: Mapping[str, np.ndarray]) -> None:
    weights = [w for w, updated in zip(run.weights, arrays["updated"], strict=True) if updated]
    for name in MOMENTS if weights else ():
        steps = [torch.zeros((), dtype=torch.float32, device=w.device) for w in weights]  # as torch's own
        tensors = steps if name == "step" else [torch.zeros_like(w.detach()) for w in weights]
        _write(arrays[name], tensors)
        for weight, tensor in zip(weights, tensors, strict=True):
            run.optimizer.state[weight][name] = tensor


def _flat(tensors: Sequence[torch.Tensor]) -> np.ndarray:
    """All numbers of some tensors, one after the other, on the host."""
    return torch.cat([t.detach().flatten() for t in tensors]).cpu().numpy()


def _write(values: np.ndarray, tensors: Sequence[torch.Tensor]) -> None:
    """Write the numbers back.

    Raises
    ------
    ValueError
        They are not as many as the tensors hold.
    """
    sizes = [t.numel() for t in tensors]
    if len(values) != sum(sizes):
        raise ValueError(f"a state has {len(values)} numbers for {sum(sizes)}")
    parts = torch.as_tensor(values).split(sizes)
    with torch.no_grad():
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))
