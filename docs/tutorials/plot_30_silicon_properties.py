"""
Silicon: elastic constants, phonons, a vacancy
==============================================

Nobody fits a force field for its test errors. This page fits two models to small cells of silicon and computes what a
materials scientist asks for: lattice, bulk modulus, elastic constants, phonons, the energy of a vacancy. Each number is
compared with the same number of the reference. Afterwards you can compute these properties with any model, judge them,
and know which of them to distrust.

Needs: mlffbench with its extra ``soap``. Time: fifteen minutes to read, less than half a minute to compute.
"""

# %%
# A reference that can be asked anything
# --------------------------------------
# With DFT each reference value costs hours, so most papers compare few. Here the labels come from a classical potential
# of silicon, that of Stillinger and Weber: it costs nothing, so every property can be computed with it. For the models
# it is only a source of labels; they do not know its formula. At the end, the same with DFT.
#
# The training frames are 40 cells of 8 atoms of diamond silicon, strained and rattled. The other groups are tests.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import mlffbench
from mlffbench.data import Labels
from mlffbench.estimators import SOAPGPR, StillingerWeber
from mlffbench.metrics import rmse
from mlffbench.properties.elastic import elastic_constants
from mlffbench.properties.equation_of_state import equation_of_state
from mlffbench.properties.phonons import phonons
from mlffbench.properties.relaxation import relax
from mlffbench.properties.vacancy import vacancy_formation
from mlffbench.tasks.common.reference import reference_calculator

data = mlffbench.load_dataset("stillinger_weber_si", n_train=40, n_test=12)
group = np.asarray(data.columns["group"])
truth = reference_calculator(data.reference)
diamond = data.reference.structures["diamond"]


def part(dataset, *names):
    """Frames and labels of some groups."""
    picks = np.flatnonzero(np.isin(dataset.columns["group"], names))
    return [dataset.frames[i] for i in picks], dataset.labels[picks]


def soap_gpr():
    """A Gaussian process on SOAP descriptors, of a size that fits in seconds."""
    return SOAPGPR(cutoff=4.5, n_max=5, l_max=4, n_sparse=150)


frames, labels = part(data, "train")
model = soap_gpr().fit(frames, labels)
for name in dict.fromkeys(group):
    test_frames, test_labels = part(data, name)
    predicted = model.predict(test_frames)
    error = 1000 * rmse(np.concatenate(test_labels.forces), np.concatenate(predicted.forces))
    print(f"{name:12} force RMSE {error:6.1f} meV/Å")

# %%
# By its test error on frames like the training frames the model is excellent. On hotter frames, on a vacancy and on
# another phase, it is not. What does that mean for properties?
#
# Lattice and bulk modulus
# ------------------------
# Energies at several volumes make the *equation of state*. Its minimum is the equilibrium volume, its curvature there
# the bulk modulus B, in GPa.

calculators = {"reference": truth, "soap_gpr": model.calculator()}
curves = {name: equation_of_state(calc, diamond, n_volumes=9) for name, calc in calculators.items()}
figure, axes = plt.subplots(figsize=(7, 4))
for name, curve in curves.items():
    lattice_constant = (8 * curve.volume) ** (1 / 3)
    print(f"{name:10} a = {lattice_constant:.4f} Å, B = {curve.bulk_modulus:.1f} GPa")
    axes.plot(
        curve.volumes,
        curve.energies - curves["reference"].energy,
        "o-" if name == "reference" else "x--",
        label=name,
    )
axes.set(xlabel="volume (Å³/atom)", ylabel="energy above the minimum (eV/atom)")
axes.legend()
figure.tight_layout()
assert abs(curves["soap_gpr"].volume / curves["reference"].volume - 1) < 0.005
assert abs(curves["soap_gpr"].bulk_modulus / curves["reference"].bulk_modulus - 1) < 0.05

# %%
# Elastic constants
# -----------------
# Hooke's law for a crystal: stress = C strain. A cubic crystal has three independent constants: C11 (pull along an
# edge), C12 (what that does sideways), C44 (shear). ``elastic_constants`` relaxes the crystal, strains it a little in
# both directions, lets the atoms relax and reads the stress. For cubic crystals B = (C11 + 2 C12) / 3, a check on both
# functions.

rows, rest = {}, {}
for name, calc in calculators.items():
    elastic = elastic_constants(calc, curves[name].atoms)
    rest[name] = elastic.atoms
    rows[name] = {
        "C11": elastic.C[0, 0],
        "C12": elastic.C[0, 1],
        "C44": elastic.C[3, 3],
        "B": elastic.bulk_modulus,
    }
    assert elastic.stable
    assert np.isclose(elastic.bulk_modulus, (elastic.C[0, 0] + 2 * elastic.C[0, 1]) / 3, rtol=1e-3)
    assert np.isclose(elastic.bulk_modulus, curves[name].bulk_modulus, rtol=0.03)
constants = pd.DataFrame(rows).T
print(constants.round(1).to_string())
print(
    "difference (%):", (100 * (constants.loc["soap_gpr"] / constants.loc["reference"] - 1)).round(1).to_dict()
)
assert (abs(constants.loc["soap_gpr"] / constants.loc["reference"] - 1) < 0.1).all()

# %%
# In a strained diamond the two atoms of a primitive cell move against each other. Whoever forgets to let them relax
# gets another C44. With ``fmax`` so large that nothing moves:

clamped = elastic_constants(truth, rest["reference"], fmax=1e3, relax_cell=False).C[3, 3]
print(
    f"C44 of the reference: {constants.loc['reference', 'C44']:.1f} GPa relaxed, {clamped:.1f} GPa with clamped atoms"
)
assert clamped > 1.5 * constants.loc["reference", "C44"]

# %%
# When two programs differ in C44 by so much, look there first, and not at the potential.
#
# Phonons
# -------
# Vibrations of the crystal. Each has a wave vector (the horizontal axis, along a path through the Brillouin zone whose
# corners have letters) and a frequency. They come from the forces that answer a small displacement of one atom in a
# large cell; a frequency that is imaginary, drawn negative, would mean that the crystal is unstable.

bands = {
    name: phonons(calc, rest[name], min_length=10.0, mesh=8, n_path=81) for name, calc in calculators.items()
}
figure, axes = plt.subplots(figsize=(7, 4))
for name, style in (("reference", "C0-"), ("soap_gpr", "C1--")):
    lines = axes.plot(bands[name].distance / bands[name].distance[-1], bands[name].bands, style, lw=1.3)
    lines[0].set_label(name)
corners = bands["reference"].labels
axes.set_xticks([x / bands["reference"].distance[-1] for x, _ in corners], [label for _, label in corners])
axes.set(ylabel="frequency (THz)", ylim=(-0.5, None))
axes.grid(axis="x")
axes.legend()
figure.tight_layout()
difference = rmse(bands["reference"].bands, bands["soap_gpr"].bands)
for name, each in bands.items():
    print(
        f"{name:10} highest frequency {each.max_frequency:.2f} THz, imaginary modes {100 * each.imaginary:.0f} %"
    )
print(f"root mean square difference of the bands: {difference:.2f} THz")
assert difference < 0.5
assert bands["soap_gpr"].imaginary == 0

# %%
# These properties come from small displacements about diamond, which is what the training frames show. They are right
# to a few per cent, as the small test error promised.
#
# A vacancy
# ---------
# Take one atom out of a large crystal and let the rest relax. The *formation energy* is the price of the hole,
# E(n - 1 atoms) - (n - 1)/n E(n atoms). No training frame has a hole.

vacancies = {
    name: vacancy_formation(calc, rest[name], min_length=10.0, fmax=0.03)
    for name, calc in calculators.items()
}
for name, each in vacancies.items():
    print(f"{name:10} {each.energy:.2f} eV; before the atoms relax {each.unrelaxed_energy:.2f} eV")
wrong = abs(vacancies["soap_gpr"].energy - vacancies["reference"].energy)
assert wrong > 0.5

# %%
# The model gives an answer, with no sign of doubt, and it is wrong by more than half an electronvolt. Before relaxation
# it is nearly right. Then the neighbours of the hole move to where the model wrongly sees a deep minimum. (In the
# reference they do not move at all: the potential ends between first and second neighbours, so the hole exerts no
# force.)
#
# The cure is data of the kind that the question is about. Add the 12 vacancy cells of the dataset to the training
# frames:

cured = soap_gpr().fit(*part(data, "train", "vacancy"))
at_rest = equation_of_state(cured.calculator(), diamond, n_volumes=7).atoms
again = vacancy_formation(cured.calculator(), at_rest, min_length=10.0, fmax=0.03)
print(f"with vacancies in training: {again.energy:.2f} eV, reference {vacancies['reference'].energy:.2f} eV")
assert abs(again.energy - vacancies["reference"].energy) < wrong / 2

# %%
# To know that it is cured you need one reference value. Compute at least one for each property that matters.
#
# The same with DFT
# -----------------
# ``silicon`` is labelled by DFT (PBE) and comes with some DFT values at the same settings. Two methods: the Gaussian
# process, and the Stillinger–Weber *formula* with its few parameters fitted to these labels. Now the formula is only an
# approximation, as it is in practice.

pbe = mlffbench.load_dataset("silicon")
frames, labels = part(pbe, "train")
known = pbe.reference.values["diamond"]
print(f"{len(frames)} training frames; reference: {pbe.reference.source}")
table = {"PBE": {k: known[k] for k in ("volume", "bulk_modulus", "C11", "C12", "C44")}}
for name, estimator in (("soap_gpr", soap_gpr()), ("stillinger_weber", StillingerWeber())):
    fitted = estimator.fit(frames, labels)
    calc = fitted.calculator()
    curve = equation_of_state(calc, pbe.reference.structures["diamond"], n_volumes=7)
    C = elastic_constants(calc, curve.atoms).C
    table[name] = {
        "volume": curve.volume, "bulk_modulus": curve.bulk_modulus, "C11": C[0, 0], "C12": C[0, 1], "C44": C[3, 3],
    }  # fmt: skip
table = pd.DataFrame(table).T
print(table.round(2).to_string())

relative = 100 * (table / table.loc["PBE"] - 1).drop(index="PBE")
figure, axes = plt.subplots(figsize=(7, 3.5))
relative.T.plot.bar(ax=axes, rot=0)
axes.axhline(0, color="0.5", lw=0.8)
axes.set_ylabel("difference from PBE (%)")
figure.tight_layout()
assert abs(relative.loc["soap_gpr"]).max() < abs(relative.loc["stillinger_weber"]).max()

# %%
# The flexible model is nearer to DFT than the formula. But the formula is wrong in a way that one can foresee: it never
# leaves the physics that it was written for. See what each does when it searches for structures:
# :doc:`/_gallery/tutorials/plot_40_structure_prediction`.
#
# One cell is not enough
# ----------------------
# The frames above have cells of several shapes and sizes, and stresses. Many files have neither: molecular dynamics in
# one fixed cell, energies and forces alone. The same Gaussian process, fitted to such a part of the same data:

volumes = np.array([atoms.get_volume() for atoms in frames])
fixed = np.flatnonzero(np.isclose(volumes, np.median(volumes), rtol=1e-6))
one_cell = soap_gpr().fit([frames[i] for i in fixed], Labels(labels[fixed].energy, labels[fixed].forces))
test_frames, test_labels = part(pbe, "diamond_1200K")
error = 1000 * rmse(np.concatenate(test_labels.forces), np.concatenate(one_cell.predict(test_frames).forces))
start = pbe.reference.structures["diamond"]
C = elastic_constants(one_cell.calculator(), start, relax_cell=False).C
bulk = (C[0, 0] + 2 * C[0, 1]) / 3
ratio = relax(one_cell.calculator(), start, cell=True).atoms.get_volume() / start.get_volume()
print(f"{len(fixed)} frames of one cell: force RMSE at 1200 K {error:.0f} meV/Å")
print(
    f"B = {bulk:.0f} GPa in PBE's cell, PBE {known['bulk_modulus']:.0f} GPa; the cell relaxes to {ratio:.2f} times its volume"
)
assert abs(bulk / known["bulk_modulus"] - 1) > 0.3
assert abs(ratio - 1) > 0.05

# %%
# Its forces on hot frames are good, but its bulk modulus is wrong, and a cell that may relax goes where it should not:
# nothing in the data says what happens when the volume changes. No force error can tell. Before you compute a property,
# ask what the training data show of it.
#
# On the command line
# -------------------
# Each function above is a command: ``mlffbench property elastic --model si.mlff si.cif --at-rest``, then ``phonons``,
# ``vacancy``, ``equation_of_state``, ``surface``, ``thermal_expansion`` (:doc:`/models`). In a suite the task
# ``properties`` computes all of them for each method, and the report compares them with the references
# (:doc:`/tasks`). They take any ASE calculator, so a universal potential or a DFT code goes through the same lines.
