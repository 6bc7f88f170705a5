"""
Leaks and splits: errors that flatter, and how to avoid them
============================================================

The same method on the same data can have an error three times smaller, only because of which structures were called
*test*. This page measures that: on one trajectory of molecular dynamics, split at random, split in blocks, and tested
on trajectories that nobody used; on named groups; and on a test set with disguised copies of training structures.
Afterwards you can choose a split that does not flatter, store it in a file, and find copies. It needs no network and
half a minute.
"""

# %%
# One trajectory, two splits
# --------------------------
# To know the truth we need as many trajectories as we like, so we make them: ethanol, moved and labelled by ASE's
# effective-medium potential. (EMT is no good potential for ethanol. It is quick, exact and everywhere, and the lesson
# is about splits.) A hundred structures, 2 fs apart, as a program writes them:

import json
import subprocess
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from ase.build import molecule
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

import mlffbench
from mlffbench.estimators import SOAPGPR
from mlffbench.labelling.samplers.md import md
from mlffbench.splits.blocks import blocks
from mlffbench.splits.random import random

desk = Path(tempfile.mkdtemp())


def trajectory(seed, n_frames, spacing):
    """Langevin dynamics of ethanol at 500 K; frames with energy and forces."""
    options = {"temperature": 500, "timestep": 0.5, "equilibration": 200, "keep": "anything"}
    frames = md(molecule("CH3CH2OH"), EMT(), seed, n_frames=n_frames, spacing=spacing, **options)
    for atoms in frames:
        atoms.calc = EMT()
        energy, forces = atoms.get_potential_energy(), atoms.get_forces()
        atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=forces)
    return frames


write(desk / "ethanol.extxyz", trajectory(seed=1, n_frames=100, spacing=2))
write(desk / "new.extxyz", [atoms for seed in (2, 3) for atoms in trajectory(seed, n_frames=12, spacing=20)])
data = mlffbench.load_dataset(desk / "ethanol.extxyz")
new = mlffbench.load_dataset(desk / "new.extxyz")
print(repr(data))

# %%
# ``random`` draws a quarter of the structures as the test. ``blocks`` cuts the trajectory into pieces; a piece is all
# training or all test. Its length is by default ten times the correlation time of the energy, and here that is refused:

try:
    blocks(data, train=0.75)
except ValueError as refusal:
    print(refusal)
else:
    raise AssertionError("the trajectory is too short for blocks of ten correlation times")

# %%
# In other words, these hundred structures are hardly more than one independent observation. People test on such data
# all the same, so let us see what they get: pieces of 10 structures; pieces of 25 with a gap of 5 beside each test
# block; the same method fitted to each. Three seeds of each split:


def rmse(model, dataset, indices):
    """√⟨(predicted − true)²⟩ of the force components, meV/Å."""
    predicted = model.predict([dataset.frames[i] for i in indices]).forces
    errors = np.concatenate(predicted) - np.concatenate([dataset.labels.forces[i] for i in indices])
    return 1000 * np.sqrt(np.mean(errors**2))


splits = {
    "random": lambda seed: random(data, seed=seed, train=0.75),
    "blocks of 10": lambda seed: blocks(data, seed=seed, train=0.75, block=10),
    "blocks of 25, gap 5": lambda seed: blocks(data, seed=seed, train=0.75, block=25, gap=5),
}
said, true = {}, {}
for name, make in splits.items():
    said[name], true[name] = [], []
    for seed in range(3):
        split = make(seed)
        model = SOAPGPR(n_sparse=150).fit([data.frames[i] for i in split.train], data.labels[split.train])
        said[name].append(rmse(model, data, split.tests["test"]))
        true[name].append(rmse(model, new, range(len(new))))
    a, b = np.mean(said[name]), np.mean(true[name])
    print(
        f"{name:20} test error {a:4.0f} meV/Å; on new trajectories {b:4.0f}: too small by a factor {b / a:.1f}"
    )

# %%
# On new trajectories the models differ a little: those of the random splits have seen more of the trajectory. What the
# splits *report* of them differs far more. In a random split nearly every test structure has a training structure 2 fs
# away, and to be right there is no art.

flattery = {name: np.mean(true[name]) / np.mean(said[name]) for name in splits}
assert flattery["random"] > 2, "the random split flatters"
assert flattery["blocks of 25, gap 5"] < 0.6 * flattery["random"], "long blocks flatter far less"
ratios = [max(map(np.mean, v.values())) / min(map(np.mean, v.values())) for v in (said, true)]
print(
    f"largest over smallest of the three: {ratios[0]:.1f} in what the splits say, {ratios[1]:.1f} on new trajectories"
)
assert ratios[0] > 2 * ratios[1]

figure, axis = plt.subplots(figsize=(7, 4))
places = np.arange(len(splits))
axis.bar(
    places - 0.18,
    [np.mean(v) for v in said.values()],
    0.34,
    label="error on the split's own test",
    color="#0072b2",
)
axis.bar(
    places + 0.18,
    [np.mean(v) for v in true.values()],
    0.34,
    label="error on new trajectories",
    color="#d55e00",
)
for place, name in enumerate(splits):
    axis.plot(np.full(3, place - 0.18), said[name], "k.")
    axis.plot(np.full(3, place + 0.18), true[name], "k.")
axis.set(xticks=places, xticklabels=list(splits), ylabel="force RMSE (meV/Å)")
axis.legend()
figure.tight_layout()

# %%
# No split of *one* short trajectory can tell what lies beyond it: only the second trajectory does. Blocks shorten the
# distance to the truth. How far in time is the nearest training structure?

figure, axis = plt.subplots(figsize=(7, 2.6))
for row, (name, make) in enumerate(splits.items()):
    split = make(0)
    axis.plot(2 * split.train, np.full(len(split.train), row), "|", color="#0072b2", markersize=16)
    axis.plot(
        2 * split.tests["test"], np.full(len(split.tests["test"]), row), "|", color="#d55e00", markersize=16
    )
    distance = np.abs(split.tests["test"][:, None] - split.train).min(axis=1)
    print(
        f"{name:20} median distance in time of a test structure from training: {2 * np.median(distance):.0f} fs"
    )
axis.set(
    yticks=range(3),
    yticklabels=list(splits),
    ylim=(-0.6, 2.6),
    xlabel="time (fs); blue: training, orange: test",
)
figure.tight_layout()

# %%
# Named groups: one number is not enough
# --------------------------------------
# The built-in malonaldehyde was made the other way round: trajectories of their own for each temperature, 100 fs
# between structures, and paths. The official split trains on 300 K and keeps every other group as a test *with a name*.
# Beside it, throw all groups into one pot and split that at random:

malonaldehyde = mlffbench.load_dataset("malonaldehyde")
rng = np.random.default_rng(0)
groups = malonaldehyde.columns["group"]
tests = {name: np.flatnonzero(groups == name)[:40] for name in dict.fromkeys(groups) if name != "train_300K"}
cold = rng.choice(np.flatnonzero(groups == "train_300K"), 120, replace=False)
pot = rng.permutation(np.concatenate([cold, *tests.values()]))
train_pot, test_pot = pot[:120], pot[120:]


def fitted(indices):
    return SOAPGPR(n_sparse=200).fit(
        [malonaldehyde.frames[i] for i in indices], malonaldehyde.labels[indices]
    )


named = fitted(cold)
by_name = {name: rmse(named, malonaldehyde, part) for name, part in tests.items()}
one_pot = rmse(fitted(train_pot), malonaldehyde, test_pot)
for name, error in by_name.items():
    print(f"trained at 300 K, {name:16} {error:6.0f} meV/Å")
print(f"everything in one pot: {one_pot:6.0f} meV/Å")

# %%
# The pot gives one number between the errors that matter. Its test holds the same structures of 1200 K and of the
# torsion that its training set holds too, so it cannot say what happens to a model that has never seen them. If your
# model is to be used beyond its data, leave something out *by name*: a temperature, a phase, a composition
# (``split: {groups: {column: temperature, leave: 1200}}``).

assert by_name["test_300K"] < one_pot < by_name["dihedral"]
assert by_name["dihedral"] > 5 * by_name["test_300K"], "beyond its data the same model is another one"

# %%
# Copies in disguise
# ------------------
# Test structures may be copies of training structures without one coordinate in common: shifted, rotated, mirrored,
# with their atoms in another order, or, for crystals, described by another cell. Databases that were merged have many.
# Take 40 structures to train and 15 to test, and smuggle in five copies:

first = np.flatnonzero(groups == "train_300K")
train = malonaldehyde.to_atoms(first[:40])
honest = malonaldehyde.to_atoms(first[40:55])
copies = []
for atoms in malonaldehyde.to_atoms(first[:5]):
    energy, forces = atoms.get_potential_energy(), atoms.get_forces()
    angle, order = np.radians(77), rng.permutation(len(atoms))
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    copy = atoms[order]
    copy.positions = copy.positions @ turn.T + [5, -3, 2]
    copy.calc = SinglePointCalculator(copy, energy=energy, forces=forces[order] @ turn.T)
    copies.append(copy)
write(desk / "train.extxyz", train)
write(desk / "test.extxyz", honest + copies)
closest = min(np.abs(a.positions - b.positions).max() for a in copies for b in train)
print(f"closest in coordinates: {closest:.2f} Å apart")
assert closest > 0.5, "a comparison of coordinates finds nothing"

# %%
# ``mlffbench data audit`` compares structures by distances that do not depend on any of that. Where the files say which
# trajectory and time a structure comes from, it looks at these too. This is the command and what it prints:


def run(*words):
    done = subprocess.run(["mlffbench", *map(str, words)], capture_output=True, text=True, cwd=desk)
    print("$ mlffbench", *words)
    print(done.stdout.rstrip() or done.stderr.rstrip())
    return done


report = run("data", "audit", "--train", "train.extxyz", "--test", "test.extxyz")

# %%
# And in numbers: the same model, tested with the copies and without them.

from mlffbench.data import labels_of

model = SOAPGPR(n_sparse=200).fit([a.copy() for a in train], labels_of(train))
errors = {}
for name, frames in {"15 honest structures": honest, "5 copies": copies, "all 20": honest + copies}.items():
    predicted = np.concatenate(model.predict([a.copy() for a in frames]).forces)
    errors[name] = 1000 * np.sqrt(
        np.mean((predicted - np.concatenate([a.get_forces() for a in frames])) ** 2)
    )
    print(f"{name:22} force RMSE {errors[name]:.1f} meV/Å")
assert errors["5 copies"] < errors["all 20"] < errors["15 honest structures"]

# %%
# Crystals have one more disguise: a cell is a choice. The same diamond-like structure, in a cell of other vectors:

from ase.build import make_supercell

from mlffbench.data import Dataset, Split
from mlffbench.datasets.leakage import audit, leak_free

silicon = mlffbench.load_dataset("silicon")
some = silicon.to_atoms(range(6))
sheared = make_supercell(some[2], [[1, 0, 0], [1, 1, 0], [0, -1, 1]])
sheared.calc = SinglePointCalculator(sheared, energy=some[2].get_potential_energy())
frames = [*some, sheared]
print("cell lengths and angles:", some[2].cell.cellpar().round(1), "and", sheared.cell.cellpar().round(1))
crystals = Dataset("crystals", [a.copy() for a in frames], labels_of(frames).only(["energy"]))
split = Split(train=np.arange(4), tests={"test": np.array([4, 5, 6])})
found = audit(crystals, split)
print(found)
clean = leak_free(split, found)
print("without the copy:", clean)
assert found.n_twins == 1
assert clean.tests["test"].tolist() == [4, 5]

# %%
# ``mlffbench run`` does this audit for every split that it fits on, and the leaderboard marks errors on leaky groups.
#
# A split as a file
# -----------------
# *80 % at random* is no description of an experiment. A manifest is: it names the structures by fingerprints, so it
# finds them in a shuffled copy of the data, in another laboratory.

_ = run(
    "data",
    "split",
    "ethanol.extxyz",
    "--split",
    "{blocks: {train: 0.75, block: 25, gap: 5}}",
    "--out",
    "split.json",
)
document = json.loads((desk / "split.json").read_text())
print("the file holds:", ", ".join(document))

order = rng.permutation(len(data))
write(desk / "shuffled.extxyz", [data.to_atoms([i])[0] for i in order])
shuffled = mlffbench.load_dataset(desk / "shuffled.extxyz")

from mlffbench.splits.manifest import manifest

here, there = (manifest(d, file=str(desk / "split.json")) for d in (data, shuffled))
assert sorted(order[there.tests["test"]]) == sorted(here.tests["test"]), (
    "the same structures, at other places"
)
print(f"{len(here.tests['test'])} test structures, found again in the shuffled copy")

# %%
# In a suite: ``split: {manifest: {file: split.json}}``. Rules for your own data, in order:
#
# 1. A second trajectory, temperature, phase or composition as a *named* test beats every split of one pot.
# 2. One trajectory: ``blocks``, longer than its slow motions, with a gap. Never ``random``.
# 3. Data from several sources: ``mlffbench data audit``, and ``--leak-free`` writes the split without the copies.
# 4. Publish the manifest.
#
# More in :doc:`/data`; how many structures you need: :doc:`/_gallery/tutorials/plot_50_learning_curves`.

plt.show()
