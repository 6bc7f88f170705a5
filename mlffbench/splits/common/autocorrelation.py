"""Integrated autocorrelation time of a time series."""

from __future__ import annotations

import numpy as np

__all__ = ["autocorrelation_time"]

WINDOW = 5.0  # Sokal's c: the bias is about e^−c


def autocorrelation_time(series: np.ndarray) -> float:
    """Integrated autocorrelation time τ = ½ + Σ_{t=1}^{M} ρ(t), in frames.

    The window M is the smallest with M ≥ 5 τ(M). n frames count as n/2τ independent ones. A white series has
    τ = ½, an AR(1) process of coefficient ρ has τ = ½ (1+ρ)/(1−ρ). A series shorter than some 50 τ gives too
    small a τ. The window is that of A. Sokal,
    "Monte Carlo methods in statistical mechanics", NATO ASI B 361, 131 (1997), section 3.

    Parameters
    ----------
    series : (n,) array
        Equally spaced in time.
    """
    deviation = np.asarray(series, dtype=float) - np.mean(series)
    n = len(deviation)
    if n < 3 or np.ptp(series) <= 1e-12 * np.abs(series).max():
        return 0.5
    spectrum = np.abs(np.fft.rfft(deviation, 2 * n)) ** 2  # padded, or the end would correlate with the start
    rho = np.fft.irfft(spectrum)[:n]
    tau = np.cumsum(rho / rho[0]) - 0.5
    window = np.flatnonzero(np.arange(n) >= WINDOW * tau)
    return max(0.5, float(tau[window[0]] if len(window) else tau[-1]))
