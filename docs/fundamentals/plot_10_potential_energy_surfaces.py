r"""
Potential energy surfaces
=========================

Everything that a force field predicts comes from one function: the energy of a set of atoms as a function
of where they are. After this page you know where that function comes from, how forces and stress follow
from it, and which properties of it a model must share: it is extensive, many-body, smooth, and mostly
local. You need Python, calculus and classical mechanics. Reading takes half an hour; the page computes for
a few seconds.
"""

# %%
# From electrons to a surface
# ---------------------------
#
# A molecule or a crystal is a set of :math:`N` nuclei with atomic numbers :math:`Z_1 \dots Z_N` at
# positions :math:`\mathbf R = (\mathbf r_1 \dots \mathbf r_N)`, in Å, and its electrons. Nuclei are
# thousands of times heavier than electrons and therefore slow. Born and Oppenheimer
# :cite:`BornOppenheimer1927` separate the two: hold the nuclei at rest, solve the Schrödinger equation of
# the electrons alone, and call its lowest eigenvalue, with the repulsion of the nuclei, the energy
# :math:`E` of this arrangement:
#
# .. math::
#
#    \Big[ \hat T_\text{e} + V_\text{ee} + V_\text{en}(\mathbf R) \Big] \Psi = E_\text{e}(\mathbf R)\, \Psi ,
#    \qquad
#    E(\mathbf R) = E_\text{e}(\mathbf R) + \sum_{i<j} \frac{Z_i Z_j e^2}{4\pi\varepsilon_0\, r_{ij}} .
#
# :math:`\hat T_\text{e}` is the kinetic energy of the electrons, :math:`V_\text{ee}` their repulsion,
# :math:`V_\text{en}` their attraction to the nuclei, :math:`r_{ij}` a distance between nuclei. The nuclei
# then move on the *potential energy surface* :math:`E(\mathbf R)`, by Newton's equations
#
# .. math::
#
#    m_i \ddot{\mathbf r}_i = \mathbf F_i = -\frac{\partial E}{\partial \mathbf r_i} .
#
# The electrons are gone from these equations; all that is left of them is :math:`E(\mathbf R)`. To compute
# it for one arrangement takes seconds to hours. A *force field* (or *interatomic potential*) is a formula
# that gives :math:`E(\mathbf R)` in micro- or milliseconds, and a *machine-learned* force field is one
# whose formula is so flexible that it is fitted to thousands of such calculations.
#
# A slice of a real surface
# -------------------------
#
# Malonaldehyde, C\ :sub:`3`\ H\ :sub:`4`\ O\ :sub:`2`, has nine atoms, so its surface has 27 coordinates,
# or 21 without translations and rotations. In it a proton sits between two oxygen atoms, bonded to one of
# them, and can hop to the other. The built-in dataset ``malonaldehyde`` has frames along such a hop, with
# energies and forces of density functional theory.

import matplotlib.pyplot as plt
import numpy as np
from ase.units import kB
from scipy.interpolate import CubicSpline

import mlffbench

molecule = mlffbench.load_dataset("malonaldehyde")
path = np.flatnonzero(molecule.columns["group"] == "proton_transfer")
coordinate = molecule.columns["coordinate"][path].astype(float)  # Å, r(OH) − r(O'H)
energies = molecule.labels.energy[path]  # eV
minimum = molecule.reference.values["minimum"]["energy"]
saddle = molecule.reference.values["transfer_saddle"]["energy"]
barrier = 1000 * (saddle - minimum)

print("level of theory:", molecule.card["level"])
print("path:", molecule.card["sampling"]["proton_transfer"])
print(f"barrier, saddle point minus minimum: {barrier:.1f} meV")
print(f"k_B T at 300 K: {1000 * 300 * kB:.1f} meV")
print(f"lowest frame of the path: {1000 * (energies.min() - minimum):.1f} meV above the minimum")
assert energies.min() > saddle

fig, ax = plt.subplots(figsize=(7, 4))
ax.plot(coordinate, 1000 * (energies - minimum), "o-", label="frames of the path")
ax.axhline(barrier, color="C3", ls="--", label="saddle point")
ax.axhline(0, color="C2", ls="--", label="minimum")
ax.set(xlabel="r(OH) − r(O'H) (Å)", ylabel="energy above the minimum (meV)")
ax.set_title("A proton between two oxygen atoms")
ax.legend()
fig.tight_layout()

# %%
# The energy has two valleys, because the two oxygen atoms are alike, and a pass between them: the
# *barrier*. At room temperature the barrier is about as high as :math:`k_\text{B}T`, so the proton crosses
# all the time.
#
# All frames of the path lie higher than the saddle point, and their energy rises at both ends. They were
# found with a cheaper method (GFN2-xTB, named above), whose valleys lie elsewhere, and only then labelled.
# **A path of one level of theory is not a path of another.** The minimum and the saddle point of the dashed
# lines were relaxed at the level of the labels itself.
#
# At a minimum all curvatures are positive; at a *saddle point* exactly one is negative. Curvatures divided
# by masses are squares of vibrational frequencies, so the saddle point has one imaginary frequency, by
# custom written as negative:

values = molecule.reference.values
wavenumbers = {
    name: np.array([v for key, v in values[name].items() if key.startswith("wavenumber")])
    for name in ("minimum", "transfer_saddle")
}
for name, waves in wavenumbers.items():
    print(f"{name}: {len(waves)} vibrations, lowest {waves.min():.0f} 1/cm, highest {waves.max():.0f} 1/cm")
assert (wavenumbers["minimum"] > 0).all()
assert (wavenumbers["transfer_saddle"] < 0).sum() == 1
assert all(len(waves) == 3 * 9 - 6 for waves in wavenumbers.values())

# %%
# Forces are slopes of the energy
# -------------------------------
#
# The frames have forces as well as energies, from the same calculation. If :math:`\mathbf F = -\partial
# E/\partial\mathbf R` holds, their work along any path gives back the energy,
#
# .. math::
#
#    E(\mathbf R_b) - E(\mathbf R_a) = - \int_a^b \sum_i \mathbf F_i \cdot \mathrm d\mathbf r_i .
#
# So check it on the quantum-chemical labels. Positions and forces between the frames come from cubic
# splines; the integral is then compared with the energies.

positions = np.array([molecule.frames[i].positions for i in path])
forces = np.array([molecule.labels.forces[i] for i in path])  # (17, 9, 3), eV/Å
steps = np.linalg.norm(np.diff(positions, axis=0), axis=(1, 2))
s = np.concatenate([[0], np.cumsum(steps)])  # length along the path, Å
power = CubicSpline(s, forces), CubicSpline(s, positions).derivative()
fine = np.linspace(0, s[-1], 4001)
slope = -np.einsum("sia,sia->s", power[0](fine), power[1](fine))  # dE/ds, eV/Å
work = CubicSpline(fine, slope).antiderivative()
from_forces = work(s) + energies[0]

difference = 1000 * np.abs((from_forces - from_forces.mean()) - (energies - energies.mean())).max()
span = 1000 * np.ptp(energies)
print(f"energies span {span:.1f} meV; they differ from the work of the forces by {difference:.2f} meV")
assert difference < 0.02 * span  # 17 points of a spline

fig, axes = plt.subplots(1, 2, figsize=(8, 3.6))
axes[0].plot(coordinate, 1000 * (energies - energies[8]), "o", label="energies")
axes[0].plot(coordinate, 1000 * (from_forces - from_forces[8]), "-", label="work of the forces")
axes[0].set(xlabel="r(OH) − r(O'H) (Å)", ylabel="energy (meV)")
axes[0].legend()
axes[1].plot(fine - s[8], slope, color="C1")
axes[1].axhline(0, color="grey", lw=0.8)
axes[1].set(xlabel="length along the path (Å)", ylabel="dE/ds (eV/Å)")
fig.tight_layout()

# %%
# One calculation of :math:`N` atoms gives one energy but :math:`3N` force components, at little extra cost:
# by the theorem of Hellmann and Feynman :cite:`Feynman1939` the wave function need not be differentiated
# (with basis functions that move with the atoms, a correction is added). That is why force fields are
# fitted to forces above all.

print(f"labels of one frame: 1 energy, {molecule.labels.forces[0].size} force components")

# %%
# Finite differences, and their two errors
# ----------------------------------------
#
# The direct test of a force is a difference of energies,
#
# .. math::
#
#    F_{i\alpha} \approx - \frac{E(r_{i\alpha} + h) - E(r_{i\alpha} - h)}{2h} .
#
# Its error has two parts: neglected terms of the Taylor series, proportional to :math:`h^2`, and rounding
# of the energy, proportional to :math:`1/h`. We need an energy that can be computed in no time, and use a
# classical formula for silicon, that of Stillinger and Weber :cite:`StillingerWeber1985` (the next page
# explains it), as an exactly known surface.

from ase.build import bulk
from ase.units import GPa

from mlffbench.labelling.calculators.stillinger_weber import stillinger_weber

calculator = stillinger_weber()
rng = np.random.default_rng(0)
crystal = bulk("Si", "diamond", a=5.431, cubic=True)
crystal.positions += rng.normal(scale=0.1, size=crystal.positions.shape)


def energy_of(atoms):
    """Energy by the exactly known potential, eV."""
    return calculator.get_property("energy", atoms)


def force_by_differences(atoms, i, axis, h):
    """−∂E/∂r by a central difference, eV/Å."""
    moved = []
    for sign in (1, -1):
        copy = atoms.copy()
        copy.positions[i, axis] += sign * h
        moved.append(energy_of(copy))
    return -(moved[0] - moved[1]) / (2 * h)


exact = calculator.get_property("forces", crystal)[0, 0]
widths = np.logspace(-9, -0.7, 34)
errors = np.array([abs(force_by_differences(crystal, 0, 0, h) - exact) for h in widths])
best = widths[errors.argmin()]
wide = (widths > 3e-3) & (widths < 0.1)
order = np.polyfit(np.log(widths[wide]), np.log(errors[wide]), 1)[0]
print(f"force {exact:.6f} eV/Å; smallest error {errors.min():.1e} eV/Å, at h = {best:.0e} Å")
print(f"above, the error grows like h^{order:.2f}")
assert abs(order - 2) < 0.1
assert errors.min() < 1e-8

fig, ax = plt.subplots(figsize=(7, 4))
ax.loglog(widths, errors, "o-", label="error of the central difference")
ax.loglog(widths[wide], errors[wide][0] * (widths[wide] / widths[wide][0]) ** 2, "k--", label="∝ h²")
ax.set(xlabel="h (Å)", ylabel="|error of the force| (eV/Å)")
ax.set_title("Truncation on the right, rounding on the left")
ax.legend()
fig.tight_layout()

# %%
# A central difference with :math:`h` between 10\ :sup:`-5` and 10\ :sup:`-3` Å is a good check of any model
# in double precision. In single precision the rounding part is larger by the ratio of the two machine
# epsilons, and :math:`h` has to grow with it.

print(f"rounding in single over double precision: {np.finfo(np.float32).eps / np.finfo(np.float64).eps:.0e}")

# %%
# Some models predict forces by a separate output, not as a derivative. They are faster, and fail this test:
# along a closed path such forces do work, and a simulation gains or loses energy. ``mlffbench`` tests every
# fitted model for it (:doc:`/tasks`).
#
# Stress: the slope with respect to the cell
# ------------------------------------------
#
# A crystal repeats periodically with three cell vectors. Deform everything together: every position and
# every cell vector :math:`\mathbf r` becomes :math:`(1 + \varepsilon)\, \mathbf r` with a symmetric 3 × 3
# *strain* :math:`\varepsilon` (no unit). The *stress* is the slope of the energy divided by the volume
# :math:`V`,
#
# .. math::
#
#    \sigma_{\alpha\beta} = \frac{1}{V} \frac{\partial E}{\partial \varepsilon_{\alpha\beta}} ,
#    \qquad p = -\tfrac13 \operatorname{tr} \sigma ,
#
# in eV/Å\ :sup:`3` or GPa (1 eV/Å\ :sup:`3` = 160.2 GPa). A negative trace is a crystal that wants to
# expand; many programs give the *virial* :math:`-V\sigma` instead, and some the opposite sign: mistakes
# that ``mlffbench data check`` looks for. For an energy that is a sum over pairs, :math:`E = \sum_{i<j}
# u(r_{ij})`, the chain rule gives
#
# .. math::
#
#    V \sigma_{\alpha\beta} = \sum_{i<j} u'(r_{ij})\, \frac{r_{ij,\alpha}\, r_{ij,\beta}}{r_{ij}} .
#
# The check is the definition: strain a little, and divide.


def strained(atoms, epsilon):
    """The atoms and their cell, all vectors r replaced by (1 + ε) r."""
    copy = atoms.copy()
    copy.set_cell(atoms.cell.array @ (np.eye(3) + epsilon), scale_atoms=True)
    return copy


def stress_by_differences(atoms, h=1e-5):
    """Stress in Voigt order (xx yy zz yz xz xy), eV/Å³."""
    stress = []
    for a, b in ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)):
        epsilon = np.zeros((3, 3))
        epsilon[a, b] += h / 2  # a shear strain has two equal entries
        epsilon[b, a] += h / 2
        slope = (energy_of(strained(atoms, epsilon)) - energy_of(strained(atoms, -epsilon))) / (2 * h)
        stress.append(slope / atoms.get_volume())
    return np.array(stress)


analytic, numerical = calculator.get_property("stress", crystal), stress_by_differences(crystal)
print("stress, analytic (GPa):   ", (analytic / GPa).round(5))
print("stress, differences (GPa):", (numerical / GPa).round(5))
assert np.abs(analytic - numerical).max() / GPa < 1e-5

# %%
# The density functional theory of the built-in silicon data was checked in the same way when the data were
# made. Here the stress and the differences agree less well than those of a formula: energies have a
# convergence error, and the basis of plane waves changes with the cell (the *Pulay stress*).

solid = mlffbench.load_dataset("silicon")
for phase, check in solid.card["references"]["checks"].items():
    given, by_differences = check["stress_GPa"], check["stress_by_differences_GPa"]
    worst = max(abs(given[k] - by_differences[k]) for k in given)
    print(f"PBE, {phase}: stresses differ from strain derivatives by at most {worst:.4f} GPa")
    assert worst < 0.05

# %%
# One slice of silicon: energy against volume
# -------------------------------------------
#
# The same idea on a large scale is the *equation of state*: scale the whole crystal and plot its energy per
# atom. The minimum is the equilibrium volume, the slope is minus the pressure :math:`p = -\mathrm
# dE/\mathrm dV`, and the curvature is the bulk modulus :math:`B = V\, \mathrm d^2E/\mathrm dV^2`. Birch's
# equation :cite:`Birch1947` is a cubic in :math:`x = V^{-2/3}`, so a polynomial fit does.
#
# The card of the dataset has points for the diamond structure, where each atom has four neighbours, and for
# β-tin, where it has six.


class Birch:
    """E(V) = cubic polynomial of V^(−2/3); volumes in Å³ and energies in eV, both per atom."""

    def __init__(self, volumes, energies):
        self.polynomial = np.poly1d(np.polyfit(np.asarray(volumes) ** (-2 / 3), energies, 3))
        grid = np.linspace(min(volumes), max(volumes), 100_001)
        self.volume = grid[self.energy(grid).argmin()]

    def energy(self, v):
        return self.polynomial(v ** (-2 / 3))

    def pressure(self, v):
        return 2 / 3 * v ** (-5 / 3) * self.polynomial.deriv()(v ** (-2 / 3))

    def bulk_modulus(self):
        h = 1e-3
        return -self.volume * (self.pressure(self.volume + h) - self.pressure(self.volume - h)) / (2 * h)


curves, known = {}, solid.card["references"]
for phase in ("diamond", "beta_tin"):
    curves[phase] = curve = Birch(known[phase]["volumes_A3_per_atom"], known[phase]["energies_eV_per_atom"])
    bulk_modulus = curve.bulk_modulus() / GPa
    print(f"{phase}: volume {curve.volume:.2f} Å³ per atom, bulk modulus {bulk_modulus:.1f} GPa")
    assert abs(bulk_modulus / known[phase]["bulk_modulus_GPa"] - 1) < 0.01  # the card's own fit

# %%
# Under pressure the structure with the lowest enthalpy :math:`H = E + pV` wins. Where the two phases have
# the same :math:`H` one tangent touches both curves, and its slope is minus the pressure of the transition.

from scipy.optimize import fsolve

diamond, tin = curves["diamond"], curves["beta_tin"]


def tangent(v):
    """Equal pressures and equal enthalpies at the volumes of diamond and β-tin."""
    p = diamond.pressure(v[0])
    return [p - tin.pressure(v[1]), diamond.energy(v[0]) + p * v[0] - tin.energy(v[1]) - p * v[1]]


touching = fsolve(tangent, [18.5, 14.0])
transition = diamond.pressure(touching[0])
print(f"diamond turns into β-tin at {transition / GPa:.1f} GPa")
print(f"and shrinks from {touching[0]:.1f} to {touching[1]:.1f} Å³ per atom")
assert np.abs(tangent(touching)).max() < 1e-8

fig, ax = plt.subplots(figsize=(7, 4))
for colour, (phase, curve) in zip(("C0", "C3"), curves.items(), strict=True):
    volumes = np.array(known[phase]["volumes_A3_per_atom"])
    v = np.linspace(volumes.min(), volumes.max(), 200)
    ax.plot(volumes, known[phase]["energies_eV_per_atom"], "o", color=colour)
    ax.plot(v, curve.energy(v), color=colour, label=phase.replace("beta_", "β-"))
v = np.array([13.0, 19.5])
ax.plot(v, diamond.energy(touching[0]) - transition * (v - touching[0]), "k--", lw=1, label="common tangent")
ax.set(xlabel="volume (Å³ per atom)", ylabel="energy (eV per atom)", ylim=(-5.45, -4.75))
ax.set_title("Silicon, two crystal structures")
ax.legend()
fig.tight_layout()

# %%
# Extensive
# ---------
#
# Two copies far apart have twice the energy, and a repeated crystal has the energy of its cell times the
# number of cells: energy is *extensive*. This is why force fields write :math:`E = \sum_i E_i`, one
# contribution per atom: a model that is fitted to cells of eight atoms can then be used for thousands. The
# :math:`E_i` cannot be measured; only their sum can.

single = energy_of(crystal)
for n in (2, 3):
    repeated = energy_of(crystal.repeat(n))
    print(f"{n}×{n}×{n} cells: {repeated:.6f} eV, {repeated / single:.10f} times that of one")
    assert abs(repeated - n**3 * single) < 1e-9 * abs(repeated)

# %%
# Many-body
# ---------
#
# Is the energy a sum over pairs of atoms? Write it as if it were, and add what is missing:
#
# .. math::
#
#    E = \sum_i V_1(i) + \sum_{i<j} V_2(i, j) + \sum_{i<j<k} V_3(i, j, k) + \dots
#
# :math:`V_2(i,j)` is the energy of the two atoms alone minus that of its parts, :math:`V_3` the energy of
# the three alone minus all its pairs and atoms, and so on. By inclusion and exclusion,
#
# .. math::
#
#    V_n(A) = \sum_{B \subseteq A} (-1)^{|A| - |B|}\, E(B) ,
#
# where :math:`B` runs over all subsets of the atoms :math:`A`. The series is exact, and ends with the
# number of atoms. It is useful if it ends early. Compare two clusters of six atoms, silicon by Stillinger
# and Weber's formula, and copper by effective-medium theory :cite:`Jacobsen1996`, in which an atom's energy
# is a nonlinear function of the density of its neighbours:

from itertools import combinations

from ase import Atoms

from mlffbench.labelling.calculators.emt import emt

octahedron = np.array([(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)])
clusters = {
    "silicon, Stillinger–Weber": (Atoms("Si6", 1.7 * octahedron), stillinger_weber()),
    "copper, effective medium": (Atoms("Cu6", 1.8 * octahedron), emt()),
}


def contributions(atoms, calc):
    """Sums of V_n over all groups of n atoms, eV, for n = 1 ... len(atoms)."""
    n = len(atoms)
    subsets = [c for k in range(n + 1) for c in combinations(range(n), k)]
    energy = {c: calc.get_property("energy", atoms[list(c)]) if c else 0.0 for c in subsets}
    terms = np.zeros(n)
    for a in subsets[1:]:
        parts = [b for k in range(len(a) + 1) for b in combinations(a, k)]
        terms[len(a) - 1] += sum((-1) ** (len(a) - len(b)) * energy[b] for b in parts)
    assert abs(terms.sum() - energy[subsets[-1]]) < 1e-8  # the expansion is exact
    return terms


fig, axes = plt.subplots(1, 2, figsize=(8, 3.6))
found = {}
for ax, (name, (atoms, calc)) in zip(axes, clusters.items(), strict=True):
    found[name] = terms = contributions(atoms, calc)
    print(f"{name}: V_1 ... V_6 =", " ".join(f"{t:.3g}" if abs(t) > 1e-9 else "0" for t in terms), "eV")
    ax.bar(range(2, 7), terms[1:], color=["C0" if t < 0 else "C3" for t in terms[1:]])
    ax.axhline(0, color="k", lw=0.8)
    ax.set(title=name, xlabel="bodies n", ylabel="sum of all $V_n$ (eV)")
fig.tight_layout()

silicon_terms, copper_terms = found.values()
assert np.abs(silicon_terms[3:]).max() < 1e-9  # pairs and angles only
assert np.abs(copper_terms[3:]).min() > 1e-3

# %%
# Stillinger and Weber's formula has pairs and triples by construction, so all further terms are zero. The
# metal has terms of every order, with alternating signs. Real materials are like that: bonds weaken when an
# atom has more neighbours. A model of *body order* :math:`n` has only the terms up to :math:`V_n`; how fast
# the error falls with :math:`n` is one of the questions of
# :doc:`/_gallery/fundamentals/plot_40_symmetry_and_descriptors`.
#
# Smooth
# ------
#
# :math:`E(\mathbf R)` of the ground state has derivatives of all orders, except where electronic states
# cross. A model has a *cutoff* :math:`r_c`, beyond which atoms do not see each other, and must not spoil
# this. Three ways to end the Lennard-Jones potential :math:`u(r) = 4\epsilon[(\sigma/r)^{12} -
# (\sigma/r)^6]`:

epsilon, sigma, cutoff = 0.0104, 3.40, 6.5  # eV, Å, Å: about argon


def lennard_jones(r):
    """Energy, eV, and its slope, eV/Å."""
    x = (sigma / r) ** 6
    return 4 * epsilon * (x**2 - x), -24 * epsilon * (2 * x**2 - x) / r


def cut(r):
    u, slope = lennard_jones(r)
    return np.where(r < cutoff, u, 0), np.where(r < cutoff, slope, 0)


def shifted(r):
    u, slope = lennard_jones(r)
    return np.where(r < cutoff, u - lennard_jones(cutoff)[0], 0), np.where(r < cutoff, slope, 0)


def switched(r, start=0.8):
    """u f with f = 1 − 10t³ + 15t⁴ − 6t⁵ between start and 1 cutoff, as mlffbench's classical estimators have it."""
    u, slope = lennard_jones(r)
    width = (1 - start) * cutoff
    t = np.clip((r - start * cutoff) / width, 0, 1)
    f, fall = 1 - t**3 * (10 - 15 * t + 6 * t**2), -30 * t**2 * (1 - t) ** 2 / width
    return u * f, slope * f + u * fall


ends = {"cut": cut, "shifted to zero": shifted, "quintic switch": switched}
r = np.linspace(4.8, 7.2, 2001)
fig, axes = plt.subplots(1, 2, figsize=(8, 3.6))
for name, u in ends.items():
    values, slopes = u(r)
    axes[0].plot(r, 1000 * values, label=name)
    axes[1].plot(r, -1000 * slopes, label=name)
    jumps = [np.abs(np.diff(y)).max() for y in (values, slopes)]
    print(
        f"{name:15s}: steps of the energy {1e3 * jumps[0]:.4f} meV, of the force {1e3 * jumps[1]:.4f} meV/Å"
    )
for ax, what in zip(axes, ("energy (meV)", "force (meV/Å)"), strict=True):
    ax.axvline(cutoff, color="grey", lw=0.8)
    ax.set(xlabel="r (Å)", ylabel=what)
axes[0].legend()
fig.tight_layout()

# %%
# A simulation notices. Let two atoms oscillate so widely that they leave the cutoff and come back (a weak
# spring holds them), and integrate Newton's equations with the velocity Verlet method. Where the force has
# a jump, or the energy a step that the force does not know of, the total energy is not conserved; with a
# smooth end its error is proportional to the square of the time step.


def largest_error(u, timestep, time=20_000.0):
    """Largest deviation of the total energy of two argon atoms from its start, eV; times in fs."""
    mass = 39.95 / 2 * 103.6427  # reduced mass, eV fs²/Å²
    spring, centre = 2e-3, 6.0  # eV/Å², Å

    def force_and_energy(x):
        value, slope = u(x)
        return -slope - spring * (x - centre), value + spring / 2 * (x - centre) ** 2

    x, v = 8.5, 0.0
    force, start = force_and_energy(x)
    worst = 0.0
    for _ in range(int(time / timestep)):
        v += timestep / 2 * force / mass
        x += timestep * v
        force, energy = force_and_energy(x)
        v += timestep / 2 * force / mass
        worst = max(worst, abs(energy + mass / 2 * v**2 - start))
    return worst


drift = {name: [largest_error(u, dt) for dt in (20.0, 10.0)] for name, u in ends.items()}
for name, (coarse, half) in drift.items():
    print(f"{name:15s}: energy error {1e3 * coarse:.4f} meV at 20 fs, {1e3 * half:.4f} meV at 10 fs")
assert drift["cut"][1] > 0.5 * abs(lennard_jones(cutoff)[0])  # no time step helps
gain = drift["quintic switch"][0] / drift["quintic switch"][1]
assert 3 < gain < 5  # half the time step, a quarter of the error

# %%
# Local
# -----
#
# A cutoff also says that an atom's energy does not depend on what is far away. Then the work grows in
# proportion to the number of atoms, and a force depends on atoms up to *two* cutoffs away: atom :math:`k`
# changes the contribution :math:`E_j` of an atom between, which in turn depends on atom :math:`i`. Displace
# one atom of a silicon crystal and look at the forces on all others:

calculator_range = 1.8 * 2.0951  # Å, aσ of Stillinger and Weber's silicon
large = bulk("Si", "diamond", a=5.431, cubic=True).repeat(4)
moved = large.copy()
moved.positions[0] += [0.1, 0.05, -0.05]
change = calculator.get_property("forces", moved) - calculator.get_property("forces", large)
change = np.linalg.norm(change, axis=1)
distance = large.get_distances(0, np.arange(len(large)), mic=True)
felt = distance[change > 1e-12].max()
print(f"range {calculator_range:.2f} Å; forces change up to {felt:.2f} Å away")
assert calculator_range < felt < 2 * calculator_range
assert change[distance > 2 * calculator_range].max() < 1e-12

# %%
# Whether nature is local is another question. Dispersion attracts like :math:`r^{-6}`: the energy that a
# cutoff leaves out falls like :math:`r_c^{-3}`. Charges interact like :math:`1/r`: a sum up to a cutoff
# does not converge at all. Sum both over spheres in a crystal, Lennard-Jones in solid argon (fcc) and
# Coulomb in rock salt:

fcc = np.array([(0, 0, 0), (0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0)])
n = np.stack(np.meshgrid(*[np.arange(-9, 10)] * 3, indexing="ij"), -1).reshape(-1, 3)
argon_r = np.linalg.norm((n[:, None] + fcc).reshape(-1, 3) * 5.3, axis=1)
argon_r = argon_r[argon_r > 0]
grid = np.stack(np.meshgrid(*[np.arange(-16, 17)] * 3, indexing="ij"), -1).reshape(-1, 3)
salt_r = np.linalg.norm(grid, axis=1)
charge = np.where(grid.sum(axis=1) % 2 == 0, 1.0, -1.0)[salt_r > 0]
salt_r = salt_r[salt_r > 0]  # in units of the Na–Cl distance

radii = np.linspace(4, 40, 145)
argon_sum = np.array([0.5 * lennard_jones(argon_r[argon_r < rc])[0].sum() for rc in radii])
density = 4 / 5.3**3
tail = -8 / 3 * np.pi * density * epsilon * sigma**6 / radii**3  # ½ ∫ 4πr² ρ (−4ε σ⁶/r⁶) dr beyond r_c
salt_radii = np.linspace(1.05, 15.5, 290)
salt_sum = np.array([(charge[salt_r < rc] / salt_r[salt_r < rc]).sum() for rc in salt_radii])

weight = np.prod(np.where(np.abs(grid) == 16, 0.5, 1.0), axis=1)[np.abs(grid).sum(axis=1) > 0]
madelung = (weight * charge / salt_r).sum()  # Evjen's sum: neutral cubes, whose faces count half
assert abs(madelung + 1.747564594633) < 1e-4  # the literature's value

corrected = argon_sum + tail
limit = corrected[-1]
missing = argon_sum[radii <= 6][-1] - limit
print(f"argon: {1e3 * limit:.2f} meV per atom, of which a cutoff of 6 Å misses {1e3 * missing:.2f} meV")
low, high = salt_sum[-100:].min(), salt_sum[-100:].max()
print(f"rock salt: spheres give sums between {low:.1f} and {high:.1f}, neutral cubes {madelung:.4f}")
far = radii > 15
assert np.abs(argon_sum[far] - limit - (-tail[far])).max() < 0.1 * np.abs(tail[far]).max()
assert np.ptp(salt_sum[-100:]) > 2  # no limit

fig, axes = plt.subplots(1, 2, figsize=(8, 3.6))
axes[0].plot(radii, 1000 * argon_sum, label="sum within the cutoff")
axes[0].plot(radii, 1000 * corrected, label="with the mean of the rest")
axes[0].set(xlabel="cutoff (Å)", ylabel="energy (meV per atom)", ylim=(-95, -60))
axes[0].set_title("argon, Lennard-Jones")
axes[0].legend()
axes[1].plot(salt_radii, salt_sum, lw=0.8)
axes[1].axhline(madelung, color="C3", label="true value")
axes[1].set(xlabel="cutoff (nearest distances)", ylabel="Madelung sum", title="rock salt, Coulomb")
axes[1].legend()
fig.tight_layout()

# %%
# Charges in neutral, dense matter screen each other, which is why local models work as well as they do.
# They fail where screening is weak: ions in vacuum, polar surfaces, molecules far apart. Models with
# explicit charges and Ewald sums exist; the estimators of ``mlffbench`` have no sums beyond a cutoff,
# except ``sgdml``, which sees a whole molecule.
#
# What to remember
# ----------------
#
# * A force field replaces one function, :math:`E(\mathbf R)`. Forces and stress are its derivatives, and
#   finite differences test them.
# * The energy is extensive (a sum over atoms), many-body (not a sum over pairs), smooth, and nearly local.
# * The surface belongs to a level of theory. A model can be as good as its labels, and no better.
#
# Next: :doc:`/_gallery/fundamentals/plot_20_classical_force_fields`.
