"""Stillinger–Weber parameters as a file of LAMMPS's ``pair_style sw``, whose formula is the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

__all__ = ["sw_commands", "sw_file"]

Named = Mapping[str, Mapping[str, float]]

ABSENT = {"epsilon": 1.0, "sigma": 1.0, "a": 0.0, "gamma": 0.0, "A": 0.0, "B": 0.0}  # range 0


def sw_commands(elements: Sequence[str], file: str) -> list[str]:
    """``pair_style`` and ``pair_coeff``."""
    return ["pair_style sw", f"pair_coeff * * {file} {' '.join(elements)}"]


def sw_file(elements: Sequence[str], pairs: Named, angles: Named, powers: tuple[float, float]) -> str:
    """Text of the file: one line for every ordered triple of elements, the centre of the angle first.

    Parameters
    ----------
    elements : sequence of str
    pairs, angles : mapping of str to mapping
        ``parameters_`` and ``angles_`` of `StillingerWeber`; pairs that are not there do not interact.
    powers : (2,) p and q
    """
    lines = [
        "# Stillinger-Weber, written by mlffbench; units metal",
        "# centre, two neighbours, epsilon (eV) sigma (A) a lambda gamma cos(theta0) A B p q tol",
    ]
    for centre, one, other in product(elements, repeat=3):
        bonds = [_pair(pairs, centre, neighbour) for neighbour in (one, other)]
        angle = _entry(angles, f"{one}-{centre}-{other}", f"{other}-{centre}-{one}") or {}
        two_body = [bonds[0][key] for key in ("A", "B")]
        epsilon = (bonds[0]["epsilon"] * bonds[1]["epsilon"]) ** 0.5
        stiffness, cosine = angle.get("lambda", 0.0), angle.get("cos_theta", 0.0)
        sigma, reach, gamma = (bonds[0][key] for key in ("sigma", "a", "gamma"))
        numbers = (epsilon, sigma, reach, stiffness, gamma, cosine, *two_body, *powers, 0.0)
        lines.append(f"{centre} {one} {other} " + " ".join(f"{x:.16e}" for x in numbers))
    return "\n".join(lines) + "\n"


def _pair(pairs: Named, one: str, other: str) -> Mapping[str, float]:
    return _entry(pairs, f"{one}-{other}", f"{other}-{one}") or ABSENT


def _entry(table: Named, *keys: str) -> Mapping[str, float] | None:
    """The entry under the first of the keys that is there."""
    return next((table[key] for key in keys if key in table), None)
