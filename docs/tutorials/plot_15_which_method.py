"""
Which method for which problem
==============================

A flow chart that leads from a problem to methods worth trying first. Each of its branches rests on results that are
committed in this repository; the code below reads them, states the claim, and checks it. If new results contradict a
claim, this page no longer builds. Afterwards you can choose two or three methods to start with, and say why.

Needs: mlffbench alone. Time: ten minutes; the computer reads files for a few seconds.

The chart replaces no measurement on your own data, which is one command:
:doc:`/_gallery/tutorials/plot_10_your_own_data`.
"""

# %%
# The results
# -----------
# Each folder is what ``mlffbench run`` wrote for one suite. ``load_results`` gives every number as a row of a table.
# Force errors are root mean squares, stored in eV/Å and shown here in meV/Å; ``low`` and ``high`` bound 95 % intervals
# over test structures. Most rows have one seed, so the intervals do not contain what another random start of a network
# would change.

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import mlffbench
from mlffbench.report.statistics.counts import count_text
from mlffbench.report.wording import rank_text, with_interval

here = Path(__file__).resolve().parent if "__file__" in globals() else Path.cwd()
committed = next(p / "results" for p in (here, *here.parents) if (p / "results" / "families").is_dir())
names = (
    "families",
    "scratch_or_finetune",
    "universal",
    "short_budgets",
    "quickstart",
    "malonaldehyde",
    "silicon",
)
results = {name: mlffbench.load_results(committed / name) for name in names}
for name, each in results.items():
    print(
        f"{name:20} {len(each.problems):2d} problems, {len(each.methods):2d} methods, {len(each.documents):3d} fits"
    )

errors = {}
for name, each in results.items():
    table = each.scores.query("task == '' and quantity == 'forces' and metric == 'rmse'").copy()
    table[["value", "low", "high"]] *= 1000
    table["dataset"] = table["problem"].str.split(" · ").str[0]
    table["n_train"] = table["problem"].str.extract(r"n_train=(\d+)", expand=False).astype(float)
    errors[name] = table


def error(folder, **where):
    """The one force error of a folder that these columns choose, with its interval."""
    table = errors[folder]
    for column, value in where.items():
        table = table[table[column] == value]
    (row,) = table.to_dict("records")
    return row


def text(row):
    """An error with its interval, in meV/Å."""
    if np.isnan(row["low"]):
        return f"{row['value']:.3g} (path or scan: no interval)"
    return with_interval(row["value"], row["low"], row["high"])


evidence = []


def claim(branch, sentence, numbers, folder, holds):
    """Keep a claim with its numbers; stop the build if the results contradict it."""
    assert holds, f"{branch}: {sentence}: {numbers}"
    evidence.append((branch, sentence, numbers, folder))


# %%
# A. Under ten labelled structures: somebody else's potential
# -----------------------------------------------------------
# A *universal potential* was trained by others on many elements, and needs nothing of yours. The suite
# ``scratch_or_finetune`` fits to 1, 3, 10 ... structures and puts two universal potentials beside the fits.

scratch = ("ace", "snap", "soap_gpr", "mace_mp from scratch")
in_domain = {"silicon": "test", "malonaldehyde": "test_300K"}
for dataset, test in in_domain.items():
    universal = error("scratch_or_finetune", dataset=dataset, n_train=1, test=test, method="mattersim")
    own = [error("scratch_or_finetune", dataset=dataset, n_train=1, test=test, method=m) for m in scratch]
    best = min(own, key=lambda row: row["value"])
    sure = "" if universal["high"] < best["low"] else ", intervals overlap"
    claim(
        "A", f"{dataset}, 1 structure: mattersim beats every fit from scratch",
        f"{text(universal)} against {best['method']} {text(best)}{sure}",
        "scratch_or_finetune", universal["value"] < best["value"],
    )  # fmt: skip
tuned = [
    error("scratch_or_finetune", dataset=d, n_train=1, test=t, method="mace_mp fine-tuned")
    for d, t in in_domain.items()
]
as_it_is = [
    error("scratch_or_finetune", dataset=d, n_train=1, test=t, method="mattersim")
    for d, t in in_domain.items()
]
claim(
    "A", "fine-tuning another universal potential to 1 structure does not beat it either",
    "; ".join(f"{row['dataset']} {text(row)}" for row in tuned), "scratch_or_finetune",
    all(a["value"] > b["value"] for a, b in zip(tuned, as_it_is, strict=True)),
)  # fmt: skip

# %%
# B. From about ten structures on: a fit of your own
# --------------------------------------------------
# On structures like those of the fit, ten are enough to pass both universal potentials, for the solid and the molecule.

for dataset, test in in_domain.items():
    table = errors["scratch_or_finetune"].query(
        f"dataset == '{dataset}' and n_train == 10 and test == '{test}'"
    )
    universal = table[table["method"].isin(["mattersim", "mace_mp"])].sort_values("value").iloc[0]
    own = table[table["method"].isin([*scratch, "mace_mp fine-tuned"])].sort_values("value").iloc[0]
    claim(
        "B", f"{dataset}, 10 structures: a fit of one's own certainly beats the universal potentials",
        f"{own['method']} {text(own)} against {universal['method']} {text(universal)}",
        "scratch_or_finetune", own["high"] < universal["low"],
    )  # fmt: skip

# %%
# C. Another phase, other bonds: what was not in the data is not in the model
# ---------------------------------------------------------------------------
# The fits above saw diamond. The test ``beta_tin`` is another phase of silicon. There the universal potential as it is
# beats everything fitted, whatever the number of structures, and most fits are worse than the baseline, which predicts
# zero forces. Fine-tuning does not help: the network has forgotten the phase.

tin = errors["scratch_or_finetune"].query("dataset == 'silicon' and test == 'beta_tin'")
by_size = tin.pivot_table("value", "n_train", "method")
fitted = by_size[[*scratch, "mace_mp fine-tuned"]]
claim(
    "C", "beta-tin after training on diamond, 1 to 100 structures: mattersim beats every fit, fine-tuned ones too",
    f"{by_size['mattersim'].max():.0f} against {fitted.min().min():.0f} ({fitted.min().idxmin()}) at best",
    "scratch_or_finetune", by_size["mattersim"].max() < fitted.min().min(),
)  # fmt: skip
worse = int((fitted.gt(by_size["atomic_reference"], axis=0)).sum().sum())
claim(
    "C", "beta-tin: most fits are worse than predicting zero forces",
    f"{worse} of {fitted.size} fits above {by_size['atomic_reference'].max():.0f}",
    "scratch_or_finetune", worse > fitted.size / 2,
)  # fmt: skip
molecule = errors["families"].query("dataset == 'malonaldehyde'").pivot_table("value", "method", "test")
learned = molecule.drop(index="atomic_reference")
claim(
    "C", "a torsion that the training data lack: no method has half the error of the baseline",
    f"least {learned['dihedral'].min():.0f} ({learned['dihedral'].idxmin()}), baseline "
    f"{molecule.loc['atomic_reference', 'dihedral']:.0f}",
    "families", learned["dihedral"].min() > molecule.loc["atomic_reference", "dihedral"] / 2,
)  # fmt: skip

# %%
# D. Some hundred structures of a molecule: kernels
# -------------------------------------------------
# The suite ``families``: 200 training structures, every family on five problems; the training of networks stops after
# two minutes on one core. The range of ranks comes from paired comparisons on the same test structures
# (:doc:`/statistics`): 1 alone means that every other method is certainly worse.

board = results["families"].leaderboard()
board["dataset"] = board["problem"].str.split(" · ").str[0]
molecules = [d for d in board["dataset"].unique() if "element=" not in d]
for dataset in molecules:
    rows = board[board["dataset"] == dataset].set_index("method")
    row, second = rows.loc["soap_kernel_ridge"], rows[~rows.index.str.startswith("soap_kernel")].iloc[0]
    claim(
        "D", f"{dataset}: soap_kernel_ridge has rank 1 alone",
        f"rank {rank_text(row['best rank'], row['worst rank'])}, {row['force RMSE (meV/Å)']:.3g}; then "
        f"{second.name} {second['force RMSE (meV/Å)']:.3g}",
        "families", row["worst rank"] == 1,
    )  # fmt: skip
linear = error("short_budgets", n_train=500, method="snap", test="test_300K")
network = min(
    (error("short_budgets", n_train=500, method=m, test="test_300K") for m in ("allegro-150", "nequip-150")),
    key=lambda row: row["value"],
)
claim(
    "D", "acac, 500 structures: a linear model certainly beats networks trained for 150 s",
    f"snap {text(linear)} against {network['method']} {text(network)}", "short_budgets", linear["high"] < network["low"],
)  # fmt: skip

# %%
# E. Many evaluations: speed
# --------------------------
# The fits of ``quickstart`` ran one after another on one machine, so their times may be compared. A small network is
# the least exact there and the fastest. Large simulations pay for it; a few thousand evaluations do not.

quick = results["quickstart"].leaderboard().set_index("method")
cost, size = quick["prediction time (µs/atom)"], quick["force RMSE (meV/Å)"]
claim(
    "E", "quickstart: behler_parrinello predicts at least twice as fast as both kernels, with larger errors",
    ", ".join(f"{m} {cost[m]:.0f} µs/atom, {size[m]:.3g} meV/Å"
              for m in ("behler_parrinello", "soap_kernel_ridge", "soap_gpr")),
    "quickstart",
    2 * cost["behler_parrinello"] < min(cost["soap_kernel_ridge"], cost["soap_gpr"])
    and size["behler_parrinello"] > max(size["soap_kernel_ridge"], size["soap_gpr"]),
)  # fmt: skip

# %%
# F. A crystal: many methods are equal, so choose by the property
# ---------------------------------------------------------------
# On silicon of ``mlearn`` (25 test structures) a dozen methods share the first rank. Methods that describe molecules
# alone refuse it. What tells the rest apart is what you need: price, stability, elastic constants, phonons
# (:doc:`/_gallery/tutorials/plot_30_silicon_properties`).

silicon = board[board["dataset"].str.contains("element=")].set_index("method")
equal = silicon.index[silicon["best rank"] == 1]
claim(
    "F", "silicon: the first rank is shared by many methods",
    f"{len(equal)} methods: {', '.join(equal)}", "families", len(equal) >= 10,
)  # fmt: skip
refused = results["families"].failures.query("kind == 'unsupported input'")["method"]
claim(
    "F",
    "silicon: methods for molecules only refuse crystals",
    ", ".join(sorted(refused)),
    "families",
    len(refused) > 0,
)

# %%
# G. Is a classical potential enough?
# -----------------------------------
# Potentials with a fixed formula have few parameters, run fast and rarely go wild. Their price is the error.

classical = ["lennard_jones", "morse", "buckingham", "stillinger_weber", "embedded_atom", "bonded"]
ratios = {}
for dataset, rows in board.set_index("method").groupby("dataset"):
    column = rows["force RMSE (meV/Å)"]
    ratios[dataset] = column[classical].min() / column.min()
least = min(ratios, key=ratios.get)
claim(
    "G", "the best classical potential has at least 1.5 times the error of the best method, on every problem",
    ", ".join(f"{dataset.split('(')[0]} {ratio:.1f}x" for dataset, ratio in ratios.items()) + f"; least on {least}",
    "families", min(ratios.values()) > 1.5,
)  # fmt: skip

# %%
# H. Error bars
# -------------
# Some methods predict a standard deviation with each value. The *miscalibration area* compares it with the real errors:
# 0 is perfect, 0.5 the worst. As predicted it is poor; after one factor from held-out training structures it is good in
# domain, and less so far from it.

doubt = results["malonaldehyde"].scores.query("task == 'uncertainty' and method == 'soap_gpr'")
area = doubt.pivot_table("value", "test", "metric")
raw, scaled = area["miscalibration_area"], area["miscalibration_area_calibrated"]
claim(
    "H", "soap_gpr, energies: error bars fit after one factor in domain, less so at 1200 K",
    f"300 K {raw['test_300K']:.2f} -> {scaled['test_300K']:.2f}; 1200 K {raw['test_1200K']:.2f} -> {scaled['test_1200K']:.2f}",
    "malonaldehyde", scaled["test_300K"] < 0.1 < scaled["test_1200K"],
)  # fmt: skip

# %%
# I. Molecular dynamics
# ---------------------
# Four trajectories of each method at each temperature, so the bounds are wide. At 300 K and 600 K none failed. At 1200
# K, far above the training data, both networks lost some; of the kernels none was lost. Test errors alone did not tell.

dynamics = results["malonaldehyde"].scores
dynamics = dynamics[dynamics["task"].str.startswith("md(") & (dynamics["quantity"] == "failures")]
lost = dynamics.pivot_table("value", "method", "test") * 4
claim("I", "malonaldehyde: no trajectory failed at 300 K or 600 K", f"{len(lost)} methods, 0 of 4 each", "malonaldehyde",
      (lost[["300 K", "600 K"]] == 0).all().all())  # fmt: skip
hot = {method: count_text(round(n), 4) for method, n in lost["1200 K"].items()}
claim(
    "I", "malonaldehyde at 1200 K: both networks lose trajectories, soap_gpr and soap_kernel_ridge none",
    "; ".join(f"{m} {words}" for m, words in hot.items()), "malonaldehyde",
    (lost.loc[["mace", "behler_parrinello"], "1200 K"] > 0).all()
    and (lost.loc[["soap_gpr", "soap_kernel_ridge"], "1200 K"] == 0).all(),
)  # fmt: skip

# %%
# J. Search for unknown structures
# --------------------------------
# A *false minimum* is a structure that the model wrongly finds more stable than the true ground state. Every learned
# model of ``results/silicon`` has some, so each structure that a model finds needs a check by the reference
# (:doc:`/_gallery/tutorials/plot_40_structure_prediction`).

search = results["silicon"].scores.query("metric == 'false_minima'").set_index("method")["value"]
claim(
    "J", "Stillinger–Weber silicon: every learned model has false minima",
    ", ".join(f"{m} {n:.0f}" for m, n in search.items()), "silicon", (search.drop("stillinger_weber") > 0).all(),
)  # fmt: skip

# %%
# The evidence
# ------------
# One row a claim, all of them checked above. The last column is the folder in ``results/``.

for branch in dict.fromkeys(row[0] for row in evidence):
    for _, sentence, numbers, folder in (row for row in evidence if row[0] == branch):
        print(f"{branch}  {sentence}\n     {numbers}  [{folder}]")

# %%
# The chart
# ---------
# The letters are those of the evidence. The grey box is what the committed results do not answer.

boxes = {
    "start": (5.0, 9.3, "How many labelled structures\nof your own?", "#dbe9f6"),
    "A": (1.5, 7.3, "A  a universal potential as it is;\nlabel more structures", "#d9f2d9"),
    "new": (5.0, 7.3, "Will it meet phases or bonds\nthat the structures lack?", "#dbe9f6"),
    "large": (8.6, 7.3, "not measured here: compare\nnetworks, kernels, linear models", "#e6e6e6"),
    "C": (1.5, 5.2, "C  label some of these first;\nuntil then a universal potential", "#d9f2d9"),
    "kind": (5.0, 5.2, "B  fit your own:\na molecule or a crystal?", "#dbe9f6"),
    "F": (8.6, 5.2, "F  many methods are equal: take the\ncheapest that passes your property", "#d9f2d9"),
    "speed": (5.0, 3.2, "So many evaluations that\ntheir time decides?", "#dbe9f6"),
    "D": (1.5, 3.2, "D  kernels: soap_kernel_ridge, soap_gpr;\nthen a linear model: snap", "#d9f2d9"),
    "E": (8.6, 3.2, "E  a small network: behler_parrinello; or\nG  a classical potential if it is enough", "#d9f2d9"),
    "checks": (5.0, 1.2, "Before you use it:  H  rescale predicted error bars, and trust them in domain only\n"
               "I  run short dynamics at your temperature     J  check found structures by the reference", "#fff3cd"),
}  # fmt: skip
arrows = [
    ("start", "A", "under ten"), ("start", "new", "tens to hundreds"), ("start", "large", "thousands"),
    ("new", "C", "yes"), ("new", "kind", "no"), ("kind", "F", "crystal"), ("kind", "speed", "molecule"),
    ("speed", "D", "no"), ("speed", "E", "yes"),
]  # fmt: skip
figure, axes = plt.subplots(figsize=(11, 7.5))
axes.set(xlim=(-0.5, 10.6), ylim=(0.4, 10.1))
axes.axis("off")
frames = {
    name: axes.text(
        x, y, words, ha="center", va="center", fontsize=9.5,
        bbox={"boxstyle": "round,pad=0.6", "facecolor": colour, "edgecolor": "0.4"},
    ).get_bbox_patch()
    for name, (x, y, words, colour) in boxes.items()
}  # fmt: skip
for start, end, label in arrows:
    (x0, y0), (x1, y1) = boxes[start][:2], boxes[end][:2]
    style = {"arrowstyle": "-|>", "patchA": frames[start], "patchB": frames[end], "color": "0.35"}
    axes.annotate("", (x1, y1), (x0, y0), arrowprops=style)
    axes.text((x0 + x1) / 2, (y0 + y1) / 2 + 0.12, label, ha="center", va="bottom", fontsize=9, color="0.25",
              bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})  # fmt: skip
figure.tight_layout()

# %%
# The same evidence as a picture: how the error falls with the number of training structures, in domain and on the phase
# or torsion that training lacks. Horizontal lines are universal potentials as they are.

panels = [
    ("silicon", "test"),
    ("silicon", "beta_tin"),
    ("malonaldehyde", "test_300K"),
    ("malonaldehyde", "dihedral"),
]
figure, grid = plt.subplots(1, 4, figsize=(12, 4), sharey=True)
for axes, (dataset, test) in zip(grid, panels, strict=True):
    table = errors["scratch_or_finetune"].query(f"dataset == '{dataset}' and test == '{test}'")
    for k, method in enumerate(
        ["mattersim", "mace_mp", "mace_mp fine-tuned", "mace_mp from scratch", "ace", "snap", "soap_gpr"]
    ):
        rows = table[table["method"] == method].sort_values("n_train")
        as_it_is = method in ("mattersim", "mace_mp")
        axes.plot(
            rows["n_train"], rows["value"], "--" if as_it_is else "o-", color=f"C{k}", label=method, ms=4
        )
        if rows["low"].notna().all() and not as_it_is:
            axes.fill_between(rows["n_train"], rows["low"], rows["high"], color=f"C{k}", alpha=0.12, lw=0)
    axes.set(xscale="log", yscale="log", xlabel="training structures", title=f"{dataset}: {test}")
grid[0].set_ylabel("force RMSE (meV/Å)")
grid[0].legend(fontsize=7)
figure.tight_layout()

# %%
# What the chart does not know
# ----------------------------
# * Times: the networks had one to two minutes on one core. With hours on a GPU their errors fall, and the order may
#   change.
# * Sizes: at most 500 training structures (:doc:`/_gallery/tutorials/plot_50_learning_curves` shows how the errors
#   fall).
# * Systems: four small molecules and silicon. Nothing here is about surfaces, liquids, alloys, ions or reactions.
# * Seeds: most fits have one.
#
# Larger studies, where they lie in the repository, are read by the same code and compared with branch D; nothing is
# asserted of them.

for name in ("molecules", "materials"):
    if not (committed / name).is_dir():
        print(f"results/{name}: not there yet")
        continue
    later = mlffbench.load_results(committed / name).leaderboard()
    ranked = later.dropna(subset=["rank"]).sort_values("rank")
    for problem, rows in ranked.groupby("problem", sort=False):
        first = rows[rows["best rank"] == 1]["method"]
        print(f"results/{name}, {problem}: first rank shared by {', '.join(first)}")

summary = pd.DataFrame(evidence, columns=["branch", "claim", "numbers", "folder"])
assert set("ABCDEFGHIJ") == set(summary["branch"])
