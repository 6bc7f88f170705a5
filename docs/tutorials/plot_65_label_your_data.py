"""
Label your own data
===================

You need reference data: structures that cover what the force field is for, each with energy and forces of one level of
theory. ``mlffbench label recipe.yaml`` makes both from one file that you can publish. On this page a recipe is written,
run, killed in the middle and continued; the data are checked; a force field is fitted and compared with the calculator
that made the labels. The calculator is ASE's effective-medium potential for copper, because it is quick and always
there. For your own work you change two lines of the recipe. The page takes half a minute and needs no network.
"""

# %%
# The recipe
# ----------
# *structures* are where sampling starts. *sample_with* moves the atoms: it may be cheap and rough, as it only decides
# where structures lie. *label_with* computes energy, forces and stress: it decides what the force field learns. Each
# *group* becomes a named group of the dataset, so that a test keeps its name from here to the leaderboard.

import json
import signal
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

recipe = """
name: copper
structures:
  fcc: {bulk: {name: Cu, crystalstructure: fcc, a: 3.6, cubic: true}}
  bcc: {bulk: {name: Cu, crystalstructure: bcc, a: 2.87, cubic: true}}
  cell: {bulk: {name: Cu, crystalstructure: hcp, a: 2.55, c: 4.16}}
sample_with: emt
label_with: {calculator: emt, workers: 1}
groups:
  train:
    draws:
      - {of: fcc, seed: 1, by: {md: {temperature: 300, n_frames: 12, equilibration: 200, spacing: 40, timestep: 4}}}
      - {of: fcc, seed: 2, by: {md: {temperature: 900, n_frames: 12, equilibration: 200, spacing: 40, timestep: 4}}}
      - {of: fcc, seed: 3, by: [{strain: {n_frames: 12, max_strain: 0.06}}, {rattle: {stdev: 0.05}}]}
  test:
    draws:
      - {of: fcc, seed: 4, by: {md: {temperature: 600, n_frames: 12, equilibration: 200, spacing: 40, timestep: 4}}}
  pressure:
    draws:
      - {of: fcc, by: {strain: {volumetric: [0.75, 0.8, 0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 1.15, 1.2]}}}
  bcc:
    draws:
      - {of: bcc, seed: 5, by: [{strain: {n_frames: 10, max_strain: 0.04}}, {rattle: {stdev: 0.05}}]}
  hcp:
    draws:
      - {of: cell, seed: 6, by: [{strain: {n_frames: 10, max_strain: 0.04}}, {rattle: {stdev: 0.05}}]}
isolated_atoms: {Cu: {}}
card: {title: Copper, level: effective-medium theory, licence: CC0-1.0, train: train, in_domain: test}
"""
desk = Path(tempfile.mkdtemp())
(desk / "recipe.yaml").write_text(recipe)

# %%
# For real labels replace ``emt`` by a calculator of your level of theory:
#
# .. code-block:: yaml
#
#     sample_with: {tblite: {method: GFN2-xTB}}
#     label_with: {calculator: {pyscf: {xc: pbe, basis: def2-svp}}, workers: 8, time_limit: 3600}
#
# ``pip install 'mlffbench[label]'`` brings both; ``gpaw``, any other ASE calculator (``package.module:Name`` with
# ``--trust package``) and programs in another Python environment go the same way, see :doc:`/data`. Samplers and
# calculators that there are:

from mlffbench import registry

print("samplers:   ", ", ".join(registry.names("samplers")))
print("calculators:", ", ".join(registry.names("calculators")))
print("on this machine:", {name: find_spec(name) is not None for name in ("tblite", "pyscf", "gpaw")})

# %%
# How many labels would it be? ``--dry-run`` samples and counts:


def run(*words):
    done = subprocess.run(["mlffbench", *words], capture_output=True, text=True, cwd=desk)
    print("$ mlffbench", *words)
    print(done.stdout.rstrip())
    return done


assert run("label", "recipe.yaml", "--out", "work", "--dry-run").returncode == 0

# %%
# Kill it, and go on
# ------------------
# A DFT calculation of a thousand structures takes days, and something will happen. So start it and kill it without
# mercy (``SIGKILL``, which no program can catch) as soon as some labels are on disk:

labels = desk / "work" / "labels.jsonl"
victim = subprocess.Popen(
    ["mlffbench", "label", "recipe.yaml", "--out", "work"],
    cwd=desk,
    stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL,
)
while victim.poll() is None and (not labels.exists() or labels.read_bytes().count(b"\n") < 3):
    time.sleep(0.002)
victim.send_signal(signal.SIGKILL)
victim.wait()


def keys_in(file):
    """Keys of the whole lines of a journal; a kill may leave half a line at its end."""
    return [
        json.loads(line)["key"] for line in file.read_text().splitlines(keepends=True) if line.endswith("}\n")
    ]


keys = keys_in(labels)
print(f"killed with {len(keys)} labels on disk")

# %%
# The same command continues. No finished label is lost, none is computed twice:

assert run("label", "recipe.yaml", "--out", "work").returncode == 0
written = [key for file in sorted((desk / "work").glob("labels*.jsonl")) for key in keys_in(file)]
print(
    f"{len(written)} labels in all, {len(set(written))} different, {len(set(keys) & set(written))} from before the kill"
)
assert set(keys) <= set(written)
assert len(written) == len(set(written)), "nothing was computed twice"
card = json.loads((desk / "work" / "copper.json").read_text())
print("the card:", ", ".join(card))

# %%
# Look before you fit
# -------------------
# ``data check`` looks for wrong units and signs, net forces, duplicates, outliers and so on, in your own files as in
# these. It prints what it read and what it found:

checked = run("data", "check", "work/copper.xyz.gz")
assert checked.returncode == 0, "no mistake that makes the data unusable"

# %%
# Eyes find what no rule does. Energy against volume, by group:

import mlffbench

data = mlffbench.load_dataset(desk / "work" / "copper.xyz.gz")
groups = np.asarray(data.columns["group"])
volume = np.array([a.get_volume() / len(a) for a in data.frames])
n_atoms = np.array([len(a) for a in data.frames])
colours = dict(
    zip(dict.fromkeys(groups), ("#0072b2", "#e69f00", "#d55e00", "#009e73", "#cc79a7"), strict=True)
)
figure, axis = plt.subplots(figsize=(7, 4))
for name, colour in colours.items():
    mine = groups == name
    axis.plot(
        volume[mine], (data.labels.energy / n_atoms)[mine], "o", color=colour, label=f"{name} ({mine.sum()})"
    )
axis.set(xlabel="volume (Å³/atom)", ylabel="energy (eV/atom)")
axis.legend()
figure.tight_layout()

# %%
# Fit, and compare with the truth
# -------------------------------
# The groups of the recipe are a split: ``official`` trains on the card's training group and tests on every other by
# name.

from mlffbench.estimators import SOAPGPR

frames = lambda name: [a for a, group in zip(data.frames, groups, strict=True) if group == name]
model = SOAPGPR(n_sparse=200).fit(frames("train"), data.labels[groups == "train"])
figure, axis = plt.subplots(figsize=(7, 4))
errors = {}
for name, colour in colours.items():
    if name == "train":
        continue
    predicted, true = model.predict(frames(name)), data.labels[groups == name]
    per_atom = 1000 * (predicted.energy - true.energy) / n_atoms[groups == name]
    force = 1000 * np.sqrt(np.mean((np.concatenate(predicted.forces) - np.concatenate(true.forces)) ** 2))
    errors[name] = np.sqrt(np.mean(per_atom**2))
    print(f"{name:10} energy {errors[name]:7.2f} meV/atom, forces {force:7.1f} meV/Å")
    axis.plot(volume[groups == name], np.abs(per_atom), "o", color=colour, label=name)
low, high = volume[groups == "train"].min(), volume[groups == "train"].max()
axis.axvspan(low, high, color="#dddddd", zorder=0, label="volumes of the training structures")
axis.set(xlabel="volume (Å³/atom)", ylabel="|error of the energy| (meV/atom)", yscale="log")
axis.legend(fontsize=8)
figure.tight_layout()

# %%
# The recipe decides where the force field is good: inside the volumes that were strained into the training set, and not
# beyond them; and for the phase that it has seen more than for bcc and hcp of the same volume. The remedy is one more
# draw in the recipe (``volumetric: [0.75, 1.2]`` with a rattle); the next ``mlffbench label`` computes only the new
# structures.

squeezed = (groups == "pressure") & ((volume < low) | (volume > high))
inside = (groups == "pressure") & ~squeezed
wrong = {}
for name, chosen in {"inside": inside, "outside": squeezed}.items():
    picked = np.flatnonzero(chosen)
    errors_of = (
        model.predict([data.frames[i] for i in picked]).energy - data.labels.energy[picked]
    ) / n_atoms[picked]
    wrong[name] = 1000 * np.sqrt(np.mean(errors_of**2))
    print(f"compressed and stretched crystals, {name} the volumes of training: {wrong[name]:.1f} meV/atom")
assert wrong["outside"] > 3 * wrong["inside"]
assert errors["test"] < 2, "meV/atom, on structures like those of training"
assert errors["bcc"] > 10 * errors["test"], "another phase at the same volume"

# %%
# From here a suite goes on with ``dataset: {path: work/copper.xyz.gz}``, or in one command:
# ``mlffbench run work/copper.xyz.gz --budget 30m``. Whether your groups leak into each other:
# :doc:`/_gallery/tutorials/plot_60_leaks_and_splits`. How many structures are enough:
# :doc:`/_gallery/tutorials/plot_50_learning_curves`.

plt.show()
