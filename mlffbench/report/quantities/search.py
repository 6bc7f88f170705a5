"""Quantities of the tasks structure_prediction and screening: minima, order, discovery, cost."""

from __future__ import annotations

from mlffbench.report.quantities.quantity import Quantity

__all__ = ["QUANTITIES"]

TASK, SCREENING = "structure_prediction", "screening"
AIRSS = "C. J. Pickard and R. J. Needs, J. Phys.: Condens. Matter 23, 053201 (2011); bounds: ours"
DISCOVERY = "J. Riebesell et al., Nat. Mach. Intell. 7, 836 (2025); bounds: ours"
OURS = "bounds: ours"

QUANTITIES = (
    Quantity(TASK, "rattled", "failure_rate", "lost minima", "n/n_starts", "",
             "Share of rattled reference minima that do not relax back, of those that the reference brings "
             "back.", passed=0.0, failed=0.2, source=OURS, counted="trials", is_share=True),
    Quantity(TASK, "rattled", "steps", "steps of a relaxation", "n", "",
             "Mean number of steps of the relaxations from rattled minima."),
    Quantity(TASK, "geometry", "distance", "distance of recovered crystals", "d", "Å",
             "Distance of recovered crystals from the reference's minimum.",
             passed=0.05, failed=0.2, source=OURS),
    Quantity(TASK, "geometry", "rmsd", "distance of recovered molecules", "RMSD", "Å",
             "Root mean square distance of the atoms of recovered molecules, superposed.",
             passed=0.05, failed=0.2, source=OURS),
    Quantity(TASK, "ground_state", "failure_rate", "cells that miss the ground state", "n/n_cells", "",
             "Share of random cells that do not reach the ground state, of those that the reference brings "
             "there.", passed=0.2, failed=0.8, source=AIRSS, counted="trials", is_share=True),
    Quantity(TASK, "ground_state", "missed", "ground state missed", "0 or 1", "",
             "1 if no random cell relaxed to the ground state.",
             passed=0, failed=0, source=AIRSS, counted="trials"),
    Quantity(TASK, "ground_state", "force_calls", "force calls to the ground state", "n", "",
             "Force evaluations until the first random cell reached the ground state.", source=AIRSS),
    Quantity(TASK, "ground_state", "minima_below", "minima below the ground state", "n", "",
             "Minima of the model with less energy than its form of the reference's ground state.",
             passed=0, failed=0, source=OURS, counted="all"),
    Quantity(TASK, "ground_state", "false_minima", "false minima", "n", "",
             "Minima of the model below its ground state that the reference does not have.",
             passed=0, failed=0, source=OURS, counted="all"),
    Quantity(TASK, "random_cells", "steps", "steps of a random cell", "n", "",
             "Mean number of steps of the relaxations of random cells.", source=AIRSS),
    Quantity(TASK, "hops", "failure_rate", "failed hops", "n/n_hops", "",
             "Share of the relaxations of basin hopping that did not converge.",
             passed=0.0, failed=0.2, source=OURS, counted="trials", is_share=True),
    Quantity(TASK, "hops", "steps", "steps of a hop", "n", "",
             "Mean number of steps of the relaxations of basin hopping."),
    Quantity(TASK, "ranking", "top_k", "missed lowest minima", "1−k/K", "",
             "Share of the reference's lowest minima that are not among the model's lowest.",
             passed=0.0, failed=0.34, source=OURS, counted="all", is_share=True),
    Quantity(TASK, "ranking", "kendall", "order of minima", "1−τ", "",
             "1 less Kendall's τ of the energies of the reference's lowest minima.",
             passed=0.1, failed=0.5, source=OURS),
    Quantity(SCREENING, "ranking", "spearman", "order of candidates, Spearman", "1−ρ", "",
             "1 less Spearman's ρ of predicted and reference energies of the candidates.",
             passed=0.05, failed=0.3, source=OURS),
    Quantity(SCREENING, "ranking", "kendall", "order of candidates, Kendall", "1−τ", "",
             "1 less Kendall's τ of predicted and reference energies of the candidates.",
             passed=0.1, failed=0.5, source=OURS),
    Quantity(SCREENING, "ranking", "top_k", "missed lowest candidates", "1−k/K", "",
             "Share of the k lowest candidates that are not among the k lowest predicted.",
             passed=0.1, failed=0.5, source=OURS, counted="all", is_share=True),
    Quantity(SCREENING, "ranking", "enrichment", "lost enrichment", "1−EF/EF_max", "",
             "1 less the enrichment of stable candidates among the lowest predictions, over the largest "
             "possible.", passed=0.1, failed=0.5, source=OURS),
    Quantity(SCREENING, "ranking", "precision", "false stable candidates", "1−precision", "",
             "Share of the candidates predicted stable that are not.",
             passed=0.1, failed=0.5, source=DISCOVERY, counted="trials", is_share=True),
    Quantity(SCREENING, "ranking", "recall", "missed stable candidates", "1−recall", "",
             "Share of the stable candidates that are not predicted stable.",
             passed=0.1, failed=0.5, source=DISCOVERY, counted="trials", is_share=True),
    Quantity(SCREENING, "ranking", "f1", "lost F1", "1−F1", "",
             "1 less the harmonic mean of precision and recall of stable candidates.",
             passed=0.1, failed=0.5, source=DISCOVERY),
    Quantity(SCREENING, "ranking", "daf", "lost discovery acceleration", "1−DAF/DAF_max", "",
             "1 less the discovery acceleration factor over the largest possible.",
             passed=0.1, failed=0.5, source=DISCOVERY),
    Quantity(SCREENING, "cost", "seconds_per_structure", "time of a candidate", "t/n", "s",
             "Wall time of a candidate, its relaxation included."),
    Quantity(SCREENING, "cost", "core_seconds_per_structure", "processor time of a candidate", "t_cpu/n",
             "s", "Processor time of a candidate, its relaxation included."),
)  # fmt: skip
