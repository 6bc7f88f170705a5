r"""
Reference data
==============

A model learns from structures with energies, forces and stresses that were computed with quantum mechanics:
the *labels*. After this page you know what decides their quality: the level of theory and its numerical
settings, the energies that they are counted from, the choice of structures, and the mistakes that are
common enough for ``mlffbench data check`` to look for them. You also know how each built-in dataset was
made. Reading takes half an hour; the page computes for about ten seconds.
"""

# %%
# Levels of theory
# ----------------
#
# The electronic Schrödinger equation cannot be solved exactly for more than a few electrons. A *level of
# theory* is a chosen approximation. The usual ones, with the formal growth of their cost with the number of
# electrons :math:`n`:
#
# .. list-table::
#    :header-rows: 1
#
#    * - level
#      - idea
#      - cost
#    * - tight binding (GFN2-xTB)
#      - few basis functions, integrals fitted to data
#      - :math:`n^3`, small factor
#    * - density functional theory: LDA, GGA (PBE), hybrids
#      - energy as a functional of the electron density :cite:`KohnSham1965,Perdew1996pbe`
#      - :math:`n^3` to :math:`n^4`
#    * - MP2
#      - correlation of electrons to second order
#      - :math:`n^5`
#    * - CCSD(T)
#      - coupled excitations of one, two and (approximately) three electrons
#      - :math:`n^7`
#
# To the level belong the *basis* (def2-SVP: a set of atomic functions; or plane waves up to a kinetic
# energy) and the treatment of inner electrons. Total energies of two levels differ by large constants, and
# even their differences disagree. PBE, for example, makes the proton in malonaldehyde hop too easily:
# coupled cluster has a barrier several times higher :cite:`Wang2008malonaldehyde` than that of the built-in
# data. A model of PBE labels learns PBE, not nature.
#
# Two programs at the same level, with the same basis, should agree, and the residue is a first idea of how
# sharp a label is. The card of the built-in molecule has the comparison with labels of another program,
# from a public dataset:

import matplotlib.pyplot as plt
import numpy as np

import mlffbench

molecule = mlffbench.load_dataset("malonaldehyde")
solid = mlffbench.load_dataset("silicon")
reference = molecule.reference.values
witness = molecule.card["checks"]["witness"]
print(f"barrier at {molecule.card['level']}:", end=" ")
print(f"{1000 * (reference['transfer_saddle']['energy'] - reference['minimum']['energy']):.1f} meV")
print(f"the same level by another program ({witness['source']}):")
print(f"  forces differ by {witness['force_rms_difference_meV_per_A']} meV/Å (RMS),", end=" ")
print(
    f"energies by {witness['energy_offset_meV']} meV, without this constant {witness['relative_energy_rms_difference_meV']} meV"
)

# %%
# Errors of a model below such a residue say nothing about physics.
#
# Numerical settings
# ------------------
#
# A level of theory still has numbers that trade accuracy for time. In a crystal two matter most, and both
# can be seen in one dimension.
#
# *k-points.* The states of a periodic crystal are numbered by a wave vector :math:`k`, and the energy is an
# integral over it, computed as a sum over :math:`n` points. Take a chain of atoms with hopping energy
# :math:`t`, one electron per atom. Where all bonds are alike it is a metal with the band :math:`-2t\cos k`;
# where they alternate between :math:`t(1+\delta)` and :math:`t(1-\delta)` it is an insulator:


def chain_energy(n, delta):
    """Energy per atom of a half-filled chain, in units of t, as a sum over n k-points of a cell of two atoms."""
    k = 2 * np.pi * np.arange(n) / n
    band = np.abs((1 + delta) + (1 - delta) * np.exp(1j * k))
    return -band.mean()  # the lower of the bands ± |…|, two electrons in each state, two atoms in a cell


points = np.arange(2, 41)
fig, ax = plt.subplots(figsize=(7, 4))
at_twenty = {}
for delta, name in ((0.0, "metal"), (0.2, "insulator")):
    exact = chain_energy(20_000, delta)
    error = np.array([abs(chain_energy(n, delta) - exact) for n in points])
    at_twenty[name] = error[points == 20][0]
    ax.semilogy(points, np.maximum(error, 1e-15), "o-", ms=3, label=f"{name}, δ = {delta}")
    print(f"{name}: error with 20 k-points {at_twenty[name]:.0e} t per atom")
ax.set(xlabel="number of k-points", ylabel="error (t per atom)", title="A chain of atoms")
ax.legend()
fig.tight_layout()
assert at_twenty["metal"] > 100 * at_twenty["insulator"]  # algebraic against exponential convergence

# %%
# Metals need many more k-points than insulators. The silicon data show it: their settings differ for the
# metallic phase.

print("settings of all frames:", solid.card["settings"]["gpaw"])
print("but for these groups:  ", solid.card["settings_of_groups"])

# %%
# *The cutoff of the basis.* Plane waves :math:`e^{i(k+G)x}` are used up to a kinetic energy
# :math:`E_\text{cut}`. The energy falls with every function that is added (the variational principle). If
# the cell changes at fixed :math:`E_\text{cut}`, the number of functions jumps, and so does the energy: a
# surface with steps, whose derivative is not what the stress says. An electron in a row of Gaussian wells,
# with :math:`\hbar^2/m = 1`:


def lowest_energy(length, cutoff):
    """Lowest energy of −½ d²/dx² plus a Gaussian well per cell, in plane waves up to the cutoff; their number."""
    most = int(np.sqrt(2 * cutoff) * length / (2 * np.pi))
    g = 2 * np.pi * np.arange(-most, most + 1) / length
    difference = g[:, None] - g[None, :]
    well = -3 * np.sqrt(2 * np.pi) * 0.4 / length * np.exp(-(0.4**2) * difference**2 / 2)
    return np.linalg.eigvalsh(np.diag(g**2 / 2) + well)[0], len(g)


cutoffs = np.linspace(2, 60, 100)
energies = np.array([lowest_energy(6.0, c)[0] for c in cutoffs])
assert (np.diff(energies) < 1e-12).all()  # the variational principle
fig, ax = plt.subplots(figsize=(7, 4))
lengths = np.linspace(4.0, 9.0, 1000)
for cutoff in (4.0, 12.0):
    curve, number = np.array([lowest_energy(length, cutoff) for length in lengths]).T
    steps = np.abs(np.diff(curve))
    jump = steps[np.diff(number) != 0].max()
    print(
        f"E_cut = {cutoff}: largest step where the number of functions changes {jump:.1e}, elsewhere {np.median(steps):.1e}"
    )
    ax.plot(lengths, curve, label=f"E_cut = {cutoff:.0f}")
    if cutoff == 4.0:
        assert jump > 5 * np.median(steps)
ax.set(xlabel="length of the cell", ylabel="lowest energy", title="Plane waves at a fixed cutoff")
ax.legend()
fig.tight_layout()

# %%
# Energies per atom, and what they are counted from
# -------------------------------------------------
#
# A total energy counts from electrons and nuclei infinitely far apart. It is large, and says little. What
# matters is the rest after subtracting one constant per atom, the *reference energies* or E0s:
#
# .. math::
#
#    E_\text{atomisation} = E - \sum_i E_0(Z_i) ,
#
# best the energies of isolated atoms at the same level of theory. ``mlffbench`` subtracts them for every
# method alike, so that none has to learn them, and none suffers from rounding:

total = molecule.labels.energy
e0 = molecule.atomic_energies
apart = sum(e0[s] for s in molecule.frames[0].symbols)
print("isolated atoms:", {s: round(e, 3) for s, e in e0.items()}, "eV")
print(f"total energy {total.mean():.2f} eV; relative to the atoms {total.mean() - apart:.2f} eV;", end=" ")
print(f"standard deviation of the frames {total.std():.2f} eV")
resolution = [float(np.spacing(np.float32(abs(e)))) for e in (total.mean(), total.mean() - apart)]
print(
    f"resolution in single precision: {1000 * resolution[0]:.2f} meV of the total, {1000 * resolution[1]:.4f} meV of the rest"
)
assert resolution[0] > 50 * resolution[1]

# %%
# If isolated atoms are unknown, a least-squares fit of the energies to the composition serves. For a set of
# one molecule only the sum over its atoms is determined; the single values then mean nothing, and the model
# is wrong when atoms leave the molecule:

from mlffbench.forcefield import least_squares_energies

guess = least_squares_energies(molecule.frames[:50], total[:50], ["H", "C", "O"])
print("least squares:", {s: round(e, 1) for s, e in guess.items()}, "eV")
assert abs(sum(guess[s] for s in molecule.frames[0].symbols) - total[:50].mean()) < 1e-6
assert abs(guess["H"] - e0["H"]) > 100

# %%
# Energies of different sizes are compared per atom; forces are compared as they are. The two have different
# units and different noise, and a loss that weighs them is a choice.
#
# Which structures
# ----------------
#
# A model interpolates. It is good where structures were, so the choice of structures is the choice of what
# the model is for. Common ways, all samplers of ``mlffbench label`` (:doc:`/data`):
#
# .. list-table::
#    :header-rows: 1
#
#    * - sampler
#      - gives
#      - lacks
#    * - ``md``: molecular dynamics at a temperature
#      - what occurs at equilibrium
#      - rare events; neighbouring frames are almost equal
#    * - ``normal_modes``
#      - independent thermal displacements of a minimum
#      - anharmonic motion
#    * - ``neb``, ``dihedral``: paths and scans
#      - barriers
#      - motion aside of the path
#    * - ``strain``, ``rattle``
#      - elastic response, pressure
#      - large changes of bonding
#    * - ``vacancy``, surfaces
#      - defects
#      -
#    * - ``random_structures``: random search
#      - what nobody thought of
#      - most of it is high in energy
#
# Draw silicon in five ways with a classical potential as the engine, and look at two numbers of each frame:
# its volume, and its energy by that potential.

from ase.build import bulk

from mlffbench.labelling.calculators.stillinger_weber import stillinger_weber
from mlffbench.labelling.samplers.md import md
from mlffbench.labelling.samplers.normal_modes import normal_modes
from mlffbench.labelling.samplers.random_structures import random_structures
from mlffbench.labelling.samplers.strain import strain

engine = stillinger_weber()
diamond = bulk("Si", "diamond", a=5.431, cubic=True)
thermal = {"n_frames": 20, "spacing": 20, "timestep": 2.0, "equilibration": 200}
samples = {
    "md, 300 K": md(diamond, engine, seed=0, temperature=300, **thermal),
    "md, 1200 K": md(diamond, engine, seed=1, temperature=1200, **thermal),
    "normal modes, 300 K": normal_modes(diamond, engine, seed=0, temperature=300, n_frames=20),
    "strain": strain(diamond, engine, seed=0, n_frames=20, max_strain=0.05),
    "random": random_structures(None, None, seed=0, volume=(15, 25), n_frames=20, composition="Si8"),
}
ground = engine.get_property("energy", diamond) / len(diamond)
fig, ax = plt.subplots(figsize=(7, 4))
heights = {}
for (name, frames), marker in zip(samples.items(), "o^sDx", strict=True):
    volume = [a.get_volume() / len(a) for a in frames]
    heights[name] = np.array([engine.get_property("energy", a) / len(a) for a in frames]) - ground
    ax.semilogy(volume, heights[name], marker, ms=5, label=name)
    print(f"{name:20s}: {1000 * np.median(heights[name]):7.1f} meV per atom above diamond (median)")
ax.set(
    xlabel="volume (Å³ per atom)",
    ylabel="energy above diamond (eV per atom)",
    title="Samplers reach different places",
)
ax.legend(fontsize=8)
fig.tight_layout()
assert np.median(heights["random"]) > 2 * np.median(heights["md, 1200 K"])
assert np.median(heights["md, 300 K"]) < np.median(heights["md, 1200 K"])

# %%
# Frames of one trajectory are correlated in time. If neighbours fall into the training and the test set,
# the test asks for what was just learned. The correlation of the energies one frame apart, and what the
# card says of it:

first = np.flatnonzero(molecule.columns["group"] == "train_300K")
deviation = total[first] - total[first].mean()
lag_one = np.mean(deviation[1:] * deviation[:-1]) / np.mean(deviation**2)
card_lag = molecule.card["checks"]["train_300K_energy_lag1_autocorrelation"]
print(
    f"frames {molecule.card['sampling']['interval_fs']:.0f} fs apart: correlation {lag_one:.3f}, on the card {card_lag}"
)
assert abs(lag_one - card_lag) < 0.01

# %%
# The effect of temperature
# -------------------------
#
# By equipartition a harmonic system holds :math:`\tfrac12 k_\text{B} T` of potential energy in every
# vibration: for the 21 vibrations of malonaldehyde :math:`\tfrac{21}{2} k_\text{B} T` on average, with a
# standard deviation of :math:`\sqrt{21/2}\; k_\text{B} T`. Forces grow like :math:`\sqrt T`.

from ase.units import kB

fig, axes = plt.subplots(1, 2, figsize=(8.5, 3.8))
found = {}
for kelvin, colour in ((300, "C0"), (600, "C1"), (1200, "C3")):
    chosen = np.flatnonzero(molecule.columns["group"] == f"test_{kelvin}K")
    energy = total[chosen] - reference["minimum"]["energy"]
    force = np.concatenate([molecule.labels.forces[i].ravel() for i in chosen])
    found[kelvin] = energy.mean(), np.sqrt(np.mean(force**2))
    print(f"{kelvin:4d} K: energy {energy.mean():.2f} ± {energy.std():.2f} eV", end=" ")
    print(
        f"(harmonic {10.5 * kB * kelvin:.2f} ± {10.5**0.5 * kB * kelvin:.2f}); RMS force {found[kelvin][1]:.2f} eV/Å"
    )
    axes[0].hist(energy, bins=np.linspace(0, 3, 41), alpha=0.6, color=colour, label=f"{kelvin} K")
    axes[0].axvline(10.5 * kB * kelvin, color=colour, ls="--")
    axes[1].hist(
        force, bins=np.linspace(-8, 8, 81), histtype="step", density=True, color=colour, label=f"{kelvin} K"
    )
axes[0].set(xlabel="energy above the minimum (eV)", ylabel="frames", title="energies; dashed: equipartition")
axes[1].set(xlabel="force component (eV/Å)", ylabel="density", title="forces", yscale="log")
axes[0].legend()
fig.tight_layout()

ratio = found[1200][1] / found[300][1]
print(f"RMS force, 1200 K over 300 K: {ratio:.2f}")
assert 1.6 < ratio < 2.4  # √4 = 2
assert all(found[kelvin][0] > 10.5 * kB * kelvin for kelvin in found)

# %%
# The energies lie higher than equipartition says. The frames were drawn with a cheaper method (see the card
# below), and a thermal structure of one surface is not thermal on another: its bonds are a little too long
# or too short everywhere. Such data are fine for fitting; they are not a sample of PBE at that temperature.
# A test set at 1200 K asks for structures and forces that a training set at 300 K hardly contains. That is
# why ``mlffbench`` reports errors by named test group.
#
# What is wrong with labels
# -------------------------
#
# * *Noise.* An unconverged density, a coarse grid or a stress of another basis makes labels scatter about a
#   smooth surface.
# * *A net force.* The forces on all atoms of an isolated system add up to zero. Where they do not,
#   something is missing from the gradient.
# * *Units and signs.* Hartree and bohr, gradients in place of forces, virials in place of stresses.
# * *Two levels mixed.* Half of the frames with another functional, basis or program version.
# * *Duplicates, atoms on top of each other, states that flipped* to another electronic configuration.
#
# The net forces of the two built-in sets made with density functional theory:

for data in (molecule, solid):
    net = max(np.linalg.norm(f.sum(axis=0)) for f in data.labels.forces)
    print(f"{data.name}: largest net force {net:.1e} eV/Å")
    assert net < 0.01

# %%
# Now spoil the molecule in four ways, and let the checks look. They need nothing but structures and labels:
# forces predict the energy difference of two similar frames, bonds have a known stiffness, and so on.

from dataclasses import replace

from mlffbench.data import Dataset, Labels
from mlffbench.datasets.checks import checkup

part = molecule.labels[np.arange(60)]
frames = molecule.frames[:60]


def spoiled(name, **changes):
    """The first 60 frames with some of their labels replaced."""
    return Dataset(name, frames, replace(part, **changes))


second_half = np.arange(60) >= 30
cases = {
    "as they are": {},
    "half of the energies 0.5 eV higher": {"energy": part.energy + 0.5 * second_half},
    "a net force": {"forces": [f + 0.05 for f in part.forces]},
    "gradients, not forces": {"forces": [-f for f in part.forces]},
    "forces in Hartree/bohr": {"forces": [f / 51.42 for f in part.forces]},
}
reported = {}
for name, changes in cases.items():
    findings = checkup(spoiled("spoiled", **changes))
    reported[name] = {finding.check for finding in findings}
    print(f"{name}: {'nothing found' if not findings else ''}")
    for finding in findings:
        print(f"    {finding.check}: {finding.message}")
expected = (set(), {"mixed_levels"}, {"net_force"}, {"force_sign"}, {"force_units"})
assert all(found >= wanted for found, wanted in zip(reported.values(), expected, strict=True))
assert not reported["as they are"]

# %%
# On the command line the same is ``mlffbench data check FILE``; ``mlffbench run`` checks before it fits,
# and refuses data whose mistake is certain.

import subprocess
import tempfile
from pathlib import Path

from ase.io import write

with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "mine.extxyz"
    write(file, spoiled("mine", **cases["gradients, not forces"]).to_atoms())
    done = subprocess.run(
        ["mlffbench", "data", "check", str(file)], capture_output=True, text=True, check=False
    )
print(done.stdout)
assert done.returncode == 1

# %%
# Noise, and what a model makes of it
# -----------------------------------
#
# Noise that is independent from label to label is averaged by a fit: a model can be *better* than the
# labels that it was fitted to. But the error that one measures is taken against noisy labels, and cannot
# fall below the noise: :math:`\text{measured}^2 \approx \text{true error}^2 + \text{noise}^2`. Add normal
# noise to the forces:

from mlffbench.estimators import SOAPGPR

rng = np.random.default_rng(0)
noise = 0.15  # eV/Å
train, test = first[:40], np.flatnonzero(molecule.columns["group"] == "test_300K")[:50]


def noisy(labels):
    """Labels with normal noise on every force component."""
    return Labels(labels.energy, [f + rng.normal(scale=noise, size=f.shape) for f in labels.forces])


def rms(a, b):
    """Root mean square difference of force components, meV/Å."""
    return 1000 * np.sqrt(np.mean((np.concatenate(a) - np.concatenate(b)) ** 2))


clean = molecule.labels[test]
dirty = noisy(clean)
errors = {}
for name, labels in (("clean", molecule.labels[train]), ("noisy", noisy(molecule.labels[train]))):
    model = SOAPGPR(n_sparse=100, random_state=0, atomic_energies=dict(e0))
    model.fit([molecule.frames[i] for i in train], labels)
    predicted = model.predict([molecule.frames[i] for i in test]).forces
    errors[name] = rms(predicted, clean.forces), rms(predicted, dirty.forces)
    print(f"fitted to {name} labels: error {errors[name][0]:.0f} meV/Å against clean test labels,", end=" ")
    print(f"{errors[name][1]:.0f} against noisy ones")
assert errors["noisy"][0] < 1000 * noise  # better than its labels
for true_error, measured in errors.values():
    assert abs(measured / np.hypot(true_error, 1000 * noise) - 1) < 0.1

# %%
# How the built-in sets were made
# -------------------------------
#
# Every dataset has a *card*: level, program, settings, sampling, units, reference energies, checks,
# licence. What follows is read from the cards.

few = {"n_train": 2, "n_test": 2}  # the analytic sets make as many frames as are asked for
analytic = [
    mlffbench.load_dataset(name, **few) for name in ("stillinger_weber_si", "emt_copper", "lennard_jones")
]
for data in (molecule, solid, *analytic):
    name, card = data.name, data.card
    print(f"{name}: {card['title']}")
    print(f"    level: {card['level']}")
    groups = (
        card["groups"].items() if data in (molecule, solid) else ((group, "") for group in card["groups"])
    )
    print("    groups:", ", ".join(f"{group} {n}".strip() for group, n in groups))
    for key, value in card.get("sampling", {}).items():
        print(f"    sampling, {key}: {value}")

# %%
# Two are real (a molecule and a solid, by density functional theory), three are analytic: their labels are
# exact values of a formula, which can be evaluated anywhere, so the truth is known for every property. The
# recipes of the real ones are files that ``mlffbench label`` runs again, in ``benchmarks/recipes``. Public
# datasets are listed by ``mlffbench data list``.
#
# What to remember
# ----------------
#
# * A model can be no better than its level of theory. Numerical settings have to be converged for forces
#   and stresses, not only for energies.
# * Count energies from isolated atoms of the same level.
# * Structures decide what a model is for. Keep trajectories apart when splitting.
# * Check labels before fitting: forces and energies of similar frames must agree.
#
# Next: :doc:`/_gallery/fundamentals/plot_40_symmetry_and_descriptors`.
