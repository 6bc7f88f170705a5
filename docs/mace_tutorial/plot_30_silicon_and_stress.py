"""
A crystal: silicon and its stress
=================================

Crystals have a cell, and a cell has a stress. Afterwards you can fit MACE to a crystal, know what stress labels do for
elastic constants and how to weigh them, and compare an energy–volume curve and elastic constants with those of the
reference. About a minute.

The stress :math:`\\sigma = \\frac{1}{V} \\frac{\\partial E}{\\partial \\varepsilon}` is the derivative of the energy
:math:`E` (eV) by the strain :math:`\\varepsilon` over the volume :math:`V` (Å³). mlffbench keeps it in eV/Å³, in
Voigt's order xx yy zz yz xz xy, with the sign of ASE: positive where the crystal is stretched.
"""

import matplotlib.pyplot as plt
import numpy as np
from ase import units

import mlffbench
from mlffbench.estimators import MACE
from mlffbench.metrics import rmse
from mlffbench.properties.elastic import elastic_constants
from mlffbench.properties.equation_of_state import equation_of_state

data = mlffbench.load_dataset("silicon")
groups = {
    name: np.flatnonzero(data.columns["group"] == name) for name in dict.fromkeys(data.columns["group"])
}
print(data.card["level"])
for name, frames in groups.items():
    pressure = [-data.labels.stress[i][:3].mean() / units.GPa for i in frames]
    print(f"{name:20s}{len(frames):4d} frames, pressure {min(pressure):6.1f} to {max(pressure):5.1f} GPa")

# %%
# The training frames are eight-atom cells of diamond, thermal or strained and rattled. Stresses are labels like the
# others: where a dataset has them, MACE learns from them, and ``labels.only`` leaves them away.
#
# How heavy is a stress?
# ----------------------
#
# The loss is :math:`w_E \langle(\Delta E/n)^2\rangle + w_F\langle(\Delta F)^2\rangle +
# w_S\langle(\Delta\sigma)^2\rangle`, in units of eV and Å. One GPa is a small number in eV/Å³. With the default
# weights, what does an error of 1 GPa count beside an error of the forces of 50 meV/Å?

defaults = MACE().resolved_params()
one_gpa = defaults["stress_weight"] * units.GPa**2
fifty = defaults["forces_weight"] * 0.05**2
equal = fifty / units.GPa**2
print(f"1 GPa = {units.GPa:.5f} eV/Å³; it counts {one_gpa:.1e}, 50 meV/Å count {fifty:.2f}")
print(f"they count alike with stress_weight = {equal:.0f} in place of {defaults['stress_weight']:g}")

# %%
# So the default weight, mace-torch's own order of magnitude, lets stresses speak only where they are very wrong. Three
# fits with the same settings: without stresses, with the default weight, and with a weight that lets them count.

train, test = groups["train"], groups["test"]
frames = [data.frames[i] for i in train]
settings = {"num_channels": 16, "batch_size": 5, "max_epochs": 10, "atomic_energies": data.atomic_energies}
models = {
    "no stresses": MACE(**settings).fit(frames, data.labels[train].only({"energy", "forces"})),
    "default weight": MACE(**settings).fit(frames, data.labels[train]),
    "heavy stresses": MACE(**settings, stress_weight=5000).fit(frames, data.labels[train]),
}
flat = lambda values: np.concatenate([np.ravel(v) for v in values])
print(f"{'test errors (RMSE)':18s}{'energy, meV/atom':>18s}{'forces, meV/Å':>16s}{'stress, GPa':>14s}")
stress_errors = {}
for label, model in models.items():
    predicted, true = model.predict([data.frames[i] for i in test]), data.labels[test]
    sizes = np.array([len(data.frames[i]) for i in test])
    stress_errors[label] = rmse(flat(true.stress), flat(predicted.stress)) / units.GPa
    energy, forces = (
        rmse(true.energy / sizes, predicted.energy / sizes),
        rmse(flat(true.forces), flat(predicted.forces)),
    )
    print(f"{label:18s}{1e3 * energy:18.1f}{1e3 * forces:16.0f}{stress_errors[label]:14.2f}")
assert stress_errors["heavy stresses"] < stress_errors["no stresses"]

# %%
# A model that was trained without stresses predicts them all the same, as derivatives of its energy. The check: stretch
# a cell by a little to both sides and compare the difference of the energies with the predicted stress.

calculator = models["heavy stresses"].calculator()
crystal = data.reference.structures["diamond"].copy()
crystal.set_cell(crystal.cell * 1.02, scale_atoms=True)
strain, energies = 1e-3, []
for sign in (1, -1):
    strained = crystal.copy()
    strained.set_cell(crystal.cell @ np.diag([1 + sign * strain, 1, 1]), scale_atoms=True)
    strained.calc = calculator
    energies.append(strained.get_potential_energy())
crystal.calc = calculator
difference = (energies[0] - energies[1]) / (2 * strain) / crystal.get_volume() / units.GPa
print(
    f"stress xx: {crystal.get_stress()[0] / units.GPa:.3f} GPa, by differences of energies {difference:.3f} GPa"
)
assert abs(crystal.get_stress()[0] / units.GPa - difference) < 0.1  # energies in single precision

# %%
# Energy and volume
# -----------------
#
# ``equation_of_state`` relaxes the ions at several volumes and fits Birch's equation :cite:`Birch1947`. The reference
# points are PBE's, computed with the labels' settings.

known = data.card["references"]["diamond"]
figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
pbe = np.array(known["energies_eV_per_atom"]) - known["energy_eV_per_atom"]
axis.plot(known["volumes_A3_per_atom"], 1e3 * pbe, "ko", label="PBE")
curves = {}
for label, model in models.items():
    eos = equation_of_state(model.calculator(), data.reference.structures["diamond"], span=0.12, n_volumes=7)
    curves[label] = eos
    axis.plot(eos.volumes, 1e3 * (eos.energies - eos.energy), ".-", label=f"MACE, {label}")
axis.set(xlabel="volume (Å³/atom)", ylabel="energy above the minimum (meV/atom)")
axis.legend()
plt.show()

# %%
# Elastic constants
# -----------------
#
# ``elastic_constants`` relaxes the crystal and takes the derivative of its stress by the strain, with relaxed ions.
# Cubic crystals have three constants. They are second derivatives of the energy, a sharper test than energies or
# forces.

reference = data.reference.values["diamond"]
print(f"{'':18s}{'a, Å':>8s}{'B, GPa':>8s}{'C11':>8s}{'C12':>8s}{'C44':>8s}")
constants = {}
for label, model in models.items():
    C = elastic_constants(model.calculator(), data.reference.structures["diamond"], fmax=5e-3).C
    constants[label] = np.array([C[0, 0], C[0, 1], C[3, 3]])
    eos = curves[label]
    numbers = "".join(f"{c:8.0f}" for c in constants[label])
    print(f"{label:18s}{(8 * eos.volume) ** (1 / 3):8.3f}{eos.bulk_modulus:8.0f}{numbers}")
true = np.array([reference[name] for name in ("C11", "C12", "C44")])
print(
    f"{'PBE':18s}{reference['lattice_constant']:8.3f}{reference['bulk_modulus']:8.0f}"
    + "".join(f"{c:8.0f}" for c in true)
)
for label, own in constants.items():
    print(f"{label}: mean absolute error of the three constants {np.abs(own - true).mean():.0f} GPa")

# %%
# One seed and a short fit: do not read a rule from the last few GPa. What carries over: stresses are derivatives of the
# energy, so they are right as far as the energy is, and frames under strain teach them even without labels; labels add
# six numbers a frame, and only a weight that fits their unit makes them count.
#
# Elsewhere
# ---------
#
# The other groups ask for more than the training shows: hotter, compressed, another phase, a missing atom.

print(f"{'forces, RMSE, meV/Å':22s}" + "".join(f"{label:>18s}" for label in models))
for name, picks in groups.items():
    if name == "train":
        continue
    some = [data.frames[i] for i in picks]
    row = [
        1e3 * rmse(flat(data.labels[picks].forces), flat(model.predict(some).forces))
        for model in models.values()
    ]
    print(f"{name:22s}" + "".join(f"{error:18.0f}" for error in row))

# %%
# Beta-tin, another crystal of silicon, is out of reach for a model of diamond alone. ``results/silicon`` compares
# methods on phonons, vacancies, surfaces, phases and dynamics, with longer fits.
