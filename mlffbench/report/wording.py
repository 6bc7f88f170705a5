"""Numbers and definitions as text, the same in every format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from mlffbench.harness.documents.parts import TRAIN, VALIDATION

__all__ = [
    "APART",
    "HOW_TO_READ",
    "LEAKY",
    "MISSING",
    "OTHER_LEVEL",
    "PARTS",
    "ase_lines",
    "digits",
    "flat",
    "plain",
    "rank_text",
    "ratio",
    "with_interval",
]

MISSING = "–"
LEAKY = "‡"  # beside the errors on a test group with duplicates in the training set

OTHER_LEVEL = "¶"  # beside numbers of tasks that were compared with another level of theory than the labels'

APART = "§"  # beside times that were not measured under the conditions of most others

LOPSIDED = 1.4  # ratio of the sides of an interval from which on both are given

PARTS = {TRAIN: "training part", VALIDATION: "validation part"}  # of the training set; no group is so named

HOW_TO_READ = (  # points of one paragraph
    "Every row is one method, fitted on the training part of one dataset and split and scored on named test "
    "groups it has not seen. RMSE is the root mean square error: of single force components in meV/Å, of "
    "the energy per atom in meV/atom. Lower is better.",
    "Numbers are means over the seeds; ± is the larger side of their 95 % interval, [low, high] the interval "
    "where its sides differ: a jackknife over trajectories, groups or blocks of test frames, inside which "
    "errors are correlated, and over the seeds. Older results have a bootstrap over single "
    "frames, or a t-interval over seeds where that is wider. Points of a path, fewer than 5 blocks, largest "
    "errors and times of one run have no interval.",
    "Ranks follow the error on the reference group. Methods are compared in pairs on the same frames: a "
    "method's best rank is 1 + the number of methods that are better, its worst rank is n − the number that "
    "are worse, at 5 % with Holm's correction over all pairs, so “1–2” means that it shares the first two "
    "places. docs/statistics.md has every rule.",
    "A transfer ratio is the error on a group divided by the same method's "
    "error in domain: 1× means that nothing is lost.",
    "Prediction times include preparation (neighbour lists, "
    "descriptors). Failed cases are rows too. ‡ marks errors on a test group some of whose frames have a "
    "twin in the training set: the same structure up to rotation, order of atoms and choice of cell. "
    "§ marks times that were not measured on the machine, the device, the threads and the settings of most "
    "others, or beside other cases. ¶ marks numbers of tasks that were compared with another level of "
    "theory than that of the labels: such an error is not the method's alone.",
    "Train and validation: errors on at most 100 frames that the method was fitted to, and on as many that "
    "it held out to judge the fit; the fit time does not hold them. A train error far below the test error "
    "means that the method has learned its frames by heart. Ignored: labels that the training frames have "
    "and the fit did not use. Results that are older than these columns have – there.",
    "Methods whose hyperparameters were searched have a leaderboard of their own and are never ranked with "
    "methods as they are by default; the search is part of their fit time. A budget bounds what every "
    "method may use. One of structures, epochs or trials is reproducible; one of seconds, where the clock "
    "ended a fit or a search, depends on the machine.",
)


def ase_lines(file: str, trusted: str | None = None) -> tuple[str, ...]:
    """Lines of Python that compute an energy and forces with a model file.

    Parameters
    ----------
    file : str
    trusted : str, optional
        Module of somebody else's estimator, whose code the file needs.
    """
    trust = f", trust=[{trusted!r}]" if trusted else ""
    return (
        "import mlffbench, ase.io",
        'atoms = ase.io.read("structure.xyz")',
        f"atoms.calc = mlffbench.load({json.dumps(file, ensure_ascii=False)}{trust}).calculator()",
        "print(atoms.get_potential_energy(), atoms.get_forces())  # eV, eV/Å",
    )


def plain(value: float) -> str:
    """Three significant digits; – where there is no number.

    Examples
    --------
    >>> [plain(v) for v in (0.012345, 3.14159, 1234.5, 2.5e7, float("nan"))]
    ['0.0123', '3.14', '1234', '2.5e+07', '–']
    """
    if np.isnan(value):
        return MISSING
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if size and (size >= 1e6 or size < 1e-3):
        return f"{value:.3g}".replace("-", "−")
    decimals = 0 if size >= 100 or size == 0 else 2 - int(np.floor(np.log10(size)))
    return f"{value:.{decimals}f}".replace("-", "−")


def digits(value: float) -> str:
    """Five significant digits, for numbers that are compared.

    Examples
    --------
    >>> [digits(v) for v in (151.4148, 5.4, -0.2, 0.0, float("nan"))]
    ['151.41', '5.4', '−0.2', '0', '–']
    """
    return f"{value:.5g}".replace("-", "−") if np.isfinite(value) else plain(value)


def with_interval(value: float, low: float, high: float) -> str:
    """``35.0 ±2.1``: the larger side of the interval with two digits, the value to the same decimal.

    ``350 [310, 420]`` where one side is more than 1.4 times the other.

    Examples
    --------
    >>> with_interval(35.02, 33.0, 37.13), with_interval(350.2, 310, 420), with_interval(1.0, np.nan, np.nan)
    ('35.0 ±2.1', '350 [310, 420]', '1.00')
    """
    half, other = max(value - low, high - value), min(value - low, high - value)
    if not np.isfinite(half) or half <= 0 or max(half, value) >= 1e6 or half < 1e-4:
        return plain(value)
    if half > LOPSIDED * other:
        return f"{plain(value)} [{plain(low)}, {plain(high)}]"
    decimals = max(0, 1 - int(np.floor(np.log10(half))))
    return f"{value:.{decimals}f} ±{half:.{decimals}f}"


def ratio(value: float) -> str:
    """A transfer ratio: ``3.50×``, without decimals from ``10×`` on."""
    return MISSING if not np.isfinite(value) else f"{value:.2f}×" if value < 10 else f"{value:.0f}×"


def rank_text(best: float, worst: float) -> str:
    """A range of ranks: ``1–2``, or ``3`` where the rank is certain."""
    if not np.isfinite(best):
        return MISSING
    return f"{int(best)}" if best == worst else f"{int(best)}–{int(worst)}"


def flat(value: Any) -> str:
    """A nested value as one line: mappings and lists become comma-separated."""
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {flat(v)}" for k, v in value.items() if v not in (None, "", {}, []))
    if isinstance(value, (list, tuple)):
        return ", ".join(map(flat, value))
    return MISSING if value is None else str(value)
