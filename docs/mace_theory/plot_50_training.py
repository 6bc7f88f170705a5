r"""
Training: reference energies, scale, loss, averages and stages
==============================================================

After this page you know every number that a training of MACE takes from the data before it begins, what it
minimises, and what happens to the weights and the learning rate on the way. Each is a formula, the code, and
a check. It needs the page on one layer; reading takes twenty minutes.
"""

# sphinx_gallery_thumbnail_number = 3
import inspect
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import torch
from ase import Atoms
from small_models import batch_of, random_mace, run, show_source
from torch_ema import ExponentialMovingAverage

import mlffbench
from mlffbench.estimators import MACE
from mlffbench.forcefield import least_squares_energies
from mlffbench.potentials.learning_rate import factor
from mlffbench.potentials.mace.assembly import assemble
from mlffbench.potentials.mace.batches import Graphs
from mlffbench.potentials.mace.library import mace, session
from mlffbench.potentials.mace.presets import PRESETS
from mlffbench.potentials.mace.training import Loss, parameter_groups
from mlffbench.potentials.networks.averaging import Average
from mlffbench.potentials.networks.schedule import LearningRate

modules = mace().modules  # mace-torch

# %%
# Reference energies E0
# ---------------------
#
# .. math:: E = \sum_i E^0_{z_i} + E_\text{inter}
#
# DFT energies are thousands of eV, bonds a few, and what a training must resolve is meV. The energies of
# isolated atoms are subtracted before and added after. In mace-torch ``AtomicEnergiesBlock`` adds them
# inside the model. In mlffbench the base class of all methods does it outside, the same for all, and the
# model's own :math:`E^0` are zero.

show_source(modules.blocks.AtomicEnergiesBlock.forward, "energies = torch", "return")
data = mlffbench.load_dataset("malonaldehyde")
energies = np.asarray(data.labels.energy)
E0 = data.atomic_energies
composition = np.array([[f.symbols.count(s) for s in E0] for f in data.frames])
inter = energies - composition @ np.array(list(E0.values()))
print(f"total energy {energies.mean():.1f} eV, without the atoms {inter.mean():.3f} ± {inter.std():.3f} eV")
assert abs(energies.mean()) > 100 * abs(inter.mean())

# %%
# **Where they come from.** Best: a calculation of each isolated atom at the level of the data. Without one,
# both codes fit them by least squares to the compositions,
# :math:`\min_{E^0} \sum_s (E_s - \sum_z n_{sz} E^0_z)^2`. Be careful: if all frames have one composition,
# only the sum is determined. It makes no difference for this molecule, and every difference for another:

print(inspect.getsource(least_squares_energies).split('"""')[0].strip())
fitted = least_squares_energies(data.frames, energies, list(E0))
rank = np.linalg.matrix_rank(composition)
print(f"{len(E0)} elements, rank of the compositions {rank}")
water = {"H": 2, "O": 1}
for name, e0 in (("isolated atoms", E0), ("least squares", fitted)):
    of_molecule = sum(n * e0[s] for s, n in zip(E0, composition[0], strict=True))
    of_water = sum(n * e0[s] for s, n in water.items())
    print(f"{name:15s} malonaldehyde {of_molecule:9.1f} eV, water {of_water:9.1f} eV")
assert rank == 1
assert abs(sum(n * (E0[s] - fitted[s]) for s, n in water.items())) > 100

# %%
# Number of neighbours
# --------------------
#
# .. math::
#
#    & A_i = \frac{1}{\bar N} \sum_j \dots, \\
#    & \bar N = \frac{\text{directed pairs within } r_c}{\text{atoms that have a neighbour}}
#
# A constant of the training set that keeps the A-features of a crystal and of a molecule at about the same
# size. It is not counted again for each structure, or a body would depend on all others.

show_source(modules.utils.compute_avg_num_neighbors, "for batch in", "return to_numpy")
silicon = mlffbench.load_dataset("silicon")
group = np.asarray(silicon.columns["group"])
train = np.flatnonzero(group == "train")[:24]
frames, labels = [silicon.frames[i] for i in train], silicon.labels[train]
model = MACE(
    num_channels=4, max_ell=1, cutoff=3.5, max_epochs=12, batch_size=8, stage_two=0.5, stage_two_energy_weight=50.0,
    stage_two_forces_weight=10.0, validation_fraction=0.25, dtype="float64", kernels="mace",
    atomic_energies=silicon.atomic_energies,
).fit(frames, labels)  # fmt: skip
fit_part = np.setdiff1d(np.arange(len(frames)), model.validation_frames_)
device = torch.device("cpu")
graphs = Graphs.build(frames, [14], 3.5, torch.float64, device, labels)
part = assemble(graphs, fit_part).mace_inputs()
sender, receiver = part["edge_index"]
r = (part["positions"][receiver] - part["positions"][sender] + part["shifts"]).norm(dim=1)
by_hand = (r < 3.5).sum().item() / len(part["positions"])
print(f"average number of neighbours: {model.config_['avg_num_neighbors']:.4f}, counted {by_hand:.4f}")
assert np.isclose(model.config_["avg_num_neighbors"], by_hand)

# %%
# Shift and scale
# ---------------
#
# .. math::
#
#    & E_i = E^0_{z_i} + \text{shift} + \text{scale} \cdot \epsilon_i, \\
#    & \text{shift} = \Big\langle \frac{E - \sum E^0}{n} \Big\rangle, \\
#    & \text{scale} = \sqrt{\langle F_{i\alpha}^2 \rangle}
#
# :math:`\epsilon_i` is the sum of the readouts, :math:`n` the number of atoms of a frame; the averages are
# over the training frames, without those held out for validation. The network's outputs then begin at about
# the right size. The scale is a force taken as an energy, eV for a length of 1 Å.

show_source(modules.blocks.ScaleShiftBlock.forward, "return (", ")")
n_atoms = np.array([len(frames[i]) for i in fit_part])
shift = np.mean((np.asarray(labels.energy)[fit_part] - n_atoms * silicon.atomic_energies["Si"]) / n_atoms)
scale = np.sqrt(np.mean(np.concatenate([labels.forces[i] for i in fit_part]) ** 2))
print(f"shift {model.config_['atomic_inter_shift']:.6f} eV, by hand {shift:.6f} eV")
print(f"scale {model.config_['atomic_inter_scale']:.6f} eV, by hand {scale:.6f} eV")
assert np.isclose(model.config_["atomic_inter_shift"], shift)
assert np.isclose(model.config_["atomic_inter_scale"], scale)

# %%
# **The price of a shift.** An atom without neighbours should have exactly :math:`E^0`. It has, if the first
# layer has no skip connection and the shift is zero, because every other term is a product with a sum over
# no neighbours. This is the paper's model and mlffbench's ``preset="paper"``. With a shift and a residual
# first layer, as in the other presets, the energy of an isolated atom is a number that training never sees:

atom = Atoms("Si")
plain = random_mace([14], interaction_cls_first="RealAgnosticInteractionBlock")
shifted = random_mace([14], atomic_inter_shift=shift)
alone = {
    name: run(m, batch_of(m, [atom]))["energy"].item() for name, m in (("paper", plain), ("shift", shifted))
}
print(
    f"isolated atom, random weights: without shift {alone['paper']:.1f} eV, with shift {alone['shift']:.3f} eV"
)
assert alone["paper"] == 0.0
assert abs(alone["shift"]) > 0.1
assert PRESETS["paper"].model == "MACE"
assert PRESETS["small"].model == "ScaleShiftMACE"

# %%
# The loss
# --------
#
# .. math::
#
#    \mathcal L & = w_E \Big\langle \Big(\frac{\Delta E}{n}\Big)^2 \Big\rangle_\text{frames} \\
#    & + w_F \big\langle \Delta F_{i\alpha}^2 \big\rangle_\text{components} \\
#    & + w_S \big\langle \Delta \sigma_{\alpha\beta}^2 \big\rangle_\text{components}
#
# with :math:`w_E` in 1/eV², :math:`w_F` in Å²/eV², :math:`w_S` in Å⁶/eV². Energies enter per atom, so that
# large frames do not rule. mlffbench's and mace-torch's code, and both computed for the same batch:

print(inspect.getsource(Loss.__call__))
show_source(modules.loss.weighted_mean_squared_error_energy, "num_atoms =", "return")
show_source(modules.loss.WeightedEnergyForcesStressLoss.forward, "return (", ")")
module = model.module_
batch = assemble(graphs, range(8))
with session(torch.float64):
    ours = Loss(1.0, 100.0, 10.0)(module, batch).item()
    outputs = module(batch.mace_inputs(), compute_stress=True)
    ones = torch.ones(8, dtype=torch.float64)
    theirs = modules.loss.WeightedEnergyForcesStressLoss(1.0, 100.0, 10.0)


class Reference(SimpleNamespace):
    """Labels as mace-torch's batch has them: by attribute and by name."""

    __getitem__ = SimpleNamespace.__getattribute__


weights = dict.fromkeys(("weight", "energy_weight", "forces_weight", "stress_weight"), ones)
reference = Reference(**{k: batch[k] for k in ("energy", "forces", "stress", "ptr")}, **weights)
sizes = torch.as_tensor(batch.sizes)
error = {k: (outputs[k] - batch[k]).detach() for k in ("energy", "forces", "stress")}
formula = (
    (error["energy"] / sizes).square().mean()
    + 100 * error["forces"].square().mean()
    + 10 * error["stress"].square().mean()
).item()
print(
    f"loss: formula {formula:.10f}, mlffbench {ours:.10f}, mace-torch {theirs(reference, outputs).item():.10f}"
)
assert np.isclose(ours, formula, rtol=1e-9)
assert np.isclose(theirs(reference, outputs).item(), formula, rtol=1e-9)

# %%
# **Huber.** For data with outliers mace-torch offers the Huber loss :cite:`Huber1964`: squared near zero,
# linear beyond :math:`\delta`,
#
# .. math:: \ell_\delta(x) = \begin{cases} x^2 / 2 & |x| \le \delta \\ \delta\,(|x| - \delta/2) & |x| > \delta \end{cases}
#
# In its ``universal`` loss :math:`\delta` shrinks for atoms with large reference forces, so that a few atoms
# in a bad place do not lead the training. mlffbench's ``MACE`` uses squares.

show_source(modules.loss.conditional_huber_forces, "factors = huber_delta", "c4 =")
x, delta = torch.linspace(-0.05, 0.05, 401, dtype=torch.float64), 0.01
huber = torch.nn.functional.huber_loss(x, torch.zeros_like(x), reduction="none", delta=delta)
by_hand = torch.where(x.abs() <= delta, x**2 / 2, delta * (x.abs() - delta / 2))
assert torch.allclose(huber, by_hand)
force, wrong = (
    torch.tensor([[1.0, 0, 0], [150.0, 0, 0], [250.0, 0, 0], [400.0, 0, 0]]),
    torch.tensor([0.5, 0, 0]),
)
pulls = [modules.loss.conditional_huber_forces(f[None], (f + wrong)[None], delta).item() for f in force]
print(
    "loss of the same error 0.5 eV/Å where the force is 1, 150, 250, 400 eV/Å:",
    " ".join(f"{p:.5f}" for p in pulls),
)
assert sorted(pulls, reverse=True) == pulls
figure, axis = plt.subplots(figsize=(6, 3.2), layout="constrained")
axis.plot(1000 * x, 1e6 * x**2 / 2, label="squared")
axis.plot(1000 * x, 1e6 * huber, label=f"Huber, δ = {1000 * delta:.0f} meV")
axis.set(xlabel="error (meV)", ylabel="loss (meV²)")
axis.legend()
plt.show()

# %%
# Optimiser and weight decay
# --------------------------
#
# Adam in its AMSGrad form :cite:`Reddi2018amsgrad`, gradients longer than 10 shortened to 10. Weights of the
# products and of the interactions' linear maps decay: :math:`\lambda w` is added to their gradient. Those of
# embedding, radial networks and readouts do not. mlffbench takes mace-torch's own grouping:

for parameters in parameter_groups(module, PRESETS["small"]):
    count = sum(p.numel() for p in parameters["params"])
    print(f"{parameters['name']:22s} {count:6d} weights, decay {parameters['weight_decay']:g}")

# %%
# Averaged weights
# ----------------
#
# Steps of the optimiser jitter about the valley. The weights that are validated and kept are an exponential
# moving average (EMA) of those that are trained:
#
# .. math:: \bar w_n = d_n\, \bar w_{n-1} + (1 - d_n)\, w_n, \qquad d_n = \min\Big(d, \frac{1 + n}{10 + n}\Big)
#
# The second term lets the average forget its random beginning quickly. We feed the same noisy weights to
# mlffbench's ``Average``, to ``torch_ema``, which mace-torch uses, and to the formula.

print(inspect.getsource(Average.update))
random = np.random.default_rng(0)
path = 2 * np.exp(-np.arange(300) / 40) + 0.3 * random.normal(size=300)
weight, other = (torch.nn.Parameter(torch.tensor([3.0], dtype=torch.float64)) for _ in range(2))
average, ema, d = Average([weight], 0.99), ExponentialMovingAverage([other], decay=0.99), 0.99
expected, traces = 3.0, []
for n, value in enumerate(path, start=1):
    with torch.no_grad():
        weight.fill_(value), other.fill_(value)
    average.update(), ema.update()
    share = min(d, (1 + n) / (10 + n))
    expected = share * expected + (1 - share) * value
    traces.append(average.copies[0].item())
    assert np.isclose(traces[-1], expected)
    assert np.isclose(traces[-1], ema.shadow_params[0].item())
figure, axis = plt.subplots(figsize=(6, 3.2), layout="constrained")
axis.plot(path, lw=0.8, color="0.6", label="weight after each step")
axis.plot(traces, color="C1", label="EMA, d = 0.99")
axis.set(xlabel="step", ylabel="weight")
axis.legend()
plt.show()
print(
    f"scatter over the last 100 steps: {path[-100:].std():.3f} trained, {np.std(traces[-100:]):.3f} averaged"
)
assert np.std(traces[-100:]) < path[-100:].std() / 3

# %%
# Learning rate: plateau and cooldown
# -----------------------------------
#
# After 50 epochs without a lower validation loss the learning rate is multiplied by 0.8. This is torch's
# ``ReduceLROnPlateau``, which mace-torch uses; mlffbench has the same rule in a form that a GPU can replay.
# We feed the same losses to both:

print(inspect.getsource(LearningRate.reduce_on_plateau))
settings = SimpleNamespace(schedule="plateau", cooldown=0.0, plateau_patience=50, plateau_factor=0.8)
groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": 0.01}]
rate = LearningRate(groups, settings)
optimizer = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=0.01)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.8, patience=50)
losses = np.maximum(np.exp(-np.arange(600) / 60), 0.2) + 0.01 * random.random(600)
rates = []
for loss in losses:
    rate.reduce_on_plateau(float(loss))
    plateau.step(float(loss))
    rates.append(rate.value)
    assert np.isclose(rate.value, optimizer.param_groups[0]["lr"])
assert rates[-1] < 0.01

# %%
# A plateau needs hundreds of epochs. mlffbench's presets except ``paper`` also lower the rate linearly to a
# hundredth over the last half of the epochs or *seconds* that they are given (``cooldown``): a training that
# is stopped by the clock should not stop at full speed.

elapsed = np.linspace(0, 1, 101)
cooldown = [factor("plateau", 0.5, t) for t in elapsed]
assert cooldown[50] == 1.0
assert np.isclose(cooldown[75], 0.5)
assert np.isclose(cooldown[-1], 0.01)
assert PRESETS["small"].cooldown == 0.5
assert PRESETS["paper"].cooldown == 0.0

# %%
# Stage two
# ---------
#
# Late in the training the loss changes: more weight on energies, less on forces, and a small learning rate,
# held constant. It is called ``stage two``, and was called ``swa`` after stochastic weight averaging
# :cite:`Izmailov2018swa`, a plain mean of the weights that mlffbench offers as ``stage_two_average``. The
# reason: forces give :math:`3n` numbers for each frame and shape the model first; the energy is one number,
# and its error is brought down at the end.
#
# The fit above was told to change after half of its epochs (``stage_two=0.5``). Its history; that the second
# rate falls is the cooldown of the preset:

history = model.history_
for row in history:
    print(
        f"epoch {row['epoch']:2.0f} stage {row['stage']} learning rate {row['learning_rate']:.2e} loss {row['loss']:.3f}"
    )
stages = [row["stage"] for row in history]
assert stages == [1] * 6 + [2] * 6
resolved = model.resolved_params()
print({k: v for k, v in resolved.items() if k.startswith("stage_two")})
figure, axes = plt.subplots(1, 3, figsize=(9, 3), layout="constrained")
for stage, colour in ((1, "C0"), (2, "C1")):
    rows = [row for row in history if row["stage"] == stage]
    axes[0].semilogy(
        [r["epoch"] for r in rows], [r["loss"] for r in rows], "o-", color=colour, label=f"stage {stage}"
    )
    axes[1].semilogy([r["epoch"] for r in rows], [r["learning_rate"] for r in rows], "o-", color=colour)
axes[0].set(xlabel="epoch", ylabel="loss (not comparable)", title="this fit")
axes[0].legend()
axes[1].set(xlabel="epoch", title="its learning rate")
axes[2].plot(elapsed, cooldown, label="cooldown = 0.5")
axes[2].plot(np.arange(600) / 600, np.array(rates) / 0.01, label="plateau (600 epochs)")
axes[2].set(xlabel="part of the budget", title="factor of the rate", ylim=(0, 1.1))
axes[2].legend(fontsize=8)
plt.show()

# %%
# The losses of the two stages have different weights: they are different quantities, and a jump between them
# means nothing.
