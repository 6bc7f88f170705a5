"""
Where the time goes
===================

How long does a prediction take, and a training step, and what can you do about it? Afterwards you know why batches
matter, what the three kernels are, and what was measured on a GPU. The page measures on the CPU that builds it, in
half a minute; numbers of GPUs come from results that are committed in the repository.
"""

import json
import os
from pathlib import Path
from time import process_time

import matplotlib.pyplot as plt
import numpy as np

import mlffbench
from mlffbench.estimators import MACE

data = mlffbench.load_dataset("malonaldehyde")
train = np.flatnonzero(data.columns["group"] == "train_300K")[:40]
frames, labels = [data.frames[i] for i in train], data.labels[train]

# %%
# A prediction
# ------------
#
# ``predict`` has two parts. ``prepare`` finds the neighbours and builds the graphs; ``evaluate`` runs the network and
# differentiates its energy. Both are called for many frames at once, and a small frame alone cannot fill even a CPU:
# most of its time goes into starting a few hundred operations. Times below are processor seconds of one thread, the
# best of three.

model = MACE(max_epochs=1, atomic_energies=data.atomic_energies).fit(frames, labels)
sizes = [1, 4, 16, 64]
n_atoms = len(frames[0])


def best(function, repeats=3):
    """Least processor time of some calls, s."""
    times = []
    for _ in range(repeats):
        start = process_time()
        function()
        times.append(process_time() - start)
    return min(times)


prepare, evaluate = [], []
for n in sizes:
    some = [data.frames[i] for i in range(n)]
    prepared = model.prepare(some)
    prepare.append(1e6 * best(lambda some=some: model.prepare(some)) / n / n_atoms)
    evaluate.append(1e6 * best(lambda prepared=prepared: model.evaluate(prepared)) / n / n_atoms)
    print(f"{n:3d} frames: prepare {prepare[-1]:6.0f}, evaluate {evaluate[-1]:6.0f} µs an atom")

figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
axis.loglog(sizes, evaluate, "o-", label="evaluate: energy and forces")
axis.loglog(sizes, prepare, "s-", label="prepare: neighbours and graphs")
axis.set(xlabel="frames in one call", ylabel="time (µs an atom)", title="preset small, one CPU thread")
axis.set_xticks(sizes, [str(n) for n in sizes])
axis.legend()
plt.show()
assert evaluate[-1] < evaluate[0] / 2

# %%
# So give ``predict`` lists. ``atoms.calc`` evaluates one structure at a time and pays the price on the left of the
# figure in each step; many trajectories that are moved together, as the task ``md`` and ``properties.bulk_dynamics`` do
# it, pay the one on the right. ``evaluate(prepared, {"energy"})`` computes no forces where none are asked for:

prepared = model.prepare([data.frames[i] for i in range(64)])
alone = best(lambda: model.evaluate(prepared, {"energy"}))
both = best(lambda: model.evaluate(prepared, {"energy", "forces"}))
print(f"energies alone take {alone / both:.0%} of the time of energies and forces")
assert alone < both

# %%
# A training step
# ---------------
#
# A training step computes energies and forces, and then differentiates the loss, which contains forces, by all weights:
# two more passes through the network. The batch size decides how many steps an epoch has.


def seconds_of_fit(size, epochs):
    """Processor time of a fit to 20 frames, s."""
    short = MACE(
        batch_size=size, max_epochs=epochs, validation_fraction=0.0, atomic_energies=data.atomic_energies
    )
    start = process_time()
    short.fit(frames[:20], labels[:20])
    return process_time() - start


for size in (2, 5, 20):
    epoch = (seconds_of_fit(size, 4) - seconds_of_fit(size, 1)) / 3  # without the time to build the network
    print(
        f"batch of {size:2d}: {1e3 * epoch * size / 20:4.0f} ms a step, {1e3 * epoch:4.0f} ms an epoch of 20 frames"
    )

# %%
# An epoch of large batches is quicker. But a step of a small batch is worth nearly as much as one of a large batch, so
# that on a CPU small batches often reach an error sooner.
#
# Three ways to compute the same layers
# -------------------------------------
#
# ``kernels="mace"`` runs mace-torch's own layers. ``fused`` computes the same sums in fewer operations, with some
# derivatives in closed form. ``cuequivariance`` calls NVIDIA's. Weights and predictions are the same; here is the
# difference for the first two, from the same weights:

fits = {}
for kernels in ("mace", "fused"):
    fit = MACE(kernels=kernels, max_epochs=1, learning_rate=1e-9, atomic_energies=data.atomic_energies)
    fits[kernels] = fit.fit(frames[:10], labels[:10])
    some = fit.prepare(frames)
    print(
        f"{kernels:6s} {1e3 * best(lambda fit=fit, some=some: fit.evaluate(some)):6.1f} ms for {len(frames)} molecules"
    )
theirs, ours = (fits[k].predict(frames) for k in ("mace", "fused"))
difference = max(np.abs(a - b).max() for a, b in zip(theirs.forces, ours.forces, strict=True))
print(f"largest difference of forces: {difference:.1e} eV/Å, in single precision")
assert difference < 1e-4

# %%
# On the GPU
# ----------
#
# This page was built without a GPU. What follows was measured by ``benchmarks/gpu`` and is kept in ``results/gpu``; the
# code reads it. On a GPU the launches of the many small operations take longer than the work. Hence the whole training
# step is captured once as a *CUDA graph* and replayed by one call.

root = next(p for p in (Path.cwd(), *Path.cwd().parents) if (p / "results" / "gpu").is_dir())
read = lambda name: json.loads((root / "results" / "gpu" / f"{name}.json").read_text())
training, launches, speeds = read("training"), read("launches"), read("speeds")
print(training["provenance"]["accelerator"]["name"], training["provenance"]["date"][:10])

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
names = list(training["numbers"])
for shift, side, label in ((-0.2, "theirs", "mace_run_train"), (0.2, "ours", "mlffbench")):
    rates = [training["numbers"][name][side]["epochs_per_minute"] for name in names]
    bars = left.bar(np.arange(len(names)) + shift, rates, 0.4, label=label)
    left.bar_label(bars, fmt="%.0f", fontsize=8)
left.set_xticks(range(len(names)), [name.replace(" ", "\n", 1) for name in names], fontsize=8)
left.set(yscale="log", ylabel="epochs a minute", title="training (channels x largest order L)")
left.legend()
molecule = launches["numbers"]["one molecule"]
ways = {
    "plain": molecule["plain"]["evaluate"]["median_ms"],
    "captured": molecule["captured"]["evaluate"]["median_ms"],
}
bars = right.barh(list(ways), list(ways.values()), color=["C2", "C3"])
right.bar_label(bars, fmt="%.1f ms")
right.margins(x=0.2)
right.set(xlabel="ms", title="energy and forces of one molecule, 256x2")
plt.show()
for claim in training["claims"] + launches["claims"]:
    if "MACE" in claim["what"]:
        print(
            f"{claim['what']}: {claim['measured']:.3g} {claim['unit']}, asked {claim['sense']} {claim['required']:g}"
        )

# %%
# A GPU wants large batches even more than a CPU does. The time per atom of MACE's ``small`` preset against the number
# of copies of a molecule that are evaluated together, with its 95 % interval:

rows = [
    r
    for r in speeds["numbers"]["mace"]["rows"]
    if r.get("metric") == "time_per_atom" and "copies" in r["test"]
]
figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
for quantity in ("prepare", "evaluate"):
    own = [r for r in rows if r["quantity"] == quantity]
    atoms = [int(r["test"].split(", ")[1].split()[0]) for r in own]
    value = np.array([r["value"] for r in own])
    bars = [
        value - [r.get("low", r["value"]) for r in own],
        np.array([r.get("high", r["value"]) for r in own]) - value,
    ]
    axis.errorbar(atoms, value, bars, fmt="o-", capsize=3, label=quantity)
axis.set(xscale="log", yscale="log", xlabel="atoms in one call", ylabel="time (µs an atom)")
axis.set_title(speeds["provenance"]["accelerator"]["name"])
axis.legend()
plt.show()

# %%
# On your machine
# ---------------
#
# * ``tasks: [speed]`` in a suite measures time per atom, memory and cold start of every method (:doc:`/tasks`).
# * ``OMP_NUM_THREADS`` is the number of threads; set it to the number of real cores. This page used the value below.
# * ``dtype="float32"`` is the default; double precision is many times slower on gaming cards.
# * Larger cutoffs cost: neighbours, and with them edges of the graph, grow with the third power.
#
# :doc:`/performance` has the rest: what is fused, what is captured, and every measured ratio.

print("OMP_NUM_THREADS =", os.environ.get("OMP_NUM_THREADS", "not set"))
