r"""
Symmetry and descriptors
========================

A model cannot learn from coordinates as they are: turn the molecule, and all numbers change while the
energy stays. A *descriptor* is a list of numbers that changes when the physics does, and only then. After
this page you know the four symmetries, why raw coordinates fail, how symmetry functions (ACSF), SOAP and
the atomic cluster expansion (ACE) are built, with SOAP computed by hand, what *body order* means, and which
different surroundings a descriptor of low order cannot tell apart. Reading takes three quarters of an hour;
the page computes for about ten seconds.
"""

# %%
# Four symmetries
# ---------------
#
# The energy of a set of atoms does not change under
#
# * *translations* :math:`\mathbf r_i \to \mathbf r_i + \mathbf t`,
# * *rotations* :math:`\mathbf r_i \to Q\, \mathbf r_i` with an orthogonal matrix :math:`Q` of determinant
#   1,
# * *reflections*, the same with determinant −1: a molecule and its mirror image have the same energy,
# * *permutations* of atoms of one element: a name is no property.
#
# Forces are vectors and go along: :math:`\mathbf F_i \to Q\, \mathbf F_i`. The labels obey this. The proton
# transfer of malonaldehyde is a symmetry, reflection with permutation, so its path must have the same
# energy from both ends:

import matplotlib.pyplot as plt
import numpy as np

import mlffbench

molecule = mlffbench.load_dataset("malonaldehyde")
path = np.flatnonzero(molecule.columns["group"] == "proton_transfer")
energies = molecule.labels.energy[path]
asymmetry = np.abs(energies - energies[::-1]).max()
print(
    f"path from left and right: energies differ by at most {1000 * asymmetry:.2f} meV of {1000 * np.ptp(energies):.1f} meV"
)
assert asymmetry < 0.01 * np.ptp(energies)  # the path was converged to a finite force

# %%
# A model may learn the symmetries from data, by examples of turned molecules, or have them built in. Built
# in they are exact and cost no data. ``mlffbench`` tests them for every fitted model; here for a kernel
# model on SOAP vectors:

from mlffbench.estimators import SOAPGPR
from mlffbench.properties.invariance import invariance

train = np.flatnonzero(molecule.columns["group"] == "train_300K")[:40]
frames = [molecule.frames[i] for i in train]
model = SOAPGPR(n_sparse=80, random_state=0, atomic_energies=dict(molecule.atomic_energies))
model.fit(frames, molecule.labels[train])
changes = invariance(model.calculator(), frames[0])
for name in ("translation", "rotation", "permutation"):
    energy, force = getattr(changes, name)
    print(f"{name}: energy changes by {energy:.0e} eV per atom, forces by {force:.0e} eV/Å")
    assert energy < 1e-8
    assert force < 1e-6

# %%
# Why coordinates fail
# --------------------
#
# Put the 27 Cartesian coordinates into a regression, with a kernel that is flexible enough to fit anything,
# and ask for the energy of the *training* frames after a rotation, or after two hydrogen atoms have swapped
# their names. Beside it the same regression on SOAP vectors (explained below):

from scipy.spatial.transform import Rotation
from sklearn.kernel_ridge import KernelRidge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from mlffbench.descriptors.soap import SOAP

turn = Rotation.from_euler("xyz", [0.4, -0.3, 0.8]).as_matrix()


def copies(change):
    """Copies of the training frames, each changed."""
    changed = []
    for atoms in frames:
        copy = atoms.copy()
        copy.positions = change(atoms.positions)
        changed.append(copy)
    return changed


swap = np.arange(9)
swap[[6, 8]] = 8, 6  # two hydrogen atoms on carbon
cases = {
    "as they were": frames,
    "rotated": copies(lambda x: x @ turn.T),
    "two H swapped": copies(lambda x: x[swap]),
}
flatten = FunctionTransformer(lambda X: np.array([a.positions.ravel() for a in X]))
target = molecule.labels.energy[train] - molecule.labels.energy[train].mean()
table = {}
for name, features in (("coordinates", flatten), ("SOAP", SOAP(n_max=4, l_max=3))):
    regression = make_pipeline(features, StandardScaler(), KernelRidge(kernel="rbf", gamma=1e-3, alpha=1e-6))
    regression.fit(frames, target)
    table[name] = [1000 * np.sqrt(np.mean((regression.predict(X) - target) ** 2)) for X in cases.values()]
    print(
        f"{name:12s}", ", ".join(f"{case}: {e:.2g} meV" for case, e in zip(cases, table[name], strict=True))
    )
print(f"standard deviation of the energies: {1000 * target.std():.0f} meV")
assert min(table["coordinates"][1:]) > 0.5 * 1000 * target.std()  # useless
assert np.ptp(table["SOAP"]) < 1e-3  # the same numbers, so the same predictions

# %%
# Distances between all atoms would cure translation, rotation and reflection, but not permutation, and
# their number depends on the number of atoms. The way out, found by Behler and Parrinello
# :cite:`Behler2007networks`: write the energy as a sum over atoms, :math:`E = \sum_i E_i`, and describe the
# surroundings of each atom within a cutoff by *sums over neighbours*. A sum does not know the order of its
# terms.
#
# Cutoffs and radial functions
# ----------------------------
#
# Each neighbour is weighted by a function of its distance that goes smoothly to zero at the cutoff
# :math:`r_c`. Two in use:
#
# .. math::
#
#    f_\text{cos}(r) = \tfrac12 \left[ \cos\frac{\pi r}{r_c} + 1 \right] ,
#    \qquad
#    f_\text{quintic}(t) = 1 - 10 t^3 + 15 t^4 - 6 t^5 , \quad t = \frac{r - r_0}{r_c - r_0} ,
#
# the second from a distance :math:`r_0` on. The cosine has a jump in its second derivative at :math:`r_c`,
# which vibrational frequencies notice; the quintic has none. Within the cutoff, radial functions
# :math:`R_n(r)` resolve distances: shifted Gaussians in symmetry functions, orthonormal polynomials times
# Gaussians in SOAP.

cutoff = 5.0
r = np.linspace(0.01, 6, 1200)
cosine = np.where(r < cutoff, (np.cos(np.pi * r / cutoff) + 1) / 2, 0)
t = np.clip((r / cutoff - 0.8) / 0.2, 0, 1)
quintic = 1 - t**3 * (10 - 15 * t + 6 * t**2)
bends = {}
fig, axes = plt.subplots(1, 2, figsize=(8.5, 3.8))
for name, f in (("cosine", cosine), ("quintic from 0.8", quintic)):
    axes[0].plot(r, f, label=name)
    second = np.gradient(np.gradient(f, r), r)
    bends[name] = np.abs(second[np.abs(r - cutoff) < 0.03]).max()
centres = np.linspace(0.5, cutoff - 0.5, 8)
for s in centres:
    axes[1].plot(r, np.exp(-((r - s) ** 2) / (2 * (centres[1] - centres[0]) ** 2)) * cosine, color="C0", lw=1)
axes[0].set(xlabel="r (Å)", ylabel="f(r)", title="cutoff functions")
axes[0].legend()
axes[1].set(xlabel="r (Å)", ylabel="exp(−η(r − s)²) f(r)", title="radial symmetry functions")
fig.tight_layout()
expected_bend = (np.pi / cutoff) ** 2 / 2  # |f''| of the cosine just inside the cutoff; outside it is 0
print(f"second derivative near the cutoff: {bends['cosine']:.3f} (cosine; exactly {expected_bend:.3f})")
assert abs(bends["cosine"] / expected_bend - 1) < 0.05

# %%
# Symmetry functions (ACSF)
# -------------------------
#
# Behler's functions :cite:`Behler2011acsf` are of two kinds, of pairs and of triples:
#
# .. math::
#
#    G^2_i &= \sum_j e^{-\eta (r_{ij} - s)^2} f(r_{ij}) , \\
#    G^4_i &= 2^{1-\zeta} \sum_{j<k} (1 + \lambda \cos\theta_{jik})^\zeta\,
#             e^{-\eta (r_{ij}^2 + r_{ik}^2 + r_{jk}^2)}\, f(r_{ij}) f(r_{ik}) f(r_{jk}) .
#
# :math:`\eta` (Å\ :sup:`-2`) and :math:`s` (Å) are width and place of a shell, :math:`\theta_{jik}` the
# angle at atom :math:`i`; :math:`\zeta` sharpens the resolution of angles, :math:`\lambda = \pm 1` chooses
# whether 0° or 180° counts. One set for each element of the neighbours, and for each pair of elements.
# Written as loops, and compared with the package:

from itertools import combinations

from ase import Atoms

from mlffbench.descriptors.acsf import ACSF

cluster = Atoms("Si5", [(0, 0, 0), (1.9, 0.3, -0.2), (-0.7, 2.1, 0.5), (0.4, -1.1, 2.6), (-1.2, -1.0, -1.9)])
radial = [(2.0, 1.5), (2.0, 2.5), (0.5, 3.5)]  # (η, s)
angular = [(0.01, 1.0, 1.0), (0.01, 4.0, -1.0), (0.05, 16.0, 1.0)]  # (η, ζ, λ)


def fade(d):
    """Cosine cutoff."""
    return (np.cos(np.pi * d / cutoff) + 1) / 2 if d < cutoff else 0.0


def symmetry_functions(vectors):
    """G2 and G4 of an atom with neighbours at these vectors, by loops."""
    g2 = [
        sum(np.exp(-eta * (np.linalg.norm(v) - s) ** 2) * fade(np.linalg.norm(v)) for v in vectors)
        for eta, s in radial
    ]
    g4 = []
    for eta, zeta, sign in angular:
        total = 0.0
        for a, b in combinations(vectors, 2):
            ra, rb, rab = np.linalg.norm(a), np.linalg.norm(b), np.linalg.norm(a - b)
            angle = (1 + sign * (a @ b) / (ra * rb)) ** zeta
            total += angle * np.exp(-eta * (ra**2 + rb**2 + rab**2)) * fade(ra) * fade(rb) * fade(rab)
        g4.append(2 ** (1 - zeta) * total)
    return np.array(g2 + g4)


acsf = ACSF(cutoff=cutoff, radial=radial, angular=angular, average="off").fit([cluster])
(described,) = acsf.transform([cluster])
by_hand = np.array(
    [symmetry_functions(np.delete(cluster.positions, i, 0) - cluster.positions[i]) for i in range(5)]
)
for name, value in zip(acsf.get_feature_names_out(), described[0], strict=True):
    print(f"{name:32s} {value:.6g}")
print(f"largest difference from the loops: {np.abs(described - by_hand).max():.0e}")
assert np.abs(described - by_hand).max() < 1e-12

# %%
# SOAP: a density, expanded
# -------------------------
#
# The smooth overlap of atomic positions :cite:`Bartok2013soap` starts from a picture: every neighbour is a
# Gaussian cloud of width :math:`\sigma`, and together they are a density around the atom, which is expanded
# in radial functions :math:`g_n` and spherical harmonics :math:`Y_{lm}`:
#
# .. math::
#
#    \rho(\mathbf r) = \sum_j e^{-|\mathbf r - \mathbf r_{ij}|^2 / 2\sigma^2}
#                    \approx \sum_{nlm} c_{nlm}\, g_n(r)\, Y_{lm}(\hat{\mathbf r}) ,
#    \qquad
#    c_{nlm} = \int g_n(r)\, Y_{lm}^*(\hat{\mathbf r})\, \rho(\mathbf r)\, \mathrm d^3 r .
#
# The :math:`c_{nlm}` change under rotation. But a rotation mixes only the :math:`2l+1` coefficients of one
# :math:`l` and :math:`n`, by a unitary matrix :math:`D^l(Q)` (Wigner's), the same for all :math:`n`. A
# scalar product of two such vectors does not notice a unitary matrix:
#
# .. math::
#
#    \sum_m c_{nlm}\, c^*_{n'lm} \;\to\;
#    \sum_{m m' m''} D_{mm'} c_{nlm'}\, D^*_{mm''} c^*_{n'lm''} = \sum_{m'} c_{nlm'}\, c^*_{n'lm'} ,
#
# because :math:`D^\dagger D = 1`. This is the *power spectrum*,
#
# .. math::
#
#    p_{nn'l} = \pi \sqrt{\frac{8}{2l+1}} \sum_m c_{nlm}\, c^*_{n'lm} .
#
# Compute it as it is defined, by numerical integration over the density: Gauss–Legendre points along
# :math:`r` and :math:`\cos\theta`, equal steps in :math:`\varphi`. The radial functions are those of
# dscribe :cite:`Himanen2020dscribe`, :math:`r^l e^{-\alpha_n r^2}`, where :math:`\alpha_n` lets the
# :math:`n`-th fall to 10\ :sup:`-3` at a radius between 1 Å and the cutoff, made orthonormal by the inverse
# root of their overlap matrix :math:`S`:

from scipy.special import gamma, sph_harm_y

n_max, l_max, sigma = 3, 3, 0.5
x, wx = np.polynomial.legendre.leggauss(60)
radius, w_radius = 5.5 * (x + 1), 5.5 * wx  # 0 ... 11 Å
cosines, w_cosines = np.polynomial.legendre.leggauss(32)
azimuth = 2 * np.pi * np.arange(64) / 64
R, THETA, PHI = np.meshgrid(radius, np.arccos(cosines), azimuth, indexing="ij")
weight = w_radius[:, None, None] * w_cosines[None, :, None] * (2 * np.pi / 64) * R**2
grid = np.stack([R * np.sin(THETA) * np.cos(PHI), R * np.sin(THETA) * np.sin(PHI), R * np.cos(THETA)], -1)


def radial_functions(l):
    """Orthonormal radial functions of degree l at the radii, (n_max, n_radii)."""
    a = np.linspace(1, cutoff, n_max)
    alpha = -np.log(1e-3 / a**l) / a**2
    overlap = 0.5 * gamma(l + 1.5) * (alpha[:, None] + alpha) ** -(l + 1.5)  # ∫ r² r^2l exp(−(α+α')r²) dr
    values, vectors = np.linalg.eigh(overlap)
    mixing = vectors @ np.diag(values**-0.5) @ vectors.T
    return mixing @ (radius**l * np.exp(-alpha[:, None] * radius**2))


def density_of(vectors, where):
    """ρ of neighbours at these vectors (and of the atom itself), at some points."""
    return sum(np.exp(-((where - v) ** 2).sum(-1) / (2 * sigma**2)) for v in vectors)


def coefficients(vectors, l):
    """c_nlm by quadrature, (n_max, 2l + 1)."""
    g, density = radial_functions(l), density_of(vectors, grid)
    assert np.abs((g * w_radius * radius**2) @ g.T - np.eye(n_max)).max() < 1e-8  # orthonormal
    shells = [
        (np.conj(sph_harm_y(l, m, THETA, PHI)) * weight * density).sum(axis=(1, 2)) for m in range(-l, l + 1)
    ]
    return np.array([g @ shell for shell in shells]).T


def power_spectrum(vectors):
    """SOAP by its definition, in dscribe's order: l, then n ≤ n'."""
    spectrum = []
    for l in range(l_max + 1):
        c = coefficients(vectors, l)
        p = np.pi * np.sqrt(8 / (2 * l + 1)) * (c @ c.conj().T)
        assert np.abs(p.imag).max() < 1e-10
        spectrum += [p[n, k].real for n in range(n_max) for k in range(n, n_max)]
    return np.array(spectrum)


by_hand = power_spectrum(cluster.positions - cluster.positions[0])
turned = power_spectrum((cluster.positions - cluster.positions[0]) @ turn.T)
mirrored = power_spectrum((cluster.positions - cluster.positions[0]) * [1, 1, -1])
print(
    f"{len(by_hand)} numbers; change by rotation {np.abs(turned - by_hand).max():.0e},",
    f"by reflection {np.abs(mirrored - by_hand).max():.0e}",
)
assert np.abs(turned - by_hand).max() < 1e-9
assert np.abs(mirrored - by_hand).max() < 1e-9

square = np.linspace(-3.5, 3.5, 120)
flat = np.stack([*np.meshgrid(square, square), np.zeros((120, 120))], -1)
vectors = cluster.positions - cluster.positions[0]
fig, axes = plt.subplots(1, 3, figsize=(10, 3.3))
axes[0].contourf(square, square, density_of(vectors, flat), 20, cmap="viridis")
axes[0].set(xlabel="x (Å)", ylabel="y (Å)", title="density, slice z = 0", aspect="equal")
places = np.arange(5)
for k, (label, positions) in enumerate((("as it is", vectors), ("rotated", vectors @ turn.T))):
    c = coefficients(positions, 2)[0]
    axes[1].bar(places + 0.4 * k, c.real, 0.4, label=label)
    axes[2].plot(power_spectrum(positions), "ox"[k], ms=7 - k, mfc="none", label=label)
axes[1].set(
    title="Re c, n = 1, l = 2", xticks=places + 0.2, xticklabels=["−2", "−1", "0", "1", "2"], xlabel="m"
)
axes[2].set(title="power spectrum", xlabel="feature")
axes[2].legend(fontsize=8)
fig.tight_layout()

# %%
# And the packages, which use analytic integrals: dscribe's SOAP, and ``mlffbench``'s, which has the same
# features in the same order and adds forces, stresses and GPUs.

from dscribe.descriptors import SOAP as DscribeSOAP

settings = {"n_max": n_max, "l_max": l_max, "sigma": sigma}
theirs = DscribeSOAP(species=["Si"], r_cut=cutoff, rbf="gto", **settings).create(cluster, centers=[0])[0]
soap = SOAP(cutoff=cutoff, average="off", **settings).fit([cluster])
ours = soap.transform([cluster])[0][0]
print(
    f"by hand and dscribe: {np.abs(by_hand - theirs).max():.0e}; mlffbench and dscribe: {np.abs(ours - theirs).max():.0e}"
)
assert np.abs(by_hand - theirs).max() < 1e-8
assert np.abs(ours - theirs).max() < 1e-8

# %%
# Derivatives
# -----------
#
# Forces need the derivative of every number by every coordinate. Against central differences:

(derivatives,) = soap.derivatives([cluster])
analytic = np.asarray(derivatives.dense())[:, 1, 2]  # of all centres, as atom 1 moves along z
h = 1e-5
moved = []
for sign in (1, -1):
    copy = cluster.copy()
    copy.positions[1, 2] += sign * h
    moved.append(soap.transform([copy])[0])
numerical = (moved[0] - moved[1]) / (2 * h)
worst = np.abs(analytic - numerical).max()
print(
    f"derivatives of SOAP: largest {np.abs(analytic).max():.2f} 1/Å, error of the differences {worst:.0e} 1/Å"
)
assert worst < 1e-7

# %%
# A sum over triples at the cost of a sum over neighbours
# -------------------------------------------------------
#
# Where do triples enter SOAP? The product of two densities is a sum over pairs of neighbours. Take
# neighbours as points on a sphere, :math:`A_{lm} = \sum_j Y_{lm}(\hat{\mathbf r}_j)`. The addition theorem
# of spherical harmonics says
#
# .. math::
#
#    \sum_m |A_{lm}|^2 = \frac{2l+1}{4\pi} \sum_{j, k} P_l(\cos\theta_{jk}) ,
#
# with Legendre polynomials :math:`P_l` of the angles between *all pairs of neighbours*, computed here as
# the square of *one* sum. For :math:`N` neighbours that is :math:`N` terms in place of :math:`N^2`. This
# *density trick* is the heart of SOAP and ACE.

from scipy.special import eval_legendre

rng = np.random.default_rng(0)
directions = rng.normal(size=(6, 3))
directions /= np.linalg.norm(directions, axis=1)[:, None]


def harmonics(vectors, l):
    """Y_lm of unit vectors, (n, 2l + 1)."""
    theta, phi = np.arccos(np.clip(vectors[:, 2], -1, 1)), np.arctan2(vectors[:, 1], vectors[:, 0])
    return np.stack([sph_harm_y(l, m, theta, phi) for m in range(-l, l + 1)], 1)


for l in range(5):
    one_sum = (np.abs(harmonics(directions, l).sum(axis=0)) ** 2).sum()
    all_pairs = (2 * l + 1) / (4 * np.pi) * eval_legendre(l, directions @ directions.T).sum()
    assert abs(one_sum - all_pairs) < 1e-10
    print(f"l = {l}: one sum squared {one_sum:.6f}, all pairs {all_pairs:.6f}")

# %%
# ACE: every order
# ----------------
#
# Why stop at the square? The atomic cluster expansion :cite:`Drautz2019ace` takes products of :math:`\nu`
# densities,
#
# .. math::
#
#    A_{nlm} &= \sum_j R_n(r_{ij})\, Y_{lm}(\hat{\mathbf r}_{ij}) , \\
#    B_{\nu} &= \sum_{m_1 \dots m_\nu} C^{l_1 \dots l_\nu}_{m_1 \dots m_\nu}\,
#              A_{n_1 l_1 m_1} \cdots A_{n_\nu l_\nu m_\nu} , \\
#    E_i &= \sum_B c_B B_i .
#
# :math:`\nu` is the *correlation order*. The coefficients :math:`C` (products of Clebsch–Gordan
# coefficients) couple the angular momenta to zero, which makes :math:`B` invariant. Counting the centre,
# :math:`B_\nu` sees :math:`\nu + 1` atoms at once: its *body order*. :math:`\nu = 1` are radial functions,
# :math:`\nu = 2` is the power spectrum, :math:`\nu = 3` the *bispectrum*. With all orders the :math:`B` are
# a complete basis: every smooth invariant function of the surroundings is a linear combination
# :cite:`Dusson2022ace`. ACSF and SOAP are subsets of it, with a nonlinear model on top.
#
# The simplest invariant of each order needs no Clebsch–Gordan coefficients: expand the neighbours up to
# degree :math:`L` into a function on the sphere, and integrate its powers,
#
# .. math::
#
#    I_\nu = \int \rho_L(\hat{\mathbf r})^\nu \, \mathrm d\Omega , \qquad
#    \rho_L(\hat{\mathbf r}) = \sum_{l \le L} \sum_m A_{lm} Y_{lm}(\hat{\mathbf r}) .
#
# The integral over all directions is what makes it invariant. Check the body order by inclusion and
# exclusion (:doc:`/_gallery/fundamentals/plot_10_potential_energy_surfaces`): contributions of more than
# :math:`\nu` neighbours must vanish.

L = 4
sphere_cosines, sphere_weights = np.polynomial.legendre.leggauss(24)
sphere_azimuth = 2 * np.pi * np.arange(48) / 48
TH, PH = np.meshgrid(np.arccos(sphere_cosines), sphere_azimuth, indexing="ij")
points = np.stack([np.sin(TH) * np.cos(PH), np.sin(TH) * np.sin(PH), np.cos(TH)], -1).reshape(-1, 3)
point_weights = np.repeat(sphere_weights * 2 * np.pi / 48, 48)
table_of_harmonics = np.concatenate([harmonics(points, l) for l in range(L + 1)], 1)


def sphere_density(vectors):
    """ρ_L at the points of the sphere."""
    if not len(vectors):
        return np.zeros(len(points))
    A = np.concatenate([harmonics(vectors, l).sum(axis=0) for l in range(L + 1)])
    return (table_of_harmonics.conj() @ A).real


def invariant(vectors, order):
    """I_ν: exact, as the rule integrates polynomials up to degree ν L."""
    return (point_weights * sphere_density(vectors) ** order).sum()


orders = (1, 2, 3, 4)
contributions = np.zeros((len(orders), 6))
for row, order in enumerate(orders):
    value = {c: invariant(directions[list(c)], order) for k in range(7) for c in combinations(range(6), k)}
    for group in value:
        if group:
            parts = [c for k in range(len(group) + 1) for c in combinations(group, k)]
            term = sum((-1) ** (len(group) - len(c)) * value[c] for c in parts)
            contributions[row, len(group) - 1] = max(contributions[row, len(group) - 1], abs(term))
    print(f"ν = {order}: largest contribution of 1 ... 6 neighbours", contributions[row].round(10))
    assert contributions[row, order:].max() < 1e-9 * contributions[row].max()
    assert contributions[row, order - 1] > 1e-6
    assert abs(invariant(directions @ turn.T, order) - value[tuple(range(6))]) < 1e-9 * abs(
        value[tuple(range(6))]
    )

# %%
# The table is triangular: :math:`\nu` densities correlate at most :math:`\nu` neighbours. Lower entries are
# not zero, since the product also contains a neighbour with itself, which is part of the price of the
# density trick.
#
# What a low order cannot see
# ---------------------------
#
# Put four neighbours on a circle, at multiples of 45°: once at the numbers 0, 1, 3, 4, once at 0, 1, 2, 5.
# No rotation or reflection turns one into the other. But they have the same distances and the same angles,
# each as often. Everything with three bodies (the centre and two neighbours) is therefore equal, with any
# resolution:


def on_circle(numbers):
    """Unit vectors at multiples of 45 degrees."""
    angle = np.pi / 4 * np.array(numbers)
    return np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1)


one, two = on_circle([0, 1, 3, 4]), on_circle([0, 1, 2, 5])
pair_angles = [
    sorted(np.degrees(np.arccos(np.clip(a @ b, -1, 1))).round(6) for a, b in combinations(v, 2))
    for v in (one, two)
]
print("angles of the first: ", *pair_angles[0])
print("angles of the second:", *pair_angles[1])
assert pair_angles[0] == pair_angles[1]

pair = [Atoms("Si5", 2.3 * np.vstack([np.zeros(3), v])) for v in (one, two)]
for descriptor in (SOAP(n_max=8, l_max=8, average="off"), ACSF(average="off")):
    first, second = descriptor.fit(pair).transform(pair)
    centre = np.abs(first[0] - second[0]).max()
    outer = np.abs(np.sort(first[1:], axis=0) - np.sort(second[1:], axis=0)).max()
    print(
        f"{type(descriptor).__name__}: vectors of the centre differ by {centre:.0e}, those of its neighbours by {outer:.2f}"
    )
    assert centre < 1e-10 * np.abs(first[0]).max()
    assert outer > 0.01
for order in orders:
    a, b = invariant(one, order), invariant(two, order)
    print(f"ν = {order}: {a:.6f} and {b:.6f}")
    assert (abs(a - b) < 1e-10 * abs(a)) == (order <= 2)

fig, axes = plt.subplots(1, 3, figsize=(9.5, 3.4))
for ax, vectors, title in zip(axes, (one, two), ("0, 1, 3, 4", "0, 1, 2, 5"), strict=False):
    ring = np.linspace(0, 2 * np.pi, 200)
    ax.plot(np.cos(ring), np.sin(ring), color="grey", lw=0.8)
    for a, b in combinations(vectors, 2):
        ax.plot([a[0], b[0]], [a[1], b[1]], color="C0", lw=0.8, alpha=0.6)
    ax.plot(vectors[:, 0], vectors[:, 1], "o", color="C3", ms=10)
    ax.plot(0, 0, "ko", ms=10)
    ax.set(title=title, aspect="equal", xticks=[], yticks=[], xlim=(-1.3, 1.3), ylim=(-1.3, 1.3))
for vectors, label in ((one, "0, 1, 3, 4"), (two, "0, 1, 2, 5")):
    axes[2].plot(
        orders, [invariant(vectors, order) / invariant(one, order) for order in orders], "o-", label=label
    )
axes[2].set(xlabel="correlation order ν", ylabel="I_ν, relative", xticks=orders, title="apart from ν = 3 on")
axes[2].legend(fontsize=8)
fig.tight_layout()

# %%
# A potential whose :math:`E_i` depends on three-body features of its own neighbours alone gives the two
# centres the same energy, however flexible the function on top. In a real structure the neighbours' own
# vectors usually differ, as here, and rescue the total energy. Four bodies are not enough either: there are
# pairs of different environments with equal bispectra :cite:`Pozdnyakov2020incompleteness`. Networks that
# pass messages between atoms raise the body order further; what they cannot see
# :cite:`Pozdnyakov2022incompleteness` is the subject of
# :doc:`/_gallery/mace_theory/plot_30_body_and_correlation_order`.
#
# Does it matter for real data? Fit the energies of silicon (PBE, all groups) by a linear model on radial
# functions alone, on radial and angular functions, and on SOAP, and cross-validate:

from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold, cross_val_predict

solid = mlffbench.load_dataset("silicon")
per_atom = solid.labels.energy / np.array([len(a) for a in solid.frames])
acsf = ACSF(average="inner").fit(solid.frames)
symmetric = acsf.transform(solid.frames)
radial_only = np.array([name.startswith("G2") for name in acsf.get_feature_names_out()])
features = {
    "radial (2 bodies)": symmetric[:, radial_only],
    "radial and angular (3 bodies)": symmetric,
    "SOAP (3 bodies)": SOAP(n_max=6, l_max=4, average="outer").fit_transform(solid.frames),
}
folds = KFold(10, shuffle=True, random_state=0)
rmse = {}
for name, values in features.items():
    regression = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-9, 2, 12)))
    predicted = cross_val_predict(regression, values, per_atom, cv=folds)
    rmse[name] = 1000 * np.sqrt(np.mean((predicted - per_atom) ** 2))
    print(f"{name:30s} {values.shape[1]:4d} features, error {rmse[name]:6.2f} meV per atom")
print(f"standard deviation of the energies {1000 * per_atom.std():.0f} meV per atom")
assert rmse["radial and angular (3 bodies)"] < 0.7 * rmse["radial (2 bodies)"]

# %%
# Bonds of silicon have directions, which radial functions do not see, however many there are.
#
# What to remember
# ----------------
#
# .. list-table::
#    :header-rows: 1
#
#    * - descriptor
#      - bodies
#      - estimators of ``mlffbench`` that use it
#    * - ACSF: sums of hand-made pair and angle functions
#      - 3
#      - ``behler_parrinello``
#    * - SOAP: power spectrum of a smooth density
#      - 3
#      - ``soap_gpr``, ``soap_kernel_ridge``, ``gap``
#    * - bispectrum
#      - 4
#      - ``snap``
#    * - ACE: products of densities, any order
#      - :math:`\nu + 1`
#      - ``ace``, ``mace``, ``grace``
#
# * Sums over neighbours are invariant to permutations; scalar products of what rotates alike are invariant
#   to rotations.
# * Everything must vanish smoothly at the cutoff, and have derivatives.
# * Body order decides what a descriptor can tell apart. ACE is complete; three bodies are not.
#
# Next: :doc:`/_gallery/fundamentals/plot_50_kernels_and_gaussian_processes`.
