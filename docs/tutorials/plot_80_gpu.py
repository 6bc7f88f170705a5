"""
Using a GPU
===========

How to ask for a GPU, which precision to take, what is checked before a time is believed, what a card brought in our
measurements and where it brought nothing, and how to measure your own. The page itself runs without a GPU: its figures
of one come from committed results (``results/gpu``), and the rest is measured on the machine that builds it. It takes
half a minute.
"""

# %%
# Ask for a device
# ----------------
# A method that can use a GPU has the keyword ``device``: ``cpu`` (the default), ``cuda``, ``cuda:1``. In Python it is
# an argument, in a suite ``mace: {device: cuda}``, and ``mlffbench run suite.yaml --device cuda`` sets it for all
# methods that have it. The others stay on the CPU.

import json
import platform
import statistics
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch

import mlffbench
from mlffbench import registry
from mlffbench.estimators import BehlerParrinello

have = {}
for name in registry.names("estimators"):
    keywords = (
        registry.load("estimators", name)().get_params(deep=False)
        if name not in ("tuned", "committee", "delta_learning", "pretrained")
        else {}
    )
    have[name] = {key for key in ("device", "dtype") if key in keywords}
print("take a device:", ", ".join(name for name, keys in have.items() if "device" in keys))
print("and a dtype:  ", ", ".join(name for name, keys in have.items() if "dtype" in keys))

# %%
# A device that is not there is an error with a sentence, and never a silent fall back to the CPU: a time that was taken
# on another device than its label says is worse than none.

data = mlffbench.load_dataset("malonaldehyde")
frames, labels = data.frames[:24], data.labels[:24]
gpu = torch.cuda.is_available()
if not gpu:
    try:
        BehlerParrinello(device="cuda").fit(frames, labels)
    except ValueError as refusal:
        print("ValueError:", refusal)
    else:
        raise AssertionError("a missing device must be refused")

# %%
# Precision
# ---------
# ``dtype: float32`` halves the memory and, on cards made for games, is 32 to 64 times faster than ``float64``. What
# does it cost? Fit the same network in both and compare, for the same weights first: the energies differ by rounding.

fits = {}
for dtype in ("float64", "float32"):
    model = BehlerParrinello(dtype=dtype, max_epochs=4, random_state=0, device="cuda" if gpu else "cpu")
    fits[dtype] = model.fit(frames, labels)
test = data.frames[400:420]
predicted = {dtype: model.predict(test) for dtype, model in fits.items()}
size = np.array([len(a) for a in test])
apart = 1000 * np.abs(predicted["float32"].energy - predicted["float64"].energy) / size
wrong = 1000 * np.abs(predicted["float64"].energy - data.labels.energy[400:420]) / size
print(f"float32 against float64 after {model.max_epochs} epochs: {apart.max():.4f} meV/atom at most")
print(f"error of the model itself: {np.sqrt(np.mean(wrong**2)):.2f} meV/atom")
assert apart.max() < 0.1 * np.sqrt(np.mean(wrong**2)), "rounding is not what limits this model"

# %%
# Rounding matters where small differences count: second derivatives by finite differences, energies of many thousand
# atoms, relaxations to very small forces. Absolute DFT energies of :math:`10^4` eV would drown in float32; that is why
# the energies of isolated atoms are subtracted before every fit. TF32, which keeps ten bits of the mantissa, is off
# unless you switch it on, and the documents say which it was.
#
# What is asserted before a time counts
# -------------------------------------
# On a GPU a training step is thousands of small kernels, and launching them from Python takes longer than computing
# them. So a whole step is *captured* once and replayed by one call. A faster computation of something else would be
# worthless, so the tests compare: the losses of captured steps with those of plain steps, and single predictions with a
# batch. These are the committed comparisons, each with its bound:

folder = Path(mlffbench.__file__).parents[1] / "results" / "gpu"
measured = {file.stem: json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))}
card = measured["parity"]["provenance"]["accelerator"]["name"]
claims = [c for c in measured["parity"]["claims"] if c["sense"] == "<="]
figure, axis = plt.subplots(figsize=(8, 0.34 * len(claims) + 1.2))
rows = np.arange(len(claims))
axis.barh(rows, [c["measured"] for c in claims], left=1e-17, color="#0072b2", label=f"measured, {card}")
axis.plot(
    [c["required"] for c in claims],
    rows,
    "|",
    color="#d55e00",
    markersize=14,
    markeredgewidth=2,
    label="bound",
)
axis.set(xscale="log", yticks=rows, yticklabels=[c["what"] for c in claims], xlabel="relative difference")
axis.invert_yaxis()
axis.legend(fontsize=8, ncol=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
figure.tight_layout()
assert all(c["holds"] for c in claims)

# %%
# All claims of that run, those that were missed too:

for document in measured.values():
    for c in document["claims"]:
        if c not in claims:
            print(
                f"{'holds ' if c['holds'] else 'MISSED'} {c['what']}: {c['measured']:.3g} {c['unit']}",
                f"({c['sense']} {c['required']:g})",
            )

# %%
# What is recorded
# ----------------
# Every result holds the machine, the card with its driver, threads, settings of numerics, clocks and versions. Times
# whose facts differ are marked in a leaderboard and not ranked against each other. On the machine that built this page:

from mlffbench.system.provenance import fingerprint

for key, value in fingerprint("cuda" if gpu else "cpu").items():
    print(f"{key:32} {value}")

# %%
# A fitted network says how it was computed: ``captured_`` is ``yes``, or gives the reason why not.

print("captured:", fits["float64"].captured_)
assert fits["float64"].captured_ == "yes" or not gpu

# %%
# What a card brings
# ------------------
# Training MACE beside ``mace_run_train``, both on the same card, with the same architecture and batches:

training = measured["training"]["numbers"]
names = list(training)
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.8))
for shift, side, colour in ((-0.2, "theirs", "#999999"), (0.2, "ours", "#0072b2")):
    speeds = [training[name][side]["epochs_per_minute"] for name in names]
    axes[0].bar(
        np.arange(len(names)) + shift,
        speeds,
        0.38,
        color=colour,
        label={"theirs": "mace_run_train", "ours": "mlffbench"}[side],
    )
axes[0].set(
    xticks=np.arange(len(names)),
    xticklabels=[n.replace(" batch", "\nbatch") for n in names],
    ylabel="epochs a minute",
)
axes[0].tick_params(axis="x", labelsize=8)
axes[0].legend()
for name in names:
    ratio = training[name]["ours"]["epochs_per_minute"] / training[name]["theirs"]["epochs_per_minute"]
    print(f"MACE {name}: {ratio:.1f} times as many epochs a minute")

single = measured["launches"]["numbers"]["one molecule"]
times = {way: statistics.median(single[way]["evaluate"]["samples_ms"]) for way in ("plain", "captured")}
axes[1].bar(list(times), list(times.values()), color=["#999999", "#0072b2"])
axes[1].set(ylabel="energy and forces of one molecule (ms)", title="MACE 256x2")
figure.suptitle(card)
figure.tight_layout()
print(
    f"one molecule: {times['plain']:.1f} ms with plain launches, {times['captured']:.1f} ms as a captured graph"
)
assert times["captured"] < times["plain"]

# %%
# Accuracy is the other axis. How long does each family train on that card until its force error on acetylacetone at 300
# K is below a target? Kernel methods have a point for each number of training structures, networks for each epoch:

accuracy = measured["accuracy"]["numbers"]
figure, axis = plt.subplots(figsize=(7, 4.2))
for (name, result), colour in zip(
    accuracy.items(), ("#d55e00", "#e69f00", "#cc79a7", "#009e73", "#56b4e9", "#0072b2"), strict=False
):
    ordered = sorted(result["points"], key=lambda p: p.get("frames", p["seconds"]))
    points = [(p["seconds"], p["300K"]["forces_rmse_mev_per_angstrom"]) for p in ordered]
    axis.loglog(*zip(*points, strict=True), "o-", color=colour, label=name, markersize=4)
    print(f"{name:22} {result['seconds_to_target']:.2f} s to {result['target_mev_per_angstrom']:.0f} meV/Å")
axis.axhline(next(iter(accuracy.values()))["target_mev_per_angstrom"], color="#999999", linestyle=":")
axis.set(xlabel=f"seconds of fitting on one {card}", ylabel="force RMSE at 300 K (meV/Å)")
axis.legend(fontsize=8)
figure.tight_layout()

# %%
# A card needs work
# -----------------
# The time per atom of one small molecule is the time of the launches, whatever the model; it falls as
# :math:`1/N` until the card is full. Beside it the same task on the CPU of the machine that built this page, for
# another molecule and a small network, so compare the shapes and not the values:

from mlffbench.data import Score, Split
from mlffbench.tasks.speed import speed


def line(rows):
    """Atoms and µs per atom of the evaluation, by growing systems."""
    chosen = [
        r
        for r in rows
        if (r["quantity"], r["metric"]) == ("evaluate", "time_per_atom") and "copies" in r["test"]
    ]
    return sorted((int(r["test"].split(", ")[1].split()[0]), r["value"]) for r in chosen)


split = Split(train=np.arange(24), tests={"test": np.arange(400, 420)})
here = speed(fits["float32"], data, split, copies=(1, 4, 16), batches=(1,), max_seconds=3.0)
here = [
    {"test": r.test, "quantity": r.quantity, "metric": r.metric, "value": r.value}
    for r in here
    if isinstance(r, Score)
]
figure, axis = plt.subplots(figsize=(7, 4.2))
speeds = measured["speeds"]["numbers"]
for name, colour in {
    "mace": "#0072b2",
    "soap_gpr": "#d55e00",
    "behler_parrinello": "#009e73",
    "morse": "#e69f00",
}.items():
    rows = [r for r in speeds[name]["rows"] if r.get("type") == "Score"]
    axis.loglog(*zip(*line(rows), strict=True), "o-", color=colour, label=f"{name}, {card}")
    (first_atoms, first), *_, (last_atoms, last) = line(rows)
    print(f"{name:18} {first_atoms} atoms {first:.0f} µs/atom, {last_atoms} atoms {last:.0f} µs/atom")
    assert last < first, "more atoms, less time for each"
axis.loglog(
    *zip(*line(here), strict=True),
    "s--",
    color="#555555",
    label=f"behler_parrinello, {'GPU' if gpu else 'CPU'} of this build",
)
axis.set(xlabel="atoms in the system", ylabel="energy and forces (µs/atom)")
axis.legend(fontsize=8)
figure.tight_layout()

# %%
# So: batch. ``predict`` takes lists, the task ``md`` moves all trajectories together, relaxations and displaced
# supercells go as one batch. ``atoms.calc`` evaluates one structure at a time, and on a GPU that is mostly waiting.
# With ``--jobs 2`` two cases share a machine, but never a card.
#
# On your own machine
# -------------------
# .. list-table::
#    :header-rows: 1
#
#    * - To see
#      - Run
#    * - your models, on your data
#      - ``tasks: [speed]`` in a suite, with ``--device cuda``
#    * - the numbers of this page on your card
#      - ``bash benchmarks/gpu/run.sh first``, ``bash benchmarks/gpu/run.sh second``
#    * - whether these scripts work, without a GPU
#      - ``bash benchmarks/gpu/run.sh first second --small``
#
# Leave ``batch_size`` to its default: it is chosen by device and memory. Times are wall times that wait for the device;
# first calls (compilation, capture) are excluded and stand as ``warm_up`` beside them. Where the time goes, and more
# numbers: :doc:`/performance`.

print("built on", platform.processor() or platform.machine(), "with" if gpu else "without", "a GPU")
plt.show()
