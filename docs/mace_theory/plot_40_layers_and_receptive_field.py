r"""
Layers, receptive field and parallel dynamics
=============================================

After this page you know how far an atom sees, how far information travels through layers, why MACE has two
of them, and what a receptive field costs when a simulation is cut into domains. It needs the page on one
layer; reading takes fifteen minutes.
"""

# sphinx_gallery_thumbnail_number = 1
import matplotlib.pyplot as plt
import numpy as np
import torch
from ase import Atoms
from ase.build import bulk
from small_models import batch_of, random_mace, run, show_source

import mlffbench
from mlffbench.estimators import MACE
from mlffbench.potentials.mace.library import mace

# %%
# Receptive field by gradients
# ----------------------------
#
# In one layer atom :math:`i` collects from neighbours within the cutoff :math:`r_c`. Their features were
# collected from *their* neighbours in the layer before. After :math:`T` layers
#
# .. math:: \frac{\partial E_i}{\partial \mathbf r_j} = 0 \quad\text{if}\quad r_{ij} > T\, r_c .
#
# We compute this derivative by automatic differentiation for an atom in the middle of a block of silicon,
# slightly disturbed, for one to three layers of random weights.

CUTOFF = 4.0  # Å
silicon = bulk("Si", cubic=True).repeat(4)
silicon.pbc = False
silicon.rattle(0.05, seed=1)
middle = int(np.argmin(np.linalg.norm(silicon.positions - silicon.positions.mean(axis=0), axis=1)))
distance = np.linalg.norm(silicon.positions - silicon.positions[middle], axis=1)
print(
    f"{len(silicon)} atoms; the middle one is {(silicon.positions[middle]).min():.1f} Å or more from every face"
)


def sensitivity(model, atoms, i):
    """|∂E_i/∂r_j| of all atoms j, eV/Å."""
    batch = batch_of(model, [atoms])
    energy = run(model, batch)["node_energy"][i]
    (gradient,) = torch.autograd.grad(energy, batch["positions"])
    return gradient[batch.order].norm(dim=1).numpy()


LAYERS = (1, 2, 3)
small = {
    "r_max": CUTOFF,
    "avg_num_neighbors": 16.0,
    "hidden_irreps": "2x0e + 2x1o",
    "max_ell": 1,
    "correlation": 2,
}
slopes = {T: sensitivity(random_mace([14], num_interactions=T, **small), silicon, middle) for T in LAYERS}
for T, slope in slopes.items():
    seen = slope > 0
    print(
        f"T = {T}: sees {seen.sum() - 1:4d} atoms, the farthest at {distance[seen].max():.2f} Å, limit {T * CUTOFF} Å"
    )
    assert (slope[distance > T * CUTOFF] == 0).all()  # exactly zero: no path of pairs leads there
    assert T == 1 or distance[seen].max() > (T - 1) * CUTOFF

figure, axis = plt.subplots(figsize=(7, 3.6), layout="constrained")
for (T, slope), marker in zip(slopes.items(), "os^", strict=True):
    seen = (slope > 0) & (distance > 0)
    axis.semilogy(
        distance[seen], slope[seen] / slope[distance > 0].max(), marker, ms=4, alpha=0.7, label=f"T = {T}"
    )
    axis.axvline(T * CUTOFF, color="0.7", lw=1)
axis.set(xlabel=r"distance $r_{ij}$ (Å)", ylabel=r"$|\partial E_i / \partial \mathbf{r}_j|$, relative")
axis.legend()
plt.show()

# %%
# The influence falls steeply with distance: the cutoff function multiplies every step, and a far atom is
# reached by several steps. A receptive field of :math:`T r_c` is a limit, not a range of equal sight.

# %%
# **Stepping stones.** Messages need atoms to pass through. Two molecules farther apart than :math:`r_c` do
# not interact at all, although :math:`T r_c` is larger than their distance:

molecule = mlffbench.load_dataset("malonaldehyde").frames[0]
far = molecule.copy()
far.positions += [np.ptp(molecule.positions[:, 0]) + CUTOFF + 0.1, 0.0, 0.0]
pair = Atoms([*molecule.symbols, *far.symbols], np.concatenate([molecule.positions, far.positions]))
model = random_mace(sorted(set(molecule.numbers)), r_max=CUTOFF)
batch = batch_of(model, [molecule, pair])
alone, together = run(model, batch)["energy"].tolist()
gap = np.linalg.norm(molecule.positions[:, None] - far.positions[None], axis=2).min()
print(
    f"nearest atoms {gap:.2f} Å apart: energy of two molecules minus twice that of one: {together - 2 * alone:.1e} eV"
)
assert CUTOFF < gap < 2 * CUTOFF
assert abs(together - 2 * alone) < 1e-12

# %%
# So neither layers nor a larger :math:`T` describe electrostatics between molecules, or dispersion: only a
# larger :math:`r_c`, or a term of its own, does.
#
# Why not one layer with twice the cutoff?
# ----------------------------------------
#
# It would see the same atoms. But all its pairs are computed, while two layers compute the pairs within
# :math:`r_c` twice:

perfect = bulk("Si", cubic=True).repeat(5)
d = perfect.get_distances(0, range(len(perfect)), mic=True)
near, wide = int(((d > 0) & (d < CUTOFF)).sum()), int(((d > 0) & (d < 2 * CUTOFF)).sum())
print(f"pairs of an atom: two layers of {CUTOFF} Å {2 * near}, one layer of {2 * CUTOFF} Å {wide}")
assert wide > 3 * 2 * near

# %%
# Why two layers
# --------------
#
# Networks with two-body messages (:math:`\nu = 1`) gain one body with each layer and need many. MACE's
# messages are four-body (:math:`\nu = 3`), and two layers give body order 13 (previous page). The paper
# finds that a third layer adds little :cite:`Batatia2022mace`. We fit three small models to 60 frames of
# malonaldehyde, with a cutoff of only 3 Å, so that one layer does not see the whole molecule. All get the
# same few steps. One seed and so short a training show the trend, not what the models can reach.

data = mlffbench.load_dataset("malonaldehyde")
group = np.asarray(data.columns["group"])
train, test = np.flatnonzero(group == "train_300K")[:60], np.flatnonzero(group == "test_300K")[:20]
errors = {}
for T in LAYERS:
    fit = MACE(
        num_interactions=T, num_channels=8, max_L=0, correlation=3, cutoff=3.0, max_epochs=16, batch_size=18,
        atomic_energies=data.atomic_energies,
    ).fit([data.frames[i] for i in train], data.labels[train])  # fmt: skip
    predicted = fit.predict([data.frames[i] for i in test])
    error = np.concatenate(predicted.forces) - np.concatenate(data.labels[test].forces)
    errors[T] = 1000 * np.sqrt(np.mean(error**2))
    print(f"T = {T}: {fit.n_parameters_:6d} weights, force RMSE {errors[T]:.0f} meV/Å")
assert errors[2] < errors[1]
assert errors[1] - errors[2] > errors[2] - errors[3]  # the second layer brings more than the third

# %%
# Readouts
# --------
#
# Every layer gives a part of the energy. The first readout is linear, so the first part is a linear model of
# the :math:`\nu + 1`-body features: an atomic cluster expansion within the network. The last is a small
# network. In code:

models, blocks = mace().modules.models, mace().modules.blocks
show_source(models.MACE.__init__, "if i == num_interactions - 2:", "elif not use_last")
show_source(blocks.LinearReadoutBlock.forward, "return self.linear", "return")
show_source(blocks.NonLinearReadoutBlock.forward, "x = self.non_linearity", "x =")

# %%
# The parts have different receptive fields. We catch the outputs of both readouts:

model = random_mace([14], num_interactions=2, **small)
caught = {}
for t, readout in enumerate(model.readouts, start=1):
    readout.register_forward_hook(lambda _, inputs, output, t=t: caught.update({t: output}))
batch = batch_of(model, [silicon])
full = run(model, batch)["node_energy"][middle].item()
for t, energies in caught.items():
    (gradient,) = torch.autograd.grad(energies[batch.order][middle, 0], batch["positions"], retain_graph=True)
    seen = (gradient[batch.order].norm(dim=1) > 0).numpy()
    print(f"readout {t} sees {seen.sum() - 1} atoms, the farthest at {distance[seen].max():.2f} Å")
    assert distance[seen].max() <= t * CUTOFF

# %%
# Parallel molecular dynamics
# ---------------------------
#
# A program for many processors gives each a *domain* and copies of the atoms around it, the **ghost atoms**.
# For correct energies of its own atoms a domain needs ghosts within the receptive field :math:`T r_c`. A
# test with one atom as domain: its energy from a cut-out cluster equals the energy in the full block if the
# shell is :math:`T r_c` thick, and not if it is thinner.

for shell in (1.0 * CUTOFF, 1.5 * CUTOFF, 2.0 * CUTOFF):
    keep = np.flatnonzero(distance <= shell)
    cut = run(model, batch_of(model, [silicon[keep]]))["node_energy"][list(keep).index(middle)].item()
    print(
        f"shell {shell:.0f} Å, {len(keep) - 1:3d} ghosts: energy of the atom wrong by {abs(cut - full):.1e} eV"
    )
    assert (abs(cut - full) < 1e-12) == (shell == 2 * CUTOFF)

# %%
# (To have right *forces* on its own atoms by differentiation a domain needs the same ghosts, and must send
# the forces on ghosts back to their owners.) With edge length :math:`a` of a cubic domain and density
# :math:`\rho` there are
#
# .. math:: N_\text{ghost} = \rho\, \big[ (a + 2 T r_c)^3 - a^3 \big]
#
# ghosts for :math:`\rho a^3` own atoms. For silicon, :math:`r_c` = 5 Å:

density = 8 / 5.43**3
edge = np.linspace(10, 100, 100)
figure, axis = plt.subplots(figsize=(6, 3.6), layout="constrained")
for T in (1, 2, 5):
    axis.loglog(density * edge**3, ((edge + 2 * T * 5.0) ** 3 - edge**3) / edge**3, label=f"T = {T}")
axis.set(xlabel="own atoms of a domain", ylabel="ghost atoms per own atom")
axis.legend()
plt.show()
ghosts = lambda T, a: ((a + 2 * T * 5.0) ** 3 - a**3) / a**3
print(
    f"domains of 30 Å: {ghosts(1, 30):.1f} ghosts an own atom for T = 1, {ghosts(2, 30):.1f} for 2, {ghosts(5, 30):.1f} for 5"
)
assert ghosts(1, 30) < ghosts(2, 30) < ghosts(5, 30)

# %%
# Here two layers pay again, against five. A strictly local model such as Allegro has :math:`T = 1` in this
# count :cite:`Musaelian2023allegro`. The other way is to exchange *features* of ghosts between the layers:
# then a shell of :math:`r_c` is enough, at the price of communication in every layer. mace-torch does this
# under LAMMPS's ML-IAP interface:

show_source(blocks.InteractionBlock.handle_lammps, "# Normal case", "return node_feats")
