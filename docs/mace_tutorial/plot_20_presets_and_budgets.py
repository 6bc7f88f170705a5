"""
Presets, budgets, and the settings that matter
==============================================

Afterwards you can choose a preset, say how long and on how many structures to train, and know what precision, atomic
energies, learning rate and loss weights do, and what goes wrong with them. Small fits on the page show the effects;
committed results of longer runs show budgets. About a minute.
"""

from pathlib import Path
from time import process_time

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from ase import Atoms
from torch.optim.optimizer import register_optimizer_step_post_hook

import mlffbench
from mlffbench.estimators import MACE
from mlffbench.metrics import rmse

pd.set_option("display.width", 160)
root = next(p for p in (Path.cwd(), *Path.cwd().parents) if (p / "results" / "gpu").is_dir())
data = mlffbench.load_dataset("malonaldehyde")
groups = {name: np.flatnonzero(data.columns["group"] == name) for name in np.unique(data.columns["group"])}

# %%
# Presets in numbers
# ------------------
#
# A preset is a set of defaults; any keyword that you give takes its place. Generated from the class:

words = [
    "cutoff", "num_channels", "max_L", "max_ell", "correlation", "num_interactions", "num_radial_basis",
    "batch_size", "learning_rate", "max_epochs", "energy_weight", "forces_weight", "cooldown", "dtype",
]  # fmt: skip
presets = {name: MACE(preset=name).resolved_params() for name in ("small", "medium", "large", "paper")}
pd.DataFrame({name: {word: values[word] for word in words} for name, values in presets.items()})

# %%
# What they mean:
#
# * ``cutoff`` (Å): neighbours within this distance send messages; with two layers (``num_interactions``) an atom feels
#   structure up to twice as far. Cost grows with the number of neighbours, its third power.
# * ``num_channels``: the width of the network, how many different features an atom has.
# * ``max_L``: features that are passed on are scalars (0), also vectors (1), also tensors of second rank (2). Higher
#   orders cost time and memory; :cite:`Batatia2022mace` gains accuracy from them.
# * ``correlation``: body order of a layer minus one: how many neighbours are multiplied with each other.
# * ``max_ell``: the order of the spherical harmonics by which directions to neighbours are described.
#
# ``paper`` is the model of :cite:`Batatia2022mace`, for a GPU. Start with ``small`` on a CPU and with ``medium`` on a
# GPU. The price of a step, on this machine, with the same eight molecules in each batch:

sizes = {
    "small": {},
    "64 channels": {"num_channels": 64},
    "max_L = 1": {"max_L": 1},
    "correlation = 3": {"correlation": 3},
    "max_ell = 3": {"max_ell": 3},
    "cutoff = 6 Å": {"cutoff": 6.0},
}
eight = groups["train_300K"][:8]
frames, labels = [data.frames[i] for i in eight], data.labels[eight]
ends = []  # processor time at the end of each training step
hook = register_optimizer_step_post_hook(lambda *_: ends.append(process_time()))
costs = {}
for label, change in sizes.items():
    ends.clear()
    model = MACE(
        **change, batch_size=8, max_epochs=8, validation_fraction=0.0, atomic_energies=data.atomic_energies
    )
    model.fit(frames, labels)
    step, predictions = min(np.diff(ends)), []
    for _ in range(3):
        start = process_time()
        model.predict(frames * 4)
        predictions.append(process_time() - start)
    costs[label] = model.n_parameters_, 1e3 * step, 1e6 * min(predictions) / (32 * len(frames[0]))
hook.remove()
pd.DataFrame(costs, index=["weights", "step, ms", "prediction, µs/atom"]).T.round().astype(int)

# %%
# The molecule is small, so a step is ruled by the number of operations rather than by their size, and a cutoff beyond
# the molecule finds no more neighbours. In a crystal it does: try the same with your own frames, or with the task
# ``speed``.
#
# Budgets: time and structures
# ----------------------------
#
# ``max_epochs``, ``max_seconds`` and ``patience`` end a training, whichever comes first. All presets but ``paper``
# lower the learning rate over the last half of what they are given (``cooldown``), so that a shorter training is not
# the first part of a longer one: it settles earlier. Do not stop a fit by hand, give it less.
#
# Left, the validation loss of two committed fits, which were given different times. Right, errors against the number of
# training structures, each fit for the same time on one core. The code reads all from the documents in
# ``results/malonaldehyde``, ``results/quickstart`` and ``results/scratch_or_finetune``.


def documents(folder):
    """Documents of the method mace in a folder of committed results."""
    every = mlffbench.load_results(root / "results" / folder).documents
    return [d for d in every if d["case"]["estimator"]["name"] == "mace"]


figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
for folder in ("malonaldehyde", "quickstart"):
    for document in documents(folder):
        rows = document["history"]
        seconds = document["case"]["estimator"]["params"].get("max_seconds")
        left.loglog(
            [r["seconds"] for r in rows], [r["validation"] for r in rows], label=f"{folder}, {seconds} s"
        )
left.set(xlabel="seconds", ylabel="validation loss")
left.legend(fontsize=8)
curves: dict = {}
for document in documents("scratch_or_finetune"):
    case = document["case"]
    if case["dataset"]["name"] == "malonaldehyde" and "scratch" in case["label"]:
        for row in document["scores"]:
            if (row["quantity"], row["metric"]) == ("forces", "rmse") and not row.get("task"):
                curves.setdefault(row["test"], {})[case["split"]["params"]["n_train"]] = 1e3 * row["value"]
for test in ("test_300K", "test_600K", "test_1200K"):
    right.loglog(*zip(*sorted(curves[test].items()), strict=True), "o-", label=test)
right.set(xlabel="training structures", ylabel="RMSE of forces (meV/Å)")
right.legend(fontsize=8)
plt.show()
print(
    f"right: {case['estimator']['params']['max_seconds']} s a fit with {case['resources']['threads']} thread, one seed"
)
few, many = curves["test_300K"][10], curves["test_300K"][300]
print(f"at 300 K: {few:.0f} meV/Å with 10 structures, {many:.0f} with 300")
assert many < few

# %%
# With ten times as many structures in the same time, each is seen a tenth as often: part of the flattening is the
# clock's. The same with fits of this page, 60 structures and more or fewer epochs:

train, test = groups["train_300K"][:60], groups["test_300K"][:60]
frames, labels = [data.frames[i] for i in train], data.labels[train]
test_frames, truth = [data.frames[i] for i in test], data.labels[test]
flat = lambda values: np.concatenate([np.ravel(v) for v in values])
base = {"num_channels": 16, "batch_size": 5, "max_epochs": 10, "atomic_energies": data.atomic_energies}


def errors(**changes):
    """Fit with some changes; errors of energies, of energies without their mean error, of forces at 300 K."""
    model = MACE(**{**base, **changes}).fit(frames, labels)
    predicted = model.predict(test_frames)
    off = 1e3 * (predicted.energy - truth.energy) / len(test_frames[0])
    return model, rmse(0, off), np.std(off), 1e3 * rmse(flat(truth.forces), flat(predicted.forces))


def show(title, fits):
    """Print the errors of some fits."""
    print(f"{title:36s}{'energy':>10s}{'without mean':>14s}{'forces':>10s}   (meV/atom, meV/Å)")
    for label, (_, energy, shifted, forces) in fits.items():
        print(f"{label:36s}{energy:10.1f}{shifted:14.1f}{forces:10.0f}")


fits = {f"{epochs} epochs": errors(max_epochs=epochs) for epochs in (4, 10, 24)}
usual = fits["10 epochs"]
show("epochs", fits)
assert fits["24 epochs"][3] < usual[3] < fits["4 epochs"][3]

# %%
# Energies are far off after a short training, but nearly by the same for all frames: the second column leaves out that
# mean error, which no force depends on. The loss hardly sees it: with the default weights, what do both errors count?

_, energy, _, forces = usual
defaults = MACE().resolved_params()
in_loss = defaults["energy_weight"] * (1e-3 * energy) ** 2, defaults["forces_weight"] * (1e-3 * forces) ** 2
print(f"in the loss of the fit with 10 epochs: energies {in_loss[0]:.2f}, forces {in_loss[1]:.2f}")
assert in_loss[0] < in_loss[1]

# %%
# Learning rate
# -------------
#
# Too low: the training does not arrive in time. Too high: it is thrown about. The preset's lies in between. Fine-tuning
# wants less (:doc:`/_gallery/mace_tutorial/plot_50_finetuning`).

rates = {0.001: errors(learning_rate=0.001), 0.02: usual, 0.2: errors(learning_rate=0.2)}
show("learning rate", {str(rate): fit for rate, fit in rates.items()})
assert rates[0.02][3] < rates[0.001][3]
assert rates[0.02][3] < rates[0.2][3]

# %%
# Weights of the loss
# -------------------
#
# The loss adds squared errors of energies per atom and of force components, with a weight each. A frame has one energy
# and three force components an atom, so forces carry the training. Heavier energies soon lose their mean error; the
# forces pay for it. *Stage two* (once called SWA) makes energies heavy for the last part only, with a lower, constant
# learning rate: it is meant for the end of a long training, when forces have settled.

weights = {
    "forces 100, energy 1 (default)": usual,
    "forces 100, energy 1000": errors(energy_weight=1000.0),
    "stage two for the last quarter": errors(stage_two=0.75),
}
show("weights", weights)
stages = [row["stage"] for row in weights["stage two for the last quarter"][0].history_]
print("stage of each epoch:", stages)
assert stages[0] == 1
assert stages[-1] == 2
assert weights["forces 100, energy 1000"][1] < usual[1] / 3

# %%
# Single or double precision
# --------------------------
#
# Total energies of DFT are large: this molecule has thousands of eV, of which the interesting part is a thousandth of
# an eV. In single precision (``float32``) neighbouring numbers of that size differ by

energy = float(truth.energy[0])
print(
    f"{np.spacing(np.float32(abs(energy))):.1e} eV at {energy:.0f} eV, {np.spacing(np.float32(30)):.1e} eV at 30 eV"
)

# %%
# That is why the energies of isolated atoms are subtracted before a model sees them, and added in double precision to
# what it predicts. What remains is some tens of eV, for which single precision is enough. The same settings in both
# precisions:

single, double = usual[0], errors(dtype="float64")
show("precision", {"single": usual, "double": double})
difference = double[0].predict(test_frames).energy - single.predict(test_frames).energy
print(f"their energies differ by {1e3 * np.std(difference) / 9:.1f} meV/atom, the mean left out")
assert abs(double[3] / usual[3] - 1) < 0.3

# %%
# The two trainings drift apart, as trainings from two seeds would, but neither is better. Choose ``float64`` for second
# derivatives, tight relaxations and long trajectories without a thermostat; else single precision is as good. What it
# costs on GPUs: :doc:`/performance`.
#
# Atomic energies
# ---------------
#
# ``atomic_energies`` are the energies of isolated atoms, at the level of theory of the labels (mace-torch: ``E0s``). A
# dataset that knows them passes them on in a suite; in Python you give them. Without, they are found by least squares.
# For one composition this has infinitely many solutions with the same total, of which the smallest is taken:

without = errors(atomic_energies=None)
table = {"isolated atoms": dict(data.atomic_energies), "least squares": without[0].atomic_energies_}
pd.DataFrame(table).round(2)

# %%
# For the molecule that is all the same: the sum is right, MACE's own shift makes up for the rest, and the errors are
# alike.

show("atomic energies", {"isolated atoms": usual, "least squares": without})
assert abs(without[3] / usual[3] - 1) < 0.3

# %%
# What goes wrong shows elsewhere. Take one hydrogen atom away from the molecule, far from it, and ask for the energy of
# the two fragments: with least-squares energies the answer is off by more than any chemistry.

hydrogen = Atoms("H", [[0, 0, 0]])
for label, model in (("isolated atoms", single), ("least squares", without[0])):
    predicted = model.predict([hydrogen]).energy[0]
    print(f"{label:16s}energy of a hydrogen atom {predicted:9.2f} eV, PBE {data.atomic_energies['H']:.2f} eV")
    if label == "least squares":
        assert abs(predicted - data.atomic_energies["H"]) > 10
    else:
        assert abs(predicted - data.atomic_energies["H"]) < 10

# %%
# Even with the right ``atomic_energies`` an isolated atom is not exact: the presets but ``paper`` add the mean energy
# of an atom in the training frames to every atom (mace-torch's ``ScaleShiftMACE``). A model that has to break bonds
# needs frames with broken bonds. With several compositions in the training set least squares has fewer ways to be
# wrong, but it still finds energies of atoms *in molecules*.
#
# Where to go from here
# ---------------------
#
# Let the machine choose: ``tuned`` and ``search:`` vary cutoff, width, learning rate and batch size within a budget
# (:doc:`/tuning`). Equal budgets for a fair comparison of methods: :doc:`/suites`.
