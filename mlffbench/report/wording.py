"""Numbers and definitions as text, the same in every format."""

from __future__ import annotations

import json
import math
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
    "flat",
    "plain",
    "rank_text",
    "ratio",
    "ratio_with_interval",
    "with_interval",
]

MISSING = "–"
LEAKY = "‡"  # beside the errors on a test group with duplicates in the training set

OTHER_LEVEL = "¶"  # beside numbers of tasks that were compared with another level of theory than the labels'

APART = "§"  # beside times that were not measured under the conditions of most others

LOPSIDED = 3.0  # longer side of an interval over the shorter, at most, for ±

PARTS = {TRAIN: "training part", VALIDATION: "validation part"}  # of the training set; no group is so named

HOW_TO_READ = (  # points of one paragraph
    "Every row is one method, fitted on the training part of one dataset and split and scored on named test "
    "groups it has not seen. RMSE is the root mean square error: of single force components in meV/Å, of "
    "the energy per atom in meV/atom. Lower is better.",
    "Numbers are means over the seeds; ± is the larger side of their 95 % interval: over clusters of test "
    "frames (trajectories or groups, as frames of one trajectory are not independent) and over the seeds; of "
    "documents that are older than the clusters, the bootstrap over single frames that they hold, but of "
    "small groups, which may be a path. An interval that ends at 0 or is lopsided is written with its ends.",
    "Ranks follow the error on the reference group. Two methods are told apart by comparing them on the "
    "same clusters of test frames, or by their intervals where documents have no clusters, with Holm's "
    "correction over all pairs: a method's best rank is 1 + the number of methods that are better, its worst "
    "rank is n − the number that are worse, so “1–2” means that it shares the first two places.",
    "The worst group is the named test group with the method's largest error. A transfer ratio is the error "
    "on a group divided by the same method's error in domain: 1× means that nothing is lost, and says "
    "nothing of the error itself. A method is usable on a group if its error there is at most half the "
    "baseline's, which knows the composition alone; without a baseline, if it is within the thresholds of "
    "docs/quantities.md. Tasks are judged by thresholds, too, which are no part of any rank.",
    "A number without an interval was measured once, or is no sample: points of a path, bonds, modes and "
    "steps of one result, the largest of many errors. Times and memory are those of one run a seed. In the "
    "verdict errors have intervals; those of the ratios stand in the tables by test group.",
    "Prediction times include preparation (neighbour lists, "
    "descriptors). Failed cases are rows too. ‡ marks errors on a test group some of whose frames have a "
    "copy in the training set: the same structure up to rotation, order of atoms and choice of cell. "
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


def with_interval(value: float, low: float, high: float, least: float = 0.0, most: float = math.inf) -> str:
    """``35.0 ±2.1``: the larger side of the interval with two digits, the value to the same decimal.

    An interval that ends at `least` or `most`, the bounds of the quantity, that is as long as the value, or
    of which one side is more than three times the other, is no ±: it is written with its ends.

    Examples
    --------
    >>> with_interval(35.02, 33.0, 37.13), with_interval(350.2, 310, 380), with_interval(1.0, np.nan, np.nan)
    ('35.0 ±2.1', '350 ±40', '1.00')
    >>> with_interval(11.0, 4.0, 31.0)
    '11 [4, 31]'
    >>> with_interval(30.0, 0.0, 65.0), with_interval(0.0, 0.0, 0.089), with_interval(20.0, 19.0, 30.0)
    ('30 [0, 65]', '0.000 [0, 0.089]', '20 [19, 30]')
    >>> with_interval(1.2, 1.0, 1.76, least=1.0), with_interval(0.97, 0.94, 1.0, most=1.0)
    ('1.20 [1, 1.76]', '0.970 [0.940, 1]')
    >>> with_interval(2.99, 0.27, 32.6), with_interval(0.2, 0.01, 33.0)
    ('3 [0.3, 33]', '0.2 [0.01, 33]')
    >>> with_interval(5.9e-12, 4.1e-12, 8.0e-12)
    '5.9e−12 [4.1e−12, 8e−12]'
    """
    half = max(value - low, high - value)
    if not np.isfinite(half) or half <= 0:
        return plain(value)
    if max(half, value) >= 1e6 or half < 1e-4:
        return f"{plain(value)} [{plain(low)}, {plain(high)}]"
    decimals = max(0, 1 - int(np.floor(np.log10(half))))
    if least < low and high < most and half < value and half <= LOPSIDED * min(value - low, high - value):
        return f"{value:.{decimals}f} ±{half:.{decimals}f}"
    ends = (_rounded(end, decimals) if end not in (least, most) else f"{end:g}" for end in (low, high))
    return f"{_rounded(value, decimals)} [{', '.join(ends)}]".replace("-", "−")


def _rounded(value: float, decimals: int) -> str:
    """Number with so many decimals, or with its first digit where they would all be zero."""
    text = f"{value:.{decimals}f}"
    return text if float(text) or not value else f"{value:.1g}"


def ratio(value: float) -> str:
    """A transfer ratio: ``3.50×``, without decimals from ``10×`` on."""
    return MISSING if not np.isfinite(value) else f"{value:.2f}×" if value < 10 else f"{value:.0f}×"


def ratio_with_interval(value: float, low: float, high: float) -> str:
    """A transfer ratio with the ends of its interval, which is not symmetric: ``3.50× [2.9, 4.2]``.

    Examples
    --------
    >>> ratio_with_interval(3.5, 2.94, 4.17), ratio_with_interval(55.0, 40.2, 75.1)
    ('3.50× [2.94, 4.17]', '55× [40, 75]')
    """
    ends = ", ".join(ratio(end).removesuffix("×") for end in (low, high))
    return f"{ratio(value)} [{ends}]" if np.isfinite(low + high) else ratio(value)


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
