"""Calibration of predicted uncertainties, and their order: larger where the error is larger.

``miscalibration_area``
    ∫₀¹ |observed(p) − p| dp, where observed(p) is the share of errors inside the central interval of
    probability p of N(0, σ²): 0 is perfect, 0.5 the worst [1]_ [2]_. The curve is observed against p.
``z_spread_error``
    |std(error/σ) − 1|.
``ence``
    ⟨|√⟨σ²⟩ − √⟨error²⟩|/√⟨σ²⟩⟩ over ten bins of equal counts along σ [3]_. Its floor for finite bins of n
    values is about 1/√(πn).
``nll_excess``
    Excess, in nats, of the mean Gaussian negative log-likelihood ⟨½ ln 2πσ² + error²/2σ²⟩ (in `predicted`)
    over the best of two that know these errors: the same σ times the best number, and one σ for
    all (in `reference`). It is 0 where the scale is right and σ tells no less than a constant would; a
    likelihood alone has no zero. Compare methods by `predicted`, lower is better, for σ in eV or eV/Å.
``crps``
    ⟨σ[z(2Φ(z) − 1) + 2φ(z) − 1/√π]⟩, z = error/σ: the continuous ranked probability score of N(0, σ²)
    [4]_, in the quantity's unit; |error| where σ is 0.
``sharpness``
    √⟨σ²⟩, a cost: of two calibrated models the one with the smaller knows more.
``rank_error``
    1 − ρ, with ρ the Spearman correlation of |error| and σ.
``detection_error``
    1 − AUROC of telling a frame of this group from one of the in-domain group by its σ (energies: per
    atom; forces: the frame's largest); 0.5 is guessing. Neither this nor the rank minds the scale of σ.

References
----------
.. [1] V. Kuleshov, N. Fenner and S. Ermon, ICML 2018.
.. [2] K. Tran et al., Mach. Learn.: Sci. Technol. 1, 025006 (2020).
.. [3] D. Levi, L. Gispan, N. Giladi and E. Fetaya, Sensors 22, 5540 (2022).
.. [4] T. Gneiting and A. E. Raftery, J. Am. Stat. Assoc. 102, 359 (2007), section 4.2.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np

from mlffbench.data import Curve, Dataset, Labels, Score, Split
from mlffbench.forcefield import ForceField
from mlffbench.system.ranges import OpenShare
from mlffbench.tasks.common import calibration as statistics
from mlffbench.tasks.common.calibration import Residuals
from mlffbench.tasks.common.refits import refit
from mlffbench.tasks.common.subtasks import Row, needs, run_subtasks, skipped_row, unmet_need

__all__ = ["uncertainty"]

UNITS = {"energy": "eV", "forces": "eV/Å"}
EXPECTED = np.linspace(0, 1, 21)
HELD_OUT = "held-out training frames"

Predicted = Callable[[str], Labels]


@needs("uncertainty")
def uncertainty(
    model: ForceField, dataset: Dataset, split: Split, seed: int = 0, *, calibration: OpenShare = 0.1
) -> list[Row]:
    """Predicted deviations σ of energies and force components against the errors, on every test group.

    The metrics are those of σ as predicted and, with the ending ``_calibrated``, of σ times one number a
    quantity, s = √⟨(error/σ)²⟩. That number comes from a part of the *training* frames: a fresh clone is
    fitted without them and predicts them, so the task costs one more fit. ``scale_error`` is |ln s|.

    The metrics, with formulas, sources and units, are in the module's docstring.

    Parameters
    ----------
    calibration : float
        Part of the training frames that calibrates.

    Raises
    ------
    NotImplementedError
        The model predicts no uncertainty.
    """
    reason = unmet_need(uncertainty, model, dataset, split)
    if reason is not None:
        raise NotImplementedError(reason)
    rows = run_subtasks(
        {"scalar recalibration": partial(_calibrate, model, dataset, split, seed, calibration)}
    )
    factors = {r.quantity: r.predicted for r in rows if isinstance(r, Score) and r.predicted is not None}
    predicted = cache(lambda test: model.predict([dataset.frames[i] for i in split.tests[test]]))
    inside = split.in_domain
    subtasks = {test: partial(_group, test, predicted, dataset, split, factors) for test in split.tests}
    subtasks |= {
        f"detection of {test}": partial(_detection, test, inside, predicted, dataset, split)
        for test in split.tests
        if inside not in (None, test)
    }
    return rows + run_subtasks(subtasks)


def _calibrate(model: ForceField, dataset: Dataset, split: Split, seed: int, calibration: float) -> list[Row]:
    """Return the factor s of each quantity, from training frames that a fresh fit has not seen."""
    order = np.random.default_rng(seed).permutation(split.train)
    held, rest = np.split(order, [max(1, round(calibration * len(order)))])
    again = refit(model, dataset, rest)
    predicted = again.predict([dataset.frames[i] for i in held])
    residuals = statistics.residuals(dataset.labels[held], predicted)
    return [_scale_row(f"{q}_uncertainty", statistics.scale(r)) for q, r in residuals.items()]


def _scale_row(quantity: str, s: float) -> Row:
    if not s > 0:
        reason = "every error, or every σ, is exactly zero: no factor fits them"
        return skipped_row(HELD_OUT, quantity, reason)
    return Score(HELD_OUT, quantity, "scale_error", abs(np.log(s)), "", predicted=s, reference=1.0)


def _group(
    test: str, predicted: Predicted, dataset: Dataset, split: Split, factors: dict[str, float]
) -> list[Row]:
    """All rows of one test group."""
    rows: list[Row] = []
    for quantity, r in statistics.residuals(dataset.labels[split.tests[test]], predicted(test)).items():
        name = f"{quantity}_uncertainty"
        versions = {"": r}
        if name in factors:
            versions["_calibrated"] = r.scaled(factors[name])
        for suffix, version in versions.items():
            rows += _scale_dependent(test, quantity, version, suffix)
            rows.append(_curve(test, quantity, version, suffix))
        rows.append(_row(test, name, "rank_error", statistics.rank_error(r)))
    return rows


def _scale_dependent(test: str, quantity: str, r: Residuals, suffix: str) -> list[Row]:
    unit, spread = UNITS[quantity], statistics.z_spread(r)
    nll, best = statistics.nll(r), statistics.best_nll(r)
    values: dict[str, tuple[float, str, float | None, float | None]] = {
        "miscalibration_area": (statistics.miscalibration_area(r), "", None, None),
        "z_spread_error": (abs(spread - 1), "", spread, 1.0),
        "ence": (statistics.ence(r), "", None, None),
        "nll_excess": (max(0.0, nll - best), "nat", nll, best),
        "crps": (statistics.crps(r), unit, None, None),
        "sharpness": (statistics.sharpness(r), unit, None, None),
    }
    name = f"{quantity}_uncertainty"
    return [_row(test, name, metric + suffix, *value) for metric, value in values.items()]


def _detection(test: str, inside: str, predicted: Predicted, dataset: Dataset, split: Split) -> list[Row]:
    """Detection of this group against the in-domain group by the σ of their frames."""
    std = {
        group: statistics.frame_std([dataset.frames[i] for i in split.tests[group]], predicted(group))
        for group in (inside, test)
    }
    areas = {q: statistics.detection(std[inside][q], std[test][q]) for q in std[test] if q in std[inside]}
    return [_row(test, f"{q}_uncertainty", "detection_error", 1 - a, "", a, 1.0) for q, a in areas.items()]


def _row(
    test: str, quantity: str, metric: str, value: float, unit: str = "",
    predicted: float | None = None, reference: float | None = None,
) -> Row:  # fmt: skip
    if not np.isfinite(value):
        reason = f"no {metric}: too few values, equal ones, an error that is always 0, or a σ of 0"
        return skipped_row(test, quantity, reason)
    return Score(test, quantity, metric, float(value), unit, predicted=predicted, reference=reference)


def _curve(test: str, quantity: str, r: Residuals, suffix: str) -> Curve:
    name = f"calibration of {quantity}{suffix.replace('_', ', ')}: {test}"
    observed = statistics.observed_shares(r, EXPECTED).tolist()
    return Curve(
        name, "expected share", "observed share", EXPECTED.tolist(), observed, [0.0, 1.0], [0.0, 1.0]
    )
