"""
Learning curves: what more data would buy
=========================================

Before you pay for another thousand DFT calculations, ask what they would change. This page fits three cheap methods
to growing parts of one training set, fits a power law to their errors, and uses it: what does doubling the data give,
how many structures would a target need, how far may the law be trusted, and from how many structures on does a
network beat a kernel method? It needs no GPU and less than half a minute. You should know :doc:`/python`.
"""

# %%
# The law
# -------
# The error of a method on structures drawn like its training data mostly falls as a power of the number :math:`n` of
# training structures,
#
# .. math:: \varepsilon(n) = a\, n^{-b},
#
# with :math:`\varepsilon` the root-mean-square error (RMSE) of the force components in eV/Å, :math:`a` the error that
# the line has at :math:`n = 1`, and :math:`b` the exponent, without a unit :cite:`Cortes1994,Huang2016`.
# On axes that are both logarithmic this is a straight line of slope :math:`-b`. Each doubling of the data multiplies
# the error by :math:`2^{-b}`: 0.5 for :math:`b = 1`, 0.71 for :math:`b = 1/2`, 1 for a method that has learned what it
# can.
#
# The task ``learning_curve`` measures that. In a suite it is one line (``tasks: [learning_curve]``), see :doc:`/tasks`;
# here we call the same function from Python.

from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import mlffbench
from mlffbench.data import Curve, Score
from mlffbench.estimators import SGDML, SOAPGPR, Morse
from mlffbench.splits.learning_curve import learning_curve as part_of
from mlffbench.tasks.learning_curve import learning_curve, power_law

data = mlffbench.load_dataset("malonaldehyde")
split = part_of(data, n_train=96, n_test=40, split={"official": {"train": "train_300K"}})
split = replace(split, tests={name: split.tests[name] for name in ("test_300K", "test_600K")})
print(f"{len(split.train)} training structures of 300 K; tests:", {k: len(v) for k, v in split.tests.items()})

# %%
# Three methods that take seconds
# -------------------------------
# ``morse`` is a classical potential of pairs of atoms: few parameters, and a form that is wrong for a molecule.
# ``sgdml`` is a kernel method for one molecule, ``soap_gpr`` a sparse Gaussian process for anything. Each is fitted to
# 12, 24, 48 and 96 structures, in three draws: a draw is a shuffle of the training structures, the same for all
# methods, and its first :math:`n` frames are the part of size :math:`n`.

methods = {"morse": Morse(), "sgdml": SGDML(), "soap_gpr": SOAPGPR(n_sparse=300)}
sizes = (12, 24, 48, 96)
frames = [data.frames[i] for i in split.train]
rows = {}
for name, model in methods.items():
    model.fit(frames, data.labels[split.train])
    rows[name] = learning_curve(model, data, split, sizes=sizes, n_seeds=3)


def of(name, test, quantity="forces"):
    """Law (a row of scores) and curve of one method on one test group."""
    law = next(r for r in rows[name] if isinstance(r, Score) and (r.test, r.quantity) == (test, quantity))
    curve = next(r for r in rows[name] if isinstance(r, Curve) and r.name.endswith(f"{quantity}: {test}"))
    return law, curve


print(
    f"{'method':10}{'test':12}" + "".join(f"{n:>8}" for n in sizes) + "   per doubling, 95 % interval      b"
)
for name in methods:
    for test in split.tests:
        law, curve = of(name, test)
        errors = "".join(f"{1000 * y:8.1f}" for y in curve.y)
        print(
            f"{name:10}{test:12}{errors}   {law.value:6.2f} [{law.low:.2f}, {law.high:.2f}]       {law.predicted:8.2f}"
        )

# %%
# The columns of numbers are the force RMSE in meV/Å, geometric means over the draws. *Per doubling* is :math:`2^{-b}`,
# the factor of the error when the data double, from a straight line through the logarithms of all fits, with Student's
# interval. The parts of one draw share structures, so the interval is somewhat too narrow.

for kernel in ("sgdml", "soap_gpr"):
    assert of(kernel, "test_300K")[0].high < 0.9, "more data help both kernels"
assert of("morse", "test_300K")[0].value > 0.9, "and hardly help a form that cannot describe the molecule"

colours = {"morse": "#555555", "sgdml": "#0072b2", "soap_gpr": "#d55e00"}
figure, axes = plt.subplots(1, 2, figsize=(9, 4), sharey=True)
for axis, test in zip(axes, split.tests, strict=True):
    for name in methods:
        law, curve = of(name, test)
        axis.loglog(curve.x, 1000 * np.array(curve.y), "o", color=colours[name])
        line = power_law(curve.x, curve.y)
        n = np.array([sizes[0], 4 * sizes[-1]])
        label = f"{name}: × {law.value:.2f} per doubling"
        axis.loglog(n, 1000 * line.factor * n**-line.exponent, "--", color=colours[name], label=label)
    axis.axvspan(sizes[-1], 4 * sizes[-1], color="#dddddd", alpha=0.5)
    axis.set(title=test, xlabel="training structures", xticks=[*sizes, 192, 384])
    axis.xaxis.set_major_formatter("{x:.0f}")
    axis.minorticks_off()
    axis.legend(fontsize=8, loc="lower left")
axes[0].set_ylabel("force RMSE (meV/Å)")
figure.suptitle("Points: measured. Dashed: the power law. Grey: extrapolated", fontsize=10)
figure.tight_layout()

# %%
# What to expect of more data
# ---------------------------
# Solve the law for :math:`n`: an error :math:`\varepsilon` needs :math:`n = (a / \varepsilon)^{1/b}` structures. An
# exponent that is uncertain by a little makes a number that is uncertain by a lot, because it stands in the exponent.
# So print both ends.


def needed(name, target, test="test_300K"):
    """Structures for an error, with both ends of the exponent's interval, lines through the middle of the points."""
    law, curve = of(name, test)
    middle = np.exp(np.mean(np.log(curve.x))), np.exp(np.mean(np.log(curve.y)))
    exponents = -np.log2([law.value, law.low, law.high])
    return [middle[0] * (middle[1] / target) ** (1 / b) if b > 0 else np.inf for b in exponents]


for name in methods:
    best, low, high = needed(name, 0.010)
    print(
        f"{name}: force RMSE of 10 meV/Å at 300 K with {best:.3g} structures, if the law holds ({low:.3g} to {high:.3g})"
    )

# %%
# For ``morse`` the answer is a number of structures that nobody can compute: no amount of data repairs a wrong form.
# That is the first use of a learning curve: *a flat curve wants another method, a steep one wants data.*
#
# How far may one extrapolate?
# ----------------------------
# Try it on data that the law has not seen: fit the line to 12, 24 and 48 structures, predict the error at 96 and at
# 300, and measure both.

first = np.flatnonzero(data.columns["group"] == "train_300K")[:300]
more, many = [data.frames[i] for i in first], data.labels[first]
test = split.tests["test_300K"]


def force_rmse(model):
    """√⟨(predicted − true)²⟩ of force components of the test at 300 K, eV/Å."""
    predicted = model.predict([data.frames[i] for i in test]).forces
    return np.sqrt(np.mean((np.concatenate(predicted) - np.concatenate(data.labels[test].forces)) ** 2))


fixed = force_rmse(methods["soap_gpr"].fit(more, many))
_, curve = of("soap_gpr", "test_300K")
line = power_law(curve.x[:3], curve.y[:3])
for n, measured in ((96, curve.y[3]), (300, fixed)):
    said = line.factor * n**-line.exponent
    print(
        f"soap_gpr at {n}: the line through 12 to 48 says {1000 * said:.1f} meV/Å, measured {1000 * measured:.1f}"
    )

# %%
# ``soap_gpr`` had 300 sparse points an element here (``n_sparse=300``; its default is 2000). A model of fixed size
# stops learning when it is full, and the line does not know that. Give it as many points as the data deserve, and look
# again:

bigger = force_rmse(SOAPGPR(n_sparse=500).fit(more, many))
print(f"300 structures: n_sparse=300 {1000 * fixed:.1f} meV/Å, n_sparse=500 {1000 * bigger:.1f} meV/Å")
assert bigger < fixed, "the size of the model, not the data, was the limit"

# %%
# Rules that follow: extrapolate by one doubling, not by five; let size and training time grow with the data; fit the
# law to the sizes where the method already works, not to the first handful.
#
# When does a network overtake?
# -----------------------------
# Networks take minutes a fit, too long for this page. The repository has a run over 1 to 300 structures of
# malonaldehyde (``results/scratch_or_finetune``: one seed, 60 s of training a fit on one CPU thread): two linear
# models, a Gaussian process, MACE from random weights, MACE fine-tuned from a universal potential, and a universal
# potential as it is.

results = mlffbench.load_results(Path(mlffbench.__file__).parents[1] / "results" / "scratch_or_finetune")
scores = results.scores
chosen = (scores["task"] == "") & (scores["quantity"] == "forces") & (scores["metric"] == "rmse")
known = scores[chosen & scores["problem"].str.startswith("malonaldehyde")].copy()
known["n"] = known["problem"].str.extract(r"n_train=(\d+)").astype(int)
drawn = {
    "soap_gpr": "#d55e00", "snap": "#cc79a7", "ace": "#e69f00", "mace_mp from scratch": "#009e73",
    "mace_mp fine-tuned": "#0072b2", "mattersim": "#555555",
}  # fmt: skip
groups = ("test_300K", "test_1200K", "dihedral")
figure, axes = plt.subplots(1, 3, figsize=(11, 4), sharey=True)
for axis, group in zip(axes, groups, strict=True):
    table = 1000 * known[known["test"] == group].pivot_table("value", "n", "method")
    for method, colour in drawn.items():
        style = "--" if method == "mattersim" else "o-"
        axis.loglog(table.index, table[method], style, color=colour, label=method, markersize=4)
    axis.set(title=group, xlabel="training structures at 300 K", xticks=table.index)
    axis.xaxis.set_major_formatter("{x:.0f}")
    axis.minorticks_off()
axes[0].set_ylabel("force RMSE (meV/Å)")
axes[0].legend(fontsize=7, loc="lower left")
figure.tight_layout()

# %%
# On which of these sizes was a network better than the Gaussian process?

print(f"{'test group':17}{'from scratch better at n =':32}fine-tuned better at n =")
better = {}
for group in known["test"].unique():
    table = known[known["test"] == group].pivot_table("value", "n", "method")
    for network in ("mace_mp from scratch", "mace_mp fine-tuned"):
        better[group, network] = [
            int(n) for n in table.index if table.loc[n, network] < table.loc[n, "soap_gpr"]
        ]
    one, two = (
        str(better[group, network])[1:-1] for network in ("mace_mp from scratch", "mace_mp fine-tuned")
    )
    print(f"{group:17}{one:32}{two}")

# %%
# In domain (300 K) the order is the reverse of what one often hears: the networks lead while data are *few*; with some
# tens of structures the Gaussian process passes them, and within a minute of training they do not come back. At 1200 K
# they keep their lead for longer.

for network in ("mace_mp from scratch", "mace_mp fine-tuned"):
    assert max(better["test_300K", network]) <= 10, "in domain only with ten structures or fewer"
    assert max(better["test_1200K", network]) == 100, "at 1200 K with up to a hundred"

# %%
# So *when does a network overtake?* In these results: far from the training data on the torsion, for the fine-tuned
# one, and nowhere in domain beyond ten structures. What they do not show is a network that was trained to its end,
# or thousands of structures. How much the end of the training matters, another committed run tells, with two budgets
# for each network on 500 structures of acetylacetone and 100 of silicon (``results/short_budgets``):

short = mlffbench.load_results(Path(mlffbench.__file__).parents[1] / "results" / "short_budgets")
for problem in short.problems:
    board = short.leaderboard(problem).set_index("method")["force RMSE (meV/Å)"]
    print(problem)
    for network in ("nequip", "allegro"):
        print(
            f"  {network}: 60 s {board[f'{network}-60']:.1f} meV/Å, 150 s {board[f'{network}-150']:.1f} meV/Å"
        )
    print(f"  snap, a linear model that needs no budget: {board['snap']:.1f} meV/Å")
    assert all(board[f"{network}-150"] < board[f"{network}-60"] for network in ("nequip", "allegro"))

# %%
# Time was still their limit, not the data. A learning curve at a fixed time therefore says what you get for your time;
# ask for a second one with a longer ``max_seconds`` before you conclude that a method does not learn.
#
# On your own data
# ----------------
# .. code-block:: yaml
#
#     problems:
#       - dataset: {path: my_data.extxyz}
#         split: {blocks: {train: 0.8}}
#     estimators: [soap_gpr, sgdml, behler_parrinello]
#     tasks:
#       - learning_curve: {sizes: [0.125, 0.25, 0.5, 1.0], n_seeds: 3}
#
# ``mlffbench run suite.yaml`` measures it, and the report draws the curves with their law. How the training structures
# are drawn matters as much as their number: :doc:`/_gallery/tutorials/plot_60_leaks_and_splits`. Choosing them by the
# model's own uncertainty: :doc:`/_gallery/tutorials/plot_55_uncertainty_and_active_learning`.

plt.show()
