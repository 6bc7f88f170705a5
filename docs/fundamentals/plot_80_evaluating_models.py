r"""
Evaluating models
=================

After this chapter you can split data so that the test answers your question, put an interval on an error,
compare two models fairly, judge error bars, and run the physical tests that a test error cannot replace. At
the end stand two models of about equal error, of which one does not survive molecular dynamics. It takes
about forty minutes to read and needs the extras ``classical``, ``soap`` and ``sgdml`` (:doc:`/install`). It
is a long chapter, because most wrong conclusions about force fields are drawn here.
"""

# %%
# Three parts of the data
# -----------------------
#
# - The **training set** determines the weights.
# - The **validation set** determines everything that is chosen by looking at errors: when to stop, the
#   cutoff, the size of the network, which of ten methods to use.
# - The **test set** is looked at once, at the end. An error that influenced a choice is no longer an estimate
#   of the error on new structures: it is too small.
#
# In mlffbench a test set never reaches ``fit``. What a method needs for validation it takes out of its
# training set. The difficult question is *which* structures to test on.
#
# A random split of a trajectory flatters
# ---------------------------------------
#
# Structures often come from molecular dynamics, a *trajectory*: one after the other, femtoseconds apart,
# almost equal. Draw test structures from it at random, and next to each there is a training structure. To
# show what this does we need dense trajectories with exact labels. We take the force field of the chapter on
# kernels, sGDML, fitted to malonaldehyde, as *the truth*, and run it at 1200 K, where the molecule explores
# much.

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from scipy.stats import norm

import mlffbench
from mlffbench.data import Dataset
from mlffbench.datasets.leakage import audit
from mlffbench.estimators import SGDML, SOAPGPR, AtomicReference, Bonded, SOAPKernelRidge
from mlffbench.metrics import mae, rmse
from mlffbench.properties.bulk_dynamics import run_many
from mlffbench.properties.conservation import conservation
from mlffbench.properties.dynamics import dynamics
from mlffbench.properties.limits import Limits
from mlffbench.properties.smoothness import smoothness
from mlffbench.report.statistics.interval import interval
from mlffbench.report.statistics.paired import paired
from mlffbench.report.statistics.pareto import pareto_front
from mlffbench.splits.blocks import blocks
from mlffbench.splits.official import official
from mlffbench.splits.random import random

data = mlffbench.load_dataset("malonaldehyde")
split = official(data, n_train=60, seed=0)
print(split)


def part(dataset, indices):
    """Frames and labels with these numbers."""
    return [dataset.frames[i] for i in indices], dataset.labels[indices]


def forces(labels):
    """All force components, eV/Å."""
    return np.concatenate(labels.forces).ravel()


train = part(data, split.train)
sgdml = SGDML(sigma=20.0, lam=1e-10).fit(*train)

start = data.frames[split.train[0]]
hot = np.flatnonzero(data.columns["group"] == "test_1200K")
runs = run_many(
    sgdml.calculator(),
    [data.frames[hot[3]], data.frames[hot[70]]],
    temperature=1200.0,
    steps=480,
    friction=0.002,
    interval=4,
    limits=Limits(stretched=0, closest=0.1),
    seeds=[1, 2],
)
assert all(run.failure is None for run in runs)
frames = []
for run in runs:
    for positions in run.positions[1:]:
        frames.append(start.copy())
        frames[-1].positions = positions
n = len(runs[0].times) - 1
columns = {"trajectory": np.repeat(["first", "second"], n), "time_fs": np.tile(runs[0].times[1:], 2)}
dense = Dataset("dense", frames, sgdml.predict(frames), columns=columns)
first = Dataset("first", frames[:n], dense.labels[:n], {k: v[:n] for k, v in columns.items()})
print(f"2 trajectories of {n} frames, {runs[0].times[1] - runs[0].times[0]:.0f} fs apart")

# %%
# Now three tests of the same method with the same number of training frames: frames of the first trajectory
# drawn at random; whole *blocks* of it, so that training and test are separated in time; and the second
# trajectory, which the model was never near. The last is what the model will meet.

splits = {"random": random(first, train=40), "blocks": blocks(first, train=40, block=20)}
second = part(dense, np.arange(n, 2 * n))
table = {}
for name, chosen in splits.items():
    learner = SOAPKernelRidge(n_representers=400, random_state=0).fit(*part(first, chosen.train))
    test_frames, test_labels = part(first, chosen.tests["test"])
    promised = 1e3 * rmse(forces(test_labels), forces(learner.predict(test_frames)))
    found = 1e3 * rmse(forces(second[1]), forces(learner.predict(second[0])))
    table[name] = promised, found
    print(f"{name} split, {len(chosen.train)} training frames. Force RMSE of its test: {promised:.0f} meV/Å,")
    print(f"   of the second trajectory: {found:.0f} meV/Å, {found / promised:.1f} times as large")
assert table["random"][0] < table["blocks"][0]
assert table["random"][1] < table["blocks"][1]
assert table["random"][1] / table["random"][0] > table["blocks"][1] / table["blocks"][0] > 1.5

fig, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
for k, (label, colour) in enumerate((("test of the split", "C0"), ("second trajectory", "C3"))):
    axes.barh(np.arange(2) + 0.4 * k, [row[k] for row in table.values()], 0.38, color=colour, label=label)
axes.set(yticks=np.arange(2) + 0.2, yticklabels=list(table), xlabel="force RMSE (meV/Å)")
axes.invert_yaxis()
axes.legend()
plt.show()

# %%
# Both models meet the second trajectory with a larger error than their own test promised, and the random
# split's promise is off by the larger factor. (Its model is no worse: it has seen more of the trajectory.
# Only the promise is wrong.) mlffbench finds this before anything is fitted. Its *audit* compares each test
# structure with all training structures, whatever their orientation and order of atoms, and measures gaps in
# time:

median_gaps = {}
for name, chosen in splits.items():
    report = audit(first, chosen)
    (gaps,) = report.time_neighbours
    median_gaps[name] = gaps.median_gap
    print(f"{name:6s}: {report.verdict}")
    print(
        f"        median gap in time to a training frame: {gaps.median_gap:.0f} steps of {gaps.step:.0f} fs"
    )

assert median_gaps["random"] == 1 < median_gaps["blocks"]

# %%
# No test structure equals a training structure, but in the random split one is a single step away in time.
# Other leaks are of the same kind: the same molecule under another name, a crystal described by another cell,
# a relaxation of which the first steps train and the last are tested. The rule: **split by what will be new
# in use**, a trajectory, a temperature, a molecule, a composition. See :doc:`/data`.
#
# Named test groups
# -----------------
#
# A single test error hides where it comes from. Here the model trains at 300 K, and is tested there, at 600
# K, at 1200 K, along a proton transfer and along a torsion, each by name. How errors grow from one to the
# other is called **transfer**.

models = {
    "atomic_reference": AtomicReference(),
    "bonded": Bonded(),
    "sgdml": sgdml,
    "soap_kernel_ridge": SOAPKernelRidge(n_representers=500, random_state=0),
    "soap_gpr": SOAPGPR(n_sparse=100, random_state=0),
}
tests = {name: part(data, indices) for name, indices in split.tests.items()}
order = ["test_300K", "test_600K", "test_1200K", "proton_transfer", "dihedral"]
predictions, errors = {}, {}
for name, model in models.items():
    if model is not sgdml:
        model.fit(*train)
    predictions[name] = {group: model.predict(tests[group][0]) for group in order}
    errors[name] = {group: forces(predictions[name][group]) - forces(tests[group][1]) for group in order}

print("force RMSE, meV/Å " + "".join(f"{group:>17}" for group in order))
matrix = np.array([[1e3 * rmse(0, errors[name][group]) for group in order] for name in models])
for name, row in zip(models, matrix, strict=True):
    print(f"{name:18}" + "".join(f"{value:17.0f}" for value in row))

fig, axes = plt.subplots(figsize=(7, 3.4), layout="constrained")
axes.imshow(np.log10(matrix), cmap="RdYlGn_r", aspect="auto")
for (i, j), value in np.ndenumerate(matrix):
    axes.text(j, i, f"{value:.0f}", ha="center", va="center")
axes.set(xticks=range(len(order)), yticks=range(len(models)), yticklabels=list(models))
axes.set_xticks(range(len(order)), order, rotation=15)
axes.set_title("force RMSE (meV/Å), trained at 300 K")
plt.show()

fitted_names = [name for name in models if name != "atomic_reference"]
for name in fitted_names:
    at_300, at_600, at_1200 = (rmse(0, errors[name][group]) for group in order[:3])
    assert at_300 < at_600 < at_1200
    if name != "bonded":
        assert at_1200 / at_300 > 2 * rmse(0, errors["bonded"]["test_1200K"]) / rmse(
            0, errors["bonded"]["test_300K"]
        )

# %%
# Flexible methods lose far more from 300 to 1200 K than the classical form ``bonded``, which is bad
# everywhere. The row ``atomic_reference`` predicts zero force: a method whose error is near that row has
# learned nothing about this group.
#
# RMSE or MAE
# -----------
#
# With errors :math:`e_k`, predicted minus true,
#
# .. math:: \mathrm{RMSE} = \sqrt{\langle e_k^2\rangle}, \qquad \mathrm{MAE} = \langle |e_k| \rangle \le \mathrm{RMSE}.
#
# The square gives weight to large errors. For normally distributed errors
# :math:`\mathrm{RMSE}/\mathrm{MAE} = \sqrt{\pi/2}`; a larger ratio tells of a few large errors among many
# small ones. Neither says which errors are the large ones.

print(f"normal distribution: {np.sqrt(np.pi / 2):.2f}")
for group in ("test_300K", "test_1200K"):
    for name in ("bonded", "soap_kernel_ridge"):
        e = errors[name][group]
        assert mae(0, e) <= rmse(0, e)
        print(
            f"{name:18s} {group:11s} RMSE/MAE {rmse(0, e) / mae(0, e):.2f}, largest/RMSE {np.abs(e).max() / rmse(0, e):.1f}"
        )

# %%
# A number without an interval is an anecdote
# -------------------------------------------
#
# Another draw of test structures gives another error. How much does it vary? The textbook's answer, a
# *bootstrap* that draws test frames with replacement, assumes that frames are independent. Frames of a
# trajectory are not. The remedy is to draw whole **clusters**: trajectories, or blocks of one that are longer
# than its memory. We simulate it. Errors in 12 trajectories of 10 frames, half of whose variance all frames
# of a trajectory share; the true RMSE is known. How often does a 95 % interval hold it?

rng = np.random.default_rng(0)
n_clusters, n_frames, repeats = 12, 10, 300
clusters = np.repeat(np.arange(n_clusters), n_frames)
hits = {"frames as if independent": 0, "clusters": 0}
for _ in range(repeats):
    shared = rng.normal(size=n_clusters)[clusters]
    e = np.sqrt(0.5) * shared + np.sqrt(0.5) * rng.normal(size=len(clusters))  # variance 1
    for name, groups in (("frames as if independent", np.arange(len(e))), ("clusters", clusters)):
        estimate = interval(e, groups)
        hits[name] += estimate.low <= 1.0 <= estimate.high
for name, count in hits.items():
    print(f"{name:25s} cover the truth in {100 * count / repeats:.0f} % of {repeats} cases")
assert hits["frames as if independent"] / repeats < 0.88 < 0.92 < hits["clusters"] / repeats

# %%
# mlffbench's intervals leave out one cluster after the other, the *jackknife* (:doc:`/statistics`). A
# bootstrap of clusters, written in four lines, agrees. Here on the errors of the last model on the second
# trajectory, in blocks of 15 frames (30 fs):

pairs = zip(second[1].forces, learner.predict(second[0]).forces, strict=True)
dense_errors = np.array([rmse(true, predicted) for true, predicted in pairs])  # of each frame
block = np.arange(len(dense_errors)) // 15
estimate = interval(dense_errors, block)
names = np.unique(block)
drawn = [
    np.concatenate([dense_errors[block == b] for b in rng.choice(names, len(names))]) for _ in range(1000)
]
low, high = np.quantile([rmse(0, e) for e in drawn], [0.025, 0.975])
print(
    f"jackknife of clusters {1e3 * estimate.value:.1f} [{1e3 * estimate.low:.1f}, {1e3 * estimate.high:.1f}] meV/Å"
)
print(f"bootstrap of clusters {1e3 * estimate.value:.1f} [{1e3 * low:.1f}, {1e3 * high:.1f}] meV/Å")
assert estimate.low < estimate.value < estimate.high
assert max(estimate.low, low) < min(estimate.high, high)

# %%
# Compare on the same frames
# --------------------------
#
# Two models tested on the same frames find the same frames difficult. Their errors rise and fall together,
# and the *difference* is known better than either error. Overlapping intervals do **not** mean that two
# models cannot be told apart; a **paired** comparison decides. Each test frame is a cluster here (they are
# 100 fs apart).

frame_of = np.repeat(np.arange(len(tests["test_300K"][0])), 3 * len(start))
verdicts = {}
for a, b in (("sgdml", "soap_kernel_ridge"), ("soap_kernel_ridge", "soap_gpr")):
    one, two = (interval(errors[name]["test_300K"], frame_of) for name in (a, b))
    for name, estimate in ((a, one), (b, two)):
        low, high = 1e3 * estimate.low, 1e3 * estimate.high
        print(f"{name:18s} {1e3 * estimate.value:5.1f} [{low:.1f}, {high:.1f}] meV/Å")
    result = paired(errors[a]["test_300K"], errors[b]["test_300K"], frame_of, rope=0.005)
    verdicts[a, b] = result.verdict, one.high > two.low  # the second: do the intervals overlap?
    low, high = 1e3 * result.low, 1e3 * result.high
    print(
        f"   difference {1e3 * result.difference:+.1f} [{low:+.1f}, {high:+.1f}] meV/Å; {a}: {result.verdict}"
    )
assert verdicts["sgdml", "soap_kernel_ridge"] == ("not told apart", True)
assert verdicts["soap_kernel_ridge", "soap_gpr"] == ("better", True)

# %%
# The intervals of the last two overlap, and yet their difference is certain. The *region of practical
# equivalence* (``rope``) is a difference that you would not care about, here 5 meV/Å: with enough frames
# every difference becomes certain, also one that does not matter. Differences between *seeds* of a network,
# its random first weights, are a second source of variation. Train three, and count it in.
#
# Are the error bars true?
# ------------------------
#
# A model that predicts a standard deviation :math:`\sigma` claims that the error is normally distributed with
# it. So a share :math:`p` of all errors should lie in the central interval of probability :math:`p`. Plot the
# observed against the expected share: the diagonal is perfect. The area between curve and diagonal is the
# **miscalibration area** (0 perfect, 0.5 worst) :cite:`Tran2020uncertainty`. It asks for honesty on average,
# not for the right order.

levels = np.linspace(0, 1, 501)


def observed_share(error, std):
    """Share of errors within the central interval of each probability."""
    return np.mean(np.abs(error / std)[:, None] <= norm.ppf((1 + levels) / 2), axis=0)


def area(error, std):
    """Miscalibration area."""
    return np.trapezoid(np.abs(observed_share(error, std) - levels), levels)


calibration = predictions["soap_gpr"]["test_300K"]
wrong = calibration.energy - tests["test_300K"][1].energy
half = len(wrong) // 2
factor = np.sqrt(np.mean((wrong[:half] / calibration.energy_std[:half]) ** 2))
fig, axes = plt.subplots(figsize=(5.4, 4.4), layout="constrained")
axes.plot([0, 1], [0, 1], "k--", lw=1, label="perfect")
areas = {}
for name, std in (
    ("as predicted", calibration.energy_std),
    (f"times {factor:.2f}", factor * calibration.energy_std),
):
    areas[name] = area(wrong[half:], std[half:])
    axes.plot(levels, observed_share(wrong[half:], std[half:]), label=f"{name}: area {areas[name]:.2f}")
axes.set(xlabel="expected share of errors", ylabel="observed share", aspect="equal")
axes.legend()
plt.show()
print({name: round(float(value), 3) for name, value in areas.items()})
assert areas[f"times {factor:.2f}"] < areas["as predicted"] / 2

# %%
# One factor, determined on half of the frames, corrects most of it on the other half. Outside the training
# domain it may not: at 1200 K,

far = predictions["soap_gpr"]["test_1200K"]
far_wrong = far.energy - tests["test_1200K"][1].energy
for name, scale in (("as predicted", 1.0), (f"times {factor:.2f}", factor)):
    print(f"1200 K, {name}: area {area(far_wrong, scale * far.energy_std):.3f}")

# %%
# Physical tests
# --------------
#
# Some properties are known without a reference calculation, and no test error checks them. In a closed system
# the total energy is conserved, if forces are the gradient of one smooth energy. Let us disturb the forces a
# little, by a field that is *not* a gradient: it pushes all atoms around an axis. The force RMSE hardly
# notices.


class Disturbed(Calculator):
    """Forces of another calculator and a weak whirl around the z axis."""

    implemented_properties = ("energy", "forces")

    def __init__(self, calculator, strength):
        super().__init__()
        self.inner, self.strength = calculator, strength  # eV/Å²

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        moved = atoms.copy()
        self.inner.calculate(moved, ["energy", "forces"], all_changes)
        x, y, _ = (atoms.positions - atoms.positions.mean(axis=0)).T
        whirl = self.strength * np.stack([-y, x, np.zeros(len(atoms))], axis=1)
        self.results = {
            "energy": self.inner.results["energy"],
            "forces": self.inner.results["forces"] + whirl,
        }


axis = np.stack([a.positions - a.positions.mean(axis=0) for a in tests["test_300K"][0]])
extra = 0.01 * np.stack([-axis[..., 1], axis[..., 0], 0 * axis[..., 0]], axis=-1).ravel()
quiet = rmse(0, errors["sgdml"]["test_300K"])
disturbed_error = rmse(0, errors["sgdml"]["test_300K"] + extra)
print(f"force RMSE {1e3 * quiet:.1f} meV/Å, disturbed {1e3 * disturbed_error:.1f} meV/Å")

fig, axes = plt.subplots(figsize=(7, 3.4), layout="constrained")
drifts = {}
for name, calculator in (("sgdml", sgdml.calculator()), ("disturbed", Disturbed(sgdml.calculator(), 0.01))):
    run = dynamics(calculator, start, 300.0, 300, timestep=0.5, interval=5, seed=1)
    total = 1e3 * (run.potential + run.kinetic) / len(start)
    drifts[name] = run.drift
    violation = conservation(calculator, start, n_lines=1, n=21).relative_error
    axes.plot(run.times, total - total[0], label=name)
    print(
        f"{name:10s} drift {run.drift:+9.3f} meV/atom/ps; violation of F = −∇E along a line {violation:.1e}"
    )
axes.set(xlabel="time (fs)", ylabel="total energy (meV/atom)")
axes.legend()
plt.show()
assert abs(disturbed_error - quiet) < 0.5 * quiet
assert abs(drifts["disturbed"]) > 20 * abs(drifts["sgdml"])

# %%
# Is the energy continuous where a neighbour crosses the cutoff? Scale the molecule up in small steps, until
# every pair has passed the cutoff, and look for jumps:

smooth = smoothness(models["soap_kernel_ridge"].calculator(), start, n=121)
print(
    f"largest jump of the energy {1e3 * smooth.energy_jump:.3f} meV/atom, of a force {smooth.force_jump:.3f} eV/Å"
)
assert smooth.energy_jump < 1e-3

# %%
# Do atoms repel when pushed together? Does compressed matter become denser without end? The task ``physics``
# asks all of this of every method (:doc:`/tasks`). Repulsion matters most, since training data contain no
# atoms on top of each other. Push a hydrogen atom towards its carbon atom:

calm = data.frames[int(np.argmin(data.labels.energy))]
distances = calm.get_all_distances()
is_bond = (calm.numbers[:, None] == 1) & (calm.numbers == 6) & (distances < 1.2)
h, c = np.argwhere(is_bond)[0].tolist()
lengths = np.linspace(0.3, 1.4, 45)
pushed = []
for length in lengths:
    pushed.append(calm.copy())
    pushed[-1].set_distance(c, h, length, fix=0)
walls = {}
seen = [frame.get_distance(c, h) for frame in train[0]]
fig, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
for name in fitted_names:
    energy = walls[name] = models[name].predict(pushed).energy
    axes.plot(lengths, energy - energy[np.argmin(np.abs(lengths - 1.1))], label=name)
axes.axvspan(min(seen), max(seen), color="0.9", label="training data")
axes.set(xlabel="C–H distance (Å)", ylabel="energy (eV)", ylim=(-2, 25))
axes.legend(fontsize=8)
plt.show()
short = lengths < 1.0
assert np.all(np.diff(walls["sgdml"][short]) < 0)  # rises all the way
assert np.any(np.diff(walls["soap_kernel_ridge"][short]) > 0)  # falls somewhere

# %%
# Within the training data the curves agree. Outside each goes its own way. Those of the SOAP kernels rise,
# turn, and *fall* as the atoms come closer still: a hole, into which a hot molecule can drop. Nothing in the
# errors above told of it.
#
# What an RMSE hides
# ------------------
#
# sGDML and SOAP kernel ridge regression cannot be told apart by their errors at 300 K, and at 1200 K kernel
# ridge regression has the smaller one. Now use both for what force fields are made for: molecular dynamics at
# 1200 K, three trajectories each from the same starts. A trajectory has failed when a bond is longer, or two
# atoms are nearer, than in any reference frame with a margin.

limits = Limits.observed(data.frames)
hot_starts = [data.frames[i] for i in np.flatnonzero(data.columns["group"] == "test_600K")[:3]]
survivors = {}
for name in ("sgdml", "soap_kernel_ridge"):
    trajectories = run_many(
        models[name].calculator(), hot_starts, 1200.0, 400, friction=0.01, interval=10, limits=limits
    )
    survivors[name] = sum(t.failure is None for t in trajectories)
    in_domain, outside = (1e3 * rmse(0, errors[name][group]) for group in ("test_300K", "test_1200K"))
    print(f"{name}: force RMSE {in_domain:.0f} meV/Å at 300 K, {outside:.0f} meV/Å at 1200 K")
    print(f"   {survivors[name]} of {len(trajectories)} trajectories stay stable:", end=" ")
    print(", ".join(f"{t.failure or 'stable'} at {t.lifetime:.0f} fs" for t in trajectories))
ratio = rmse(0, errors["soap_kernel_ridge"]["test_300K"]) / rmse(0, errors["sgdml"]["test_300K"])
assert 0.8 < ratio < 1.25
assert rmse(0, errors["soap_kernel_ridge"]["test_1200K"]) < rmse(0, errors["sgdml"]["test_1200K"])
assert survivors["sgdml"] > survivors["soap_kernel_ridge"]

# %%
# Equal errors, different fates. A test set holds structures that the *reference* visits. Dynamics visit those
# that the *model* likes, and one hole in its energy, where no reference structure is, is enough; a trajectory
# finds it. So errors are necessary, and dynamics, relaxation or whatever the model is for must be tried.
# Three trajectories are few: the committed benchmarks count more, with intervals, and
# ``mlffbench results indicators FOLDER`` asks which static score goes with survival (:doc:`/results`).
#
# Cost
# ----
#
# The best model is not the most accurate one but the most accurate one *that you can afford*. A method is on
# the **Pareto front** if no other is both faster and more accurate; all others can be forgotten. From our
# committed benchmark of every family (``results/families``, one seed, 200 training frames):

board = mlffbench.load_results(Path(mlffbench.__file__).parents[1] / "results" / "families").leaderboard(
    "malonaldehyde"
)
cost = board["prediction time (µs/atom)"].to_numpy(float)
error = board["force RMSE (meV/Å)"].to_numpy(float)
known = np.isfinite(cost) & np.isfinite(error)
front = np.array(pareto_front(cost, error))
assert front.any()
assert not front[~known].any()

fig, axes = plt.subplots(figsize=(7, 4.4), layout="constrained")
axes.loglog(cost[known & ~front], error[known & ~front], "o", color="0.6", label="others")
line = np.flatnonzero(front)[np.argsort(cost[front])]
axes.loglog(cost[line], error[line], "C3o-", label="Pareto front")
last = -1.0
for k in line:
    if np.log10(cost[k]) - last > 0.1:  # else names would overlap
        place = dict(xytext=(5, 4), textcoords="offset points", fontsize=8)
        axes.annotate(board["method"].iloc[k], (cost[k], error[k]), **place)
        last = np.log10(cost[k])
axes.set(xlabel="prediction time (µs/atom)", ylabel="force RMSE at 300 K (meV/Å)")
axes.legend()
plt.show()
print("on the front, from fast to accurate:", ", ".join(board["method"].iloc[line]))

# %%
# Compare times only if they were measured on the same machine, with the same number of threads and no other
# load; mlffbench marks rows where this differs.
#
# A checklist
# -----------
#
# 1. What will be new when the model is used? Split by that.
# 2. Are there twins or neighbours in time across the split? ``mlffbench data audit``.
# 3. Is the error given by named group, with the trivial baseline beside it?
# 4. Does each error have an interval over clusters, and is each comparison paired?
# 5. If there are error bars: are they calibrated, where it matters?
# 6. Does the model conserve energy, repel, and survive the simulation it is meant for?
# 7. Is there a cheaper one with the same error?
#
# How mlffbench answers them for your data: :doc:`/your_data`, :doc:`/tasks`.
#
# .. rubric:: Exercises
#
# 1. Make the blocks of the first section 5 frames long. Which of the two errors changes?
# 2. Give ``SOAPKernelRidge`` frames at 1200 K in its training. Does it survive?
