r"""
One MACE layer, step by step
============================

After this page you can read the forward pass of MACE: embedding, radial basis, interaction, A-features,
symmetric contraction, B-features, linear maps and readouts. Each equation stands beside the lines of
mace-torch that compute it, printed from the installed package, and is computed again by hand from the
weights. At the end the energy by hand equals the module's. It needs the previous page; reading takes half an
hour.
"""

# sphinx_gallery_thumbnail_number = 3
import inspect

import matplotlib.pyplot as plt
import numpy as np
import small_models
import torch
from small_models import batch_of, random_mace, run, show_source

import mlffbench
from mlffbench.potentials.mace.library import mace
from mlffbench.potentials.mace.linear import ChannelLinear
from mlffbench.potentials.mace.symmetric_contraction import JacobianContraction

o3, modules = mace().e3nn.o3, mace().modules  # of e3nn and of mace-torch
blocks, models, radial, utils = modules.blocks, modules.models, modules.radial, modules.utils
symmetric_contraction = modules.symmetric_contraction
cg = inspect.getmodule(symmetric_contraction.U_matrix_real)
einsum = torch.einsum
close = lambda a, b: torch.allclose(
    a, b, rtol=1e-9, atol=1e-10
)  # float64: both sides differ by rounding only

# %%
# A molecule and a model
# ----------------------
#
# The molecule is a frame of malonaldehyde. The model is mace-torch's ``ScaleShiftMACE`` with random weights:
# symmetry, shapes and formulas do not depend on training. :math:`K` = 4 channels, harmonics up to
# :math:`l_\text{max}` = 2, features of order :math:`L` = 0 and 1, products of :math:`\nu` = 3 factors,
# :math:`T` = 2 layers.

molecule = mlffbench.load_dataset("malonaldehyde").frames[0]
model = random_mace(sorted(set(molecule.numbers)))
batch = batch_of(model, [molecule])
outputs = run(model, batch, forces=True)
print(molecule.get_chemical_formula(), "energy of the random model:", f"{outputs['energy'].item():.6f}")
print(inspect.getsource(small_models.random_mace))
print("\n".join(f"{k}: {v}" for k, v in small_models.ARGUMENTS.items()))

# %%
# The features that the module itself has between its parts are caught with hooks, to compare with:

caught = {}
for name, part in model.named_modules():
    if name:
        part.register_forward_hook(lambda _, inputs, output, name=name: caught.update({name: output}))
run(model, batch)
n_atoms, n_pairs = len(molecule), batch["edge_index"].shape[1]
print(f"{n_atoms} atoms, {n_pairs} directed pairs within {model.r_max.item()} Å")

# %%
# The whole forward pass in one picture; the sections below follow it from top to bottom.

figure, axis = plt.subplots(figsize=(7, 5.2), layout="constrained")
STEPS = [
    ("embedding", r"$h^{(0)}_{i,k00} = \sum_z W_{kz}\,\delta_{z z_i}$", "C0"),
    ("radial, angular", r"$R(r_{ij}),\; Y_{lm}(\hat{r}_{ij})$", "C0"),
    ("interaction", r"$\phi_{ij} = R\; C\; Y\, (W h_j)$", "C1"),
    ("A-features", r"$A_{i,klm} = \sum_j W\,\phi_{ij} / \bar N$", "C1"),
    ("symmetric contraction", r"$B_{i,kLM} = \sum_{lm} \mathcal{C}\, A A A$", "C2"),
    ("message", r"$m_{i,kLM} = \sum_{\nu\eta} W^{z_i}_{\nu\eta k L} B$", "C2"),
    ("update", r"$h^{(t+1)}_i = W m_i + W^{z_i} h^{(t)}_i$", "C3"),
    ("readout", r"$E_i = E_0 + \mathrm{shift} + \mathrm{scale} \sum_t \mathcal{R}_t(h^{(t)}_{i,k00})$", "C4"),
]
for row, (name, formula, colour) in enumerate(STEPS):
    y = len(STEPS) - row
    axis.text(
        0.02,
        y,
        name,
        ha="left",
        va="center",
        fontsize=11,
        color="white",
        bbox={"fc": colour, "ec": "none", "pad": 5},
    )
    axis.text(0.36, y, formula, ha="left", va="center", fontsize=12)
axis.annotate("", (0.3, 2), (0.3, 6), arrowprops={"arrowstyle": "-|>", "color": "0.5"})
axis.text(0.31, 4.5, "T times", rotation=90, va="center", color="0.4", fontsize=9)
axis.set(xlim=(0, 1), ylim=(0.4, len(STEPS) + 0.6))
axis.axis("off")
plt.show()

# %%
# Pairs
# -----
#
# .. math:: \mathbf r_{ij} = \mathbf r_i - \mathbf r_j + \text{shift}
#
# Atom :math:`j` sends (``edge_index[0]``), atom :math:`i` receives (``edge_index[1]``); the shift is a
# lattice vector when the neighbour is a periodic image.

show_source(utils.get_edge_vectors_and_lengths, "sender = ", "lengths = ")
sender, receiver = batch["edge_index"]
vectors = (batch["positions"][receiver] - batch["positions"][sender] + batch["shifts"]).detach()
lengths = vectors.norm(dim=1, keepdim=True)
assert (lengths < model.r_max).all()
assert close(vectors[: n_pairs // 2], -vectors[n_pairs // 2 :])  # every pair in both directions

# %%
# Embedding of the elements
# -------------------------
#
# .. math:: h^{(0)}_{i,k00} = \frac{1}{\sqrt{N_z}} \sum_z W_{kz}\, \delta_{z z_i}
#
# The element of atom :math:`i`, a one-hot vector over the :math:`N_z` elements of the model, becomes
# :math:`K` learned numbers. e3nn's ``Linear`` divides by the root of the number of inputs, so that outputs
# of random weights have the size of the inputs. This is the mixing of channels that the previous page ended
# with.

show_source(blocks.LinearNodeEmbeddingBlock.forward, "def forward", "return")
one_hot = batch["node_attrs"]
K, N_z = 4, one_hot.shape[1]
h0 = one_hot @ model.node_embedding.linear.weight.view(N_z, K) / N_z**0.5
assert close(h0, caught["node_embedding"])

# %%
# Angles: spherical harmonics
# ---------------------------
#
# .. math:: Y_{lm}(\hat{\mathbf r}_{ij}), \qquad \sum_m Y_{lm}^2 = 2l + 1
#
# Real, of the unit vector, up to ``max_ell``. e3nn's order of the components of :math:`l = 1` is x, y, z.

show_source(models.MACE.__init__, "self.spherical_harmonics", ")")
x, y, z = (vectors / lengths).T
by_hand = torch.stack([
    torch.ones_like(x), *(3**0.5 * c for c in (x, y, z)),
    15**0.5 * x * z, 15**0.5 * x * y, 5**0.5 * (y**2 - (x**2 + z**2) / 2), 15**0.5 * y * z, 15**0.5 / 2 * (z**2 - x**2),
], dim=1)  # fmt: skip
Y = caught["spherical_harmonics"]
assert close(by_hand, Y)

# %%
# Distances: Bessel functions and cutoff
# --------------------------------------
#
# .. math::
#
#    & e_n(r) = \sqrt{\frac{2}{r_c}}\, \frac{\sin(n\pi r / r_c)}{r}\, f_c(r), \\
#    & f_c(r) = 1 - \frac{(p+1)(p+2)}{2} x^p + p(p+2) x^{p+1} - \frac{p(p+1)}{2} x^{p+2}, \\
#    & x = r / r_c
#
# with :math:`p` = ``num_polynomial_cutoff``.

show_source(radial.BesselBasis.forward, "numerator", "return")
show_source(radial.PolynomialCutoff.calculate_envelope, "r_over_r_max =", "return")
show_source(blocks.RadialEmbeddingBlock.forward, "return radial * cutoff", "return")
r_c, p = model.r_max, 5
ratio = lengths / r_c
f_c = 1 - ratio**p * ((p + 1) * (p + 2) / 2 - p * (p + 2) * ratio + p * (p + 1) / 2 * ratio**2)
e = (2 / r_c) ** 0.5 * torch.sin(torch.arange(1.0, 7.0, dtype=ratio.dtype) * np.pi * ratio) / lengths * f_c
assert close(e, caught["radial_embedding"][0])

# %%
# A small network without biases turns the :math:`e_n` into the radial functions, one for each channel and
# *path* :math:`\eta` (see below):
#
# .. math:: R_{\eta k}(r) = W_3\, \sigma\big(W_2\, \sigma(W_1\, e(r))\big), \qquad \sigma(x) = c\, x / (1 + e^{-x})
#
# where each :math:`W` is divided by the root of its number of inputs, and :math:`c` makes
# :math:`\langle\sigma^2\rangle` = 1 for a normal variable. Since :math:`\sigma(0) = 0` and there is no bias,
# :math:`R` goes to zero at the cutoff with the :math:`e_n`.

ACTIVATION = mace().e3nn.math.normalize2mom(torch.nn.functional.silu)  # σ
gauss, weights = np.polynomial.hermite_e.hermegauss(200)
silu = gauss / (1 + np.exp(-gauss))
c = 1 / np.sqrt((weights * silu**2).sum() / weights.sum())
print(
    f"c = {c:.4f} by quadrature, {(ACTIVATION(torch.ones(1)) / torch.nn.functional.silu(torch.ones(1))).item():.4f} in e3nn"
)
assert (
    abs(c - (ACTIVATION(torch.ones(1)) / torch.nn.functional.silu(torch.ones(1))).item()) < 5e-3
)  # e3nn samples it


def radial_network(network, x):
    """R of the pairs from their e_n."""
    layers = list(network.children())
    for layer in layers[:-1]:
        x = ACTIVATION(x @ layer.weight / layer.weight.shape[0] ** 0.5)
    return x @ layers[-1].weight / layers[-1].weight.shape[0] ** 0.5


for t, interaction in enumerate(model.interactions):
    assert close(radial_network(interaction.conv_tp_weights, e), caught[f"interactions.{t}.conv_tp_weights"])

r = torch.linspace(0.4, 4.4, 300, dtype=torch.float64)[:, None]
basis = model.radial_embedding(r, one_hot, batch["edge_index"], model.atomic_numbers)[0]
with torch.no_grad():
    R = radial_network(model.interactions[0].conv_tp_weights, basis)
figure, axis = plt.subplots(figsize=(7, 3), layout="constrained")
axis.plot(r, R[:, :8], lw=1.2)
axis.axvline(4.0, color="0.7", lw=1)
axis.set(
    xlabel="distance r (Å)",
    ylabel=r"$R_{\eta k}(r)$",
    title="eight radial functions of the first layer (random weights)",
)
plt.show()
assert (R[r[:, 0] > 4.0] == 0).all()

# %%
# Interaction: from neighbours to A-features
# ------------------------------------------
#
# Three steps, with the features :math:`h^{(t)}_{j,kl_1m_1}` of the neighbours from the layer before:
#
# .. math::
#
#    \tilde h_{j,kl_1m_1} &= \sum_{k'} W_{kk'l_1} h^{(t)}_{j,k'l_1m_1} \\
#    \phi_{ij,k\eta l_3m_3} &= R_{\eta k}(r_{ij}) \sum_{m_1 m_2} C^{l_3m_3}_{l_1m_1,l_2m_2}\,
#                          \tilde h_{j,kl_1m_1}\, Y_{l_2m_2}(\hat{\mathbf r}_{ij}) \\
#    A_{i,kl_3m_3} &= \frac{1}{\bar N} \sum_{k'\eta} W_{kk'\eta l_3} \sum_j \phi_{ij,k'\eta l_3m_3}
#
# :math:`\bar N` is the average number of neighbours, a constant. A **path** :math:`\eta = (l_1, l_2, l_3)`
# couples a feature of order :math:`l_1` with a harmonic of order :math:`l_2` to order :math:`l_3`, with
# Clebsch–Gordan coefficients :math:`C`. In the first layer :math:`h` is a scalar, so :math:`l_3 = l_2`:
# there is one path for each harmonic. In the second the orders of :math:`h` matter.

show_source(
    blocks.RealAgnosticResidualInteractionBlock.forward, "sc = self.skip_tp", "node_feats = self.linear_up"
)
show_source(blocks.RealAgnosticResidualInteractionBlock.forward, "mji = self.conv_tp(", ")  # [n_nodes")
show_source(blocks.RealAgnosticResidualInteractionBlock.forward, "message = scatter_sum(", ")")
show_source(blocks.RealAgnosticResidualInteractionBlock.forward, "message = self.linear(message)", "message")
for t, interaction in enumerate(model.interactions):
    tp = interaction.conv_tp
    orders = [
        (tp.irreps_in1[q.i_in1].ir, tp.irreps_in2[q.i_in2].ir, tp.irreps_out[q.i_out].ir)
        for q in tp.instructions
    ]
    print(f"layer {t + 1}: {len(orders)} paths", ", ".join(f"{a}×{b}→{c}" for a, b, c in orders))

# %%
# By hand, with features as a list: one array (atoms, channels, 2l + 1) for each entry of the *irreps*,
# e3nn's name for the list of orders (``4x0e+4x1o``: four scalars that are even and four vectors that are odd
# under inversion).


def split(features, irreps):
    """Features (n, dimension) as a list over the irreps of arrays (n, channels, 2l + 1)."""
    return [
        features[:, s].unflatten(1, (entry.mul, entry.ir.dim))
        for s, entry in zip(irreps.slices(), irreps, strict=True)
    ]


def join(parts):
    """The inverse of `split`."""
    return torch.cat([part.flatten(1) for part in parts], dim=1)


def linear(layer, parts):
    """e3nn's Linear: Σ over inputs of the same order, divided by the root of their number."""
    results, start = {}, 0
    for q in layer.instructions:
        n_in, n_out = q.path_shape
        W = layer.weight[start : start + n_in * n_out].view(n_in, n_out)
        start += n_in * n_out
        fan_in = sum(other.path_shape[0] for other in layer.instructions if other.i_out == q.i_out)
        results[q.i_out] = results.get(q.i_out, 0) + einsum("pq,npm->nqm", W, parts[q.i_in]) / fan_in**0.5
    return [results[i] for i in sorted(results)]


def messages(tp, h, R):
    """φ of the pairs: a list over paths of arrays (pairs, channels, 2l + 1)."""
    harmonics, phi, start = split(Y, tp.irreps_in2), [], 0
    for q in tp.instructions:
        l1, l2, l3 = tp.irreps_in1[q.i_in1].ir.l, tp.irreps_in2[q.i_in2].ir.l, tp.irreps_out[q.i_out].ir.l
        C = o3.wigner_3j(l1, l2, l3, dtype=torch.float64) * q.path_weight  # e3nn's normalisation
        weight = R[:, start : start + K]
        start += K
        phi.append(einsum("abc,ek,eka,eb->ekc", C, weight, h[q.i_in1][sender], harmonics[q.i_in2][:, 0]))
    return phi


def a_features(interaction, h, average=6.0):
    """A (n, channels, (l_max + 1)²) of the atoms."""
    R = radial_network(interaction.conv_tp_weights, e)
    phi = messages(interaction.conv_tp, linear(interaction.linear_up, h), R)
    summed = [
        torch.zeros(n_atoms, *part.shape[1:], dtype=part.dtype).index_add(0, receiver, part) for part in phi
    ]
    ordered = [summed[q] for q in np.argsort([q.i_out for q in interaction.conv_tp.instructions])]
    return torch.cat(linear(interaction.linear, ordered), dim=2) / average


A1 = a_features(model.interactions[0], [h0[:, :, None]])
assert close(A1, caught["interactions.0"][0])
print("A-features of the first layer: (atoms, channels, components) =", tuple(A1.shape))

# %%
# Symmetric contraction: from A to B
# ----------------------------------
#
# The heart of MACE. Products of :math:`\nu` A-features *of one channel* are summed with generalised
# Clebsch–Gordan coefficients to features that transform like order :math:`L`:
#
# .. math::
#
#    & \mathbf B^{(\nu)}_{i,\eta k LM} = \sum_{l_1 m_1 \dots l_\nu m_\nu} \mathcal C^{LM}_{\eta,\,
#      l_1m_1 \dots l_\nu m_\nu} \prod_{\xi=1}^{\nu} A_{i,k l_\xi m_\xi}, \\
#    & m_{i,kLM} = \sum_{\nu} \sum_{\eta} W^{(\nu)}_{z_i, \eta k L}\, \mathbf B^{(\nu)}_{i,\eta k LM} .
#
# :math:`\eta` numbers the ways to couple :math:`\nu` orders to :math:`L`. The weights :math:`W` depend on
# the element of the *centre*. The coefficients :math:`\mathcal C` are the buffers ``U_matrix_nu``, made once
# by coupling one factor after the other:

show_source(cg._wigner_nj, "for ir_out in ir_left * ir", "C = torch.einsum")
contraction = model.products[0].symmetric_contractions.contractions
print("number of ways η to couple ν harmonics with l ≤ 2 (of parity (−1)^l) to order L:")
for L, part in enumerate(contraction):
    print(f"  L = {L}:", ", ".join(f"ν = {nu}: {part.U_tensors(nu).shape[-1]}" for nu in (1, 2, 3)))

figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
U2, U2_vector, U3 = (
    contraction[0].U_tensors(2),
    contraction[1].U_tensors(2)[1],
    contraction[0].U_tensors(3)[6],
)
labels = [f"{l},{m}" for l in range(3) for m in range(-l, l + 1)]
for axis, U, title in (
    (axes[0], U2, "ν = 2, L = 0"),
    (axes[1], U2_vector, "ν = 2, L = 1, M = 0"),
    (axes[2], U3, "ν = 3, L = 0, third factor (2,0)"),
):
    axis.imshow(U.sum(dim=2), cmap="RdBu", vmin=-1, vmax=1)
    axis.set_xticks(range(9), labels, rotation=90, fontsize=7)
    axis.set_yticks(range(9), labels, fontsize=7)
    axis.set_title(title, fontsize=10)
plt.show()

# %%
# The pictures show coefficients summed over :math:`\eta`. For :math:`\nu = 2, L = 0` the matrix is diagonal:
# the B are the power spectrum. For :math:`L = 1` neighbouring orders couple.
#
# The property that matters: turn every index of :math:`A` and the result turns with :math:`D^L`. It holds
# for rotations and reflections:
#
# .. math::
#
#    \sum_{m'} \mathcal C^{LM}_{\eta, \dots m'_\xi \dots} \prod_\xi D_{m'_\xi m_\xi}
#    = \sum_{M'} D^L_{MM'}\, \mathcal C^{LM'}_{\eta, \dots m_\xi \dots}

torch.manual_seed(0)
coupled = o3.Irreps("0e + 1o + 2e")  # one channel of A
for Q in (o3.rand_matrix(dtype=torch.float64), -o3.rand_matrix(dtype=torch.float64)):
    D = coupled.D_from_matrix(Q)
    D1 = o3.Irrep("1o").D_from_matrix(Q)
    assert close(
        einsum("abcp,ax,by,cz->xyzp", contraction[0].U_tensors(3), D, D, D), contraction[0].U_tensors(3)
    )
    left = einsum("Mabcp,ax,by,cz->Mxyzp", contraction[1].U_tensors(3), D, D, D)
    assert close(left, einsum("MN,Nxyzp->Mxyzp", D1, contraction[1].U_tensors(3)))
eye = torch.block_diag(*[torch.eye(2 * l + 1, dtype=torch.float64) for l in range(3)])
assert (contraction[0].U_tensors(2).abs().sum(dim=2)[eye == 0] < 1e-12).all()

# %%
# **How the code computes it.** A product of three A has :math:`9^3` components for each atom and channel.
# mace-torch never makes them: it contracts the weights with :math:`\mathcal C` first, then takes in one
# factor :math:`A` after the other, like Horner's rule for a polynomial,
#
# .. math:: m = \big( \big( (W^{(3)} \mathcal C^{(3)}) A + W^{(2)} \mathcal C^{(2)} \big) A + W^{(1)} \mathcal C^{(1)} \big) A .

show_source(symmetric_contraction.Contraction.forward, "out = self.graph_opt_main(", "return out.view")


def b_features(contraction, nu, A):
    """B (n, ways, channels, 2L + 1) of ν factors, straight from the formula."""
    U = contraction.U_tensors(nu)
    U = U if U.dim() == nu + 2 else U[None]
    components, letters = "abc"[:nu], ",".join(f"nk{x}" for x in "abc"[:nu])
    return einsum(f"M{components}p,{letters}->npkM", U, *[A] * nu)


def message(contraction, A):
    """m (n, channels, 2L + 1): B times the weights of the centre's element, summed over ν and η."""
    total = 0
    for nu, W in zip((3, 2, 1), (contraction.weights_max, *contraction.weights), strict=True):
        total = total + einsum("nz,zpk,npkM->nkM", one_hot, W, b_features(contraction, nu, A))
    return total


m1 = [message(part, A1) for part in contraction]
assert close(join(m1), caught["products.0.symmetric_contractions"])

# %%
# mlffbench computes the same numbers with another order of the sums (``kernels="fused"``, the default on a
# CPU), from the same weights: one matrix product gives the value and the Jacobian that forces need.

print(inspect.getdoc(JacobianContraction).split("Parameters")[0])
fused = JacobianContraction(model.products[0].symmetric_contractions)
counts = tuple(int(n) for n in one_hot.sum(dim=0))  # atoms of each element; the batch is sorted by element
ours = fused(A1.transpose(1, 2), counts)  # (n, Σ(2L+1), channels)
assert close(ours, torch.cat([m.transpose(1, 2) for m in m1], dim=1))

# %%
# Update and skip connection
# --------------------------
#
# .. math:: h^{(t+1)}_{i,kLM} = \sum_{k'} W_{kk'L}\, m_{i,k'LM} + \sum_{k'} W_{z_i,kk'L}\, h^{(t)}_{i,k'LM}
#
# The first term mixes the channels of the message. The second carries the old features on, with weights for
# each element.

show_source(
    blocks.EquivariantProductBasisBlock.forward, "if self.use_sc and sc", "return self.linear(node_feats)"
)
print(inspect.getsource(ChannelLinear.forward))


def skip(layer, h):
    """The skip connection: weights (channels, elements, channels) of each order that goes on."""
    results, start = {}, 0
    for q in layer.instructions:
        n_in, n_z, n_out = q.path_shape
        W = layer.weight[start : start + n_in * n_z * n_out].view(n_in, n_z, n_out)
        start += n_in * n_z * n_out
        results[q.i_out] = einsum("pzq,npm,nz->nqm", W, h[q.i_in1], one_hot) / (n_in * n_z) ** 0.5
    return results


def layer(t, h):
    """h after layer t."""
    product = model.products[t]
    A = a_features(model.interactions[t], h)
    new = linear(product.linear, [message(part, A) for part in product.symmetric_contractions.contractions])
    old = skip(model.interactions[t].skip_tp, h)
    return [part + old.get(i, 0) for i, part in enumerate(new)]


h1 = layer(0, [h0[:, :, None]])
h2 = layer(1, h1)
assert close(join(h1), caught["products.0"])
assert close(join(h2), caught["products.1"])
print(
    "after layer 1:",
    [tuple(part.shape) for part in h1],
    " after layer 2:",
    [tuple(part.shape) for part in h2],
)

# %%
# After the last layer only scalars are kept: nothing would read the vectors.
#
# Readouts
# --------
#
# .. math::
#
#    & E_i = E^0_{z_i} + \text{shift} + \text{scale} \cdot \Big( \sum_k w_k h^{(1)}_{i,k00} \\
#    & \qquad + \sum_a w'_a\, \sigma\big( \textstyle\sum_k W'_{ak} h^{(2)}_{i,k00} \big) \Big), \\
#    & E = \sum_i E_i
#
# A linear readout after every layer but the last, a network with one hidden layer of 16 after the last. In
# this model :math:`E^0` = 0, scale = 1 and shift = 0; the page on training says where they come from.

show_source(blocks.LinearReadoutBlock.forward, "return self.linear", "return")
show_source(blocks.NonLinearReadoutBlock.forward, "x = self.non_linearity", "return")
show_source(models.ScaleShiftMACE.forward, "node_inter_es = torch.sum(", "total_energy")
first = linear(model.readouts[0].linear, h1)[0].flatten()
hidden = ACTIVATION(linear(model.readouts[1].linear_1, h2)[0].squeeze(2))
last = hidden @ model.readouts[1].linear_2.weight.view(16, 1) / 16**0.5
E_i = (first + last.flatten())[batch.order]
assert close(E_i, outputs["node_energy"])
assert close(E_i.sum(), outputs["energy"].sum())
print(f"by hand {E_i.sum().item():.12f}, by the module {outputs['energy'].item():.12f}")

# %%
# Symmetry, measured
# ------------------
#
# Move, rotate, mirror and renumber the molecule. Scalars and energies must stay, vectors (features of
# :math:`L` = 1, forces) must turn along, everything of an atom must follow its number. The bars show the
# largest deviation, relative to the largest value.


def transformed(Q=None, order=None, move=(0.0, 0.0, 0.0)):
    """Outputs for a molecule that is rotated by Q, renumbered and moved."""
    other = molecule.copy()
    other.positions = (molecule.positions if Q is None else molecule.positions @ Q.numpy().T) + np.array(move)
    other = other if order is None else other[order]
    return run(model, batch_of(model, [other]), forces=True)


def deviations(result, Q=None, order=None):
    """Largest relative deviation of energy, forces, scalars and vectors from what they should be."""
    Q = torch.eye(3, dtype=torch.float64) if Q is None else Q
    order = list(range(n_atoms)) if order is None else order
    scalars = lambda f: f[order][:, [*range(4), *range(16, 20)]]  # of both layers
    turned = lambda f: f[order][:, 4:16].unflatten(1, (4, 3)) @ Q.T
    relative = lambda a, b: ((a - b).abs().max() / b.abs().max()).item()
    return [
        relative(result["energy"], outputs["energy"]),
        relative(result["forces"], outputs["forces"][order] @ Q.T),
        relative(result["node_feats"][:, [*range(4), *range(16, 20)]], scalars(outputs["node_feats"])),
        relative(result["node_feats"][:, 4:16].unflatten(1, (4, 3)), turned(outputs["node_feats"])),
    ]


Q, order = o3.rand_matrix(dtype=torch.float64), np.random.default_rng(0).permutation(n_atoms)
cases = {
    "translation": deviations(transformed(move=(1.0, -2.0, 3.0))),
    "rotation": deviations(transformed(Q), Q),
    "inversion": deviations(
        transformed(-torch.eye(3, dtype=torch.float64)), -torch.eye(3, dtype=torch.float64)
    ),
    "permutation": deviations(transformed(order=order), order=order),
}
for name, values in cases.items():
    print(f"{name:12s}", " ".join(f"{v:.1e}" for v in values))
    assert max(values) < 1e-9, name

figure, axis = plt.subplots(figsize=(7, 3.2), layout="constrained")
for i, label in enumerate(["energy", "forces", "scalar features", "vector features"]):
    axis.bar(np.arange(4) + 0.2 * i - 0.3, [max(v[i], 1e-17) for v in cases.values()], 0.2, label=label)
axis.set(
    yscale="log",
    ylim=(1e-17, 1),
    ylabel="largest relative deviation",
    xticks=range(4),
    xticklabels=list(cases),
)
axis.legend(ncols=2)
plt.show()

# %%
# The same test with the B-features of the first layer: those of :math:`L = 0` stay, one by one, those of
# :math:`L = 1` turn, one by one. The A-features of order :math:`l` turn with :math:`D^l`.

run(model, batch)
A_before = caught["interactions.0"][0]
turned_molecule = molecule.copy()
turned_molecule.positions = molecule.positions @ Q.numpy().T
run(model, batch_of(model, [turned_molecule]))
A_after = caught["interactions.0"][0]
assert close(A_after, A_before @ coupled.D_from_matrix(Q).T)
for nu in (1, 2, 3):
    assert close(b_features(contraction[0], nu, A_after), b_features(contraction[0], nu, A_before))
    assert close(b_features(contraction[1], nu, A_after), b_features(contraction[1], nu, A_before) @ Q.T)

# %%
# Forces are minus the gradient of the energy, by automatic differentiation; a central difference agrees:


def energy_moved(step):
    """Energy with atom 2 moved along x."""
    other = molecule.copy()
    other.positions[2, 0] += step
    return run(model, batch_of(model, [other]))["energy"].item()


numerical = -(energy_moved(1e-4) - energy_moved(-1e-4)) / 2e-4
print(f"force on atom 2 along x: {outputs['forces'][2, 0].item():.8f}, by differences {numerical:.8f}")
assert abs(numerical - outputs["forces"][2, 0].item()) < 1e-5 * outputs["forces"].abs().max()
