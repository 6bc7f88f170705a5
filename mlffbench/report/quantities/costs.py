"""Quantities of costs, of ranks and of tables: times, memory, sizes, transfer ratios, profiles."""

from __future__ import annotations

from mlffbench.report.quantities.quantity import Quantity

__all__ = ["COSTS", "PROFILE", "QUANTITIES"]

CURL = "bounds: ours"

COSTS = (
    Quantity("cost", "fit_time", "", "fit time", "t_fit", "s",
             "Wall time of the fit; of a tuned method with the search."),
    Quantity("cost", "tuning_time", "", "tuning time", "t_search", "s",
             "Wall time of the search of hyperparameters, which is part of the fit time."),
    Quantity("cost", "prediction_time", "", "prediction time", "t/N", "µs/atom",
             "Time of the predictions of all test groups over all their atoms, with neighbour lists and "
             "descriptors."),
    Quantity("cost", "prepare_time", "", "prepare time", "t_prep/N", "µs/atom",
             "Part of the prediction time: neighbour lists, graphs, descriptors."),
    Quantity("cost", "evaluate_time", "", "evaluate time", "t_eval/N", "µs/atom",
             "Part of the prediction time: energies, forces, stress."),
    Quantity("cost", "peak_memory", "", "peak memory", "M", "MB",
             "Memory of the whole process, at most, of fit and predictions."),
    Quantity("cost", "peak_gpu_memory", "", "peak GPU memory", "M_GPU", "MB",
             "Memory of the card, at most, of fit and predictions."),
    Quantity("cost", "n_parameters", "", "parameters", "n", "", "Numbers that the fit determines.", "none"),
)  # fmt: skip
TIMING = (
    Quantity("timing", "fit", "time", "fit time", "t_fit", "s", "Wall time of the fit."),
    Quantity("timing", "fit", "peak_memory", "peak memory of the fit", "M", "MiB",
             "Memory of the process during the fit, at most."),
    Quantity("timing", "fit", "peak_gpu_memory", "peak GPU memory of the fit", "M_GPU", "MiB",
             "Memory of the card during the fit, at most."),
    Quantity("timing", "fit", "resumed", "resumptions", "n", "",
             "Times that the fit went on after it had been stopped.", "none"),
    Quantity("timing", "prediction", "time_per_atom", "prediction time", "t/N", "µs/atom",
             "Time of the prediction of a test group per atom, with its preparation."),
    Quantity("timing", "prediction", "peak_memory", "peak memory of a prediction", "M", "MiB",
             "Memory of the process during the prediction of a test group, at most."),
    Quantity("timing", "prediction", "peak_gpu_memory", "peak GPU memory of a prediction", "M_GPU", "MiB",
             "Memory of the card during the prediction of a test group, at most."),
)  # fmt: skip
MODEL = (
    Quantity("model", "conservation", "error", "forces against the energy's gradient", "|F+∇E|", "eV/Å",
             "Difference of the forces from minus the gradient of the energy on one training structure."),
    Quantity("model", "conservation", "relative_error", "the same over the force", "|F+∇E|/|F|", "",
             "That difference over the force: 0 for a conservative potential.",
             passed=1e-3, failed=2e-2, source=CURL),
    Quantity("model", "epochs", "", "epochs", "n", "", "Passes over the training frames.", "none"),
)  # fmt: skip
RANKS = (
    Quantity("ranks", "rank", "", "rank", "R", "",
             "Range of ranks that the method can claim: best to worst.", "lower"),
    Quantity("ranks", "ratio", "", "transfer ratio", "e/e_in", "×",
             "Error on a group over the same method's error in domain; 1 means that nothing is lost. It says "
             "nothing of the error itself: a method that is bad everywhere has 1.", "target", 1.0),
    Quantity("ranks", "worst_error", "", "worst named group", "max e", "",
             "Largest error on any named test group, with the group's name."),
    Quantity("ranks", "tasks_passed", "", "tasks passed", "n", "",
             "Tasks whose numbers all pass their thresholds.", "higher"),
    Quantity("ranks", "cost_at_error", "", "cost at equal error", "t/N", "µs/atom",
             "Prediction time of the methods whose error is at most twice the best; others have none."),
    Quantity("ranks", "floor", "", "times the baseline", "e/e_floor", "×",
             "Error over that of the baseline, which knows the composition alone: 1 has learned nothing.",
             passed=0.1, failed=0.5, source="bounds: ours"),
    Quantity("ranks", "noise", "", "times the label noise", "e/σ_labels", "×",
             "Error over the noise of the labels, where it is known: less than 1 cannot be seen.", "none"),
)  # fmt: skip
PROFILE = (
    Quantity("profile", "top", "", "top", "max E", "meV", "Highest energy on the path.", "none"),
    Quantity("profile", "reference_top", "", "top, reference", "max E_ref", "meV",
             "Highest reference energy on the path.", "none"),
    Quantity("profile", "top_error", "", "error", "Δ max E", "meV",
             "Error of the highest energy on the path, with its sign.", "target", 0.0,
             passed=43.4, failed=217.0, source="bounds: chemical accuracy, 1 kcal/mol, and five times that"),
    Quantity("profile", "rmse", "", "RMSE", "RMSE(E)", "meV",
             "Root mean square error of the energies on the path.",
             passed=43.4, failed=217.0, source="bounds: chemical accuracy, 1 kcal/mol, and five times that"),
)  # fmt: skip

QUANTITIES = (*COSTS, *TIMING, *MODEL, *RANKS, *PROFILE)
