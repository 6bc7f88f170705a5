"""
Fine-tune a model that exists
=============================

Labels are expensive. If somebody has trained MACE on structures like yours, start from that model instead of random
weights. Afterwards you can fine-tune from a mace-torch ``.model`` file, know when it pays and when it does not, what
the fine-tuned model forgets, and what is not offered here. About a minute.

The usual start is a *foundation model*, trained on a large public set: ``foundation="mace-mp-0-small"`` or
``"mace-off23-small"`` (molecules; for academic use) download one, or ``foundation="my.model"`` reads a file. A build
of this page downloads no weights. So it first trains a small model of its own, on frames at 1200 K, plays the
foundation with it, and then fine-tunes it to a few frames at 300 K. Results with a true foundation model follow, from
a committed run.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import mlffbench
from mlffbench.estimators import MACE
from mlffbench.metrics import neg_forces_rmse

data = mlffbench.load_dataset("malonaldehyde")
groups = {name: np.flatnonzero(data.columns["group"] == name) for name in np.unique(data.columns["group"])}
picked = lambda indices: ([data.frames[i] for i in indices], data.labels[indices])
cold_test, hot_test = groups["test_300K"][:60], groups["test_1200K"][100:]
error = lambda model, indices: -1e3 * neg_forces_rmse(model, *picked(indices))

# %%
# The "foundation"
# ----------------
#
# A hundred frames at 1200 K, written as the file that mace-torch reads and writes:

settings = {"num_channels": 16, "batch_size": 5}
foundation = MACE(**settings, max_epochs=12, atomic_energies=data.atomic_energies)
foundation.fit(*picked(groups["test_1200K"][:100]))
folder = tempfile.TemporaryDirectory()
file = str(Path(folder.name) / "foundation.model")
foundation.export(file)
as_it_is = error(foundation, cold_test), error(foundation, hot_test)
print(f"foundation as it is: {as_it_is[0]:.0f} meV/Å at 300 K, {as_it_is[1]:.0f} at 1200 K")

# %%
# Few frames
# ----------
#
# Ten frames at 300 K. From scratch, the network has to learn from them what atoms are; fine-tuned, it starts from what
# the other frames taught. ``foundation`` takes architecture, cutoff and weights from the file, reduced to the elements
# at hand by mace-torch's own tool; keywords of the architecture have no effect then. Those of the training do, and the
# one that matters most is the learning rate: that of a training from scratch is large enough to shake a good model out
# of its place.

few = groups["train_300K"][:10]
training = {"batch_size": 5, "max_epochs": 30, "validation_fraction": 0.2}
fits = {"from scratch": MACE(num_channels=16, **training, atomic_energies=data.atomic_energies)}
for rate in (0.02, 0.002):
    fits[f"fine-tuned, learning rate {rate}"] = MACE(
        foundation=file, learning_rate=rate, **training, atomic_energies=data.atomic_energies
    )
errors = {"foundation as it is": as_it_is}
for label, fit in fits.items():
    fit.fit(*picked(few))
    errors[label] = error(fit, cold_test), error(fit, hot_test)

print(f"{'RMSE of forces, meV/Å':34s}{'300 K':>8s}{'1200 K':>8s}")
for label, (cold, hot) in errors.items():
    print(f"{label:34s}{cold:8.0f}{hot:8.0f}")

figure, axis = plt.subplots(figsize=(7, 3.6), layout="constrained")
places = np.arange(len(errors))
for shift, name, column in ((0.2, "test at 300 K", 0), (-0.2, "test at 1200 K", 1)):
    bars = axis.barh(places + shift, [e[column] for e in errors.values()], 0.4, label=name)
    axis.bar_label(bars, fmt="%.0f", padding=3)
axis.set_yticks(places, list(errors))
axis.invert_yaxis()
axis.set(xlabel="RMSE of forces (meV/Å)", title="ten frames at 300 K, one seed")
axis.margins(x=0.1)
axis.legend(loc="lower right")
plt.show()

best = min((label for label in errors if "fine-tuned" in label), key=lambda label: errors[label][0])
assert errors[best][0] < errors["from scratch"][0]
assert errors[best][1] < errors["from scratch"][1]

# %%
# Atomic energies
# ---------------
#
# A foundation has its own energies of isolated atoms, at its own level of theory. Yours differ. If you give
# ``atomic_energies`` they count. If you give none, they are fitted to the energies that the foundation leaves
# unexplained, by least squares: the sum over a molecule is then right, while each element's number may not mean
# anything, since ten frames of one composition cannot tell elements apart.

refit = MACE(foundation=file, learning_rate=0.002, batch_size=5, max_epochs=1).fit(*picked(few))
symbols = list(data.frames[few[0]].symbols)
total = lambda energies: sum(energies[symbol] for symbol in symbols)
for label, energies in (("given", data.atomic_energies), ("fitted", refit.atomic_energies_)):
    rounded = {k: round(float(v), 2) for k, v in energies.items()}
    print(f"{label:7s}{rounded}, sum over the molecule {total(energies):.2f} eV")

# %%
# With a true foundation model
# ----------------------------
#
# ``results/scratch_or_finetune`` holds a run of ``benchmarks/scratch_or_finetune.yaml``: MACE-MP-0 (small), a model of
# inorganic crystals, as it is and fine-tuned to malonaldehyde, beside the same network from random weights, each
# trained for the same time on one core; one seed. The code reads the errors from the committed documents.

root = next(p for p in (Path.cwd(), *Path.cwd().parents) if (p / "results" / "gpu").is_dir())
committed = mlffbench.load_results(root / "results" / "scratch_or_finetune").documents
curves: dict = {}
for document in committed:
    case = document["case"]
    if case["dataset"]["name"] != "malonaldehyde" or not case["label"].startswith("mace_mp"):
        continue
    for row in document["scores"]:
        if (row["quantity"], row["metric"]) == ("forces", "rmse") and not row.get("task"):
            n_train = case["split"]["params"]["n_train"]
            curves.setdefault((row["test"], case["label"]), {})[n_train] = 1e3 * row["value"]

labels = {
    "mace_mp": "MACE-MP-0, atomic energies refitted",
    "mace_mp fine-tuned": "fine-tuned",
    "mace_mp from scratch": "from scratch",
}
figure, axes = plt.subplots(1, 3, figsize=(10, 3.8), layout="constrained", sharey=True)
for axis, test in zip(axes, ("test_300K", "test_1200K", "dihedral"), strict=True):
    for label, text in labels.items():
        points = sorted(curves[test, label].items())
        axis.loglog(*zip(*points, strict=True), "o-", label=text)
    axis.set(title=test, xlabel="training frames at 300 K")
axes[0].set_ylabel("RMSE of forces (meV/Å)")
axes[0].legend(fontsize=8)
plt.show()
for test in ("test_300K", "test_1200K", "dihedral"):
    tuned, scratch = curves[test, "mace_mp fine-tuned"], curves[test, "mace_mp from scratch"]
    better = [n for n in sorted(tuned) if tuned[n] < scratch[n]]
    print(f"{test:12s}fine-tuned is better with {better} of {sorted(tuned)} frames")

# %%
# Few frames: fine-tune. Many frames, and an application like them: from scratch is as good or better, and you choose
# the architecture. Far from the training frames the knowledge of the foundation helps longest. And with ten frames of
# your own both beat the foundation as it is, near these frames.

as_it_is, tuned, scratch = (curves["test_300K", label][10] for label in labels)
print(
    f"ten frames, at 300 K: {as_it_is:.0f} as it is, {tuned:.0f} fine-tuned, {scratch:.0f} meV/Å from scratch"
)
assert max(tuned, scratch) < as_it_is

# %%
# What a fine-tuned model forgets
# -------------------------------
#
# Fine-tuning here is *naive*: your frames alone decide the loss, and nothing holds the weights where they were. The
# table above shows it: after fine-tuning at 300 K the error at 1200 K is what it became, not what the foundation had.

forgotten = {
    label: hot / errors["foundation as it is"][1] for label, (_, hot) in errors.items() if "tuned" in label
}
for label, factor in forgotten.items():
    print(f"{label}: error at 1200 K {factor:.1f} times the foundation's")

# %%
# Offered and not offered
# -----------------------
#
# .. list-table::
#    :header-rows: 1
#    :widths: 45 55
#
#    * - wish
#      - here
#    * - start from a ``.model`` of mace-torch, of one head or of several
#      - ``foundation="x.model"``, ``foundation_head="name"``
#    * - start from an earlier fit of mlffbench
#      - ``warm_start=True`` and ``fit`` again, or ``export`` to ``.model`` and ``foundation``
#    * - use a model as it is, in the same leaderboard
#      - ``pretrained: {file: x.model}``, see :doc:`/estimators`
#    * - train a small correction on top of it
#      - ``delta_learning: {baseline: ..., model: ...}``
#    * - multi-head fine-tuning, with replay of the foundation's data
#      - not here: by ``mace_run_train``; its ``.model`` can be used here
#    * - frozen layers, LoRA
#      - not here
#
# A ``.model`` is a pickle: reading it runs the code in it. In a suite it needs ``--trust x.model`` (:doc:`/security`).
# Errors of a fine-tuned model may be flattered: nobody knows which of your test structures the foundation has seen.

folder.cleanup()
