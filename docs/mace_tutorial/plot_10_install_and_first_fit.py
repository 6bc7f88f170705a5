"""
Install MACE and fit it for the first time
==========================================

Afterwards you have MACE on your machine, you have fitted it to DFT data of one molecule, you can read its training
curves, and you know how large its errors are near the training data and far from it. The page needs no GPU and no
network: the data come with the package. It takes about a minute.

Install
-------

MACE :cite:`Batatia2022mace` is a neural network of energies and forces. mlffbench fits the model of its authors'
package, mace-torch, with its own training loop. Everything comes with one extra:

.. code-block:: console

   $ pip install 'mlffbench[mace]'

**On a CPU.** PyPI's torch for Linux is built for NVIDIA's CUDA and brings gigabytes of libraries. Where there is no
NVIDIA GPU, first install the small build, then the line above:

.. code-block:: console

   $ pip install "torch>=2.6,<2.14" --index-url https://download.pytorch.org/whl/cpu

**On an NVIDIA GPU** nothing else is needed: say ``device="cuda"`` when you make the estimator. The extra ``gpu`` adds
cuequivariance, NVIDIA's kernels for the layers of MACE:

.. code-block:: console

   $ pip install 'mlffbench[mace,gpu]'

They are one of three ways to compute the same layers: those of mace-torch, those of mlffbench (``fused``), and
NVIDIA's. With ``kernels="auto"``, the default, a fit on a GPU times those that are there and takes the fastest whose
energies and forces agree with mace-torch's. Extras, sizes and Docker: :doc:`/install`.

What is installed, what the method can and cannot do, and all its settings are one command away. The first part of its
answer, on the machine that built this page:
"""

import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np

import mlffbench
from mlffbench.estimators import MACE
from mlffbench.harness.clusters import clusters_of_group
from mlffbench.harness.scoring import score
from mlffbench.metrics import mae, rmse

command = [sys.executable, "-m", "mlffbench", "show", "mace"]  # the same as: mlffbench show mace
page = subprocess.run(command, check=True, capture_output=True, text=True).stdout
print(page.split("\nParameters")[0])

# %%
# Data
# ----
#
# Malonaldehyde is a molecule of nine atoms. The built-in set has energies and forces of density functional theory
# (PBE). A *frame* is one structure, an ``ase.Atoms``; its *labels* are the energy (eV) and the forces (eV/Å). The
# frames are in named groups: the training group was drawn by molecular dynamics at 300 K; the test groups come from
# other trajectories, at 300, 600 and 1200 K, and from two paths that thermal motion at 300 K hardly visits.

data = mlffbench.load_dataset("malonaldehyde")
groups = {name: np.flatnonzero(data.columns["group"] == name) for name in np.unique(data.columns["group"])}
for name, frames in groups.items():
    forces = np.concatenate([data.labels.forces[i] for i in frames])
    print(
        f"{name:16s} {len(frames):4d} frames, forces: root mean square {np.sqrt(np.mean(forces**2)):.2f} eV/Å"
    )

# %%
# Fit
# ---
#
# ``preset="small"`` is the smallest of four sizes; :doc:`/_gallery/mace_tutorial/plot_20_presets_and_budgets` compares
# them. A fit wants frames and labels. Two things happen that you need not care for: the energies of isolated atoms,
# which the dataset knows, are subtracted before training and added to every prediction; and a tenth of the frames is
# held out of the training, to choose the best epoch. These are the *validation* frames. The test groups play no part.

train = groups["train_300K"][:160]
frames = [data.frames[i] for i in train]
model = MACE(
    preset="small",
    batch_size=5,
    max_epochs=22,
    random_state=0,
    atomic_energies=data.atomic_energies,
)
model.fit(frames, data.labels[train])
print(
    f"{model.n_parameters_} weights in {model.dtype_} on {model.device_}, layers computed by {model.kernels_!r}"
)
print(f"training ended by its {model.stopped_by_} after {model.history_[-1]['epoch']} epochs")
print(f"the preset alone would have made {MACE(preset='small').resolved_params()['max_epochs']}")
assert model.stopped_by_ == "epochs"

# %%
# ``max_seconds`` ends a training by the clock, whichever comes first. This fit is short on purpose, so that the page is
# quick: its errors are not the best that MACE can reach.
#
# Read the training curves
# ------------------------
#
# ``history_`` has one row an epoch. The loss is a weighted sum of squared errors,
#
# .. math:: L = w_E \left\langle (\Delta E / n)^2 \right\rangle + w_F \left\langle (\Delta F)^2 \right\rangle ,
#
# with :math:`\Delta E` the error of an energy (eV), :math:`n` the number of atoms, :math:`\Delta F` the error of a
# force component (eV/Å) and the weights :math:`w_E` (1/eV²) and :math:`w_F` (Å²/eV²). The means go over frames and
# over components.

history = {key: np.array([row[key] for row in model.history_]) for key in model.history_[0]}
settings = model.resolved_params()
print(f"w_E = {settings['energy_weight']}, w_F = {settings['forces_weight']}")

figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
left.semilogy(history["epoch"], history["loss"], label="training frames")
left.semilogy(history["epoch"], history["validation"], label="validation frames")
best = int(np.argmin(history["validation"]))
left.plot(history["epoch"][best], history["validation"][best], "o", color="C1", label="epoch that is kept")
left.set(xlabel="epoch", ylabel="loss")
left.legend()
right.plot(history["epoch"], history["learning_rate"], color="C2")
right.set(xlabel="epoch", ylabel="learning rate at the end of the epoch")
plt.show()

# %%
# Three things to look for:
#
# * *Do both curves still fall at the end?* Then more epochs help. The learning rate falls over the last half of the
#   training, the ``cooldown``: that alone brings the loss down, and a curve that has come to rest with it is no sign
#   that the model could not learn more.
# * *Does the validation loss rise while the training loss falls?* Then the model overfits; more data help, more epochs
#   do not. The kept weights are those of the lowest validation loss in any case.
# * *Is the validation loss below the training loss at first?* That is normal: the training loss is that of the changing
#   weights during an epoch, the validation loss that of their running average at its end (``ema_decay``).

assert history["loss"][-1] < history["loss"][0] / 10
assert history["learning_rate"][-1] < history["learning_rate"][0] / 10
fall = history["loss"][0] / history["loss"][-1]
print(f"the training loss fell by a factor of {fall:.0f}; epoch {history['epoch'][best]} is kept")

# %%
# Test errors with intervals
# --------------------------
#
# A root mean square error (RMSE) of a hundred frames is itself uncertain. ``score`` gives it with a 95 % interval that
# follows from leaving out *clusters* of frames: neighbours in a trajectory are alike, so that they count as one piece
# of evidence where their energies are correlated (:doc:`/statistics`). This is what ``mlffbench run`` writes into a
# leaderboard.

tests = ["test_300K", "test_600K", "test_1200K", "proton_transfer", "dihedral"]
errors = {}
print(f"{'forces, meV/Å':18s}{'RMSE':>8s}   {'95 % interval':18s}{'MAE':>6s}   clusters")
for name in tests:
    picks = groups[name]
    test_frames = [data.frames[i] for i in picks]
    clusters = clusters_of_group(data, name, picks)
    predicted = model.predict(test_frames)
    sizes, metrics = [len(a) for a in test_frames], {"rmse": rmse, "mae": mae}
    scores = score(name, sizes, data.labels[picks], predicted, metrics, clusters.usable)
    forces = {s.metric: s for s in scores if s.quantity == "forces"}
    errors[name] = (forces["rmse"], predicted)
    one = forces["rmse"]
    interval = "none" if one.low is None else f"{1e3 * one.low:.0f} to {1e3 * one.high:.0f}"
    error = f"{1e3 * one.value:8.0f}   {interval:18s}{1e3 * forces['mae'].value:6.0f}"
    print(f"{name:18s}{error}   {clusters.reason or clusters.unit}")

assert errors["test_300K"][0].high < errors["test_600K"][0].low < errors["test_1200K"][0].low

# %%
# The error grows with the temperature, far beyond the intervals: hot structures lie outside of what the training
# frames cover. Paths have no interval, since their points are no sample of anything. An error means something beside
# the size of what is predicted. A model that predicts zero forces has the root mean square force as its error:

for name in tests:
    true = np.concatenate([data.labels.forces[i] for i in groups[name]])
    zero, ours = np.sqrt(np.mean(true**2)), errors[name][0].value
    print(f"{name:18s}error without a model {1e3 * zero:5.0f} meV/Å, with it {ours / zero:4.0%} of that")
    assert ours < zero or name == "dihedral"
assert errors["dihedral"][0].value > zero / 2  # zero: of the last of the tests, the torsion

# %%
# A share near or above 100 % says that the model is no better than none. The torsion is such a case: no training frame
# is turned that far, and small errors elsewhere say nothing about it.
#
# Parity
# ------
#
# A parity plot shows predicted against true values. It tells what a single number hides: are large forces wrong, or all
# of them, and to which side?

figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
for axis, name in zip(axes, tests[:3], strict=True):
    true = np.concatenate([data.labels.forces[i].ravel() for i in groups[name]])
    predicted = np.concatenate([f.ravel() for f in errors[name][1].forces])
    end = 1.05 * np.abs(true).max()
    axis.plot([-end, end], [-end, end], color="gray", lw=1)
    axis.plot(true, predicted, ".", ms=2)
    axis.set(title=f"{name}: {1e3 * errors[name][0].value:.0f} meV/Å", xlabel="force, PBE (eV/Å)")
    axis.set(xlim=(-end, end), ylim=(-end, end), aspect="equal")
axes[0].set_ylabel("force, MACE (eV/Å)")
plt.show()

# %%
# Keep it, use it
# ---------------
#
# A saved model holds numbers and no code. Loaded again it predicts the same to the last bit, and it is an ASE
# calculator:

import tempfile
from pathlib import Path

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "first.mlff"
    model.save(path)
    again = mlffbench.load(path)
    print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")

atoms = data.reference.structures["minimum"].copy()
atoms.calc = again.calculator()
print(
    f"energy {atoms.get_potential_energy():.4f} eV, largest force {np.abs(atoms.get_forces()).max():.3f} eV/Å"
)
assert np.array_equal(again.predict(frames[:5]).energy, model.predict(frames[:5]).energy)

# %%
# The structure is the minimum of PBE, where PBE's forces vanish; what remains is the model's error.
#
# The same from the command line
# ------------------------------
#
# A suite says the same in a file, for several methods and seeds at once. ``--dry-run`` lists the fits that it would
# make, and fits nothing:

suite = """\
name: first
problems:
  - dataset: malonaldehyde
    split: {official: {train: train_300K, n_train: 160}}
estimators:
  - atomic_reference
  - mace: {preset: small, batch_size: 5, max_epochs: 22}
"""
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "first.yaml"
    path.write_text(suite)
    command = [sys.executable, "-m", "mlffbench", "run", str(path), "--out", folder + "/results", "--dry-run"]
    print(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
