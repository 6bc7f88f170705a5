r"""
Equivariant models
==================

After this chapter you know what it means that features turn with the molecule, and the four tools that keep
it so: spherical harmonics, Wigner D matrices, tensor products with Clebsch–Gordan coefficients, and gates.
You check each of them numerically, build an equivariant layer, and see what it buys when data are few. It
takes about thirty minutes to read and needs the extra ``networks`` (:doc:`/install`).
"""

# %%
# Invariant and equivariant
# -------------------------
#
# Rotate a molecule by the matrix :math:`R`. Its energy stays, its forces rotate with it, its polarisability
# tensor becomes :math:`R\,\alpha\,R^\mathsf{T}`. A function :math:`f` of the positions :math:`\mathbf r` is
#
# .. math::
#
#    \text{invariant if } f(R\,\mathbf r) = f(\mathbf r), \qquad
#    \text{equivariant if } f(R\,\mathbf r) = D(R)\, f(\mathbf r),
#
# where :math:`D(R)` is a matrix that depends on the rotation alone, with :math:`D(R_1R_2)=D(R_1)D(R_2)`, a
# *representation* of the rotations. Invariance is the special case :math:`D=1`. The potential energy must be
# invariant. What stands *inside* a network need not be: an atom's features may point somewhere, as long as
# they turn with everything else.
#
# The pieces that all features are made of
# ----------------------------------------
#
# A :math:`3\times3` matrix has nine components, and under rotation they mix. Yet not all with all: its trace
# never changes, its antisymmetric part turns as a vector, and the symmetric rest without the trace has five
# components that mix among themselves. These are *irreducible representations* (irreps): they cannot be split
# further. For each order :math:`l = 0, 1, 2 \dots` there is one with :math:`2l+1` components, and everything
# that rotates is a list of them. With inversion, :math:`\mathbf r \to -\mathbf r`, each exists with *parity*
# even (``e``) or odd (``o``): ``0e`` a scalar, ``1o`` a vector such as a force, ``1e`` an axial vector such
# as an angular momentum, ``0o`` a scalar that changes sign in a mirror.
#
# The library e3nn :cite:`Geiger2022e3nn` has all of this. Its change of basis, applied to the nine components
# of a matrix, makes blocks of the 9 × 9 matrix that rotates them:

import warnings

import matplotlib.pyplot as plt
import numpy as np
import torch

import mlffbench
from mlffbench.estimators import EquivariantNetwork
from mlffbench.potentials.networks.e3nn_wrapper import o3 as import_e3nn

torch.set_default_dtype(torch.float64)
o3 = import_e3nn()
with warnings.catch_warnings():  # torch.jit warns about e3nn
    warnings.simplefilter("ignore")
    from e3nn.nn import Gate

torch.manual_seed(0)

R = o3.rand_matrix()
assert torch.allclose(o3.Irrep("1o").D_from_matrix(R), R, atol=1e-9)  # order 1 is the vector itself

columns = [(2 * l + 1) ** 0.5 * o3.wigner_3j(1, 1, l).reshape(9, 2 * l + 1) for l in (0, 1, 2)]
Q = torch.cat(columns, dim=1)
assert torch.allclose(Q.T @ Q, torch.eye(9), atol=1e-9)  # an orthogonal change of basis
mixed = torch.kron(R, R)  # rotates the nine components of a matrix
blocks = Q.T @ mixed @ Q
expected = torch.block_diag(*[o3.Irrep(l, 1).D_from_matrix(R) for l in (0, 1, 2)])
assert torch.allclose(blocks, expected, atol=1e-9)

fig, panels = plt.subplots(1, 2, figsize=(7, 3.4), layout="constrained")
for axes, matrix, title in zip(
    panels, (mixed, blocks), ("components of a matrix", "in irreps: 1 + 3 + 5"), strict=True
):
    drawn = axes.imshow(matrix, cmap="RdBu", vmin=-1, vmax=1)
    axes.set(title=title, xticks=[], yticks=[])
fig.colorbar(drawn, ax=panels, shrink=0.8)
plt.show()

# %%
# The diagonal blocks are **Wigner D matrices** :math:`D^l(R)`, of size :math:`2l+1`. They multiply as
# rotations do and are orthogonal:

first, second = o3.rand_matrix(), o3.rand_matrix()
for l in range(5):
    D = o3.Irrep(l, 1).D_from_matrix
    assert torch.allclose(D(first) @ D(second), D(first @ second), atol=1e-8)
    assert torch.allclose(D(first).T @ D(first), torch.eye(2 * l + 1), atol=1e-8)

# %%
# Spherical harmonics: a direction as features
# --------------------------------------------
#
# **Spherical harmonics** :math:`Y^l_m(\hat{\mathbf r})` with :math:`m = -l \dots l` turn a direction, a unit
# vector :math:`\hat{\mathbf r}`, into features of order :math:`l`:
#
# .. math::
#
#    Y^l(R\,\hat{\mathbf r}) = D^l(R)\, Y^l(\hat{\mathbf r}), \qquad Y^l(-\hat{\mathbf r}) = (-1)^l\, Y^l(\hat{\mathbf r}).

directions = torch.nn.functional.normalize(torch.randn(20, 3), dim=1)
for l in range(5):
    Y = o3.spherical_harmonics(l, directions, normalize=False, normalization="component")
    turned = o3.spherical_harmonics(l, directions @ R.T, normalize=False, normalization="component")
    assert torch.allclose(turned, Y @ o3.Irrep(l, 1).D_from_matrix(R).T, atol=1e-8)
    opposite = o3.spherical_harmonics(l, -directions, normalize=False, normalization="component")
    assert torch.allclose(opposite, (-1) ** l * Y)

theta, phi = torch.meshgrid(torch.linspace(0, np.pi, 31), torch.linspace(0, 2 * np.pi, 61), indexing="ij")
sphere = torch.stack([theta.sin() * phi.cos(), theta.sin() * phi.sin(), theta.cos()], dim=-1)
fig = plt.figure(figsize=(8, 4.6), layout="constrained")
for l in range(3):
    values = o3.spherical_harmonics(l, sphere.reshape(-1, 3), normalize=False, normalization="component")
    for m in range(2 * l + 1):
        axes = fig.add_subplot(3, 5, 5 * l + 3 - l + m, projection="3d")
        value = values[:, m].reshape(theta.shape)
        surface = (value.abs()[..., None] * sphere).numpy()
        colours = plt.get_cmap("coolwarm")((value > 0).numpy().astype(float))
        axes.plot_surface(*np.moveaxis(surface, -1, 0), facecolors=colours, rstride=1, cstride=2, linewidth=0)
        axes.set(box_aspect=(1, 1, 1), title=f"l = {l}" if m == l else "")
        axes.set_axis_off()
        size = float(value.abs().max())
        axes.set(xlim=(-size, size), ylim=(-size, size), zlim=(-size, size))
plt.show()

# %%
# (Distance from the centre is :math:`|Y|`, the colour its sign. The components of one order turn into each
# other, never into those of another order.)
#
# Descriptors know this well. The scalar product of two vectors of the same order is invariant, and depends on
# the angle :math:`\gamma` between the directions through the Legendre polynomial :math:`P_l`,
# :math:`Y^l(\hat{\mathbf a})\cdot Y^l(\hat{\mathbf b}) = (2l+1)\,P_l(\cos\gamma)` with the normalisation used
# here. SOAP is made of such products. They *end* with an invariant. An equivariant network goes on.

a, b = directions[:10], directions[10:]
for l in range(5):
    product = (
        o3.spherical_harmonics(l, a, normalize=False, normalization="component")
        * o3.spherical_harmonics(l, b, normalize=False, normalization="component")
    ).sum(dim=1)
    legendre = np.polynomial.legendre.Legendre.basis(l)((a * b).sum(dim=1).numpy())
    assert np.allclose(product.numpy(), (2 * l + 1) * legendre)

# %%
# Tensor products: multiplying features
# -------------------------------------
#
# The product of a feature :math:`u` of order :math:`l_1` with a feature :math:`v` of order :math:`l_2` has
# :math:`(2l_1+1)(2l_2+1)` components, which fall into irreps of the orders :math:`|l_1-l_2| \dots l_1+l_2`.
# The coefficients are those of **Clebsch and Gordan**,
#
# .. math:: (u \otimes v)^{l_3}_{m_3} = \sum_{m_1 m_2} C^{\,l_3 m_3}_{l_1 m_1\, l_2 m_2}\; u_{m_1} v_{m_2},
#
# and parities multiply. This is the only way to multiply that keeps equivariance. For two vectors it contains
# what we know: the scalar product (:math:`l_3=0`), the cross product (:math:`l_3=1`, with even parity: it
# does not change sign in a point mirror), and the symmetric traceless matrix (:math:`l_3=2`).


def product(u, v, l1, l2, l3):
    """Part of order l3 of the tensor product, (..., 2 l3 + 1)."""
    return torch.einsum("...i,...j,ijk->...k", u, v, (2 * l3 + 1) ** 0.5 * o3.wigner_3j(l1, l2, l3))


print("1o × 1o =", [str(irrep) for irrep in o3.Irrep("1o") * o3.Irrep("1o")])
print("2e × 1o =", [str(irrep) for irrep in o3.Irrep("2e") * o3.Irrep("1o")])

u, v = torch.randn(2, 3)
assert torch.isclose(product(u, v, 1, 1, 0)[0].abs(), (u @ v).abs() / 3**0.5)
cross, known = product(u, v, 1, 1, 1), torch.linalg.cross(u, v) / 2**0.5
assert torch.allclose(cross, known) or torch.allclose(cross, -known)
for l1, l2, l3 in [(1, 1, 2), (1, 2, 1), (2, 2, 2), (2, 3, 4)]:
    u, v = torch.randn(2 * l1 + 1), torch.randn(2 * l2 + 1)
    D1, D2, D3 = (o3.Irrep(l, 1).D_from_matrix(R) for l in (l1, l2, l3))
    assert torch.allclose(product(D1 @ u, D2 @ v, l1, l2, l3), D3 @ product(u, v, l1, l2, l3), atol=1e-8)

# %%
# The price rises steeply with the highest order :math:`L`. A *path* is an allowed triple
# :math:`(l_1, l_2, l_3)`; all orders up to :math:`L` have of the order of :math:`L^3` paths, each with
# :math:`(2l_1+1)(2l_2+1)(2l_3+1)` coefficients. A plain product costs

counts = {}
for L in range(1, 9):
    paths = [
        (l1, l2, l3)
        for l1 in range(L + 1)
        for l2 in range(L + 1)
        for l3 in range(abs(l1 - l2), min(l1 + l2, L) + 1)
    ]
    counts[L] = sum((2 * i + 1) * (2 * j + 1) * (2 * k + 1) for i, j, k in paths)
    if L < 5:
        print(f"L = {L}: {len(paths):3d} paths, {counts[L]:5d} coefficients")
power = np.log(counts[8] / counts[4]) / np.log(8 / 4)
print(f"from L = 4 to L = 8 the number grows as L to the power {power:.1f}")
assert 5 < power < 6

# %%
# and the power approaches six. Most coefficients are zero, which good code uses, and a trick that aligns the
# axes with each pair brings the power down to three :cite:`Passaro2023escn`. In practice :math:`L` is 1 or 2,
# seldom 3.
#
# Gates: nonlinear functions that keep directions
# -----------------------------------------------
#
# An activation function may act on each scalar. If it acts on the components of a vector, the result depends
# on the axes, and equivariance is lost. The remedy is a **gate**: a vector is multiplied with a function of a
# scalar, which changes its length and not its direction. As often, the test is quick:

vector, gate = torch.randn(3), torch.randn(1)
silu = torch.nn.functional.silu
wrong = (silu(R @ vector) - R @ silu(vector)).abs().max()
right = (silu(gate) * (R @ vector) - R @ (silu(gate) * vector)).abs().max()
print(f"SiLU of components: violation {wrong:.2f}; gate: {right:.1e}")
assert wrong > 1e-2
assert right < 1e-12

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    gated = Gate("8x0e", [silu], "4x0e", [torch.sigmoid], "4x1o")  # 8 scalars, 4 vectors with a gate each
features = gated.irreps_in.randn(5, -1)
inward, outward = gated.irreps_in.D_from_matrix(R), gated.irreps_out.D_from_matrix(R)
assert torch.allclose(gated(features @ inward.T), gated(features) @ outward.T, atol=1e-8)

# %%
# A layer
# -------
#
# Put together, this is the convolution of Tensor field networks :cite:`Thomas2018tfn` and NequIP
# :cite:`Batzner2022nequip`:
#
# .. math::
#
#    \mathbf m_i = \frac{1}{\sqrt{\bar n}} \sum_{j\in\mathcal N(i)}
#    w(r_{ij}) \;\; \mathbf h_j \otimes Y(\hat{\mathbf r}_{ij}), \qquad
#    \mathbf h_i \leftarrow \operatorname{gate}\big(W_1\mathbf m_i + W_2 \mathbf h_i\big),
#
# where :math:`\mathbf h_j` are the features of atom :math:`j`, a list of irreps, :math:`w` is a small network
# of the distance with one output for each path and channel, :math:`\bar n` is the mean number of neighbours,
# and the matrices :math:`W` mix channels of the same irrep. Only :math:`w` and :math:`W` are trained. Nothing
# in it can break the symmetry, whatever their values. With random weights:

hidden = o3.Irreps("8x0e + 4x1o + 4x2e")
harmonics = o3.Irreps.spherical_harmonics(2)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    convolution = o3.FullyConnectedTensorProduct(hidden, harmonics, hidden, shared_weights=False)
radial = torch.nn.Sequential(
    torch.nn.Linear(1, 16), torch.nn.SiLU(), torch.nn.Linear(16, convolution.weight_numel)
)


def layer(h, positions):
    """Messages from all other atoms."""
    i, j = (1 - torch.eye(len(h))).nonzero().T
    vectors = positions[j] - positions[i]
    Y = o3.spherical_harmonics(harmonics, vectors, normalize=True, normalization="component")
    weights = radial(vectors.norm(dim=1, keepdim=True))
    return torch.zeros_like(h).index_add(0, i, convolution(h[j], Y, weights)) / len(h) ** 0.5


positions, h = torch.randn(6, 3), hidden.randn(6, -1)
reflected = -R  # a rotation and an inversion
for motion in (R, reflected):
    D = hidden.D_from_matrix(motion)
    assert torch.allclose(layer(h @ D.T, positions @ motion.T + 3.0), layer(h, positions) @ D.T, atol=1e-8)
order = torch.randperm(6)
assert torch.allclose(layer(h[order], positions[order]), layer(h, positions)[order])
print("rotation, inversion, translation and permutation: the layer follows")

# %%
# After some layers a readout takes the scalars, whose sum is the energy. Forces are its gradient, and so turn
# rightly by themselves. (A readout of a ``1o`` feature would be a direct force: cheaper, equivariant, but not
# a gradient, so energy would not be conserved.)
#
# Does it pay? Invariant against equivariant
# ------------------------------------------
#
# ``EquivariantNetwork`` of mlffbench is NequIP's architecture with the highest order ``l_max`` as a
# parameter. With ``l_max=0`` its features and messages are scalars, functions of distances: an invariant
# network of the kind of SchNet. With 1 it passes vectors, with 2 tensors. All else is the same: channels,
# layers, cutoff, steps.

data = mlffbench.load_dataset("malonaldehyde")
groups = data.columns["group"]
pool = np.random.default_rng(0).permutation(np.flatnonzero(groups == "train_300K"))
held = np.flatnonzero(groups == "test_300K")[:40]
test, truth = [data.frames[i] for i in held], data.labels[held]


def force_rmse(prediction):
    """Root mean square error of force components, eV/Å."""
    return float(np.sqrt(np.mean((np.concatenate(prediction.forces) - np.concatenate(truth.forces)) ** 2)))


torch.set_default_dtype(torch.float32)
epochs = {10: 30, 20: 20}  # by number of frames
settings = dict(cutoff=3.5, num_channels=16, num_layers=2, batch_size=5, random_state=0)
errors, fitted = {}, {}
for l_max in (0, 1, 2):
    errors[l_max] = []
    for n, n_epochs in epochs.items():
        model = EquivariantNetwork(l_max=l_max, max_epochs=n_epochs, **settings)
        model.fit([data.frames[i] for i in pool[:n]], data.labels[pool[:n]])
        errors[l_max].append(1e3 * force_rmse(model.predict(test)))
    fitted[l_max] = model
    row = ", ".join(f"{error:.0f} with {n}" for n, error in zip(epochs, errors[l_max], strict=True))
    print(f"l_max = {l_max}: {model.n_parameters_:5d} weights; force RMSE (meV/Å) {row} frames")
    if l_max:
        assert errors[l_max][0] < errors[0][0]
        assert errors[l_max][1] < errors[0][1]

fig, axes = plt.subplots(figsize=(6, 3.6), layout="constrained")
for (l_max, values), marker in zip(errors.items(), "os^", strict=True):
    axes.plot(list(epochs), values, marker=marker, label=f"l_max = {l_max}")
axes.set(xticks=list(epochs), xlabel="training frames", ylabel="force RMSE at 300 K (meV/Å)", ylim=(0, None))
axes.legend()
plt.show()

# %%
# At equal numbers of frames and steps the equivariant networks have the smaller error. The gain of the first
# directions is the largest. For the authors' data sets NequIP's learning curves even fall with a steeper
# slope :cite:`Batzner2022nequip`. These are fits of a few seconds, far from converged. And they are a
# comparison at equal *steps*: measure costs as well, as in the benchmarks (:doc:`/estimators`).
#
# All of them obey the symmetry to rounding, also the invariant one, and also for mirror images. The
# difference is in what they can express with few data, not in whether they are symmetric:

frame = test[0]
mirror = np.diag([1.0, 1.0, -1.0]) @ R.numpy()
for l_max, model in fitted.items():
    moved = frame.copy()
    moved.positions = frame.positions @ mirror.T
    before, after = model.predict([frame]), model.predict([moved])
    energy_change = abs(after.energy[0] - before.energy[0])
    force_change = np.abs(after.forces[0] - before.forces[0] @ mirror.T).max()
    print(f"l_max = {l_max}: energy changes by {energy_change:.0e} eV, forces by {force_change:.0e} eV/Å")
    assert energy_change < 1e-4
    assert force_change < 1e-3

# %%
# In short
# --------
#
# - Features are lists of irreps; a rotation acts on each by its Wigner D matrix, an inversion by a sign.
# - Spherical harmonics turn directions into features, tensor products multiply them, gates make it nonlinear,
#   and the weights never see the components.
# - Equivariant features let one layer carry angles, which pays most when data are few. Their cost rises
#   steeply with the order.
# - An alternative does without: learn the symmetry from rotated copies of the data. It needs more of them,
#   and holds only approximately.
#
# How MACE combines equivariant features with products of many neighbours is told in
# :doc:`/_gallery/mace_theory/index`. How to find out which model is better, in the next chapter:
# :doc:`/_gallery/fundamentals/plot_80_evaluating_models`.
#
# .. rubric:: Exercises
#
# 1. How many paths from ``1o`` × ``1o`` features lead to a scalar that changes sign in a mirror? What would
#    it need?
# 2. Apply ``torch.tanh`` to the norm of a vector and rescale the vector. Is that equivariant? Is it smooth at
#    zero?
