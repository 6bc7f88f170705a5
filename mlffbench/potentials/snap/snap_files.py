"""Coefficient and parameter files of LAMMPS's ``pair_style snap``."""

from __future__ import annotations

import numpy as np

from mlffbench.potentials.snap.bispectrum import RFAC0, Bispectrum

__all__ = ["coefficient_file", "parameter_file", "snap_commands"]


def coefficient_file(bispectrum: Bispectrum, coefficients: np.ndarray) -> str:
    """Text of the ``.snapcoeff`` file, all digits kept.

    Parameters
    ----------
    coefficients : (n_elements, n_features) array
        eV; the first of each element is a constant.
    """
    rows = bispectrum.to_lammps(np.asarray(coefficients, dtype=float))
    lines = ["# SNAP of mlffbench, units metal", "", f"{len(rows)} {rows.shape[1]}"]
    elements = zip(bispectrum.elements, bispectrum.radii, bispectrum.weights, rows, strict=True)
    for symbol, radius, weight, values in elements:
        lines += [f"{symbol} {float(radius)!r} {float(weight)!r}", *map(repr, values.tolist())]
    return "\n".join(lines) + "\n"


def parameter_file(bispectrum: Bispectrum) -> str:
    """Text of the ``.snapparam`` file."""
    values = {
        "rcutfac": 1.0,
        "twojmax": int(bispectrum.two_j_max),
        "rfac0": RFAC0,
        "rmin0": 0.0,
        **bispectrum.flags,
        "chemflag": int(bispectrum.form == "explicit"),
    }
    return "# SNAP of mlffbench\n" + "".join(f"{name} {value}\n" for name, value in values.items())


def snap_commands(bispectrum: Bispectrum, coefficients: str, parameters: str) -> list[str]:
    """LAMMPS commands that read files of these names."""
    elements = " ".join(bispectrum.elements)
    return ["pair_style snap", f"pair_coeff * * {coefficients} {parameters} {elements}"]
