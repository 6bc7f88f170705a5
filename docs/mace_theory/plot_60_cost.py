r"""
Cost: weights, couplings, time
==============================

After this page you can say what a setting of MACE costs before you train: weights and couplings against
channels, orders and correlation, time against all of them, and how time grows with atoms and neighbours.
Times are measured while the page is built, on one CPU core; the ratios are the lesson, not the seconds. It
needs the page on one layer; reading takes fifteen minutes.
"""

# sphinx_gallery_thumbnail_number = 2
import time
from itertools import pairwise, permutations

import matplotlib.pyplot as plt
import numpy as np
import torch
from ase.build import bulk
from small_models import DTYPE, random_mace

from mlffbench.potentials.mace.assembly import assemble
from mlffbench.potentials.mace.batches import Graphs
from mlffbench.potentials.mace.library import session
from mlffbench.potentials.mace.network import FusedMACE
from mlffbench.potentials.mace.presets import PRESETS

# %%
# Ways to couple
# --------------
#
# The symmetric contraction has one weight for each element, channel and way :math:`\eta` to couple
# :math:`\nu` harmonics of order :math:`\le l_\text{max}` to order :math:`L`. The ways can be counted without
# making the coefficients: orders :math:`l_1` and :math:`l_2` couple to every order from :math:`|l_1 - l_2|`
# to :math:`l_1 + l_2`, once each, and parities :math:`(-1)^l` multiply.


def ways(l_max, nu):
    """Number of ways to couple ν harmonics, as a dictionary (order, parity) -> number."""
    harmonics = {(l, (-1) ** l): 1 for l in range(l_max + 1)}
    counts = dict(harmonics)
    for _ in range(nu - 1):
        following = {}
        for (a, p), n in counts.items():
            for b, q in harmonics:
                for L in range(abs(a - b), a + b + 1):
                    following[L, p * q] = following.get((L, p * q), 0) + n
        counts = following
    return counts


model = random_mace([14], hidden_irreps="2x0e + 2x1o", max_ell=2)
contractions = model.products[0].symmetric_contractions.contractions
for L, contraction in enumerate(contractions):
    for nu in (1, 2, 3):
        assert contraction.U_tensors(nu).shape[-1] == ways(2, nu)[L, (-1) ** L]
print("ways to couple to L = 0:  " + "".join(f"  l_max={l}" for l in range(5)))
for nu in (1, 2, 3, 4):
    print(f"  ν = {nu}                  " + "".join(f"{ways(l, nu)[0, 1]:9d}" for l in range(5)))

# %%
# Not all ways are different: the factors are the same :math:`A`, so only the part of the coefficients that
# is symmetric in the factors counts. The rank of that part is the number of independent products;
# with cuequivariance installed,
# mace-torch's ``use_reduced_cg`` makes only these.


def independent(U, nu):
    """Rank of the coefficients after symmetrisation over the factors."""
    U = U if U.dim() == nu + 2 else U[None]
    axes = list(range(1, nu + 1))
    symmetric = sum(U.permute(0, *p, nu + 1) for p in permutations(axes))
    return int(torch.linalg.matrix_rank(symmetric.reshape(-1, U.shape[-1]), tol=1e-8))


for L, contraction in enumerate(contractions):
    counts = [
        (contraction.U_tensors(nu).shape[-1], independent(contraction.U_tensors(nu), nu)) for nu in (2, 3)
    ]
    print(
        f"L = {L}: "
        + ", ".join(f"ν = {nu}: {n} ways, {m} independent" for nu, (n, m) in zip((2, 3), counts, strict=True))
    )
    assert all(m <= n for n, m in counts)
    assert counts[1][1] < counts[1][0]

# %%
# Weights
# -------
#
# The number of weights of each part follows from the shapes of the page on one layer. :math:`N_z` elements,
# :math:`K` channels, :math:`P_t` paths of the convolution in layer :math:`t`, radial networks with hidden
# layers of width :math:`H`:
#
# .. list-table::
#    :header-rows: 1
#
#    * - part
#      - weights
#    * - embedding
#      - :math:`N_z K`
#    * - linear up
#      - :math:`K^2` for each order of :math:`h`
#    * - radial network
#      - :math:`N_\text{Bessel} H + (n_\text{hidden} - 1) H^2 + H P_t K`
#    * - linear after the sum
#      - :math:`P_t K^2`
#    * - skip connection
#      - :math:`N_z K^2` for each order that goes on
#    * - contraction
#      - :math:`N_z K \sum_\nu \sum_L \text{ways}(\nu, L)`
#    * - linear after the contraction
#      - :math:`K^2` for each :math:`L`
#    * - readouts
#      - :math:`K` for each layer but the last, :math:`16 K + 16` for the last


def paths(max_L_in, l_max):
    """Paths of a convolution: (order of h, order of Y, order of A)."""
    couplings = [
        (a, b, c) for a in range(max_L_in + 1) for b in range(l_max + 1) for c in range(abs(a - b), a + b + 1)
    ]
    return len([1 for a, b, c in couplings if c <= l_max and (a + b + c) % 2 == 0])


def weights(K, max_L, l_max, correlation, n_elements=1, n_layers=2, n_bessel=8, hidden=(64, 64, 64)):
    """Weights of each part of MACE."""
    parts = dict.fromkeys(("embedding", "radial", "linear", "skip", "contraction", "readout"), 0)
    parts["embedding"] = n_elements * K
    for t in range(n_layers):
        orders_in = 1 if t == 0 else max_L + 1
        orders_out = 1 if t == n_layers - 1 else max_L + 1
        P = paths(orders_in - 1, l_max)
        widths = (n_bessel, *hidden, P * K)
        parts["radial"] += sum(a * b for a, b in pairwise(widths))
        parts["linear"] += K**2 * (orders_in + P + orders_out)
        parts["skip"] += n_elements * K**2 * min(orders_in, orders_out)
        orders = range(orders_out)
        total = sum(ways(l_max, nu)[L, (-1) ** L] for nu in range(1, correlation + 1) for L in orders)
        parts["contraction"] += n_elements * K * total
        parts["readout"] += K if t < n_layers - 1 else 16 * K + 16
    return parts


def build(K=16, max_L=1, l_max=2, correlation=3, cutoff=5.0, elements=(14,)):
    """mace-torch's model with random weights, and its radial networks as in the presets."""
    irreps = " + ".join(f"{K}x{L}{'eo'[L % 2]}" for L in range(max_L + 1))
    return random_mace(
        elements, hidden_irreps=irreps, max_ell=l_max, correlation=correlation, r_max=cutoff, num_bessel=8,
        radial_MLP=[64, 64, 64], avg_num_neighbors=28.0,
    )  # fmt: skip


BASE = {"K": 16, "max_L": 1, "l_max": 2, "correlation": 3}
models = {(): build(**BASE)}
for keyword, values in {"K": (4, 64), "max_L": (0, 2), "l_max": (1, 3), "correlation": (2,)}.items():
    for value in values:
        models[keyword, value] = build(**BASE | {keyword: value})
for key, module in models.items():
    setting = BASE | (dict([key]) if key else {})
    expected, counted = sum(weights(**setting).values()), sum(p.numel() for p in module.parameters())
    print(f"{setting}: {counted} weights")
    assert counted == expected

print("\nmlffbench's presets with three elements, from the formula:")
figure, axis = plt.subplots(figsize=(7, 3), layout="constrained")
bottom = np.zeros(len(PRESETS))
columns = {}
for name, s in PRESETS.items():
    setting = (s.num_channels, s.max_L, s.max_ell, s.correlation, 3, s.num_interactions, s.num_radial_basis)
    columns[name] = weights(*setting)
    print(f"  {name:8s} {sum(columns[name].values()):8d} weights")
for part in next(iter(columns.values())):
    share = np.array([100 * c[part] / sum(c.values()) for c in columns.values()])
    axis.barh(list(columns), share, left=bottom, label=part)
    bottom += share
axis.set(xlabel="share of the weights (%)")
axis.legend(ncols=1, loc="center left", bbox_to_anchor=(1, 0.5))
axis.invert_yaxis()
plt.show()

# %%
# Most weights stand in linear maps (:math:`K^2`), in the skip connection with many elements, and in the
# radial networks. The contraction, where most of the time may go, has few.
#
# Time
# ----
#
# Energies and forces of 216 silicon atoms with 28 neighbours each, by mlffbench's kernels for the CPU, in
# float64, without building neighbour lists. One setting is changed at a time.


def batch(atoms, cutoff):
    """Inputs of one structure."""
    return assemble(Graphs.build([atoms], [14], cutoff, DTYPE, torch.device("cpu")), [0])


def microseconds(module, inputs, forces=True, repeats=2):
    """CPU time an atom, µs: the least of a few runs after one to warm up."""
    seconds = []
    with session(DTYPE):
        for _ in range(repeats + 1):
            begin = time.process_time()
            module(inputs, compute_force=forces)
            seconds.append(time.process_time() - begin)
    return 1e6 * min(seconds[1:]) / len(inputs["positions"])


crystal = bulk("Si", cubic=True).repeat(3)
crystal.rattle(0.05, seed=0)
inputs = batch(crystal, 5.0)
with session(DTYPE):
    fused = {key: FusedMACE(module) for key, module in models.items()}
times = {key: microseconds(module, inputs) for key, module in fused.items()}
base = times[()]
print(f"base {BASE}: {base:.0f} µs an atom")
figure, axes = plt.subplots(1, 4, figsize=(9, 2.8), sharey=True, layout="constrained")
titles = {"K": "channels K", "max_L": "max_L", "l_max": "l_max (max_ell)", "correlation": "correlation ν"}
for axis, (keyword, title) in zip(axes, titles.items(), strict=True):
    series = sorted(
        [(BASE[keyword], base), *((key[1], t) for key, t in times.items() if key and key[0] == keyword)]
    )
    axis.plot(*zip(*series, strict=True), "o-")
    axis.set(xlabel=title, yscale="log", xticks=[x for x, _ in series])
    print(f"{keyword:12s}", ", ".join(f"{x}: {t / base:.2f}" for x, t in series), "times the base")
    if keyword == "K":
        axis.set_xscale("log", base=2)
axes[0].set_ylabel("µs an atom")
plt.show()
assert times["K", 4] < times["K", 64]
assert times["max_L", 0] < times["max_L", 2]
assert times["l_max", 1] < times["l_max", 3]

# %%
# Forces are one backward pass: the time is a small multiple of the energy's, whatever the number of atoms.
# Differences would need :math:`6 n` energies.

energy_only = microseconds(fused[()], inputs, forces=False)
print(f"energy {energy_only:.0f} µs an atom, energy and forces {base:.0f} µs: {base / energy_only:.1f} times")
assert base < 10 * energy_only

# %%
# Atoms and neighbours
# --------------------
#
# Every atom does the same work: the time an atom does not depend on the number of atoms (once there are
# enough of them to hide the fixed cost of a call). It depends on the number of neighbours through the
# convolution; the contraction and the linear maps do not see neighbours. So time an atom =
# :math:`a + b\,n_\text{neighbours}`.

sizes, by_size = (1, 2, 3), []
for n in sizes:
    structure = bulk("Si", cubic=True).repeat(n)
    by_size.append((len(structure), microseconds(fused[()], batch(structure, 5.0))))
    print(f"{by_size[-1][0]:4d} atoms: {by_size[-1][1]:6.0f} µs an atom")
assert by_size[2][1] < 2 * by_size[1][1]

by_neighbours = []
for cutoff in (3.0, 4.0, 5.0, 6.0):
    module = fused[()]  # the same network for all: it does the work of every pair in the list
    structure = batch(crystal, cutoff)
    n = 2 * structure["undirected"].shape[1] / len(crystal)
    by_neighbours.append((n, microseconds(module, structure)))
slope, constant = np.polyfit(*zip(*by_neighbours, strict=True), 1)
for n, t in by_neighbours:
    print(f"{n:5.1f} neighbours: {t:6.0f} µs an atom, line {constant + slope * n:6.0f}")
assert slope > 0
figure, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
axes[0].semilogx(*zip(*by_size, strict=True), "o-")
axes[0].set(xlabel="atoms", ylabel="µs an atom", ylim=(0, None))
n = np.array([0, by_neighbours[-1][0]])
axes[1].plot(*zip(*by_neighbours, strict=True), "o")
axes[1].plot(n, constant + slope * n, "--", color="0.5")
axes[1].set(xlabel="neighbours", ylim=(0, None), xlim=(0, None))
plt.show()

# %%
# What to turn
# ------------
#
# * ``cutoff``: neighbours grow with its cube, time with the neighbours. Look here first for a dense material.
# * ``num_channels``: weights grow with nearly the square, time less steeply as long as there are few.
# * ``max_L``, ``max_ell``, ``correlation``: compare the factors that the run above printed, for the accuracy that your
#   problem gains.
#
# Times of whole trainings and of GPUs: :doc:`/performance`.
