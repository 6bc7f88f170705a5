"""
Your own data in ten minutes
============================

You have a file of structures with energies and forces from a quantum-mechanical program (DFT, say). You want to know
which method to fit to them, whether the result can be trusted, and how to use it. At the end of this page you have
decided, hold a fitted model in a file, and have computed a property with it.

Needs: mlffbench with its extra ``soap`` (``pip install ".[soap]"`` in a clone). Time: ten minutes, of which the
computer works about one. You need not know anything about machine-learned force fields; words that this page needs are explained
where they first appear. The reference of the same commands, with all options, is :doc:`/your_data`.

A *force field* is a function that takes the positions of atoms and returns their energy and the forces on them. A
*machine-learned* one has many parameters that are fitted to structures whose energies and forces are known. The known
energies and forces are called *labels*, a structure with its labels is called a *frame*.
"""

# %%
# The file
# --------
# On this page the file is made from a set that comes with mlffbench: malonaldehyde, a molecule of nine atoms, from
# molecular dynamics at 300 K and 600 K, labelled by DFT (PBE). It is written as a user's file often looks: with names
# of its own for energy (``dft_energy``) and forces (``f_qm``). With a file of your own, skip this block.

import json
import os
import shlex
import subprocess
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from ase.io import read, write

import mlffbench

folder = Path(tempfile.mkdtemp())
data = mlffbench.load_dataset("malonaldehyde")
group = np.asarray(data.columns["group"])


def written_by_a_user(numbers):
    """Frames with names of labels that no other program uses."""
    frames = []
    for i in numbers:
        atoms = data.frames[i].copy()
        atoms.info = {
            "dft_energy": float(data.labels.energy[i]),
            "temperature": float(data.columns["temperature"][i]),
        }
        atoms.arrays["f_qm"] = data.labels.forces[i]
        frames.append(atoms)
    return frames


cool, warm = np.flatnonzero(group == "train_300K")[:50], np.flatnonzero(group == "test_600K")[:20]
write(folder / "my_data.extxyz", written_by_a_user([*cool, *warm]))
print("".join((folder / "my_data.extxyz").open().readlines()[:4]))

# %%
# The format is *extended xyz*: for each frame the number of atoms, a line that names the columns and holds the energy,
# then one line an atom. VASP's OUTCAR, ASE's databases and others are read as well (:doc:`/data`).
#
# First: what does it read?
# -------------------------
# Commands go into a terminal, in the folder of the file. Here a small function runs them and prints what they print, so
# that this page shows the real output. ``--dry-run`` fits nothing; it says what would be done. ``--quick`` asks for a
# first look with few methods, ``--budget 1m`` for methods that fit into about a minute; a busy machine takes longer.


def terminal(command):
    """Run a command in the folder of the file and print what it prints."""
    environment = {**os.environ, "COLUMNS": "100"}
    done = subprocess.run(
        shlex.split(command), cwd=folder, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    print(f"$ {command}\n{done.stdout}")
    done.check_returncode()
    return done.stdout


first_look = terminal("mlffbench run my_data.extxyz --quick --budget 1m --dry-run")
assert "no forces" in first_look

# %%
# Read the first lines before anything else. The energy was found. The forces were not: ``f_qm`` is no usual name, so
# mlffbench does not guess, and says so under *careful*. An energy is one number a frame, forces are three numbers an
# atom: to fit without them would waste nearly all of the data. The message names the remedy: the option
# ``-p forces_key=f_qm``. Where the energy is not found either, the run stops and lists the names that there are:
# ``-p energy_key=...`` names it. If your units are not eV and eV/Å, ``-p units=...`` says so.
#
# The other lines:
#
# ``read``, ``units``
#     which names and units were taken.
# ``checked``
#     tests that find usual mistakes: forces of the wrong sign, wrong units, structures that appear twice, two levels of
#     theory in one file. A mistake that is beyond doubt stops the run.
# ``split``
#     A method is judged on frames that it was not fitted to: the *test* frames. The file has two temperatures, so the
#     600 K frames are kept as a test of *transfer*: can a model fitted at 300 K be used in a hotter simulation? Frames
#     of 300 K that were held out are the *in-domain* test: they look like those of the fit. An in-domain error tells
#     how well a method learns; the transfer error tells whether you can use it. A file of one temperature has one
#     group, ``test``, and so no test of transfer: see the end of the page.
# ``methods``
#     what will be fitted. ``atomic_reference`` knows only which atoms are there and predicts zero forces: the
#     *baseline*, which every method must beat. ``bonded`` is a classical force field (springs, angles, torsions) fitted
#     to your labels. The two ``soap_`` methods are machine learning; they suit small data. ``mlffbench show NAME``
#     explains any method.
# ``time``
#     an estimate, rounded up.
#
# Run it
# ------
# The same command without ``--dry-run``, and with the name of the forces. Its first lines should now say
# ``forces from 'f_qm'``, and it ends with tables and a verdict. Stop it whenever you like: the same command continues.
# To keep this page short, ``--only`` names three of the four methods; leave the option out, and all are fitted.

printed = terminal(
    "mlffbench run my_data.extxyz --quick --budget 1m -p forces_key=f_qm"
    " --only atomic_reference,bonded,soap_kernel_ridge"
)
assert "forces from" in printed
assert "no mistakes found" in printed
assert "Verdict" in printed

# %%
# Read the output
# ---------------
# Start at the end, with the **verdict**. Its sentences answer: which method is best in domain, and is that sure or
# could it be chance; how large is its error beside the baseline's; does it hold at 600 K; is a classical force field
# enough. Methods are compared frame by frame: one can be better on nearly every frame though the intervals of the two
# errors overlap.
#
# **F RMSE** is the root of the mean squared error of the force components, in meV/Å: the size of a typical error of a
# force. **E RMSE** is that of the energy per atom. Numbers in brackets or after ± are a 95 % interval: with other test
# frames the number could be anywhere in it. **F train** is the error on the frames that the model was fitted to: it is
# always small, so never judge by it. **F worst group** is the largest error on any named group of test frames, here 600
# K. *Careful* names what makes rows not comparable, for example times that were measured while the machine was busy.
#
# A network whose training the clock stopped after a minute says little about networks.
#
# All numbers are also in ``results/my_data``: ``report.html`` is one page for the browser, with figures, and
# ``mlffbench.load_results`` gives tables in Python. The two names of test groups stand in the first lines of the
# output, after ``split``; with a file of your own write yours. If there is one group, give it twice.

IN_DOMAIN, TRANSFER = "in_domain", "600"
results = mlffbench.load_results(folder / "results/my_data")
board = results.leaderboard().set_index("method")
print(
    board[
        ["best rank", "worst rank", "force RMSE (meV/Å)", "energy RMSE (meV/atom)", "fit time (s)"]
    ].to_string(float_format="%.3g")
)

errors = results.scores.query("task == '' and quantity == 'forces' and metric == 'rmse'")
rmse = errors.pivot_table("value", "method", "test") * 1000  # meV/Å
best = rmse[IN_DOMAIN].idxmin()
ratio = rmse[TRANSFER] / rmse[IN_DOMAIN]
print(f"\nbest in domain: {best}; its error on {TRANSFER} is {ratio[best]:.2f} times that in domain")

# %%
# As a picture: errors in domain and at 600 K on a logarithmic scale, with their intervals.

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), width_ratios=[3, 2])
methods = list(rmse[IN_DOMAIN].sort_values().index)
for shift, test in ((-0.18, IN_DOMAIN), (0.18, TRANSFER)):
    rows = errors[errors["test"] == test].set_index("method").loc[methods]
    value, low, high = (1000 * rows[name].to_numpy(float) for name in ("value", "low", "high"))
    bars = np.nan_to_num([value - low, high - value])
    left.barh(np.arange(len(methods)) + shift, value, 0.34, xerr=bars, label=test)
left.set_yticks(range(len(methods)), methods)
left.invert_yaxis()
left.set(xscale="log", xlabel="force RMSE (meV/Å)")
left.legend()
true, predicted = results.predictions(best, test=TRANSFER)
pairs = [np.concatenate([f.ravel() for f in labels.forces]) for labels in (true, predicted)]
right.plot(*pairs, ".", ms=3)
right.axline((0, 0), slope=1, color="0.6", lw=1)
right.set(xlabel=f"DFT force, {TRANSFER} (eV/Å)", ylabel=f"force of {best} (eV/Å)", aspect="equal")
figure.tight_layout()

# %%
# Decide
# ------
# Four questions, in this order:
#
# 1. *Does the best method beat the baseline by far?* If its error is more than half of the baseline's, nothing was
#    learned: there are too few data, or a mistake in them.
# 2. *Is a classical force field enough?* It is faster and rarely does anything absurd. If its error is near the best,
#    take it.
# 3. *Is the transfer error bearable?* Compare it with the forces themselves: the baseline's error at 600 K is the size
#    of a typical force there.
# 4. *Are the first ranks told apart?* Methods whose ranges of ranks overlap are not. Of those take the one whose
#    prediction takes less time (``predict`` in the table): a simulation pays for that a million times, for the fit
#    once.

baseline, classical = rmse.loc["atomic_reference"], rmse.loc["bonded"]
answers = {
    "1. error in domain over the baseline's": rmse.loc[best, IN_DOMAIN] / baseline[IN_DOMAIN],
    "2. classical error over the best": classical[IN_DOMAIN] / rmse.loc[best, IN_DOMAIN],
    "3. error at 600 K over the forces there": rmse.loc[best, TRANSFER] / baseline[TRANSFER],
}
for question, answer in answers.items():
    print(f"{question}: {answer:.3f}")
ranges = [f"{row['best rank']:.0f}–{row['worst rank']:.0f} {method}" for method, row in board.iterrows()]
print("4. ranks:", ", ".join(ranges))
assert answers["1. error in domain over the baseline's"] < 0.1
assert answers["2. classical error over the best"] > 3
assert answers["3. error at 600 K over the forces there"] < 0.1

# %%
# The decision for this file: machine learning is worth it, and at 600 K the error of a force is still less than a tenth
# of a typical force. Whether the model may be used hotter still is another question, which a section below asks.
#
# Take the model
# --------------
# The fitted models lie beside the results. ``best`` names the winner; ``-o`` copies it to where you want it.

facts = terminal("mlffbench model results/my_data best -o best.mlff")

# %%
# Predict
# -------
# New structures: frames at 1200 K, which the model has never seen anything like. A file without labels works, too;
# where there are labels, as here, the errors are printed; ``predict`` has the option ``--forces-key`` for their name.

hot = np.flatnonzero(group == "test_1200K")[:20]
write(folder / "new.extxyz", written_by_a_user(hot))
terminal("mlffbench predict best.mlff new.extxyz -o predicted.extxyz --forces-key f_qm")

predicted_frames = read(folder / "predicted.extxyz", index=":")
deviation = np.concatenate([a.arrays["mlff_forces"] - a.arrays["f_qm"] for a in predicted_frames])
at_1200 = 1000 * np.sqrt(np.mean(deviation**2))
print(
    f"force RMSE at 1200 K: {at_1200:.0f} meV/Å, {at_1200 / rmse.loc[best, IN_DOMAIN]:.0f} times the error in domain"
)
assert at_1200 > 2 * rmse.loc[best, TRANSFER]

# %%
# The error grows with the distance from the training data. That is so for every method here, and no in-domain error
# warns of it. The second decision: for simulations at 1200 K, add hot frames to the file and run again; do not use this
# model.
#
# A property
# ----------
# Energies and forces are a means. ``mlffbench property --list`` says what can be computed; harmonic vibrations of the
# molecule, for example. ``--at-rest`` relaxes the structure first, ``my_data.extxyz@0`` is the first frame of the file.

answer = terminal(
    "mlffbench property vibrations --model best.mlff my_data.extxyz@0 --at-rest -o vibrations.json"
)

# %%
# The set that this file was made from comes with the wavenumbers of DFT, so that the property can be judged. With your
# own data this is what you cannot do, unless you compute some reference values yourself: do it for one case that
# matters.

ours = np.sort(json.loads((folder / "vibrations.json").read_text())["wavenumbers"])
dft = np.sort([v for k, v in data.reference.values["minimum"].items() if k.startswith("wavenumber_")])
print(f"mean absolute difference from DFT: {np.mean(np.abs(ours - dft)):.1f} 1/cm")

figure, axes = plt.subplots(figsize=(7, 3.5))
axes.vlines(dft, 0, 1, label="DFT")
axes.vlines(ours, -1, 0, color="C1", label=best)
axes.set(xlabel="wavenumber (1/cm)", yticks=[])
axes.legend()
figure.tight_layout()
assert np.mean(np.abs(ours - dft)) < 40

# %%
# The frames show vibrations, so the model knows about them. Ask this of each property: do the training data show what
# it depends on? A model of frames with one and the same cell has useless elastic constants, however small its error is
# (:doc:`/_gallery/tutorials/plot_30_silicon_properties`).
#
# In a Python script the model is a calculator of ASE: ``atoms.calc = mlffbench.load("best.mlff").calculator()``. Then
# ``atoms.get_forces()`` and every optimiser and integrator of ASE work.

# %%
# A file of one temperature
# -------------------------
# Then no frame tells how far the model transfers. Best is to compute some frames where you want to simulate (a higher
# temperature, another phase, a reaction) and to add them to the file. Without new calculations, ``extrapolation``
# trains on the frames of low energy and tests on those of the highest. ``mlffbench new`` writes the suite that
# ``run`` would use, to be edited: replace the line ``split`` by ``split: extrapolation``, then ``mlffbench run
# suite.yaml``.

terminal("mlffbench show extrapolation")

# %%
# Where to go from here
# ---------------------
# * A real comparison: ``mlffbench run my_data.extxyz --budget 2h``. It adds networks, MACE among them, and more frames.
# * Change the choices: ``mlffbench new my_data.extxyz > suite.yaml``, edit, ``mlffbench run suite.yaml``
#   (:doc:`/suites`).
# * Which methods to try at all: :doc:`/_gallery/tutorials/plot_15_which_method`.
# * Why the split matters: :doc:`/_gallery/tutorials/plot_60_leaks_and_splits`.
# * All options and the rules behind the choices: :doc:`/your_data`; what to do with a model: :doc:`/models`.
