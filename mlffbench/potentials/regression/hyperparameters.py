"""Maximisation of an evidence over positive numbers, with GPyTorch's constraints and priors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import gpytorch
import torch
from gpytorch.constraints import GreaterThan
from gpytorch.priors import LogNormalPrior

__all__ = ["Hyperparameters", "maximise"]

Values = dict[str, torch.Tensor]


class Hyperparameters(gpytorch.Module):
    """Positive numbers by name, each above `lowest` times its start and with a log-normal prior around it.

    Parameters
    ----------
    start : mapping of str to float
        First guesses, and medians of the priors.
    width : float
        Standard deviation of the logarithms under the prior.
    lowest : float
        Lower bound of each number over its start.
    """

    def __init__(self, start: Mapping[str, float], width: float = 2.0, lowest: float = 1e-4) -> None:
        super().__init__()
        self.names = tuple(start)
        for name, value in start.items():
            first = torch.tensor(value, dtype=torch.float64)
            # in units of the start, where raw numbers are of the order 1
            constraint = GreaterThan(lowest)
            raw = torch.nn.Parameter(constraint.inverse_transform(torch.ones_like(first)))
            self.register_parameter(f"raw_{name}", raw)
            self.register_constraint(f"raw_{name}", constraint)
            self.register_buffer(f"start_{name}", first)
            self.register_prior(f"{name}_prior", LogNormalPrior(first.log(), first.new_tensor(width)),
                                lambda module, name=name: module.value(name))  # fmt: skip

    def value(self, name: str) -> torch.Tensor:
        """The number of this name, differentiable by its raw parameter."""
        constraint = getattr(self, f"raw_{name}_constraint")
        start: torch.Tensor = getattr(self, f"start_{name}")
        return start * constraint.transform(getattr(self, f"raw_{name}"))

    def values(self) -> Values:
        """All numbers by name."""
        return {name: self.value(name) for name in self.names}

    def log_prior(self) -> torch.Tensor:
        """Σ log p of the values."""
        terms = [prior.log_prob(closure(module)) for _, module, prior, closure, _ in self.named_priors()]
        return torch.stack(terms).sum()


def maximise(
    evidence: Callable[[Values], torch.Tensor], start: Mapping[str, float], steps: int = 50
) -> tuple[dict[str, float], float]:
    """Values that maximise evidence plus log prior (L-BFGS), and the maximum."""
    model = Hyperparameters(start)
    optimiser = torch.optim.LBFGS(
        model.parameters(), max_iter=steps, tolerance_change=1e-4, line_search_fn="strong_wolfe"
    )

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        negative = -(evidence(model.values()) + model.log_prior())
        negative.backward()
        return negative

    optimiser.step(loss)
    with torch.no_grad():
        values = model.values()
        return {name: float(value) for name, value in values.items()}, float(
            evidence(values) + model.log_prior()
        )
