"""Quantities of the tasks learning_curve and data_efficiency, of the training and of searches."""

from __future__ import annotations

from mlffbench.report.quantities.quantity import Quantity

__all__ = ["QUANTITIES"]

CORTES = "C. Cortes et al., NIPS 6, 327 (1994)"
KINDS = (("forces", "force", "eV/Å"), ("energy_per_atom", "energy", "eV/atom"))


def _of(kind: tuple[str, str, str]) -> tuple[Quantity, ...]:
    """Quantities of the fits to parts of the training set."""
    quantity, noun, unit = kind
    active = "data_efficiency"
    return (
        Quantity("learning_curve", quantity, "error_ratio_per_doubling", f"{noun} error per doubling", "2⁻ᵇ",
                 "", f"Factor of the {noun} RMSE when the training set doubles, from a power law: 1 if more "
                 "data do not help.", passed=0.8, failed=1.0, source=f"{CORTES}; bounds: ours"),
        Quantity(active, quantity, "query_area_ratio", f"gain by active learning, {noun}", "A_σ/A_random", "",
                 f"Area under the {noun} RMSE of training frames chosen by σ over that of random ones: below "
                 "1 the deviations save data.", passed=0.95, failed=1.05, source="bounds: ours"),
        Quantity(active, quantity, "final_rmse_queried", f"final {noun} RMSE, chosen by σ", "RMSE", unit,
                 f"{noun.capitalize()} RMSE after the last round of frames that were chosen by σ."),
        Quantity(active, quantity, "final_rmse_random", f"final {noun} RMSE, random", "RMSE", unit,
                 f"{noun.capitalize()} RMSE after the last round of frames that were drawn at random."),
    )  # fmt: skip


TRAINING = (
    Quantity("history", "loss", "", "training loss", "L", "",
             "The loss that the fit minimises; losses of two methods have different units."),
    Quantity("history", "validation", "", "validation loss", "L_val", "",
             "Loss on the held-out part of the training frames, which stops the fit."),
    Quantity("history", "learning_rate", "", "learning rate", "η", "", "Step of the optimiser.", "none"),
    Quantity("history", "error", "", "error of a trial", "RMSE(F)", "eV/Å",
             "Validation error of one trial of the search of hyperparameters."),
    Quantity("tuning", "trials", "", "trials", "n", "", "Trials of the search of hyperparameters.", "none"),
    Quantity("tuning", "complete", "", "completed trials", "n", "", "Trials that ran to their end.", "none"),
    Quantity("tuning", "pruned", "", "pruned trials", "n", "", "Trials that were stopped early.", "none"),
    Quantity("tuning", "failed", "", "failed trials", "n", "", "Trials whose fit failed."),
    Quantity("tuning", "out of time", "", "trials out of time", "n", "", "Trials that the clock ended."),
    Quantity("tuning", "seconds", "", "search time", "t", "s", "Wall time of the search."),
    Quantity("tuning", "error", "", "error of the best trial", "RMSE(F)", "eV/Å",
             "Validation error of the hyperparameters that were chosen."),
    Quantity("tuning", "default_error", "", "error of the defaults", "RMSE(F)", "eV/Å",
             "Validation error of the hyperparameters as they are by default."),
)  # fmt: skip

QUANTITIES = (*(quantity for kind in KINDS for quantity in _of(kind)), *TRAINING)
