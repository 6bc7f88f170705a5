"""Positive numbers found by maximising an evidence, within gpytorch's constraints and under its priors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import gpytorch
import torch
from gpytorch.constraints import GreaterThan
from gpytorch.priors import LogNormalPrior

__all__ = ["Hyperparameters", "maximised"]

Values = dict[str, torch.Tensor]


class Hyperparameters(gpytorch.Module):
    """Positive numbers by name, each above `lowest` times its start and with a log-normal prior around it.

    Parameters
    ----------
    start : mapping of str to float
        First guesses, and medians of the priors.
    width : float
        Of the priors, in powers of e.
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
        """A number, differentiable by its raw parameter."""
        constraint = getattr(self, f"raw_{name}_constraint")
        found: torch.Tensor = getattr(self, f"start_{name}") * constraint.transform(
            getattr(self, f"raw_{name}")
        )
        return found

    def values(self) -> Values:
        """All of them."""
        return {name: self.value(name) for name in self.names}

    def log_prior(self) -> torch.Tensor:
        """Σ log p of the values."""
        terms = [prior.log_prob(closure(module)) for _, module, prior, closure, _ in self.named_priors()]
        return torch.stack(terms).sum()


def maximised(
    evidence: Callable[[Values], torch.Tensor], start: Mapping[str, float], steps: int = 50
) -> tuple[dict[str, float], float]:
    """The values where evidence plus log prior is largest (L-BFGS), and how large it is there."""
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
