"""Quintic switching function with two continuous derivatives."""

from __future__ import annotations

import torch

__all__ = ["quintic", "switched_off"]

START = 0.8  # of the cutoff; below, the switching function is 1


def quintic(t: torch.Tensor) -> torch.Tensor:
    """1 − 10t³ + 15t⁴ − 6t⁵ with t clamped to 0 … 1: from 1 down to 0."""
    t = t.clamp(0.0, 1.0)
    return 1 - t**3 * (10 - 15 * t + 6 * t**2)


def switched_off(x: torch.Tensor) -> torch.Tensor:
    """1 up to x = 0.8, then the quintic down to 0 at x = 1, where x is a distance over the cutoff."""
    return quintic((x - START) / (1 - START))
