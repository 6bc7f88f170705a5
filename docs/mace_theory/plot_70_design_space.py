r"""
The design space: where MACE stands
===================================

After this page you can place linear ACE, BOTNet, NequIP, Allegro, SchNet, PaiNN and MACE on one map, and say
what each choice means for body order, range and linearity. The corners of the map that MACE's own code can
express are built and checked. It needs the pages on body order and on layers; reading takes fifteen minutes.
"""

# sphinx_gallery_thumbnail_number = 1
import inspect
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import torch
from small_models import batch_of, random_mace, run

import mlffbench
from mlffbench.estimators import ACE, Allegro, EquivariantNetwork, NequIP, PaiNN, SchNet
from mlffbench.potentials.mace.library import session
from mlffbench.potentials.mace.presets import PRESETS

# %%
# One equation for all
# --------------------
#
# Batatia and others :cite:`Batatia2022design` write equivariant potentials as one scheme (a *multi-ACE*):
#
# .. math::
#
#    & A^{(t)}_i = \sum_j \phi^{(t)}(\mathbf r_{ij}, h^{(t)}_j), \\
#    & m^{(t)}_i = \sum_{\nu' \le \nu} \text{products of } \nu' \text{ of the } A^{(t)}_i, \\
#    & h^{(t+1)}_i = U(m^{(t)}_i, h^{(t)}_i), \qquad E_i = \sum_t \mathcal R_t(h^{(t)}_i) .
#
# A potential is a choice of five things:
#
# * :math:`T`, how often the scheme is repeated (layers);
# * :math:`\nu`, how many :math:`A` are multiplied in a layer (correlation order);
# * :math:`L`, the highest order of what is passed on: 0 is invariant, 1 and more equivariant;
# * :math:`U` and :math:`\mathcal R`: linear, or with an activation function;
# * what :math:`j` is: an atom whose features have been updated (messages travel) or one that is known by its element
#   only (strictly local).
#
# The map
# -------
#
# The points are what mlffbench's estimators have as defaults, read from the package (papers often use more
# layers and higher orders): SchNet :cite:`Schutt2018schnet`, PaiNN :cite:`Schutt2021painn`, NequIP
# :cite:`Batzner2022nequip`, Allegro :cite:`Musaelian2023allegro`, ACE :cite:`Drautz2019ace`; for MACE
# ``preset="large"`` :cite:`Batatia2022mace`. BOTNet :cite:`Batatia2022design` is not among them and is drawn
# with five layers. Allegro multiplies one more :math:`A` of the *same* centre in each of its layers, so its
# layers stand as correlation order with :math:`T` = 1. (The radial functions of all but ACE are networks
# with activation functions; they see one distance only and are not counted here.)


def default(estimator, keyword):
    """Default of a keyword of an estimator's constructor."""
    return inspect.signature(estimator).parameters[keyword].default


large = PRESETS["large"]
METHODS = {  # T, ν, L, activation functions, strictly local
    "linear ACE": (1, default(ACE, "order"), 0, "none", True),
    "SchNet": (default(SchNet, "layers"), 1, 0, "all layers", False),
    "PaiNN": (default(PaiNN, "layers"), 1, 1, "all layers", False),
    "NequIP": (default(NequIP, "num_layers"), 1, default(NequIP, "l_max"), "all layers", False),
    "BOTNet": (5, 1, 1, "last readout", False),
    "Allegro": (1, default(Allegro, "num_layers") + 1, default(Allegro, "l_max"), "all layers", True),
    "MACE": (large.num_interactions, large.correlation, large.max_L, "last readout", False),
}


def body_order(nu, n_layers):
    """1 + ν + ν² + ... + ν^T."""
    return sum(nu**t for t in range(n_layers + 1))


print(f"{'':12s} layers T  ν  L  body order without activation  range     activation")
for name, (T, nu, L, activation, local) in METHODS.items():
    reach = "r_c" if local or T == 1 else f"{T} r_c"
    print(f"{name:12s} {T:8d} {nu:2d} {L:2d} {body_order(nu, T):30d}  {reach:8s}  {activation}")

figure, axis = plt.subplots(figsize=(7.5, 4.4), layout="constrained")
T, nu = np.meshgrid(np.linspace(0.6, 5.6, 200), np.linspace(0.6, 4.4, 200))
order = np.where(np.abs(nu - 1) < 1e-9, T + 1, (nu ** (T + 1) - 1) / (nu - 1))
lines = axis.contour(T, nu, order, levels=[3, 4, 6, 13, 40, 121, 364], colors="0.8", linewidths=1)
axis.clabel(lines, fmt="body order %d", fontsize=7)
MARKERS = {"none": "s", "last readout": "D", "all layers": "o"}
OFFSETS = {"SchNet": (10, -14), "linear ACE": (-14, 12), "Allegro": (8, -16)}
SHIFTS = {
    "SchNet": -0.12,
    "PaiNN": 0.12,
    "linear ACE": -0.1,
    "Allegro": 0.1,
}  # points that would hide each other
for name, (T, nu, L, activation, local) in METHODS.items():
    shift = SHIFTS.get(name, 0.0)
    edge = {"edgecolor": "k", "linestyle": "--" if local else "-"}
    axis.scatter(T + shift, nu, s=160, marker=MARKERS[activation], color=f"C{L}", zorder=3, **edge)
    axis.annotate(
        name, (T + shift, nu), OFFSETS.get(name, (10, 8)), textcoords="offset points", fontsize=10, zorder=4
    )
for L in range(3):
    axis.scatter([], [], color=f"C{L}", label=f"L = {L}")
for activation, marker in MARKERS.items():
    axis.scatter([], [], marker=marker, color="w", edgecolor="k", label=f"activation: {activation}")
axis.set(xlabel="layers T", ylabel="correlation order ν of a layer", xticks=range(1, 6), yticks=range(1, 5))
axis.legend(loc="upper right", fontsize=8)
plt.show()

# %%
# (Dashed edge: strictly local.) High body order is reached by moving right, as NequIP and BOTNet do, at the
# price of range; or up, as ACE does, at the price of many products; MACE does a little of both, and
# multi-layer ACE :cite:`Bochkarev2022multilayer` stands near it.
#
# Corners in MACE's own code
# --------------------------
#
# **Linear ACE: one layer.** With ``num_interactions=1`` mace-torch's only readout is linear. Then the energy
# is a linear function of the last weights, and of the contraction's weights. We check superposition, with
# weights :math:`a` and :math:`b`:
#
# .. math:: E(\alpha a + \beta b) = \alpha E(a) + \beta E(b) \quad\text{(no constant: } E^0 = \text{shift} = 0).

data = mlffbench.load_dataset("malonaldehyde")
frames = [data.frames[i] for i in range(12)]
elements = sorted(set(frames[0].numbers))
random = torch.Generator().manual_seed(0)


def energies_with(model, name, value):
    """Energies of the frames with one of the weights replaced."""
    state = {name: value}
    with session(torch.float64):
        outputs = torch.func.functional_call(
            model, state, (dict(batch_of(model, frames)),), {"compute_force": False}
        )
    return outputs["energy"].detach()


def nonlinearity(model, name, constant=0.0):
    """Largest relative violation of superposition in one of the weights."""
    shape = dict(model.named_parameters())[name].shape
    a, b = (torch.randn(shape, generator=random, dtype=torch.float64) for _ in range(2))
    mixed = energies_with(model, name, 0.3 * a - 1.7 * b) - constant
    expected = 0.3 * (energies_with(model, name, a) - constant) - 1.7 * (
        energies_with(model, name, b) - constant
    )
    return ((mixed - expected).abs().max() / expected.abs().max()).item()


ace = random_mace(elements, num_interactions=1, correlation=3)
last, product = "readouts.0.linear.weight", "products.0.symmetric_contractions.contractions.0.weights_max"
zero = torch.zeros_like(dict(ace.named_parameters())[product])
in_readout, in_product = (
    nonlinearity(ace, last),
    nonlinearity(ace, product, energies_with(ace, product, zero)),
)
print(
    f"one layer: violation of superposition {in_readout:.0e} in the readout, {in_product:.0e} in the products of ν = 3"
)
assert in_readout < 1e-12
assert in_product < 1e-10  # a difference from the energy with zero weights
deep = random_mace(elements, num_interactions=2, correlation=3)
zero = torch.zeros_like(dict(deep.named_parameters())[product])
in_product = nonlinearity(deep, product, energies_with(deep, product, zero))
print(f"two layers: {in_product:.0e} in the products of the first layer")
assert in_product > 1e-6

# %%
# So the last weights can be found by linear least squares instead of by gradient descent. The inputs of the
# readout are the features ``node_feats``; least squares on 400 frames with random inner weights, a
# *random-feature* ACE with 32 channels:

group = np.asarray(data.columns["group"])
train, test = np.flatnonzero(group == "train_300K"), np.flatnonzero(group == "test_300K")
picks = [*train, *test]
wide = random_mace(elements, num_interactions=1, correlation=3, hidden_irreps="32x0e")
with torch.no_grad():
    features = run(wide, batch_of(wide, [data.frames[i] for i in picks]))["node_feats"].numpy()
of_frame = features.reshape(len(picks), 9, 32)
numbers = frames[0].numbers
X = np.concatenate(
    [of_frame[:, numbers == z].sum(axis=1) for z in elements], axis=1
)  # weights for each element
X = (X - X[: len(train)].mean(axis=0)) / X[: len(train)].std(axis=0)
y = 1000 * np.asarray(data.labels.energy)[picks] / 9
y -= y[: len(train)].mean()
A, B = X[: len(train)], y[: len(train)]
solution = np.linalg.solve(A.T @ A + 1e-4 * np.eye(A.shape[1]), A.T @ B)
error = np.std(X[len(train) :] @ solution - y[len(train) :])
print(
    f"{X.shape[1]} weights by least squares: test error {error:.2f} meV/atom, standard deviation {y[len(train) :].std():.2f}"
)
assert error < 0.7 * y[len(train) :].std()

# %%
# **NequIP- and BOTNet-like: correlation one.** With ``correlation=1`` the contraction is a linear map, and
# all body order comes from layers. BOTNet keeps the layers free of activation functions, so that the body
# order is known: :math:`T + 1`. NequIP has gates in every layer, so that it has no end. We count many-body
# terms of six atoms, by inclusion and exclusion as on the page on body order, for MACE's code in both
# corners and for mlffbench's NequIP architecture (``equivariant_network``), fitted for one epoch only to
# have weights.

cluster = frames[0][:6]
subsets = [s for n in range(1, 7) for s in combinations(range(6), n)]
size = np.array([len(s) for s in subsets])
inside = np.array([[set(t) <= set(s) for t in subsets] for s in subsets])
signs = np.where(inside, (-1.0) ** (size[:, None] - size[None, :]), 0.0)
parts = [cluster[list(s)] for s in subsets]


def terms(energies):
    """Rms n-body term, relative to the pair terms, n = 2 ... 6."""
    values = signs @ np.asarray(energies)
    rms = np.array([np.sqrt(np.mean(values[size == n] ** 2)) for n in range(2, 7)])
    return rms / rms[0]


common = {"r_max": 8.0, "gate": "None", "hidden_irreps": "2x0e + 2x1o", "avg_num_neighbors": 2.0}
corners = {}
for name, setting in {
    "linear ACE, ν = 2": {"num_interactions": 1, "correlation": 2},
    "BOTNet-like, T = 3": {"num_interactions": 3, "correlation": 1},
    "MACE, T = 2, ν = 2": {"num_interactions": 2, "correlation": 2},
}.items():
    model = random_mace(elements, **common | setting)
    corners[name] = terms(run(model, batch_of(model, parts))["energy"].detach().numpy())
    b = body_order(setting["correlation"], setting["num_interactions"])
    assert (corners[name][b - 1 :] < 1e-10).all()
    assert (corners[name][: b - 1] > 1e-8).all()
nequip = EquivariantNetwork(
    cutoff=8.0, num_channels=4, num_layers=2, max_epochs=1, dtype="float64", random_state=0
)
nequip.atomic_energies = dict.fromkeys(("C", "H", "O"), 0.0)
nequip.fit(frames, data.labels[range(12)])
corners["NequIP-like, T = 2, gates"] = terms(nequip.predict(parts).energy)
assert (corners["NequIP-like, T = 2, gates"] > 1e-8).all()
for name, values in corners.items():
    print(f"{name:28s}", " ".join(f"{v:.0e}" for v in values))

figure, axis = plt.subplots(figsize=(6.5, 3.4), layout="constrained")
for (name, values), marker in zip(corners.items(), "soD^", strict=True):
    axis.semilogy(range(2, 7), np.maximum(values, 1e-18), marker + "-", label=name)
axis.axhspan(1e-18, 1e-10, color="0.92")
axis.set(
    xlabel="atoms n of the term",
    ylabel=r"rms $E^{(n)}$ / rms $E^{(2)}$",
    ylim=(1e-18, 10),
    xticks=range(2, 7),
)
axis.legend(fontsize=8)
plt.show()

# %%
# **The contraction with one factor is linear**, with three it is a polynomial of degree three. Multiply all
# A-features by :math:`\lambda`; the fourth difference of a cubic vanishes, the third does not:

for nu in (1, 3):
    model = random_mace(elements, correlation=nu)
    product = model.products[0].symmetric_contractions
    factors = torch.randn(9, 4, 9, generator=random, dtype=torch.float64)
    one_hot = torch.eye(len(elements), dtype=torch.float64)[torch.arange(9) % len(elements)]
    with torch.no_grad():
        values = torch.stack([product(scale * factors, one_hot) for scale in range(6)]).numpy()
    differences = [np.abs(np.diff(values, n=k, axis=0)).max() for k in range(1, 6)]
    print(f"ν = {nu}: differences of order 1 ... 5:", " ".join(f"{d:.0e}" for d in differences))
    assert (np.array(differences[nu:]) < 1e-10 * differences[0]).all()
    assert differences[nu - 1] > 1e-3 * differences[0]

# %%
# What follows for a choice
# -------------------------
#
# * Linear models (ACE) are fitted in one step and are fast; their error stops where their basis stops.
# * Activation functions remove the limit of the body order; with them a known body order is lost, which is harmless for
#   accuracy but takes away an argument for how the model extrapolates.
# * Strictly local models divide well among many processors; message passing sees farther
#   :cite:`Musaelian2023allegro`.
# * MACE's compromise is two layers, products of three, and a linear update.
#
# How the methods compare when they are trained: :doc:`/estimators` and the results that the front page
# links.
