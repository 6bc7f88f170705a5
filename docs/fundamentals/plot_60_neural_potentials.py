r"""
Neural potentials
=================

After this chapter you know how a neural network gives an energy, what message passing adds, in what the known
architectures differ, what happens during training, and how far an atom sees. You read a training curve and
check a receptive field yourself. It takes about thirty minutes to read and needs the extras ``networks`` and
``graph-pes`` (:doc:`/install`).
"""

# %%
# An atom's energy as a network
# -----------------------------
#
# A *feed-forward network* is a chain of linear maps with a simple nonlinear function between them,
#
# .. math:: N(\mathbf x) = W_3\, a(W_2\, a(W_1 \mathbf x + \mathbf b_1) + \mathbf b_2) + b_3 ,
#
# where :math:`\mathbf x` is the input, :math:`W_k` and :math:`\mathbf b_k` are trained *weights* and
# :math:`a` is the *activation function*, applied to each component. A kernel method compares an input with
# all training data. A network has digested them into its weights: its cost does not depend on how many there
# were.
#
# Forces are derivatives of the energy, :math:`\mathbf F = -\partial E/\partial \mathbf r`, and automatic
# differentiation gives them exactly. So the activation must be smooth. The most popular one elsewhere,
# :math:`\mathrm{ReLU}(x)=\max(0,x)`, makes the energy a polygon and the force a staircase. Potentials use
# tanh or :math:`\mathrm{SiLU}(x) = x/(1+e^{-x})`. Here are both on a Morse curve with energies and forces as
# labels:

import copy

import matplotlib.pyplot as plt
import numpy as np
import torch
from ase import Atoms
from ase.build import bulk
from ase.calculators.lj import LennardJones
from ase.neighborlist import neighbor_list

import mlffbench
from mlffbench.data import Labels, labels_of
from mlffbench.descriptors.graph import build
from mlffbench.estimators import BehlerParrinello, EquivariantNetwork, PaiNN, SchNet

torch.set_default_dtype(torch.float64)


def morse(x):
    """Energy (eV) and force (eV/Å) of a bond of length x (Å)."""
    decay = torch.exp(-2.0 * (x - 1.2))
    return (1 - decay) ** 2, -4.0 * decay * (1 - decay)


class Curve(torch.nn.Module):
    """N(x) = Σ_k v_k a(w_k x + b_k) with 32 hidden units, and its derivative."""

    def __init__(self, activation, derivative):
        super().__init__()
        torch.manual_seed(0)
        self.a, self.slope = activation, derivative
        self.w, self.b = (torch.nn.Parameter(3 * torch.randn(32, 1)) for _ in range(2))
        self.v = torch.nn.Parameter(0.1 * torch.randn(1, 32))

    def forward(self, x):
        """Energy and force."""
        inside = self.w * (x - 1.7) + self.b
        return (self.v @ self.a(inside))[0], -((self.v * self.w.T) @ self.slope(inside))[0]


def loss_of(model, x, noise=0.0):
    """Mean squared error of energies and of forces; on demand with random errors of the energies."""
    energy, force = morse(x)
    predicted, slope = model(x)
    wrong = energy + noise * torch.randn(len(x))
    return (predicted - wrong).square().mean() + 0.1 * (slope - force).square().mean()


relu = torch.nn.functional.relu, lambda z: (z > 0).to(z.dtype)
silu = torch.nn.functional.silu, lambda z: torch.sigmoid(z) * (1 + z * (1 - torch.sigmoid(z)))
x = torch.linspace(0.9, 2.7, 13)
models = {"ReLU": Curve(*relu), "SiLU": Curve(*silu)}
for model in models.values():
    optimiser = torch.optim.Adam(model.parameters(), lr=0.03, fused=True)
    for _ in range(300):
        optimiser.zero_grad()
        loss_of(model, x).backward()
        optimiser.step()

grid = torch.linspace(0.85, 2.75, 800)
fig, panels = plt.subplots(1, 2, figsize=(8, 3.5), layout="constrained")
for axes, k, label in zip(panels, (0, 1), ("energy (eV)", "force (eV/Å)"), strict=True):
    axes.plot(grid, morse(grid)[k], "k--", lw=1, label="truth")
    axes.plot(x, morse(x)[k], "ko", ms=4)
    for name, model in models.items():
        axes.plot(grid, model(grid)[k].detach(), label=name)
    axes.set(xlabel="distance (Å)", ylabel=label)
panels[0].legend()
plt.show()

jump = {name: m(grid)[1].diff().abs().max().item() for name, m in models.items()}
print(
    "largest change of the force in one step of the grid (eV/Å):", {k: round(v, 3) for k, v in jump.items()}
)
assert jump["ReLU"] > 3 * jump["SiLU"]

# %%
# Behler and Parrinello: one network an element
# ---------------------------------------------
#
# The first networks for systems of any size :cite:`Behler2007networks` are still in use. Each atom :math:`i`
# is described by invariant symmetry functions :math:`\mathbf G_i` of its neighbours within a cutoff
# :math:`r_c` (:doc:`/_gallery/fundamentals/plot_40_symmetry_and_descriptors`), all atoms of an element
# :math:`Z` share a network :math:`N_Z`, and
#
# .. math:: E = \sum_i N_{Z_i}(\mathbf G_i).
#
# Invariance under rotation and reflection comes from :math:`\mathbf G`, that under exchange of like atoms
# from the sum, and so does size: two molecules far apart have the sum of their energies. Let us train it on
# malonaldehyde and check.

data = mlffbench.load_dataset("malonaldehyde")
groups = data.columns["group"]
pool = np.random.default_rng(0).permutation(np.flatnonzero(groups == "train_300K"))[:40]
held = np.flatnonzero(groups == "test_300K")[:60]
frames, given = [data.frames[i] for i in pool], data.labels[pool]
test, truth = [data.frames[i] for i in held], data.labels[held]


def force_rmse(prediction):
    """Root mean square error of force components, eV/Å."""
    return float(np.sqrt(np.mean((np.concatenate(prediction.forces) - np.concatenate(truth.forces)) ** 2)))


model = BehlerParrinello(hidden=(32, 32), max_epochs=60, random_state=0).fit(frames, given)
print(
    f"{model.n_parameters_} weights, test error of forces {1e3 * force_rmse(model.predict(test)):.0f} meV/Å"
)

pair = frames[0].copy()
other = frames[1].copy()
other.positions += [50.0, 0, 0]
energies = model.predict([frames[0], frames[1], pair + other]).energy
print(f"E(A) + E(B) − E(A and B, 50 Å apart) = {energies[0] + energies[1] - energies[2]:.1e} eV")
assert abs(energies[0] + energies[1] - energies[2]) < 1e-6

# %%
# Training
# --------
#
# The weights minimise a sum of mean squared errors,
#
# .. math::
#
#    \mathcal L = w_E \Big\langle \Big(\frac{\hat E - E}{N}\Big)^2\Big\rangle
#    + w_F \big\langle (\hat F_{i\alpha} - F_{i\alpha})^2\big\rangle
#    + w_\sigma \big\langle(\hat\sigma_{\alpha\beta} - \sigma_{\alpha\beta})^2\big\rangle ,
#
# with predictions marked by a hat, :math:`N` atoms in a frame, energies in eV, forces :math:`F_{i\alpha}` of
# atom :math:`i` along :math:`\alpha` in eV/Å, stresses :math:`\sigma_{\alpha\beta}` in eV/Å³, and *weights of
# the loss* :math:`w` that balance quantities of different units and sizes. Forces are many and local,
# energies few and global; a model trained on forces alone leaves the constant of the energy open.
#
# One *step* computes the loss of a *batch* of a few frames and moves the weights against its gradient, by a
# rule with momentum such as Adam :cite:`Kingma2015adam`, times the *learning rate*. One *epoch* goes through
# all training frames. Four habits belong to it:
#
# - **The learning rate falls.** Large at first, to get far; small at the end, to settle.
# - **Weights are averaged.** Batches differ, so the weights jitter about a minimum. The *exponential moving
#   average*, EMA, :math:`\bar\theta \leftarrow d\,\bar\theta + (1-d)\,\theta` with a decay :math:`d` a little
#   below 1, lies nearer to the middle, and is the one to use.
# - **Frames are held out.** Part of the training set, the *validation* frames, takes no part in the steps.
#   Their loss shows when the network begins to learn the training frames by heart.
# - **Training stops early.** The weights of the epoch with the best validation loss are kept; after some
#   epochs without a better one (the *patience*) training ends.
#
# The first two can be seen on the Morse curve. The trained network goes on learning from labels that have a
# random error of 0.1 eV, another one in every step. The loss against the *true* curve is that of the present
# weights, of their average, and of the present weights under a learning rate that falls to zero.

torch.manual_seed(1)
traces, steps = {}, 240
for name, falls in (("constant rate", False), ("falling rate", True)):
    curve = copy.deepcopy(models["SiLU"])
    mean_curve = copy.deepcopy(curve)
    optimiser = torch.optim.Adam(curve.parameters(), lr=0.005, fused=True)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = 0.005 * (1 - step / steps if falls else 1)
        optimiser.zero_grad()
        loss_of(curve, x, noise=0.1).backward()
        optimiser.step()
        with torch.no_grad():
            for mean, present in zip(mean_curve.parameters(), curve.parameters(), strict=True):
                mean.lerp_(present, 0.03)  # d = 0.97
            if step % 4 == 3:
                traces.setdefault(name, []).append(loss_of(curve, x).item())
                traces.setdefault(f"{name}, EMA", []).append(loss_of(mean_curve, x).item())

fig, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
for name in ("constant rate", "constant rate, EMA", "falling rate"):
    axes.plot(np.arange(4, steps + 1, 4), traces[name], label=name, lw=1.2)
axes.set(yscale="log", xlabel="step", ylabel="loss against the true curve")
axes.legend()
plt.show()

last = {name: float(np.mean(trace[-20:])) for name, trace in traces.items()}
print("mean loss of the last 80 steps:", {name: f"{value:.1e}" for name, value in last.items()})
assert last["constant rate, EMA"] < last["constant rate"]
assert last["falling rate"] < last["constant rate"]

# %%
# And this is the history of the fit to malonaldehyde above, as every network of mlffbench keeps it in
# ``history_``. The validation loss is that of the averaged weights.

history = {key: np.array([row[key] for row in model.history_]) for key in model.history_[0]}
best = int(np.argmin(history["validation"]))
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), width_ratios=(2, 1), layout="constrained")
left.plot(history["epoch"], history["loss"], label="training loss (in steps)")
left.plot(history["epoch"], history["validation"], label="validation loss (average)")
left.plot(history["epoch"][best], history["validation"][best], "k*", ms=11, label="kept")
left.set(yscale="log", xlabel="epoch", ylabel="loss")
left.legend()
right.plot(history["epoch"], history["learning_rate"], "C2")
right.set(xlabel="epoch", ylabel="learning rate", ylim=(0, None))
plt.show()
print(
    f"stopped by: {model.stopped_by_}; weights of epoch {int(history['epoch'][best])} of {len(history['epoch'])}"
)
assert history["validation"][best] < history["validation"][0] / 10
assert history["learning_rate"][-1] < history["learning_rate"][0]

# %%
# A validation loss that still falls at the last epoch says: train longer. A training loss far below the
# validation loss says: more data, or a smaller network. A loss that jumps up says: a smaller learning rate.
#
# Message passing
# ---------------
#
# Symmetry functions are chosen by hand. **Message-passing networks** :cite:`Gilmer2017mpnn` learn the
# description: every atom carries *features* :math:`\mathbf h_i`, at first only its element. In each of
# :math:`T` layers, atoms collect messages from their neighbours :math:`\mathcal N(i)` and update themselves,
#
# .. math::
#
#    \mathbf m_i = \sum_{j\in\mathcal N(i)} M\big(\mathbf h_i, \mathbf h_j, \mathbf r_{ij}\big), \qquad
#    \mathbf h_i \leftarrow U(\mathbf h_i, \mathbf m_i), \qquad
#    E = \sum_i R(\mathbf h_i),
#
# with vectors between atoms :math:`\mathbf r_{ij}` (Å) and networks :math:`M` (message), :math:`U` (update)
# and :math:`R` (readout). What may stand in a message makes the family tree:
#
# - **SchNet** :cite:`Schutt2018schnet`: scalars. A *continuous filter* of the distance multiplies the
#   neighbour's features, :math:`\mathbf m_i = \sum_j \mathbf h_j \circ W(r_{ij})`. (On a picture, a
#   convolution has one weight a pixel; atoms do not sit on a grid, so the filter is a function of distance.)
# - **PaiNN** :cite:`Schutt2021painn`: scalars and vectors. Directions :math:`\mathbf r_{ij}/r_{ij}` are
#   messages too, and turn with the molecule.
# - **NequIP** :cite:`Batzner2022nequip`: tensors up to an order :math:`L`, multiplied by tensor products with
#   spherical harmonics of the direction: the next chapter.
# - **TensorNet** :cite:`Simeon2023tensornet`: :math:`3\times3` matrices, the sum of a scalar, a vector and a
#   symmetric traceless tensor, multiplied as matrices. No spherical harmonics.
# - **Allegro** :cite:`Musaelian2023allegro`: features of *pairs* of atoms, which collect only from the
#   neighbours of the pair's first atom. Nothing passes from atom to atom.
# - **MACE** passes products of several neighbours at once: :doc:`/_gallery/mace_theory/index`.
#
# Why directions matter
# ---------------------
#
# Take water with both O–H distances fixed, and let the energy depend on the angle. If the two hydrogen atoms
# are farther from each other than the cutoff, no pair of neighbours knows the angle. A network that passes
# scalars of distances *cannot* learn it, however wide it is and however long it is trained. One that passes
# vectors can.

angles = np.linspace(100, 180, 17)


def water(angle):
    """H₂O with bonds of 1 Å."""
    half = np.radians(angle) / 2
    return Atoms("OHH", [[0, 0, 0], [np.sin(half), np.cos(half), 0], [-np.sin(half), np.cos(half), 0]])


bent = [water(angle) for angle in angles]
target = 2.0 * np.radians(angles - 130) ** 2  # eV
shortest = min(frame.get_distance(1, 2) for frame in bent)
print(f"hydrogen atoms are at least {shortest:.2f} Å apart")
common = dict(max_epochs=40, batch_size=len(bent), validation_fraction=0.0, learning_rate=0.03)
small = dict(channels=16, layers=2, radial_features=8)
candidates = {
    "SchNet, cutoff 1.5 Å": SchNet(cutoff=1.5, **small, **common),
    "SchNet, cutoff 3 Å": SchNet(cutoff=3.0, **small, **common),
    "PaiNN, cutoff 1.5 Å": PaiNN(cutoff=1.5, **small, **common),
}
torch.set_default_dtype(torch.float32)
fig, axes = plt.subplots(figsize=(7, 3.8), layout="constrained")
axes.plot(angles, target, "ko", ms=4, label="labels")
learned = {}
for name, candidate in candidates.items():
    learned[name] = candidate.fit(bent, Labels(target)).predict(bent).energy
    axes.plot(angles, learned[name], label=name)
axes.set(xlabel="angle H–O–H (degrees)", ylabel="energy (eV)")
axes.legend()
plt.show()

for name, energy in learned.items():
    error = np.sqrt(np.mean((energy - target) ** 2))
    print(f"{name:20s} RMSE {error:.3f} eV, range {np.ptp(energy):.3f} eV")
assert shortest > 1.5
assert np.ptp(learned["SchNet, cutoff 1.5 Å"]) < 1e-5
assert np.ptp(learned["PaiNN, cutoff 1.5 Å"]) > 0.5
assert np.ptp(learned["SchNet, cutoff 3 Å"]) > 0.5

# %%
# With a longer cutoff the hydrogen atoms see each other and SchNet learns the angle from the third distance.
# In practice cutoffs are long enough for that; the example shows what each kind of message can carry in *one*
# step. There are larger structures that distances never tell apart, with any number of layers
# :cite:`Pozdnyakov2022incompleteness`.
#
# The architectures side by side
# ------------------------------
#
# :math:`N` atoms with :math:`n` neighbours each, :math:`C` channels, :math:`T` layers, tensors up to order
# :math:`L`. *Body order* counts the atoms that meet in one product of a layer or descriptor, the centre
# included, before any nonlinear function. The names are those of mlffbench.
#
# **Strictly local**: an atomic energy depends on atoms within the cutoff :math:`r_c`. Nothing passes from
# atom to atom.
#
# .. list-table::
#    :header-rows: 1
#    :widths: 20 32 12 18 18
#
#    * - method
#      - describes an atom by
#      - body order
#      - rotation acts inside on
#      - cost grows as
#    * - ``behler_parrinello`` :cite:`Behler2007networks`
#      - symmetry functions chosen by hand
#      - 3
#      - nothing
#      - :math:`N n^2` (triples)
#    * - ``deepmd`` :cite:`Zhang2018deepmd`
#      - learned embedding of distances, contracted over directions
#      - 3
#      - vectors, contracted at once
#      - :math:`N n` networks
#    * - ``nep`` :cite:`Fan2021nep,Song2024nep`
#      - trained Chebyshev functions and spherical harmonics
#      - 2 to 5
#      - tensors, contracted at once
#      - :math:`N n`
#    * - ``grace`` (GRACE/FS) :cite:`Bochkarev2024grace`
#      - trained atomic cluster expansion, then a nonlinear function of a few densities
#      - up to 5
#      - tensors, contracted at once
#      - :math:`N n`, and products
#    * - ``allegro`` :cite:`Musaelian2023allegro`
#      - tensors of pairs within one neighbourhood
#      - one more each layer
#      - tensors up to :math:`L`
#      - :math:`N n C T L^6`
#
# **Message passing**: an atomic energy depends on atoms up to :math:`T r_c` away.
#
# .. list-table::
#    :header-rows: 1
#    :widths: 20 32 12 18 18
#
#    * - method
#      - passes
#      - body order
#      - rotation acts inside on
#      - cost grows as
#    * - ``schnet`` :cite:`Schutt2018schnet`
#      - scalars
#      - 2
#      - nothing
#      - :math:`N n C T`
#    * - ``painn`` :cite:`Schutt2021painn`
#      - scalars and vectors
#      - 2
#      - vectors
#      - :math:`N n C T`
#    * - ``tensornet`` :cite:`Simeon2023tensornet`
#      - :math:`3\times 3` matrices; their sum is multiplied with the atom's own
#      - 3
#      - scalar, vector and :math:`L=2` in a matrix
#      - :math:`N n C T`
#    * - ``nequip``, ``equivariant_network`` :cite:`Batzner2022nequip`
#      - tensors up to :math:`L`
#      - one more each layer
#      - tensors up to :math:`L`
#      - :math:`N n C T L^6`
#    * - ``mace`` :cite:`Batatia2022mace`
#      - tensors of products of up to :math:`\nu` neighbours
#      - :math:`\nu+1` each layer
#      - tensors up to :math:`L`
#      - :math:`N n C T L^6`, and products once an atom
#
# The power of :math:`L` is that of a plain tensor product; with axes aligned to each pair it is three
# :cite:`Passaro2023escn`. All of them are linear in the number of atoms. None knows anything beyond its
# reach: long-range electrostatics and dispersion need a term of their own.
#
# How far does an atom see?
# -------------------------
#
# In one layer, an atom hears of its neighbours; in the next, of what these had heard of theirs. After
# :math:`T` layers its energy depends on atoms up to :math:`T r_c` away, its *receptive field*. We test that
# on a straight chain of atoms, 1 Å apart, with a cutoff of 1.5 Å: one atom farther with every layer. The
# derivative of the first atom's energy with respect to the others' positions is exactly zero beyond the
# receptive field. The networks are hardly trained: the reach is a matter of architecture.

HOPS = 9
rng = np.random.default_rng(0)


def chain(n=HOPS, rattle=0.05):
    """Straight chain of n atoms, with small random displacements and Lennard-Jones labels."""
    atoms = Atoms("H" * n, [[k, 0, 0] for k in range(n)])
    atoms.positions += rattle * rng.normal(size=(n, 3))
    atoms.calc = LennardJones(sigma=0.9, epsilon=0.1, rc=1.5)
    atoms.get_potential_energy()
    return atoms


chains = [chain() for _ in range(4)]
settings = dict(cutoff=1.5, max_epochs=2, validation_fraction=0.0, dtype="float64")


def energy_derivatives(fitted, atoms):
    """|∂ε₀/∂r_j| of the first atom's energy, eV/Å, by automatic differentiation."""
    graph = build([atoms], 1.5)
    graph.positions.requires_grad_()
    (slope,) = torch.autograd.grad(fitted.module_(graph)[0], graph.positions)
    return torch.linalg.vector_norm(slope, dim=1).numpy()


fitted_models = {}
fig, axes = plt.subplots(figsize=(7, 3.8), layout="constrained")
for layers, marker in ((1, "o"), (2, "s"), (3, "^")):
    fitted = EquivariantNetwork(num_channels=8, num_layers=layers, **settings).fit(chains, labels_of(chains))
    fitted_models[f"{layers} layers"] = fitted
    slopes = energy_derivatives(fitted, chains[0])
    reached = int(np.flatnonzero(slopes > 0).max())
    axes.plot(np.arange(HOPS), np.where(slopes > 0, slopes, np.nan), marker=marker, label=f"{layers} layers")
    print(f"equivariant_network, {layers} layers: atom 0's energy depends on atoms up to number {reached}")
    assert reached == layers
    assert np.all(slopes[layers + 1 :] == 0)
axes.set(
    xlabel="atom j of the chain, 1 Å apart", ylabel=r"$|\partial\varepsilon_0/\partial \mathbf{r}_j|$ (eV/Å)"
)
axes.set(xlim=(-0.3, HOPS - 0.7), ylim=(0, None))
axes.legend()
plt.show()

# %%
# Forces see twice as far, for :math:`\mathbf F_0 = -\sum_i \partial \varepsilon_i/\partial\mathbf r_0`
# contains the energies of all atoms :math:`i` that atom 0 is seen by, and each of those sees :math:`T r_c`
# farther. This needs nothing but predictions: move an atom, look at the force on the first.


def force_reach(fitted, atoms, step=0.01):
    """Number of the farthest atom whose displacement changes the force on atom 0."""
    moved = []
    for j in range(len(atoms)):
        for axis in range(3):
            moved.append(atoms.copy())
            moved[-1].positions[j, axis] += step
    forces = fitted.predict([atoms, *moved]).forces
    change = (
        np.array([np.abs(f[0] - forces[0][0]).max() for f in forces[1:]]).reshape(len(atoms), 3).max(axis=1)
    )
    return int(np.flatnonzero(change > 1e-12).max())


fitted_models["behler_parrinello"] = BehlerParrinello(hidden=(8,), **settings).fit(chains, labels_of(chains))
reach = {name: force_reach(fitted, chains[0]) for name, fitted in fitted_models.items()}
for name, value in reach.items():
    print(f"{name:19s} force on atom 0 depends on atoms up to number {value}")
assert reach == {"1 layers": 2, "2 layers": 4, "3 layers": 6, "behler_parrinello": 2}

# %%
# The volume of the receptive field grows with the third power of its radius. In silicon, with a cutoff of 5
# Å:

crystal = bulk("Si")
for layers in (1, 2, 3):
    count = len(neighbor_list("i", crystal, 5.0 * layers)) // len(crystal)
    print(f"{layers} layers: an atom's energy depends on {count} others")

# %%
# On one processor this costs nothing extra, since layers reuse the same features. On many, each must hold the
# atoms that its own depend on, or exchange features in every layer. This is why strictly local models such as
# Allegro were made, and why it matters that few layers suffice, as in MACE.
#
# In short
# --------
#
# - A neural potential is a smooth function of invariant numbers; forces follow by automatic differentiation.
# - Descriptors may be chosen (Behler–Parrinello), trained (NEP, DeePMD, GRACE) or built by messages (the
#   others).
# - Messages that carry directions can do in one layer what those of distances cannot.
# - Training has its own parameters (learning rate, batch, epochs, weights of the loss). A network that looks
#   bad may only be trained badly: look at ``history_`` before you judge.
#
# The next chapter is about features that turn with the molecule:
# :doc:`/_gallery/fundamentals/plot_70_equivariant_models`.
#
# .. rubric:: Exercises
#
# 1. Give ``BehlerParrinello`` ``energy_weight=0``. What happens to the energies, what to the forces?
# 2. Train PaiNN on the chain and measure its reach. Is it that of SchNet?
