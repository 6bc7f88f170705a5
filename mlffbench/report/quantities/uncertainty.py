"""Quantities of the task uncertainty: calibration, sharpness and order of predicted standard deviations."""

from __future__ import annotations

from mlffbench.report.quantities.quantity import Quantity

__all__ = ["QUANTITIES"]

TASK = "uncertainty"
OURS = "bounds: ours"
CALIBRATED = "_calibrated"
KULESHOV = "V. Kuleshov et al., ICML 2018; K. Tran et al., Mach. Learn.: Sci. Technol. 1, 025006 (2020)"
GNEITING = "T. Gneiting and A. E. Raftery, J. Am. Stat. Assoc. 102, 359 (2007)"
LEVI = "D. Levi et al., Sensors 22, 5540 (2022)"
KINDS = (("energy", "energies", "eV"), ("forces", "force components", "eV/Å"))


def _of(kind: tuple[str, str, str], suffix: str) -> tuple[Quantity, ...]:
    """Quantities of the deviations as predicted, or after one factor has calibrated them."""
    name, noun, unit = kind
    quantity, calibrated = f"{name}_uncertainty", ", calibrated" if suffix else ""
    after = " after one factor from held-out training frames" if suffix else ""
    return (
        Quantity(TASK, quantity, f"miscalibration_area{suffix}", f"miscalibration of {noun}{calibrated}",
                 "∫|obs(p)−p|dp", "", f"Area between the shares of errors inside the predicted intervals and "
                 f"their probabilities{after}: 0 is perfect, 0.5 the worst.",
                 passed=0.05, failed=0.2, source=f"{KULESHOV}; {OURS}"),
        Quantity(TASK, quantity, f"z_spread_error{suffix}", f"spread of error/σ of {noun}{calibrated}",
                 "|std(Δ/σ)−1|", "", f"Standard deviation of the errors over σ{after}, less 1, absolute.",
                 passed=0.2, failed=1.0, broken=1e6, source=OURS),
        Quantity(TASK, quantity, f"ence{suffix}", f"ENCE of {noun}{calibrated}", "ENCE", "",
                 f"Expected normalised calibration error over ten bins of σ{after}.",
                 passed=0.2, failed=1.0, broken=1e6, source=f"{LEVI}; {OURS}"),
        Quantity(TASK, quantity, f"nll_excess{suffix}", f"excess likelihood of {noun}{calibrated}", "ΔNLL",
                 "nat", f"Mean negative log-likelihood{after} above the best of two that know the errors.",
                 passed=0.1, failed=1.0, broken=1e6, source=OURS),
        Quantity(TASK, quantity, f"crps{suffix}", f"CRPS of {noun}{calibrated}", "CRPS", unit,
                 f"Continuous ranked probability score of N(0, σ²){after}; the absolute error where σ is 0.",
                 source=GNEITING),
        Quantity(TASK, quantity, f"sharpness{suffix}", f"sharpness of {noun}{calibrated}", "√⟨σ²⟩", unit,
                 f"Root mean square of σ{after}: of two calibrated models the one with less knows more.",
                 source=GNEITING),
    )  # fmt: skip


def _order(kind: tuple[str, str, str]) -> tuple[Quantity, ...]:
    """Quantities that do not mind the scale of the deviations, and the factor of their calibration."""
    name, noun, _ = kind
    quantity = f"{name}_uncertainty"
    return (
        Quantity(TASK, quantity, "rank_error", f"order of σ of {noun}", "1−ρ", "",
                 "1 less Spearman's ρ of absolute error and σ: 0 where larger errors have larger σ, 1 for no "
                 "relation.", passed=0.4, failed=0.8, source=OURS),
        Quantity(TASK, quantity, "detection_error", f"detection by σ of {noun}", "1−AUROC", "",
                 "1 less the area under the curve of telling frames of this group from in-domain ones by σ; "
                 "0.5 is guessing.", passed=0.1, failed=0.4, source=OURS),
        Quantity(TASK, quantity, "scale_error", f"scale of σ of {noun}", "|ln s|", "",
                 "Logarithm of the factor that calibrates σ, absolute: 0 where the scale is right.",
                 passed=0.2, failed=1.0, source=OURS),
    )  # fmt: skip


QUANTITIES = tuple(
    quantity
    for kind in KINDS
    for part in (_of(kind, ""), _of(kind, CALIBRATED), _order(kind))
    for quantity in part
)
