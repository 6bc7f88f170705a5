r"""
Body order, correlation order and the order L
=============================================

After this page you know what ``correlation`` and ``max_L`` buy: how many atoms an energy can depend on at
once, which environments a model cannot tell apart, and what a message carries besides numbers. All of it is
measured on models with random weights. It needs the page on one layer; reading takes twenty minutes.
"""

# sphinx_gallery_thumbnail_number = 1
from itertools import combinations
from math import comb

import matplotlib.pyplot as plt
import numpy as np
from ase import Atoms
from small_models import batch_of, random_mace, run

import mlffbench
from mlffbench.potentials.mace.presets import PRESETS

# %%
# Many-body terms by inclusion and exclusion
# ------------------------------------------
#
# Take the energies :math:`E(S)` of all subsets :math:`S` of a set of atoms. The part that needs *all* atoms
# of :math:`S` together is
#
# .. math:: E^{(n)}(S) = \sum_{T \subseteq S} (-1)^{|S| - |T|}\, E(T), \qquad n = |S| .
#
# For two atoms it is :math:`E(12) - E(1) - E(2)`, the interaction energy. Summed over all subsets the terms
# give the energy back. An energy has **body order** :math:`b` if all terms with :math:`n > b` vanish.
# (:math:`E(T)` is the energy of the atoms in :math:`T` alone at their places, in eV.)
#
# The atoms are eight of malonaldehyde's nine, the cutoff is so large that every atom sees every other: what
# vanishes does not vanish because of the distance.

molecule = mlffbench.load_dataset("malonaldehyde").frames[0][:8]
elements = sorted(set(molecule.numbers))
n_atoms = len(molecule)
subsets = [s for n in range(1, n_atoms + 1) for s in combinations(range(n_atoms), n)]
parts = [molecule[list(s)] for s in subsets]
size = np.array([len(s) for s in subsets])
member = np.array([[i in s for i in range(n_atoms)] for s in subsets])
contained = (member[:, None, :] >= member[None, :, :]).all(axis=2)  # [S, T]: T is a subset of S
signs = np.where(contained, (-1.0) ** (size[:, None] - size[None, :]), 0.0)
print(f"{n_atoms} atoms, {len(subsets)} subsets")
assert len(subsets) == 2**n_atoms - 1


def many_body_terms(model):
    """Root mean square of E^(n) over the subsets of n atoms, n = 1 ... 8, relative to n = 2."""
    energies = run(model, batch_of(model, parts))["energy"].detach().numpy()
    terms = signs @ energies
    assert np.isclose(terms.sum(), energies[-1])  # they add up to the energy of the whole molecule
    sizes = np.array([np.sqrt(np.mean(terms[size == n] ** 2)) for n in range(1, n_atoms + 1)])
    return sizes / sizes[1]


# %%
# One layer
# ---------
#
# In a model of one layer with a linear readout :math:`E_i` is a polynomial of degree :math:`\nu` in
# :math:`A_i = \sum_j \dots`. A product of :math:`\nu` sums holds at most :math:`\nu` different neighbours.
# With the centre:
#
# .. math:: b = \nu + 1 .

small = {"r_max": 8.0, "gate": "None", "hidden_irreps": "2x0e + 2x1o", "avg_num_neighbors": 2.0}
ROUNDING = 1e-10  # 256 energies of the order of 1 eV, summed in float64; terms are relative to pair terms
one_layer = {}
for nu in (1, 2, 3, 4):
    # mace-torch's coefficients for ν = 4 leave out some couplings; fewer harmonics keep the example small
    model = random_mace(elements, num_interactions=1, correlation=nu, max_ell=1 if nu == 4 else 2, **small)
    terms = many_body_terms(model)
    one_layer[f"ν = {nu}"] = terms
    print(f"ν = {nu}:", " ".join(f"{t:.0e}" for t in terms[1:]))
    assert (terms[nu + 1 :] < ROUNDING).all()  # 5-body and higher for ν = 3
    assert (terms[1 : nu + 1] > 1e2 * ROUNDING).all()

# %%
# Two layers
# ----------
#
# In the next layer each of the :math:`\nu` factors is a sum over neighbours :math:`j` of features
# :math:`h_j` that themselves depend on :math:`b_{t-1}` atoms. The body order is multiplied:
#
# .. math:: b_0 = 1, \qquad b_t = 1 + \nu\, b_{t-1}, \qquad b_T = 1 + \nu + \nu^2 + \dots + \nu^T .
#
# Here the readout after the last layer is linear too (``gate="None"``). MACE's network of one hidden layer
# is no polynomial: with it the body order has no end.


def body_order(nu, n_layers):
    """b_T of the recursion."""
    order = 1
    for _ in range(n_layers):
        order = 1 + nu * order
    return order


assert body_order(3, 2) == 13
two_layers = {}
for nu, n_layers in ((1, 2), (1, 3), (2, 2)):
    model = random_mace(elements, num_interactions=n_layers, correlation=nu, **small)
    terms = many_body_terms(model)
    two_layers[f"{n_layers} layers, ν = {nu}"] = terms
    b = body_order(nu, n_layers)
    print(f"{n_layers} layers, ν = {nu}, b = {b}:", " ".join(f"{t:.0e}" for t in terms[1:]))
    assert (terms[b:] < ROUNDING).all()
    assert (terms[1:b] > 10 * ROUNDING).all()
model = random_mace(elements, num_interactions=2, correlation=1, **small | {"gate": "silu"})
terms = many_body_terms(model)
two_layers["2 layers, ν = 1, MLP readout"] = terms
print("2 layers, ν = 1, network as readout:", " ".join(f"{t:.0e}" for t in terms[1:]))
assert (terms[1:] > 1e2 * ROUNDING).all()

figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="constrained")
n = np.arange(1, n_atoms + 1)
for axis, models, title in ((axes[0], one_layer, "one layer"), (axes[1], two_layers, "more layers")):
    for (label, terms), marker in zip(models.items(), "os^Dv", strict=False):
        axis.semilogy(n[1:], np.maximum(terms[1:], 1e-18), marker + "-", label=label)
    axis.axhspan(1e-18, ROUNDING, color="0.92")
    axis.set(xlabel="atoms n of the term", title=title, ylim=(1e-18, 1e2))
    axis.legend(fontsize=8, loc="upper right" if axis is axes[0] else "lower left")
axes[0].set_ylabel(r"rms $E^{(n)}$ / rms $E^{(2)}$")
plt.show()

# %%
# (Grey: rounding.) The body order that :math:`T` layers reach. With :math:`\nu = 1` it grows by one a layer,
# with :math:`\nu = 3` it is 13 after two:

print("layers T " + "".join(f"{t:8d}" for t in range(1, 7)))
for nu in (1, 2, 3):
    print(f"ν = {nu}    " + "".join(f"{body_order(nu, t):8d}" for t in range(1, 7)))

# %%
# What a low correlation order cannot see
# ---------------------------------------
#
# Body order is not decoration: there are different environments that all products of :math:`\nu = 2`
# describe by the same numbers. Put four neighbours at equal distance around a centre, at the corners 0, 1,
# 3, 4 or 0, 1, 2, 5 of a regular octagon. Both have the same list of angles between neighbours:

CORNERS = {"first": (0, 1, 3, 4), "second": (0, 1, 2, 5)}
angles = {}
for name, corners in CORNERS.items():
    steps = [min(b - a, 8 - (b - a)) for a, b in combinations(corners, 2)]
    angles[name] = sorted(45 * s for s in steps)
    print(name, angles[name], "degrees")
assert angles["first"] == angles["second"]


def star(corners, r=1.6):
    """A silicon atom with hydrogen at some corners of an octagon."""
    phi = np.pi / 4 * np.array(corners)
    positions = r * np.stack([np.cos(phi), np.sin(phi), 0 * phi], axis=1)
    return Atoms(["Si"] + ["H"] * len(corners), np.concatenate([[[0.0, 0.0, 0.0]], positions]))


stars = [star(corners) for corners in CORNERS.values()]
rows = []
for n_layers, nu in ((1, 2), (1, 3), (2, 1), (2, 2), (2, 3)):
    model = random_mace(
        [1, 14], num_interactions=n_layers, correlation=nu, gate="None", avg_num_neighbors=1.0
    )
    centres = run(model, batch_of(model, stars))["node_energy"][[0, 5]]
    rows.append((n_layers, nu, abs(centres[0] - centres[1]).item(), abs(centres[0]).item()))
    print(f"{n_layers} layer(s), ν = {nu}: difference of the centre's energies {rows[-1][2]:.1e}")
    assert (rows[-1][2] < 1e-12) == ((n_layers, nu) in ((1, 2), (2, 1)))

figure, axes = plt.subplots(1, 2, figsize=(6, 3), layout="constrained")
for axis, (name, corners), atoms in zip(axes, CORNERS.items(), stars, strict=True):
    for x, y, _ in atoms.positions[1:]:
        axis.plot([0, x], [0, y], color="0.7", zorder=1)
    axis.scatter(*atoms.positions[1:, :2].T, s=150, color="C0", ec="k", zorder=2)
    axis.scatter(0, 0, s=300, color="C1", ec="k", zorder=2)
    axis.set(
        title=f"{name}: corners {', '.join(map(str, corners))}", xlim=(-2, 2), ylim=(-2, 2), aspect="equal"
    )
    axis.axis("off")
plt.show()

# %%
# With one layer and :math:`\nu = 2` the centre has the same energy in both, whatever the weights. With
# :math:`\nu = 3` the triples of neighbours differ, and so do the energies. Two layers of :math:`\nu = 2`
# tell them apart too, because each neighbour describes its own neighbours; two layers of :math:`\nu = 1` do
# not.

# %%
# What messages carry: the order L
# --------------------------------
#
# A neighbour's feature of order :math:`L = 0` is a number, of :math:`L = 1` a vector, of :math:`L = 2` a
# shape like that of a quadrupole. Take a chain of three atoms, longer than the cutoff from end to end, and
# let each layer do as little as possible (:math:`\nu = 1`). The end :math:`i` learns of the other end
# :math:`k` only by a message through the middle :math:`j`:
#
# .. math:: E_i \supset R(r_{ij}) \sum_{M} Y_{LM}(\hat{\mathbf r}_{ij})\, h_{j,LM}, \qquad
#           h_{j,LM} = R(r_{jk})\, Y_{LM}(\hat{\mathbf r}_{jk}) .
#
# The sum over :math:`M` is a Legendre polynomial of :math:`\cos\theta`, the angle at :math:`j`. So with
# :math:`L` up to ``max_L`` the energy is a polynomial of that degree in :math:`\cos\theta`, and with scalars
# it knows nothing of the angle.

theta = np.radians(np.linspace(90, 180, 19))
BOND, CUTOFF = 1.6, 2.0
assert 2 * BOND * np.sin(theta.min() / 2) > CUTOFF  # the ends do not see each other
chains = [
    Atoms("HOF", [[BOND, 0.0, 0.0], [0.0, 0.0, 0.0], [BOND * np.cos(t), BOND * np.sin(t), 0.0]])
    for t in theta
]
chain = {"r_max": CUTOFF, "gate": "None", "avg_num_neighbors": 1.0}
figure, axis = plt.subplots(figsize=(6, 3.4), layout="constrained")
for max_L in (0, 1, 2):
    irreps = " + ".join(f"4x{l}{'eo'[l % 2]}" for l in range(max_L + 1))
    model = random_mace([1, 8, 9], hidden_irreps=irreps, correlation=1, **chain)
    end = run(model, batch_of(model, chains))["node_energy"].detach().numpy()[::3]  # of the hydrogen
    misfit = []
    for degree in range(3):
        fit = np.polynomial.Polynomial.fit(np.cos(theta), end, degree)
        misfit.append(np.abs(fit(np.cos(theta)) - end).max())
    print(
        f"max_L = {max_L}: misfit of a polynomial in cos θ of degree 0, 1, 2:",
        " ".join(f"{m:.0e}" for m in misfit),
    )
    assert misfit[max_L] < 1e-12
    assert max_L == 0 or misfit[max_L - 1] > 1e-8
    axis.plot(np.degrees(theta), 1e6 * (end - end[-1]), label=f"max_L = {max_L}")
axis.set(
    xlabel="angle at the middle atom (degrees)",
    ylabel="energy of the end atom (µeV)\nrelative to the straight chain",
)
axis.legend()
plt.show()

# %%
# With :math:`\nu \ge 2` the middle atom sees the angle itself and can put it into a scalar. So MACE is
# useful with ``max_L=0`` already; what vectors and higher orders add in accuracy is measured in the paper's
# tables :cite:`Batatia2022mace`.

model = random_mace([1, 8, 9], hidden_irreps="4x0e", correlation=2, **chain)
end = run(model, batch_of(model, chains))["node_energy"].detach().numpy()[::3]
print(f"max_L = 0, ν = 2: the end's energy changes by up to {np.ptp(end):.1e} eV")
assert np.ptp(end) > 1e-8

# %%
# Which values to take
# --------------------
#
# ``correlation=3`` (four-body messages) is the paper's choice :cite:`Batatia2022mace`, and that of
# mlffbench's presets but ``small``. The cost of :math:`\nu` and :math:`L` is measured on the page on cost.
# Number of :math:`n`-body terms of these atoms that a model would need if it summed over clusters, to
# compare:

assert {name: s.correlation for name, s in PRESETS.items()} == {
    "small": 2,
    "medium": 3,
    "large": 3,
    "paper": 3,
}
print(", ".join(f"{n}-body {comb(n_atoms, n)}" for n in range(2, 6)))
