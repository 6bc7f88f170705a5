"""Rates of a device at the three things that evaluations are made of: products, copies, small kernels."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlffbench.system.timing import seconds_of

__all__ = ["Calibration", "calibrate"]

SMALLEST_MATRIX, LARGEST_MATRIX = 256, 8192
WORTH = 0.005  # s: a product of matrices takes as long, or is the largest
LAUNCHES = 1000  # one after the other
BYTES = {"cuda": 2**30, "cpu": 2**27}  # more than any cache holds
ENOUGH, FEWEST, MOST = 0.05, 3, 30  # seconds and numbers of samples

Work = Callable[[], Any]


@dataclass(frozen=True)
class Calibration:
    """Rates that this process reached on a device, each the best of several samples.

    Attributes
    ----------
    library : str
        ``torch``, or ``numpy`` where nothing has imported torch.
    matrix_product_float32, matrix_product_float64 : float or None
        10⁹ operations (2n³ for two n × n matrices) a second, in the precision that torch is set to
        (``float32_matmul_precision``); None on a device without that type.
    copy : float
        10⁹ bytes a second, read and written.
    launches : float
        Operations on one number a second, launched one after the other.
    """

    library: str
    matrix_product_float32: float | None
    matrix_product_float64: float | None
    copy: float
    launches: float


def calibrate(device: str = "cpu") -> Calibration:
    """Measure the rates, in less than a second."""
    kernels: _Numpy | _Torch = _Torch(device) if "torch" in sys.modules else _Numpy()
    n, add = BYTES["cuda" if device.startswith("cuda") else "cpu"], kernels.addition()

    def launch() -> None:
        for _ in range(LAUNCHES):
            add()

    return Calibration(
        kernels.library,
        _product_rate(kernels, "float32", device),
        None if device.startswith("mps") else _product_rate(kernels, "float64", device),
        2e-9 * n / _least_seconds(kernels.copy(n), device),
        LAUNCHES / _least_seconds(launch, device),
    )


class _Numpy:
    """The three kinds of work, as functions on arrays that exist already."""

    library = "numpy"

    def product(self, n: int, dtype: str) -> Work:
        a, b, c = (np.ones((n, n), dtype=dtype) for _ in range(3))
        return lambda: np.matmul(a, b, out=c)

    def copy(self, n: int) -> Work:
        here, there = (np.zeros(n, dtype=np.uint8) + np.uint8(1) for _ in range(2))
        return lambda: np.copyto(there, here)

    def addition(self) -> Work:
        number = np.zeros(1)
        return lambda: np.add(number, 1.0, out=number)


class _Torch:
    """The same on tensors of a device."""

    library = "torch"

    def __init__(self, device: str) -> None:
        self.device = device

    def product(self, n: int, dtype: str) -> Work:
        import torch

        a, b, c = (torch.ones((n, n), device=self.device, dtype=getattr(torch, dtype)) for _ in range(3))
        return lambda: torch.mm(a, b, out=c)

    def copy(self, n: int) -> Work:
        import torch

        here, there = (torch.ones(n, device=self.device, dtype=torch.uint8) for _ in range(2))
        return lambda: there.copy_(here)

    def addition(self) -> Work:
        import torch

        number = torch.zeros(1, device=self.device)
        return lambda: number.add_(1.0)


def _product_rate(kernels: _Numpy | _Torch, dtype: str, device: str) -> float:
    """10⁹ operations a second; matrices are doubled until they are worth measuring."""
    n = SMALLEST_MATRIX
    while True:
        multiply = kernels.product(n, dtype)
        multiply()
        if n == LARGEST_MATRIX or seconds_of(multiply, device) >= WORTH:
            return 2e-9 * n**3 / _least_seconds(multiply, device)
        n *= 2


def _least_seconds(work: Work, device: str) -> float:
    """The least time of several calls after a first one: other work on the machine only adds to it."""
    work()
    times: list[float] = []
    while len(times) < FEWEST or (sum(times) < ENOUGH and len(times) < MOST):
        times.append(seconds_of(work, device))
    return min(times)
