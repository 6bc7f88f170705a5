"""
Dynamics and properties
=======================

A force field is made for simulations. Afterwards you can run molecular dynamics with MACE, check that it conserves
energy, and compute a barrier and a vibrational spectrum, in Python and from the command line. Each result stands
beside the reference where there is one. About a minute.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from ase.io import write

import mlffbench
from mlffbench.estimators import MACE
from mlffbench.metrics import neg_forces_rmse
from mlffbench.properties.bulk_dynamics import run_many
from mlffbench.properties.conservation import conservation
from mlffbench.properties.dynamics import dynamics
from mlffbench.properties.reaction_path import permuted, reaction_path
from mlffbench.properties.relaxation import relaxed
from mlffbench.properties.vibrations import vibrations

data = mlffbench.load_dataset("malonaldehyde")
groups = {name: np.flatnonzero(data.columns["group"] == name) for name in np.unique(data.columns["group"])}
train = groups["train_300K"][:160]
model = MACE(batch_size=5, max_epochs=14, atomic_energies=data.atomic_energies)
model.fit([data.frames[i] for i in train], data.labels[train])
for test in ("test_300K", "proton_transfer"):
    error = -neg_forces_rmse(model, [data.frames[i] for i in groups[test]], data.labels[groups[test]])
    print(f"forces on {test}: RMSE {1e3 * error:.0f} meV/Å")

# %%
# A short training again; hence expect qualitative agreement, not accuracy.
#
# Is the force the gradient of the energy?
# ----------------------------------------
#
# Everything that follows needs it. ``conservation`` walks along random lines through a structure, integrates the force
# and compares with the energy:

calculator = model.calculator()
minimum = relaxed(calculator, data.reference.structures["minimum"])
check = conservation(calculator, minimum, n_lines=2)
print(
    f"energy differences against the work of the forces: {check.error:.1e} eV/Å, relative {check.relative_error:.1e}"
)
assert check.relative_error < 1e-3  # the model computes in single precision

# %%
# Energy along a trajectory
# -------------------------
#
# Without a thermostat the total energy is constant; what remains is the error of the time step. The velocity Verlet
# method makes an error that oscillates with the square of the step and does not grow. ``dynamics`` returns times (fs),
# positions, velocities and energies, and the two numbers to look at: the *fluctuation* about a straight line, and its
# slope, the *drift*.

figure, axis = plt.subplots(figsize=(7, 3.6), layout="constrained")
fluctuations = {}
for timestep in (0.25, 0.5, 1.0):
    run = dynamics(
        calculator, minimum, temperature=300, steps=int(60 / timestep), timestep=timestep, interval=1
    )
    total = 1e3 * (run.potential + run.kinetic) / len(minimum)
    fluctuations[timestep] = run.fluctuation
    axis.plot(run.times, total - total[0], label=f"time step {timestep} fs", lw=1)
    print(f"{timestep:4} fs: fluctuation {run.fluctuation:.3f} meV/atom, drift {run.drift:6.2f} meV/atom/ps")
axis.set(xlabel="time (fs)", ylabel="total energy − first (meV/atom)")
axis.legend()
plt.show()
ratio = fluctuations[1.0] / fluctuations[0.5]
print(f"doubling the step multiplies the fluctuation by {ratio:.1f}")
assert 3 < ratio < 6  # the square of two, and more as the step nears the period of an O–H vibration

# %%
# Does it stay a molecule?
# ------------------------
#
# A model with small errors at 300 K can still break a molecule, since dynamics goes where the model's energy is too
# low. So run several trajectories and count. ``run_many`` moves them together, which costs little more than one
# (:doc:`/_gallery/mace_tutorial/plot_80_speed`). Each is watched: broken bonds, atoms that meet, lost atoms and
# exploding temperatures end it.

for temperature in (300, 1200):
    runs = run_many(
        calculator, [minimum] * 8, temperature, steps=300, timestep=0.5, friction=0.01, seeds=range(8)
    )
    failed = [run for run in runs if run.failure]
    kinetic = np.mean([run.kinetic[len(run.kinetic) // 2 :].mean() for run in runs if not run.failure])
    measured = kinetic / (1.5 * len(minimum) * 8.617333262e-5)
    longest = max(run.times[-1] for run in runs)
    print(
        f"{temperature} K: {len(failed)} of {len(runs)} failed within {longest:.0f} fs; {measured:.0f} K measured"
    )
    for run in failed:
        print(f"    {run.failure} after {run.lifetime:.0f} fs")

# %%
# The runs start at the minimum, where there is no potential energy yet: the thermostat has to supply it, hence a
# measured temperature below the wanted one. So short runs find only gross faults, and where none of eight fails, a good
# part of longer ones may. At 1200 K the model is far from what it was trained on. ``results/malonaldehyde`` holds
# longer runs of several methods; the task ``md`` makes them (:doc:`/tasks`).
#
# A barrier
# ---------
#
# In malonaldehyde a proton hops from one oxygen to the other. The two ends are mirror images of each other: the
# dataset's card says which atom takes the place of which. ``reaction_path`` relaxes a band of structures in between;
# its highest image climbs to the saddle point.

symmetry = data.card["molecule"]
other_end = permuted(minimum, symmetry["permutation"], symmetry["mirror"])
path = reaction_path(calculator, minimum, other_end, n_images=7)
energies = data.reference.values
barrier = energies["transfer_saddle"]["energy"] - energies["minimum"]["energy"]
print(f"barrier: MACE {1e3 * path.barrier:.1f} meV, PBE {1e3 * barrier:.1f} meV")

figure, axis = plt.subplots(figsize=(7, 3.6), layout="constrained")
axis.plot(path.lengths, 1e3 * (path.energies - path.energies[0]), "o-", label="MACE, relaxed band")
axis.axhline(1e3 * barrier, color="gray", ls="--", label="PBE, barrier")
axis.set(xlabel="length of the path (Å)", ylabel="energy above the start (meV)")
axis.legend()
plt.show()
assert abs(path.reaction_energy) < 2e-3  # both ends are the same molecule
assert 0 <= path.barrier < 0.25

# %%
# The training frames are at 300 K, near the minima; few come close to the saddle. A barrier of some tens of meV is a
# small difference of large energies, and asks more of a model than a small error of forces.
#
# Vibrations
# ----------
#
# At the minimum the second derivatives give harmonic wavenumbers. PBE's are stored with the dataset.

modes = vibrations(calculator, minimum).wavenumbers
known = np.array([v for k, v in energies["minimum"].items() if k.startswith("wavenumber")])
known = np.sort(known)
off = np.abs(modes - known)
print(f"{len(modes)} modes, mean absolute error {off.mean():.0f} 1/cm, largest {off.max():.0f} 1/cm")
figure, axis = plt.subplots(figsize=(7, 2.6), layout="constrained")
axis.vlines(known, 0.5, 1.0, color="gray", label="PBE")
axis.vlines(modes, 0.0, 0.5, color="C0", label="MACE")
axis.set(xlabel="wavenumber (1/cm)", yticks=[])
axis.legend(loc="center", bbox_to_anchor=(0.58, 0.5))
plt.show()
assert len(modes) == len(known) == 3 * len(minimum) - 6

# %%
# From the command line
# ---------------------
#
# ``mlffbench property`` computes the same from a saved model and a file of structures, without a line of Python:

with tempfile.TemporaryDirectory() as folder:
    place = Path(folder)
    model.save(place / "mace.mlff")
    write(place / "molecule.xyz", data.reference.structures["minimum"])
    words = "property vibrations --model mace.mlff molecule.xyz --at-rest"
    print("$ mlffbench", words)
    command = [sys.executable, "-m", "mlffbench", *words.split()]
    print(subprocess.run(command, check=True, capture_output=True, text=True, cwd=place).stdout)

# %%
# ``mlffbench property --list`` names the others; :doc:`/models` has the table. In a suite the same functions are
# *tasks*, ``tasks: [properties, md, physics]``, which compare each fitted model with the references of its dataset.
