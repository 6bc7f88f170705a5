r"""
Classical force fields
======================

Before machine learning, potential energy surfaces were written by hand: a formula whose terms have a
physical meaning, with a few parameters. After this page you know the formulas that are still in daily use
(Lennard-Jones, Morse, Stillinger–Weber, embedded atom, and the bonded form of GAFF), what each term stands
for, and where each form ends: the error that it cannot go below, however much data it is fitted to. It
builds on :doc:`/_gallery/fundamentals/plot_10_potential_energy_surfaces`. Reading takes half an hour; the
page computes for about ten seconds.
"""

# %%
# Pairs: repulsion and attraction
# -------------------------------
#
# The simplest form is a sum over pairs of atoms, :math:`E = \sum_{i<j} u(r_{ij})`, with :math:`r_{ij}` a
# distance in Å and :math:`u` in eV. Two formulas for :math:`u`:
#
# .. math::
#
#    u_\text{LJ}(r) &= 4\epsilon \left[ \left(\frac{\sigma}{r}\right)^{12} - \left(\frac{\sigma}{r}\right)^{6} \right], \\
#    u_\text{Morse}(r) &= D \left[ e^{-2a(r - r_0)} - 2 e^{-a(r - r_0)} \right] .
#
# *Lennard-Jones* :cite:`LennardJones1931`: :math:`-r^{-6}` is London's dispersion, the attraction of two
# dipoles that fluctuate together; :math:`r^{-12}` stands for the repulsion of filled shells, and is
# convenient rather than derived. :math:`\epsilon` (eV) is the depth of the well, :math:`2^{1/6} \sigma` (Å)
# its place. It suits noble gases, and what is left between molecules once bonds and charges are described
# otherwise.
#
# *Morse* :cite:`Morse1929`: a chemical bond of two atoms. :math:`D` (eV) is the energy that breaks it,
# :math:`r_0` (Å) its length, :math:`2 D a^2` its force constant. It falls off exponentially, as the overlap
# of orbitals does, and breaks smoothly.

import matplotlib.pyplot as plt
import numpy as np

import mlffbench

r = np.linspace(0.8, 3.0, 400)
lennard_jones = (1 / r) ** 12 - 2 * (1 / r) ** 6  # in units of the depth and of the place of the minimum
fig, ax = plt.subplots(figsize=(7, 4))
ax.plot(r, lennard_jones, label="Lennard-Jones")


def morse(r, a):
    """Morse's formula with depth and place of the minimum 1."""
    x = np.exp(-a * (r - 1))
    return x**2 - 2 * x


for a in (4, 6):
    ax.plot(r, morse(r, a), label=f"Morse, a = {a}/r₀")
    h = 1e-4
    curvature = (morse(1 + h, a) - 2 * morse(1.0, a) + morse(1 - h, a)) / h**2
    assert abs(curvature / (2 * a**2) - 1) < 1e-5  # 2 D a²
ax.plot(r, 36 * (r - 1) ** 2 - 1, "k:", label="harmonic, as Morse with 6/r₀ at the bottom")
ax.set(
    ylim=(-1.2, 1.5),
    xlabel="distance / place of the minimum",
    ylabel="energy / depth",
    title="Pair potentials",
)
ax.legend()
fig.tight_layout()

# %%
# What no sum over pairs can do
# -----------------------------
#
# Two exact results test whether a solid is held together by pairs. They need no fit, only structure:
#
# * *Vacancies.* To take an atom out of a crystal and put it back on the surface of a large one costs the
#   cohesive energy per atom, if neighbours do not relax: with pairs, each atom's loss is exactly the sum of
#   its bonds.
# * *Cauchy's relation.* In a crystal whose every atom is a centre of inversion, at zero pressure, central
#   forces give :math:`C_{12} = C_{44}`: of the elastic constants of a cubic crystal only two are
#   independent.
#
# Take copper by effective-medium theory :cite:`Jacobsen1996`, a many-body formula that can be evaluated
# exactly, as the truth, and fit a Morse potential and an embedded-atom potential (the next section) to the
# same 12 cells.

from ase.build import bulk

from mlffbench.estimators import EmbeddedAtom, Morse
from mlffbench.labelling.calculators.emt import emt
from mlffbench.properties.elastic import elastic_constants

copper = mlffbench.load_dataset("emt_copper", n_train=12, n_test=1)


def indices(data, group):
    """Indices of the frames of a group."""
    return np.flatnonzero(data.columns["group"] == group)


def fitted(model, data, train):
    """The model fitted to some frames of a dataset."""
    model.set_params(atomic_energies=dict(data.atomic_energies))
    return model.fit([data.frames[i] for i in train], data.labels[train])


def force_rmse(model, data, test):
    """Root mean square error of the force components, meV/Å."""
    predicted, true = model.predict([data.frames[i] for i in test]).forces, data.labels[test].forces
    return 1000 * np.sqrt(np.mean((np.concatenate(predicted) - np.concatenate(true)) ** 2))


train = indices(copper, "train")
pairs = fitted(Morse(n_starts=1, random_state=0), copper, train)
embedded = fitted(EmbeddedAtom(cutoff=5.0, n_starts=1, random_state=0), copper, train)
rows = {
    "effective medium (truth)": emt(),
    "Morse": pairs.calculator(),
    "embedded atom": embedded.calculator(),
}
constant = {
    name: copper.atomic_energies["Cu"] + (0 if model is None else model.element_energies_["Cu"])
    for name, model in zip(rows, (None, pairs, embedded), strict=True)
}

print(f"{'':26s}  cohesion  vacancy (eV)   C12   C44 (GPa)")
numbers = {}
for name, calc in rows.items():
    elastic = elastic_constants(calc, bulk("Cu", "fcc", a=3.6, cubic=True))
    crystal = elastic.atoms.repeat(3)
    energy = calc.get_property("energy", crystal)
    cohesion = constant[name] - energy / len(crystal)
    vacancy = calc.get_property("energy", crystal[1:]) - (len(crystal) - 1) / len(crystal) * energy
    numbers[name] = cohesion, vacancy, elastic.C[0, 1], elastic.C[3, 3]
    print(f"{name:26s}  {cohesion:8.2f}  {vacancy:7.2f}      {elastic.C[0, 1]:6.1f} {elastic.C[3, 3]:6.1f}")

truth, central, finnis = numbers.values()
assert abs(central[0] - central[1]) < 1e-6  # exact for pairs
assert abs(central[2] / central[3] - 1) < 0.02  # the stress derivatives are finite differences
assert truth[1] < 0.5 * truth[0]
assert truth[2] > 1.2 * truth[3]
assert abs(finnis[2] - truth[2]) < abs(central[2] - truth[2])

# %%
# The pair potential obeys both rules, because it has no choice. The metal breaks both: a vacancy costs far
# less than the cohesive energy, since the neighbours that lost a bond hold on to the others more strongly.
# The fits also have a constant energy per atom, which is taken out of their cohesion above. With it the
# Morse potential gets the vacancy right, but then it is wrong by that constant wherever atoms leave the
# crystal.
#
# Metals: bonds weaken with coordination
# --------------------------------------
#
# That is the idea of the embedded-atom method :cite:`DawBaskes1984,FinnisSinclair1984`:
#
# .. math::
#
#    E = \sum_{i<j} \varphi(r_{ij}) + \sum_i F(\rho_i), \qquad \rho_i = \sum_{j \ne i} f(r_{ij}) .
#
# :math:`\rho_i` is the density that the neighbours bring to the place of atom :math:`i`, and :math:`F` the
# energy of putting an atom there. In a metal the width of a band of electrons grows like the square root of
# the number of neighbours :math:`Z`, and so does the binding energy: :math:`F = -\sqrt\rho` (Finnis and
# Sinclair), so that a bond has a strength of about :math:`1/\sqrt Z`. Compare structures from a dimer to a
# close-packed crystal, each at its best distance :math:`d`:

from ase import Atoms
from scipy.optimize import minimize_scalar

calc = emt()


half = 0.5**0.5
structures = {  # number of nearest neighbours, cell vectors in units of the nearest distance
    "chain": (2, [(1, 0, 0)]),
    "square lattice": (4, [(1, 0, 0), (0, 1, 0)]),
    "simple cubic": (6, np.eye(3)),
    "bcc": (8, np.array([(-1, 1, 1), (1, -1, 1), (1, 1, -1)]) / 3**0.5),
    "fcc": (12, half * np.array([(0, 1, 1), (1, 0, 1), (1, 1, 0)])),
}


def per_atom(vectors, d):
    """Energy per atom at nearest distance d, eV."""
    n = len(vectors)
    cell = np.vstack([d * np.asarray(vectors, dtype=float), 20 * np.eye(3)[n:]])
    return calc.get_property("energy", Atoms("Cu", cell=cell, pbc=np.arange(3) < n))


lone = copper.atomic_energies["Cu"]
pair = lambda d: calc.get_property("energy", Atoms("Cu2", [(0, 0, 0), (d, 0, 0)]))
dimer = minimize_scalar(pair, bounds=(1.8, 2.8), method="bounded").fun
binding = {"dimer": (1, lone - dimer / 2)}
for name, (z, vectors) in structures.items():
    best = minimize_scalar(lambda d, v=vectors: per_atom(v, d), bounds=(2.0, 2.8), method="bounded")
    binding[name] = (z, lone - best.fun)
z, cohesion = np.array(list(binding.values())).T
for name, (neighbours, energy) in binding.items():
    print(
        f"{name:15s} Z = {neighbours:2d}: {energy:.2f} eV per atom, {2 * energy / neighbours:.2f} eV per bond"
    )
power = np.polyfit(np.log(z), np.log(cohesion), 1)[0]
print(f"binding energy ∝ Z^{power:.2f}")
assert power < 0.75  # pairs have 1; here bonds weaken even faster than 1/√Z

fig, ax = plt.subplots(figsize=(7, 4))
many = np.linspace(0, 13, 100)
ax.plot(z, cohesion, "o", label="copper, effective medium")
ax.plot(many, cohesion[-1] * np.sqrt(many / 12), label="∝ √Z: bonds share electrons")
ax.plot(many, cohesion[-1] * many / 12, "--", label="∝ Z: pairs")
for name, (neighbours, energy) in binding.items():
    ax.annotate(name, (neighbours, energy), (5, -12), textcoords="offset points", fontsize=8)
ax.set(xlabel="nearest neighbours Z", ylabel="binding energy (eV per atom)", xlim=(0, 13), ylim=(0, None))
ax.legend()
fig.tight_layout()

# %%
# Covalent crystals: pairs and angles
# -----------------------------------
#
# Silicon in the diamond structure has four neighbours at tetrahedral angles. A pair potential prefers
# twelve; something must make the open structure stable. Stillinger and Weber :cite:`StillingerWeber1985`
# punish other angles:
#
# .. math::
#
#    E &= \sum_{i<j} v_2(r_{ij}) + \sum_i \sum_{j<k} v_3(r_{ij}, r_{ik}, \theta_{jik}), \\
#    v_2(r) &= A \epsilon \left[ B \left(\tfrac{\sigma}{r}\right)^p - \left(\tfrac{\sigma}{r}\right)^q \right]
#              e^{\sigma / (r - a\sigma)}, \\
#    v_3(r, r', \theta) &= \lambda \epsilon\; e^{\gamma\sigma / (r - a\sigma)}\, e^{\gamma\sigma / (r' - a\sigma)}
#              \left( \cos\theta - \cos\theta_0 \right)^2 .
#
# :math:`\epsilon` (eV) is the depth of a bond, :math:`\sigma` (Å) sets lengths, :math:`A, B, p, q` shape
# the pair term. The exponentials bring everything to zero at :math:`a\sigma` with all derivatives.
# :math:`\lambda` is the stiffness of the angle between two bonds, :math:`\cos\theta_0 = -1/3` in the
# original. The authors chose the parameters for the crystal's energy and for the melt.
#
# The floor
# ---------
#
# Now fit the three forms to real labels: silicon by density functional theory (PBE), diamond at 300 K and
# strained. With ten and with 100 frames (25 for the slow fit of angles), and beside them a machine-learned
# potential (:doc:`/_gallery/fundamentals/plot_50_kernels_and_gaussian_processes`).

from mlffbench.estimators import SOAPGPR, StillingerWeber

silicon = mlffbench.load_dataset("silicon")
shuffled = np.random.default_rng(0).permutation(indices(silicon, "train"))
test = indices(silicon, "test")
models = {
    "morse": (lambda: Morse(n_starts=1, random_state=0), (10, 100)),
    "embedded_atom": (lambda: EmbeddedAtom(n_starts=1, random_state=0), (10, 100)),
    "stillinger_weber": (lambda: StillingerWeber(n_starts=1, max_iterations=8, random_state=0), (25,)),
    "soap_gpr": (lambda: SOAPGPR(n_sparse=150, random_state=0), (10, 100)),
}
curves, last = {}, {}
for name, (make, sizes) in models.items():
    curves[name] = []
    for n in sizes:
        last[name] = model = fitted(make(), silicon, shuffled[:n])
        curves[name].append((n, force_rmse(model, silicon, shuffled[:n]), force_rmse(model, silicon, test)))

fig, ax = plt.subplots(figsize=(7, 4))
for i, (name, points) in enumerate(curves.items()):
    n, on_training, on_test = np.array(points).T
    ax.loglog(n, on_test, "o-", color=f"C{i}", label=name)
    ax.loglog(n, on_training, "s:", color=f"C{i}", alpha=0.6)
    print(f"{name:16s} test errors", " ".join(f"{e:.0f}" for e in on_test), "meV/Å;", end=" ")
    print(f"last training error {on_training[-1]:.0f}; {last[name].n_parameters_} parameters")
ax.plot([], [], "s:", color="grey", label="on the training frames")
ax.set(
    xlabel="training frames",
    ylabel="force error (meV/Å)",
    title="Silicon, PBE: classical forms reach a floor",
)
ax.set_xticks([10, 25, 100], ["10", "25", "100"])
ax.set_yticks([20, 50, 100, 200, 400], ["20", "50", "100", "200", "400"])
ax.set_ylim(10, 1000)
ax.minorticks_off()
ax.legend(fontsize=8, ncol=3, loc="upper center")
fig.tight_layout()

for name in ("morse", "embedded_atom", "stillinger_weber"):
    first, final = curves[name][0], curves[name][-1]
    assert final[2] > 0.8 * first[2]  # more frames do not help
    assert final[1] > 0.7 * final[2]  # nor is it overfitting: the training frames have the same error
assert curves["soap_gpr"][-1][2] < 0.25 * min(
    points[-1][2] for name, points in curves.items() if name != "soap_gpr"
)

# %%
# The classical errors do not fall with more data, and are as large on the frames that were fitted: not the
# data are missing, but the terms. This *floor* is what the physics in the formula leaves out. The flexible
# model goes far below it. (A fit is not the only way to judge a classical potential: with the parameters of
# 1985, which were never fitted to these labels, Stillinger and Weber's formula has the errors of the next
# table.)
#
# Where silicon forms end: another coordination
# ---------------------------------------------
#
# β-tin, the phase of silicon under pressure, has six neighbours at other angles. The energy against volume
# of both phases, by the potential fitted to diamond only, by one fitted to both phases, and by the original
# parameters:

from mlffbench.labelling.calculators.stillinger_weber import stillinger_weber

tin = indices(silicon, "beta_tin")
diamond_only = last["stillinger_weber"]
both = fitted(models["stillinger_weber"][0](), silicon, np.concatenate([shuffled[:20], tin[::2]]))
both_embedded = fitted(models["embedded_atom"][0](), silicon, np.concatenate([shuffled[:20], tin[::2]]))
original = stillinger_weber()

errors = {
    "stillinger_weber, diamond only": (
        force_rmse(diamond_only, silicon, test),
        force_rmse(diamond_only, silicon, tin[1::2]),
    ),
    "stillinger_weber, both phases": (force_rmse(both, silicon, test), force_rmse(both, silicon, tin[1::2])),
    "embedded_atom, diamond only": (
        curves["embedded_atom"][-1][2],
        force_rmse(last["embedded_atom"], silicon, tin[1::2]),
    ),
    "embedded_atom, both phases": (
        force_rmse(both_embedded, silicon, test),
        force_rmse(both_embedded, silicon, tin[1::2]),
    ),
}
exact = [np.concatenate([silicon.labels.forces[i] for i in group]) for group in (test, tin[1::2])]
given = [
    np.concatenate([original.get_property("forces", silicon.frames[i]) for i in group])
    for group in (test, tin[1::2])
]
errors["parameters of 1985"] = tuple(
    1000 * np.sqrt(np.mean((a - b) ** 2)) for a, b in zip(given, exact, strict=True)
)
print(f"{'force errors (meV/Å)':34s} diamond   β-tin")
for name, (in_diamond, in_tin) in errors.items():
    print(f"{name:34s} {in_diamond:7.0f} {in_tin:7.0f}")
for name in ("stillinger_weber", "embedded_atom"):
    alone, joint = errors[f"{name}, diamond only"], errors[f"{name}, both phases"]
    assert alone[1] > 2 * alone[0]  # another coordination
    assert joint[1] < alone[1]  # better there,
    assert joint[0] > 1.15 * alone[0]  # at the expense of diamond

fig, axes = plt.subplots(1, 3, figsize=(9, 3.6), sharey=True)
calculators = {
    "fitted to diamond": diamond_only.calculator(),
    "fitted to both": both.calculator(),
    "parameters of 1985": original,
}
apart = {}
for ax, (title, calc) in zip(axes, calculators.items(), strict=True):
    for colour, phase in (("C0", "diamond"), ("C3", "beta_tin")):
        perfect = silicon.reference.structures[phase]
        known = silicon.card["references"][phase]
        ground = silicon.reference.values["diamond"]["energy"]
        volumes = np.array(known["volumes_A3_per_atom"])
        ax.plot(volumes, np.array(known["energies_eV_per_atom"]) - ground, "o", ms=4, color=colour)
        curve = []
        for v in volumes:
            scaled = perfect.copy()
            scaled.set_cell(
                perfect.cell * (v * len(perfect) / perfect.get_volume()) ** (1 / 3), scale_atoms=True
            )
            curve.append(calc.get_property("energy", scaled) / len(scaled))
        if phase == "diamond":
            lowest = min(curve)
        else:
            apart[title] = min(curve) - lowest
            print(f"{title}: β-tin lies {apart[title]:.2f} eV per atom above diamond")
        ax.plot(volumes, np.array(curve) - lowest, color=colour, label=f"{phase.replace('beta_', 'β-')}")
    ax.set(title=title, xlabel="volume (Å³ per atom)", ylim=(-0.2, 4))
axes[0].set_ylabel("energy above diamond (eV per atom)")
true = silicon.card["references"]["beta_tin_minus_diamond_eV_per_atom"]
print(f"PBE: {true:.2f} eV")
assert abs(apart["fitted to diamond"] - true) > 1
assert abs(apart["fitted to both"] - true) < 0.1
axes[0].plot([], [], "ko", ms=4, label="PBE")
axes[0].legend(fontsize=8)
fig.tight_layout()

# %%
# A potential that saw only tetrahedra knows nothing of six neighbours, and may say anything: its β-tin is
# wrong by more than an electronvolt per atom. Fitted to both phases it has both curves right, but its
# forces in diamond are worse than before: one stiffness :math:`\lambda` and one angle :math:`\theta_0`
# cannot describe two kinds of bonding. More data of another kind move the error about; they do not remove
# it.
#
# Molecules: bonds, angles, torsions
# ----------------------------------
#
# For molecules one fixes the list of bonds, the *topology*, and describes small deviations from rest. The
# form of GAFF :cite:`Wang2004gaff`, and of most force fields of biomolecules, is
#
# .. math::
#
#    E = \sum_\text{bonds} k_b (r - r_0)^2 + \sum_\text{angles} k_a (\theta - \theta_0)^2
#      + \sum_\text{torsions} \sum_n \tfrac12 V_n \left[ 1 + \cos(n\varphi - \varphi_n) \right]
#      + \sum_\text{pairs} \left\{ \epsilon \left[ \left(\tfrac{R}{r}\right)^{12} - 2 \left(\tfrac{R}{r}\right)^{6} \right]
#      + \frac{q_i q_j e^2}{4\pi\varepsilon_0 r} \right\} .
#
# .. list-table::
#    :header-rows: 1
#
#    * - term
#      - physics
#      - parameters
#    * - bonds
#      - stretching, the stiffest motion; harmonic, so that it cannot break
#      - :math:`k_b` (eV/Å²), :math:`r_0` (Å)
#    * - angles
#      - bending between two bonds of an atom
#      - :math:`k_a` (eV/rad²), :math:`\theta_0` (rad)
#    * - torsions
#      - turning about a bond; periodic in the dihedral angle :math:`\varphi`
#      - :math:`V_n` (eV), phase :math:`\varphi_n`, periodicity :math:`n`
#    * - pairs
#      - repulsion and dispersion of atoms at least three bonds apart
#      - :math:`\epsilon` (eV), :math:`R` (Å)
#    * - charges
#      - electrostatics of fixed point charges
#      - :math:`q` (units of :math:`e`)
#
# Atoms of one element in different surroundings have different *types* and parameters. ``mlffbench``'s
# estimator ``bonded`` finds types and bonds by itself and fits all parameters to energies and forces. On
# malonaldehyde at 300 K:

from mlffbench.estimators import Bonded

molecule = mlffbench.load_dataset("malonaldehyde")
train, test = indices(molecule, "train_300K")[:100], indices(molecule, "test_300K")
bonded = fitted(Bonded(depth=1), molecule, train)
morse_molecule = fitted(Morse(n_starts=1, random_state=0), molecule, train)
print(
    f"bonded: {bonded.n_parameters_} parameters, training error {force_rmse(bonded, molecule, train):.0f} meV/Å"
)
table = {}
for group in ("test_300K", "test_1200K", "proton_transfer", "dihedral"):
    chosen = indices(molecule, group)
    table[group] = [force_rmse(model, molecule, chosen) for model in (bonded, morse_molecule)]
    print(f"{group:16s} force error: bonded {table[group][0]:5.0f}, morse {table[group][1]:5.0f} meV/Å")
assert table["test_300K"][0] < 0.5 * table["test_300K"][1]  # angles and torsions matter
assert force_rmse(bonded, molecule, train) > 0.7 * table["test_300K"][0]  # the floor again
for bond, values in bonded.parameters_["bonds"].items():
    print(f"bond {bond:24s} r₀ = {values['r0']:.2f} Å, k = {values['k']:.0f} eV/Å²")

# %%
# The numbers of the fit have meaning: about one Å for bonds to hydrogen, shorter and stiffer for double
# bonds. Near rest the form halves the error of pairs. Its two ends are built in.
#
# *Bonds cannot break.* The harmonic O–H bond of the fit, stretched, soon costs more than the energy that
# holds all nine atoms of the molecule together:

oh = bonded.parameters_["bonds"]["H(O)-O(CH)"]
atoms_apart = sum(molecule.atomic_energies[symbol] for symbol in molecule.frames[0].symbols)
atomisation = atoms_apart - molecule.reference.values["minimum"]["energy"]
limit = oh["r0"] + np.sqrt(atomisation / oh["k"])
print(f"O–H: k (r − r₀)² exceeds the {atomisation:.1f} eV of all bonds together at r = {limit:.2f} Å")
assert limit < 4.0

# %%
# *The topology is fixed.* When the proton of malonaldehyde moves from one oxygen to the other, single and
# double bonds change places, from C–O to C=O. ``bonded`` mixes the two topologies while the proton is on
# its way, which keeps the energy smooth; but nothing in the form says how high the pass between them is.
# The torsion about the C–C bond was not in the training data either:

fig, axes = plt.subplots(1, 2, figsize=(8.5, 3.8))
profiles = {}
for ax, group, label in (
    (axes[0], "proton_transfer", "r(OH) − r(O'H) (Å)"),
    (axes[1], "dihedral", "O=C–C=C dihedral (degrees)"),
):
    chosen = indices(molecule, group)
    x = molecule.columns["coordinate"][chosen].astype(float)
    true = molecule.labels.energy[chosen]
    ax.plot(x, 1000 * (true - true[0]), "ko", ms=4, label="PBE")
    for name, model in (("bonded", bonded), ("morse", morse_molecule)):
        energy = model.predict([molecule.frames[i] for i in chosen]).energy
        profiles[group, name] = np.sqrt(np.mean((energy - energy[0] - true + true[0]) ** 2))
        ax.plot(x, 1000 * (energy - energy[0]), label=name)
        print(f"{group:16s} {name:7s} RMSE of the profile {1000 * profiles[group, name]:.0f} meV")
    ax.set(xlabel=label, ylabel="energy from the first frame (meV)", title=group.replace("_", " "))
axes[0].legend()
fig.tight_layout()

proton = molecule.labels.energy[indices(molecule, "proton_transfer")]
assert profiles["proton_transfer", "bonded"] > np.ptp(proton)  # the error is larger than the whole profile
assert profiles["proton_transfer", "morse"] < profiles["proton_transfer", "bonded"]
turn = molecule.labels.energy[indices(molecule, "dihedral")]
assert profiles["dihedral", "bonded"] < 0.2 * np.ptp(turn)
assert profiles["dihedral", "morse"] > np.ptp(turn)

# %%
# Both lessons are in this figure. For the torsion the form has the right term, and a fit to frames near
# rest carries over to half a turn. For the proton it has the wrong one, and misses the barrier by far;
# pairs, which know nothing of bonds, come nearer there, and fail where a term is needed. **A physical form
# transfers as far as its physics is true.**
#
# What to remember
# ----------------
#
# .. list-table::
#    :header-rows: 1
#
#    * - form
#      - good for
#      - ends where
#    * - Lennard-Jones
#      - noble gases, contact between molecules
#      - there are bonds, charges or metals
#    * - Morse
#      - a single bond, also broken
#      - angles matter; :math:`C_{12} \ne C_{44}`
#    * - embedded atom
#      - metals, their defects and surfaces
#      - bonds have directions
#    * - Stillinger–Weber
#      - tetrahedral crystals and their melt
#      - the coordination changes
#    * - GAFF form
#      - molecules near rest, liquids, proteins
#      - bonds break or form
#
# * The formulas are fast, smooth, and safe where their physics holds. A few dozen frames determine them.
# * Their error has a floor that data do not lower. To go below it takes a form that can represent any
#   smooth function of an atom's surroundings, and many labels: the rest of this book.
# * Flexible forms know even less outside their data. A Stillinger–Weber potential at least repels at short
#   distance; a learned one does so only if it was shown
#   (:doc:`/_gallery/fundamentals/plot_80_evaluating_models`).
#
# Next: :doc:`/_gallery/fundamentals/plot_30_reference_data`.
