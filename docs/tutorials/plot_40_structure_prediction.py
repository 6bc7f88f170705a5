"""
Structure prediction of silicon
===============================

Which crystal does an element form? One relaxes many random cells with a fast model and looks at the lowest. This page
does so for silicon, with a model fitted to diamond alone, and meets the usual trouble: *false minima*, structures that
the model takes for more stable than the true ground state. Then it uses them to repair the model. Afterwards you can
run a random search, judge its result by a reference, and improve the model with it.

Needs: mlffbench with its extra ``soap``. Time: fifteen minutes to read, less than a minute to compute.
"""

# %%
# Model and reference
# -------------------
# The reference is the potential of Stillinger and Weber, a formula: it can judge each structure at no cost, where in
# practice each check is a DFT calculation. The model is a Gaussian process fitted to 40 cells of diamond silicon,
# strained and rattled.

import matplotlib.pyplot as plt
import numpy as np

import mlffbench
from mlffbench.data import Labels, concatenate
from mlffbench.estimators import SOAPGPR
from mlffbench.properties.bulk_relaxation import relax_many
from mlffbench.properties.minima import structure_distance
from mlffbench.properties.random_cells import random_cells
from mlffbench.properties.random_search import random_search
from mlffbench.report.statistics.counts import count_text
from mlffbench.tasks.common.reference import reference_calculator

data = mlffbench.load_dataset("stillinger_weber_si", n_train=40, n_test=10)
truth = reference_calculator(data.reference)
diamond, beta_tin = (data.reference.structures[name] for name in ("diamond", "beta_tin"))
picks = np.flatnonzero(data.columns["group"] == "train")
frames, labels = [data.frames[i] for i in picks], data.labels[picks]


def fitted(frames, labels):
    """A Gaussian process on SOAP descriptors, of a size that fits in seconds."""
    return SOAPGPR(cutoff=4.5, n_max=6, l_max=4, n_sparse=400).fit(frames, labels)


model = fitted(frames, labels)
true_diamond = relax_many(truth, [diamond], cell=True, fmax=1e-3)[0].atoms

# %%
# Are known minima recovered?
# ---------------------------
# The first test: displace the atoms of a known structure at random (*rattle*) and relax. A good model brings them back.
# ``structure_distance`` says how far two structures are apart, however they are turned, shifted or described by other
# cells; below 0.25 Å, after scaling to one volume, they count as the same here.


def recovered(calculator, minimum, amplitude, n=6):
    """How many of n rattled copies of a minimum relax back to it."""
    home = relax_many(calculator, [minimum], cell=True, fmax=0.03)[0].atoms
    starts = [home.repeat((1, 1, 2)) if len(home) < 8 else home.copy() for _ in range(n)]
    for seed, atoms in enumerate(starts):
        atoms.rattle(amplitude, seed=seed)
    ends = relax_many(calculator, starts, cell=True, fmax=0.03, steps=200)
    return sum(end.converged and structure_distance(minimum, end.atoms, scaled=True) < 0.25 for end in ends)


counts = {}
for phase, minimum in (("diamond", diamond), ("beta-tin", beta_tin)):
    for amplitude in (0.1, 0.3):
        for who, calculator in (("reference", truth), ("model", model.calculator())):
            counts[phase, amplitude, who] = recovered(calculator, minimum, amplitude)
            print(
                f"{phase:9} rattled by {amplitude} Å, {who:9}: recovered {count_text(counts[phase, amplitude, who], 6)}"
            )
assert counts["diamond", 0.1, "model"] == counts["diamond", 0.1, "reference"] == 6
assert counts["beta-tin", 0.1, "reference"] > counts["beta-tin", 0.1, "model"]

# %%
# Diamond is recovered: the training data show it. Beta-tin, a metallic phase that the model never saw, is a minimum of
# the reference and none of the model.
#
# Random search
# -------------
# ``random_search`` draws random cells of two or four atoms, at volumes around that of diamond, with no two atoms too
# close; half of them get a random space group. All are relaxed, cell and atoms, and those that end in one structure are
# merged into one minimum. First the reference itself, so that we know what there is to find.

settings = {
    "compositions": ["Si2", "Si4"], "volume": (17.0, 28.0), "n": 24, "seed": 1, "separation": {"Si-Si": 1.9},
    "fmax": 0.03, "steps": 200,
}  # fmt: skip


def per_atom(calculator, structures):
    """Energies of structures, eV per atom."""
    return np.array([run.energy / len(run.atoms) for run in relax_many(calculator, structures, steps=0)])


def searched(calculator):
    """Minima of a random search, with energies above the calculator's own diamond, eV per atom."""
    own = relax_many(calculator, [diamond], cell=True, fmax=0.03)[0]
    result = random_search(calculator, **settings)
    return result, np.array([minimum.energy for minimum in result.minima]) - own.energy / len(own.atoms)


real, real_energies = searched(truth)
print(f"reference: {len(real.runs)} cells, {real.force_calls} evaluations, {len(real.minima)} minima")
for minimum, energy in list(zip(real.minima, real_energies, strict=True))[:6]:
    print(f"   {energy:7.3f} eV/atom above diamond, {minimum.spacegroup:16} met {len(minimum.found)} times")
assert real_energies.min() > -2e-3  # nothing lies below diamond

# %%
# Nothing lies below diamond, as it should be. Now the model, with the same cells:

found, found_energies = searched(model.calculator())
print(f"model: {len(found.minima)} minima, {np.sum(found_energies < -2e-3)} below its own diamond")
for minimum, energy in list(zip(found.minima, found_energies, strict=True))[:6]:
    print(f"   {energy:7.3f} eV/atom above diamond, {minimum.spacegroup:16} met {len(minimum.found)} times")


# %%
# False minima
# ------------
# A structure below the model's diamond is *false* if the reference puts it above diamond. (It may also be no minimum of
# the reference at all.) Evaluate each found structure with the reference, without relaxing:


def judged(minima, energies):
    """True energies above diamond of the minima, and which of them are false."""
    true = per_atom(truth, [minimum.atoms for minimum in minima]) - per_atom(truth, [true_diamond])[0]
    return true, (energies < -2e-3) & (true > 2e-3)


true, false = judged(found.minima, found_energies)
print(f"{false.sum()} false minima; the lowest is {found_energies.min():.2f} eV/atom by the model and "
      f"{true[np.argmin(found_energies)]:.2f} by the reference")  # fmt: skip
assert false.sum() > 0

# %%
# Whoever publishes the lowest structure of this search publishes nonsense. A search looks for the lowest point of the
# model's surface, so it finds the places where the model errs downwards: of all uses of a model it is the most
# unforgiving.
#
# Repair: data from where the search goes
# ---------------------------------------
# The search visits structures that nobody put into the training data. So label some: 40 other random cells, as they are
# and on their way down as the reference relaxes them. In practice these are 40 relaxations by DFT of tiny cells, each
# step a label.

cells = random_cells(["Si2", "Si4"], (15.0, 30.0), n=40, seed=77, separation={"Si-Si": 1.9}, symmetry=0.3)
on_the_way = list(cells)
for steps in (3, 10, 40):
    on_the_way += [run.atoms for run in relax_many(truth, cells, cell=True, steps=steps)]
energies, forces, stresses = [], [], []
for atoms in on_the_way:
    copy = atoms.copy()
    copy.calc = truth
    energies.append(copy.get_potential_energy())
    forces.append(copy.get_forces())
    stresses.append(copy.get_stress())
more = Labels(np.array(energies), tuple(forces), tuple(stresses))

repaired = fitted([*frames, *on_the_way], concatenate([labels, more]))
again, again_energies = searched(repaired.calculator())
again_true, still_false = judged(again.minima, again_energies)
print(f"{len(frames)} + {len(on_the_way)} frames: {len(again.minima)} minima, {still_false.sum()} false, the lowest is "
      f"{again_energies.min():.3f} eV/atom by the model and {again_true[np.argmin(again_energies)]:.3f} "
      "by the reference")  # fmt: skip
assert still_false.sum() < false.sum() / 4

figure, axes = plt.subplots(figsize=(7, 4))
for reference_energies, energies, label, marker in (
    (true, found_energies, f"diamond alone: {false.sum()} false minima", "x"),
    (again_true, again_energies, f"with random cells: {still_false.sum()}", "o"),
):
    axes.plot(reference_energies, energies, marker, label=label, alpha=0.7)
axes.axline((0, 0), slope=1, color="0.6", lw=1)
axes.axhline(0, color="C3", lw=0.8, ls=":")
axes.set(xlabel="energy above diamond by the reference (eV/atom)", ylabel="by the model (eV/atom)")
axes.legend()
figure.tight_layout()

# %%
# Points below the dotted line and right of zero are false minima. With random cells in the data, what the model finds
# lies near the diagonal: it agrees with the reference about its own discoveries.
#
# Does the repaired model find the ground state? Count the cells that end in a structure which the reference puts within
# 5 meV an atom of diamond:

for who, search, energies in (("reference", real, real_energies), ("repaired model", again, again_true)):
    good = [minimum for minimum, energy in zip(search.minima, energies, strict=True) if energy < 5e-3]
    cells_there = sum(len(minimum.found) for minimum in good)
    print(f"{who:14} {cells_there} of {len(search.runs)} cells: {', '.join(str(m.spacegroup) for m in good)}")
    assert cells_there > 0

# %%
# The space group tells them apart: Fd-3m is diamond, P6_3/mmc its hexagonal variant, in which each atom has the same
# four neighbours. The reference, whose range ends before the second neighbours, hardly sees a difference in energy. Few
# cells get there: a real search needs hundreds.
#
# Rules for a search with a fitted model
# --------------------------------------
# * Check the lowest structures with the reference, always.
# * Train on what a search visits: random cells, relaxed a few steps, are cheap to label
#   (:doc:`/_gallery/tutorials/plot_65_label_your_data`).
# * A predicted standard deviation helps to see false minima before the reference does
#   (:doc:`/_gallery/tutorials/plot_55_uncertainty_and_active_learning`).
# * In a suite the task ``structure_prediction`` counts all this for each method (:doc:`/tasks`); on the command line
#   ``mlffbench property random_search --compositions "[Si8]" --volume "[18, 22]"`` runs one search (:doc:`/models`).
