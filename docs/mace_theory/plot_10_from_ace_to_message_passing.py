r"""
From the atomic cluster expansion to message passing
====================================================

After this page you know why an energy can depend on three, four or more atoms at once and still cost one sum
over neighbours, what the letters A and B mean in every paper on ACE and MACE, and which two problems of ACE
message passing solves. It needs numpy; reading takes fifteen minutes.
"""

# sphinx_gallery_thumbnail_number = 2
from itertools import combinations, product
from math import comb

import matplotlib.pyplot as plt
import numpy as np
import torch
from ase.build import bulk

import mlffbench
from mlffbench.potentials.mace.library import mace

o3 = mace().e3nn.o3  # real spherical harmonics, Clebsch-Gordan coefficients and rotation matrices

# %%
# An energy of clusters
# ---------------------
#
# Split the energy of a structure into energies of atoms, and the energy of an atom into contributions of
# pairs, triples, and so on:
#
# .. math::
#
#    & E = \sum_i E_i, \\
#    & E_i = V^{(1)}_{z_i} + \sum_{j} V^{(2)}(\mathbf r_{ij}) + \sum_{j<k} V^{(3)}(\mathbf r_{ij}, \mathbf r_{ik}) \\
#    & \qquad + \sum_{j<k<l} V^{(4)}(\mathbf r_{ij}, \mathbf r_{ik}, \mathbf r_{il}) + \dots
#
# Here :math:`j, k, l` run over the neighbours of atom :math:`i` within a cutoff :math:`r_c`, and the upper
# index of :math:`V` (eV) is the **body order**: the number of atoms that it depends on, the centre included.
# Pair potentials stop at two, Stillinger–Weber at three. Quantum mechanics does not stop, but the terms
# usually become smaller.
#
# The trouble is the number of terms. An atom with :math:`n` neighbours has :math:`\binom{n}{\nu}` clusters
# of body order :math:`\nu + 1`:

silicon = bulk("Si", cubic=True).repeat(2)
distances = silicon.get_all_distances(mic=True)[0]
n_neighbours = int(((distances > 0) & (distances < 5.0)).sum())
print(f"a silicon atom has {n_neighbours} neighbours within 5 Å; clusters of each body order:")
for nu in range(1, 6):
    print(f"  {nu + 1}-body: {comb(n_neighbours, nu):7d}")
assert comb(n_neighbours, 4) > 100 * n_neighbours

# %%
# The density of neighbours
# -------------------------
#
# Write the environment of atom :math:`i` as a density of points, and describe it by its overlap with
# **one-particle functions** :math:`\phi_{nlm}`, a radial function times a real spherical harmonic:
#
# .. math::
#
#    & \rho_i(\mathbf r) = \sum_j \delta(\mathbf r - \mathbf r_{ij}), \\
#    & A_{i,nlm} = \int \rho_i\, \phi_{nlm}\, d\mathbf r = \sum_j \phi_{nlm}(\mathbf r_{ij}), \\
#    & \phi_{nlm}(\mathbf r) = R_n(r)\, Y_{lm}(\hat{\mathbf r}) .
#
# The :math:`A` are the **A-features** (in ACE the *atomic basis*, :cite:`Drautz2019ace`). They are sums over
# neighbours, so a permutation of the neighbours cannot change them. As radial functions we take those of
# MACE: Bessel functions times a polynomial that makes value, slope and curvature zero at :math:`r_c`
# :cite:`Gasteiger2020dimenet`,
#
# .. math::
#
#    & R_n(r) = \sqrt{\tfrac{2}{r_c}}\, \frac{\sin(n \pi r / r_c)}{r}\, f_c(r), \\
#    & f_c(r) = 1 - \tfrac{(p+1)(p+2)}{2} x^p + p(p+2)\, x^{p+1} - \tfrac{p(p+1)}{2} x^{p+2}, \\
#    & x = \frac{r}{r_c} .

CUTOFF, P, N_RADIAL, L_MAX = 5.0, 5, 3, 3


def envelope(r):
    """f_c(r), 1 at 0 and 0 from the cutoff on."""
    x = r / CUTOFF
    polynomial = 1 - x**P * ((P + 1) * (P + 2) / 2 - P * (P + 2) * x + P * (P + 1) / 2 * x**2)
    return np.where(x < 1, polynomial, 0.0)


def radial(r):
    """R_n(r), (n_pairs, N_RADIAL)."""
    n = np.arange(1, N_RADIAL + 1)
    return np.sqrt(2 / CUTOFF) * np.sin(np.pi * n * r[:, None] / CUTOFF) / r[:, None] * envelope(r)[:, None]


def harmonics(vectors):
    """Y_lm for l = 0 ... L_MAX as a list of arrays (n_pairs, 2l + 1)."""
    v = torch.as_tensor(vectors)
    make = lambda l: o3.spherical_harmonics(l, v, normalize=True, normalization="component").numpy()
    return [make(l) for l in range(L_MAX + 1)]


def a_features(vectors):
    """A_nlm of one atom: a list over l of arrays (N_RADIAL, 2l + 1)."""
    shapes = radial(np.linalg.norm(vectors, axis=1))
    return [np.einsum("jn,jm->nm", shapes, y) for y in harmonics(vectors)]


h = 1e-4
assert abs(envelope(CUTOFF - h)) < 1e-9  # of third order in h
assert np.allclose(
    [(y**2).sum(axis=1) for y in harmonics(np.random.default_rng(0).normal(size=(5, 3)))],
    [[2 * l + 1] * 5 for l in range(L_MAX + 1)],
)

r = np.linspace(0.05, 5.5, 400)
figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
for n, values in enumerate(radial(r).T, start=1):
    axes[0].plot(r, values, label=f"$R_{n}$")
axes[0].plot(r, envelope(r), "k--", lw=1, label="$f_c$")
axes[0].axvline(CUTOFF, color="0.7", lw=1)
axes[0].set(xlabel="distance r (Å)", ylabel="radial function")
axes[0].legend()
angles = np.linspace(0, 2 * np.pi, 361)
circle = np.stack([np.sin(angles), np.cos(angles), np.zeros_like(angles)], axis=1)  # e3nn's polar axis is y
for l, y in enumerate(harmonics(circle)):
    axes[1].plot(np.degrees(angles), y[:, l], label=f"l = {l}")  # the middle component, m = 0
axes[1].set(xlabel="angle from the polar axis (degrees)", ylabel="$Y_{l0}$", xticks=range(0, 361, 90))
axes[1].legend(ncols=2)
plt.show()

# %%
# The density trick
# -----------------
#
# Multiply two A-features. A product of sums is a sum over all pairs of neighbours:
#
# .. math::
#
#    A_{i,v_1} A_{i,v_2} & = \Big(\sum_j \phi_{v_1}(\mathbf r_{ij})\Big)
#      \Big(\sum_k \phi_{v_2}(\mathbf r_{ik})\Big) \\
#    & = \sum_j \sum_k \phi_{v_1}(\mathbf r_{ij})\, \phi_{v_2}(\mathbf r_{ik}), \qquad v = (n, l, m).
#
# The right-hand side is a three-body function: it depends on the centre and on two neighbours together. The
# left-hand side never looks at a pair of neighbours. With :math:`\nu` factors the product is a sum over all
# :math:`n^\nu` :math:`\nu`-tuples, and it still costs one sum over :math:`n` neighbours and :math:`\nu - 1`
# multiplications. That is the whole trick, and it is exact. We check it on an atom of malonaldehyde, for
# :math:`\nu` = 2, 3 and 4:

data = mlffbench.load_dataset("malonaldehyde")
molecule = data.frames[0]
centre = 1
vectors = np.delete(molecule.positions[centre] - molecule.positions, centre, axis=0)
phi = np.concatenate(
    [
        (radial(np.linalg.norm(vectors, axis=1))[:, :, None] * y[:, None, :]).reshape(len(vectors), -1)
        for y in harmonics(vectors)
    ],
    axis=1,
)  # (neighbours, functions)
A = phi.sum(axis=0)
random = np.random.default_rng(0)
for nu in (2, 3, 4):
    v = random.choice(len(A), size=nu, replace=False)
    tuples = sum(
        np.prod([phi[j, i] for j, i in zip(js, v, strict=True)]) for js in product(range(len(phi)), repeat=nu)
    )
    print(
        f"ν = {nu}: product of sums {np.prod(A[v]): .12f}, sum over {len(phi) ** nu:5d} tuples {tuples: .12f}"
    )
    assert np.isclose(np.prod(A[v]), tuples, rtol=1e-10, atol=1e-12)

# %%
# **What comes along.** The tuples include those with :math:`j = k`, where one neighbour is counted twice.
# They are of lower body order. So a product of :math:`\nu` factors contains all body orders from 2 to
# :math:`\nu + 1`:

v1, v2 = 0, 5
distinct = sum(phi[j, v1] * phi[k, v2] + phi[k, v1] * phi[j, v2] for j, k in combinations(range(len(phi)), 2))
repeated = (phi[:, v1] * phi[:, v2]).sum()
print(f"three-body part {distinct:.6f} + two-body part {repeated:.6f} = {A[v1] * A[v2]:.6f}")
assert np.isclose(distinct + repeated, A[v1] * A[v2])

# %%
# This does no harm: the model has free coefficients for the lower orders too, and can take away what it does
# not want.
#
# The next figure counts multiplications for one product of :math:`\nu` = 3 factors. The numbers are counted
# while the code runs, not estimated.


def count_tuples(n, nu):
    """Multiplications of the sum over all tuples."""
    return sum(nu - 1 for _ in product(range(n), repeat=nu))


sizes = [2, 4, 8, 16, 28, 46]
explicit = [count_tuples(n, 3) for n in sizes]
trick = [n + 2 for n in sizes]  # n additions and two multiplications
assert explicit == [2 * n**3 for n in sizes]

figure, axis = plt.subplots(figsize=(6, 3.6), layout="constrained")
axis.loglog(sizes, explicit, "o-", label="sum over triples")
axis.loglog(sizes, trick, "s-", label="product of three sums")
axis.set(xlabel="neighbours of the atom", ylabel="operations for one four-body feature")
axis.set_xticks(sizes, [str(n) for n in sizes])
axis.minorticks_off()
axis.legend()
plt.show()

# %%
# Rotations: from A to B
# ----------------------
#
# Rotate the molecule. A-features with :math:`l = 0` stay; those of order :math:`l` mix among their
# :math:`2l+1` components by the Wigner matrix :math:`D^l` of the rotation :math:`Q`:
#
# .. math:: A_{nlm} \to \sum_{m'} D^l_{mm'}(Q)\, A_{nlm'} .

torch.manual_seed(1)
Q = o3.rand_matrix(dtype=torch.float64)
turned = a_features(vectors @ Q.numpy().T)
original = a_features(vectors)
for l in range(L_MAX + 1):
    D = o3.Irrep(l, (-1) ** l).D_from_matrix(Q).numpy()
    assert np.allclose(turned[l], original[l] @ D.T, atol=1e-10)

# %%
# An energy must not change. So products of :math:`A` are summed over their :math:`m` with such coefficients
# that the sum is invariant. These sums are the **B-features**. The coefficients are the generalised
# Clebsch–Gordan coefficients :math:`\mathcal C`; for one, two and three factors they are old friends:
#
# .. math::
#
#    & B^{(1)}_{n} = A_{n00}, \qquad B^{(2)}_{n_1 n_2 l} = \sum_m A_{n_1 l m} A_{n_2 l m}, \\
#    & B^{(3)}_{n_1 l_1 n_2 l_2 n_3 l_3} = \sum_{m_1 m_2 m_3}
#    \begin{pmatrix} l_1 & l_2 & l_3 \\ m_1 & m_2 & m_3 \end{pmatrix}
#    A_{n_1 l_1 m_1} A_{n_2 l_2 m_2} A_{n_3 l_3 m_3} .
#
# The second is the power spectrum of SOAP, the third the bispectrum, with the 3j symbol of the real
# harmonics in parentheses. Two factors couple to a scalar only if their :math:`l` are equal.


def power_spectrum(A):
    """B of two factors."""
    pairs = [(a, b) for a in range(N_RADIAL) for b in range(a, N_RADIAL)]
    return np.array([A[l][a] @ A[l][b] for l in range(L_MAX + 1) for a, b in pairs])


def bispectrum(A, orders):
    """B of three factors with orders (l1, l2, l3) and different radial functions."""
    coupling = o3.wigner_3j(*orders, dtype=torch.float64).numpy()
    first, second, third = (A[l][n] for n, l in enumerate(orders))
    return np.einsum("abc,a,b,c->", coupling, first, second, third)


EVEN = [(0, 0, 0), (1, 1, 0), (1, 1, 2), (2, 2, 2), (1, 2, 3), (2, 2, 0)]
ODD = [(1, 1, 1), (1, 2, 2), (2, 2, 3), (1, 3, 3)]
before = [bispectrum(original, o) for o in EVEN]
after = [bispectrum(turned, o) for o in EVEN]
assert np.allclose(power_spectrum(original), power_spectrum(turned), rtol=1e-10, atol=1e-12)
assert np.allclose(before, after, rtol=1e-9, atol=1e-12)

# %%
# **Reflections.** Under an inversion :math:`\mathbf r \to -\mathbf r` a harmonic of order :math:`l` is
# multiplied by :math:`(-1)^l`. A product with odd :math:`l_1 + l_2 + l_3` is invariant under rotations but
# changes sign in the mirror. It can tell left from right, which an energy must not. MACE keeps only
# couplings of the right parity.

mirrored = a_features(-vectors)
for orders in EVEN:
    assert np.isclose(bispectrum(mirrored, orders), bispectrum(original, orders), rtol=1e-10, atol=1e-13)
for orders in ODD:
    value = bispectrum(original, orders)
    assert np.isclose(bispectrum(turned, orders), value, rtol=1e-8, atol=1e-12)
    assert np.isclose(bispectrum(mirrored, orders), -value, rtol=1e-10, atol=1e-13)
print("odd sums of orders, before and after the mirror:")
for orders in ODD:
    print(f"  l = {orders}: {bispectrum(original, orders): .2e} {bispectrum(mirrored, orders): .2e}")

figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
flat = lambda A: np.concatenate([A[l][0] for l in range(L_MAX + 1)])
logarithm = lambda A: np.log10(np.abs(power_spectrum(A)))
for axis, old, new, title in (
    (axes[0], flat(original), flat(turned), "A-features, n = 1"),
    (axes[1], logarithm(original), logarithm(turned), "B-features, ν = 2"),
):
    axis.bar(np.arange(len(old)) - 0.2, old, 0.4, label="molecule")
    axis.bar(np.arange(len(new)) + 0.2, new, 0.4, label="rotated")
    axis.set(title=title, xlabel="feature")
axes[0].set_ylabel("value")
axes[1].set_ylabel("log$_{10}$|value|")
axes[0].legend()
plt.show()

# %%
# Linear ACE
# ----------
#
# A linear model of the B-features is the **atomic cluster expansion** :cite:`Drautz2019ace,Dusson2022ace`:
#
# .. math:: E_i = \sum_\nu \sum_v c^{(\nu)}_{z_i v}\, B^{(\nu)}_{i,v} .
#
# It can approximate any smooth function of the environment when :math:`\nu`, :math:`n` and :math:`l` grow,
# and fitting it is linear least squares. We fit it to energies of malonaldehyde at 300 K and look at the
# error as :math:`\nu` grows. The elements of the neighbours need a place: each pair (radial function,
# element) becomes one *channel*.

ELEMENTS = sorted(set(molecule.numbers.tolist()))
N_CHANNELS = N_RADIAL * len(ELEMENTS)


def atomic_basis(frame):
    """A of all atoms of a molecule: a list over l of arrays (atoms, channels, 2l + 1)."""
    d = frame.positions[:, None] - frame.positions[None]
    i, j = np.nonzero(~np.eye(len(frame), dtype=bool))
    shapes = radial(np.linalg.norm(d[i, j], axis=1))
    one_hot = (frame.numbers[j, None] == ELEMENTS).astype(float)
    channels = (shapes[:, :, None] * one_hot[:, None, :]).reshape(len(i), -1)
    features = []
    for y in harmonics(d[i, j]):
        features.append(np.zeros((len(frame), N_CHANNELS, y.shape[1])))
        np.add.at(features[-1], i, channels[:, :, None] * y[:, None, :])
    return features


COUPLINGS = [
    (orders, o3.wigner_3j(*orders, dtype=torch.float64).numpy())
    for orders in ((0, 0, 0), (0, 1, 1), (0, 2, 2), (1, 1, 2), (2, 2, 2))
]
MIXED = 16  # channels after mixing
mixing = random.normal(size=(L_MAX + 1, N_CHANNELS, MIXED)) / np.sqrt(N_CHANNELS)


def b_features(frame):
    """B of ν = 1, 2, 3, summed over the atoms of each element; products only within a channel."""
    A = [np.einsum("icm,ck->ikm", a, w) for a, w in zip(atomic_basis(frame), mixing, strict=True)]
    one = A[0][:, :, 0]
    two = np.concatenate([(a**2).sum(axis=2) for a in A], axis=1)
    three = np.concatenate(
        [np.einsum("abc,ika,ikb,ikc->ik", C, *(A[l] for l in orders)) for orders, C in COUPLINGS], axis=1
    )
    of_element = (frame.numbers[:, None] == ELEMENTS).astype(float)
    return [np.einsum("iz,iv->zv", of_element, b).ravel() for b in (one, two, three)]


train = np.flatnonzero(data.columns["group"] == "train_300K")
test = np.flatnonzero(data.columns["group"] == "test_300K")
rows = [b_features(data.frames[i]) for i in (*train, *test)]
energies = np.asarray(data.labels.energy)[[*train, *test]]
energies = 1000 * (energies - energies[: len(train)].mean()) / len(molecule)  # meV/atom
errors = {}
for nu in (1, 2, 3):
    X = np.array([np.concatenate(row[:nu]) for row in rows])
    X = (X - X[: len(train)].mean(axis=0)) / X[: len(train)].std(axis=0)
    X, y, X_test, y_test = X[: len(train)], energies[: len(train)], X[len(train) :], energies[len(train) :]
    best = None
    for penalty in 10.0 ** np.arange(-7, 2):  # chosen on a quarter of the training part
        fit, held = slice(0, 300), slice(300, None)
        w = np.linalg.solve(X[fit].T @ X[fit] + penalty * np.eye(X.shape[1]), X[fit].T @ y[fit])
        error = np.sqrt(np.mean((X[held] @ w - y[held]) ** 2))
        best = min(best or (np.inf, 0), (error, penalty))
    w = np.linalg.solve(X.T @ X + best[1] * np.eye(X.shape[1]), X.T @ y)
    errors[nu] = np.sqrt(np.mean((X_test @ w - y_test) ** 2))
    print(f"ν ≤ {nu}: {X.shape[1]:4d} coefficients, test error {errors[nu]:.2f} meV/atom")
print(f"standard deviation of the test energies {energies[len(train) :].std():.2f} meV/atom")
assert errors[3] < errors[2] < errors[1]

figure, axis = plt.subplots(figsize=(5, 3.2), layout="constrained")
axis.semilogy(list(errors), list(errors.values()), "o-")
axis.set(xlabel="correlation order ν (body order − 1)", ylabel="test RMSE (meV/atom)", xticks=list(errors))
plt.show()

# %%
# Two problems of ACE, and what MACE does
# ---------------------------------------
#
# **Channels.** In plain ACE each of the :math:`\nu` factors may have its own channel. With :math:`N`
# channels (radial functions times elements) there are about :math:`N^\nu/\nu!` combinations:

print("channels N   products of ν = 3 from all channels   within mixed channels, K = 128")
for n_elements in (1, 3, 10, 89):
    n = 8 * n_elements
    print(f"{n:10d}   {comb(n + 2, 3):37d}   {128:30d}")

# %%
# MACE first mixes the :math:`N` channels into :math:`K` learned ones and multiplies only within a channel
# :math:`k`, as our fit above did with random mixtures. For enough channels this loses nothing, because a
# symmetric tensor is a sum of powers of vectors (:cite:`Darby2023tensor`). The number of products no longer
# grows with the number of elements.
#
# The simplest case shows the reason. A product of two different channels is made of squares of their
# mixtures:

a, b = A[0], A[1]
assert np.isclose(a * b, ((a + b) ** 2 - (a - b) ** 2) / 4)

# %%
# **Range.** An atom of ACE sees what lies within :math:`r_c`, and high body orders within a large
# :math:`r_c` are costly. **Message passing** repeats the construction: the B-features of the neighbours
# become features :math:`h_j` of the neighbours, and the next A-features are built from them,
#
# .. math::
#
#    & A^{(t)}_{i} = \sum_j R^{(t)}(r_{ij})\, Y(\hat{\mathbf r}_{ij})\, h^{(t)}_j, \\
#    & h^{(t+1)}_i = \text{linear function of } \mathbf B(A^{(t)}_i) .
#
# ACE is the case of one layer with :math:`h_j` given by the element. MACE :cite:`Batatia2022mace` has two
# layers; the next page computes one of them by hand.
