"""
A method of your own, from the idea to the leaderboard
======================================================

You have an idea for a force field. This page turns one into a file of a hundred lines, proves that its forces are the
gradient of its energy and that it keeps all symmetries (by checks that you do not have to write), and puts it on a
leaderboard beside methods of the package, without touching the package. It takes half a minute. You should know numpy
and, from :doc:`/estimators`, what ``fit`` and ``predict`` take.
"""

# %%
# The idea
# --------
# A pair potential adds up functions of distances and cannot know that a second neighbour weakens the bond to the first.
# The simplest remedy: let each atom :math:`i` measure the density of its neighbours, in :math:`K` radial functions for
# each element :math:`Z`,
#
# .. math:: \rho_{i,Zk} = \sum_{j \in Z,\ r_{ij} < r_c} \left(1 - r_{ij}/r_c\right)^{k+3},
#
# (no unit; :math:`r_{ij}` and the cutoff :math:`r_c` in Å), and let its energy be linear *and quadratic* in them,
#
# .. math:: E = \sum_i \left[ \sum_a c^{Z_i}_a \rho_{i,a} + \sum_{a \le b} d^{Z_i}_{ab}\, \rho_{i,a}\, \rho_{i,b} \right],
#
# with coefficients :math:`c, d` in eV. It is linear in its coefficients, so a ridge regression fits it, on energies and
# forces together. The force on atom :math:`n` follows by the chain rule: with :math:`\phi_i` the vector of all
# :math:`\rho` and products of atom :math:`i`, each directed pair :math:`i \to j` pulls with
# :math:`\partial \phi_i / \partial r_{ij}`.
#
# Start from a file that works
# ----------------------------
# ``mlffbench new estimator`` writes a small package with a working method (a pair potential of polynomials), its
# contract test, and the entry point by which the name appears in suites once you install it:

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

desk = Path(tempfile.mkdtemp())
path = os.pathsep.join(filter(None, [str(desk), os.environ.get("PYTHONPATH")]))
environment = {**os.environ, "PYTHONPATH": path}  # so that commands find the file that we write


def run(*words, until=None):
    """Run a command and print its output, or the part of it before a heading."""
    done = subprocess.run(["mlffbench", *words], capture_output=True, text=True, cwd=desk, env=environment)
    print("$ mlffbench", *words)
    print(done.stdout.partition(until or "\0")[0].rstrip())
    assert done.returncode == 0, done.stderr
    return done


_ = run("new", "estimator", "my_model")
for file in sorted((desk / "my-model").rglob("*.*")):
    print(file.relative_to(desk), f"({len(file.read_text().splitlines())} lines)")

# %%
# The method in one file
# ----------------------
# Ours is a module of its own, ``density.py``. The rules are few. The constructor only remembers. ``_fit`` gets frames
# and labels whose energies are already relative to isolated atoms, and sets attributes that end in an underscore.
# ``_evaluate`` returns ``Labels``. Everything else (checking the frames, the atomic energies, ``predict``, the ASE
# calculator, saving) comes from the base class.

source = '''
"""Linear and quadratic functions of neighbour densities, fitted by ridge regression."""

import numpy as np
from ase.neighborlist import neighbor_list

from mlffbench.data import Labels
from mlffbench.forcefield import ForceField

__all__ = ["Density"]


class Density(ForceField):
    """Energy of an atom, linear and quadratic in the densities of its neighbours.

    Parameters
    ----------
    cutoff : float
        Largest distance of a neighbour, Å.
    n_terms : int
        Number of radial functions of each element.
    quadratic : bool
        Whether the energy has products of densities; without them it is a pair potential.
    ridge : float
        Regularisation, relative to the mean square of a feature.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.
    """

    family = "descriptor"

    def __init__(self, cutoff=4.0, n_terms=5, quadratic=True, ridge=1e-9, atomic_energies=None):
        self.cutoff = cutoff
        self.n_terms = n_terms
        self.quadratic = quadratic
        self.ridge = ridge
        self.atomic_energies = atomic_energies

    def _fit(self, frames, labels):
        rows, values = [], []
        for i, atoms in enumerate(frames):
            energy, forces, _ = self._features(atoms)
            rows.append(energy[None])
            values.append([labels.energy[i]])
            if labels.forces is not None and labels.forces[i] is not None:
                rows.append(forces.reshape(-1, len(energy)))
                values.append(np.ravel(labels.forces[i]))
        a, b = np.concatenate(rows), np.concatenate(values)
        scale = np.sqrt(np.mean(a**2, axis=0)) + 1e-12
        self.coefficients_ = self._solve(a / scale, b) / scale
        self.n_parameters_ = len(self.coefficients_)

    def _solve(self, a, b):
        """Minimise |a c - b|^2 + ridge n |c|^2 over c."""
        m = a.shape[1]
        penalty = np.sqrt(self.ridge * len(a)) * np.eye(m)
        q, r = np.linalg.qr(np.concatenate([a, penalty]))
        return np.linalg.solve(r, q[: len(a)].T @ b)

    def _evaluate(self, inputs):
        energies, forces, stresses = [], [], []
        for atoms in inputs:
            energy, force, virial = self._features(atoms)
            energies.append(energy @ self.coefficients_)
            forces.append(force @ self.coefficients_)
            solid = atoms.pbc.all()
            stresses.append(virial @ self.coefficients_ / atoms.get_volume() if solid else None)
        stress = None if all(s is None for s in stresses) else tuple(stresses)
        return Labels(np.array(energies), tuple(forces), stress)

    def _features(self, atoms):
        """Energy, forces (n_atoms, 3) and strain derivative (6) for each coefficient, on the last axis."""
        n, m = len(atoms), len(self.elements_) * self.n_terms
        place = np.array([self.elements_.index(s) for s in atoms.get_chemical_symbols()], dtype=int)
        first, second, distance, vector = neighbor_list("ijdD", atoms, self.cutoff)
        x, power = 1 - distance[:, None] / self.cutoff, np.arange(self.n_terms) + 3
        column = place[second][:, None] * self.n_terms + np.arange(self.n_terms)
        rho, slope = np.zeros((n, m)), np.zeros((len(first), m))
        np.add.at(rho, (first[:, None], column), x**power)
        np.put_along_axis(slope, column, -power * x ** (power - 1) / self.cutoff, axis=1)  # of rho, by r
        a, b = np.triu_indices(m if self.quadratic else 0)
        phi = np.hstack([rho, rho[:, a] * rho[:, b]])
        by_r = np.hstack([slope, slope[:, a] * rho[first][:, b] + rho[first][:, a] * slope[:, b]])

        size = phi.shape[1]
        own = place[:, None] * size + np.arange(size)  # the coefficients of an atom's element
        energy = np.zeros(len(self.elements_) * size)
        np.add.at(energy, own, phi)
        pull = by_r[:, :, None] * (vector / distance[:, None])[:, None]
        forces = np.zeros((n, len(energy), 3))
        np.add.at(forces, (first[:, None], own[first]), pull)
        np.add.at(forces, (second[:, None], own[first]), -pull)
        virial = np.zeros((len(energy), 6))
        pairs = vector[:, [0, 1, 2, 1, 0, 0]]
        np.add.at(virial, own[first], pull[:, :, [0, 1, 2, 2, 2, 1]] * pairs[:, None])
        return energy, forces.transpose(0, 2, 1), virial.T
'''
(desk / "density.py").write_text(source)

# %%
# Does it keep the contract?
# --------------------------
# ``mlffbench.testing`` holds the contract of all estimators as functions. They fit the class to small molecules,
# crystals and alloys, and compare: forces with finite differences of the energy, stress with finite strains, a rotated
# structure with the rotated forces, two far copies with twice one, a saved model with the model, and so on.

sys.path.insert(0, str(desk))
from density import Density

from mlffbench.testing import EXAMPLES, FORCEFIELD_CHECKS, check_forcefield, fitted

check_forcefield(Density)
print(f"{len(FORCEFIELD_CHECKS)} checks on {[data.__name__ for data in EXAMPLES]}: all hold")
print("\n".join(f"  {check.__name__}" for check in FORCEFIELD_CHECKS[:12]), "\n  ...")

# %%
# Would it have found a mistake? Plant the commonest one, a factor in the forces. And try the textbook's way to solve a
# ridge regression, the normal equations. They square the condition number of the features, so that rounding errors,
# which depend on the order of the atoms, may reach the energies:

from functools import partial

from mlffbench.testing.derivatives import forces_are_minus_the_gradient
from mlffbench.testing.symmetries import order_of_training_atoms_changes_nothing


class Factor(Density):
    """The same, with forces that are 1 % too large."""

    def _evaluate(self, inputs):
        right = super()._evaluate(inputs)
        return type(right)(right.energy, tuple(1.01 * f for f in right.forces), right.stress)


class NormalEquations(Density):
    """The same, by normal equations."""

    def _solve(self, a, b):
        return np.linalg.solve(a.T @ a + self.ridge * len(a) * np.eye(a.shape[1]), a.T @ b)


def message(check):
    """The contract's complaint, or that there is none."""
    try:
        check()
    except AssertionError as complaint:
        return " ".join(str(complaint).split())[:120]
    return "passes"


planted = message(partial(forces_are_minus_the_gradient, fitted(Factor, EXAMPLES[0]())))
print("a factor in the forces:", planted)
assert planted != "passes"
for data in EXAMPLES:
    check = partial(order_of_training_atoms_changes_nothing, fitted(NormalEquations, data()))
    print(f"normal equations, {data.__name__}: {message(check)}")

# %%
# What the second one says was not planted: the first version of this page solved the normal equations and was refused
# for small crystals or alloys, with an error of some meV that depends on the machine's rounding. So ``_solve`` above is
# a QR decomposition.
#
# In your own repository this is the test that ``mlffbench new estimator`` wrote, one ``pytest`` case a check.
#
# On the leaderboard
# ------------------
# In a suite the row is ``module:Class``. A suite may come from a stranger, so code outside the package runs only if you
# say that you trust it: ``--trust density``.

suite = """
name: idea
problems:
  - dataset: malonaldehyde
    split:
      learning_curve:
        split: {groups: {train: train_300K, tests: [test_300K, test_600K, dihedral], test_fraction: 0}}
        n_train: 80
        n_test: 30
estimators:
  - atomic_reference
  - density:Density
  - density:Density: {quadratic: false}
    as: pairs alone
  - soap_gpr: {n_sparse: 120}
"""
(desk / "suite.yaml").write_text(suite)
refused = subprocess.run(
    ["mlffbench", "run", "suite.yaml"], capture_output=True, text=True, cwd=desk, env=environment
)
print("without --trust:", refused.stderr.strip())
assert refused.returncode != 0
_ = run("run", "suite.yaml", "--trust", "density", "--out", "results", until="Force RMSE by test group")

# %%
# The same as a table in Python, and as a picture:

import mlffbench

results = mlffbench.load_results(desk / "results")
board = results.leaderboard().set_index("method")
short = board[["rank", "force RMSE (meV/Å)", "energy RMSE (meV/atom)", "fit time (s)"]]
print(short.to_string(float_format="%.3g"))
force = board["force RMSE (meV/Å)"]
assert force["density:Density"] < force["pairs alone"] < force["atomic_reference"], "products help"
assert force["soap_gpr"] < force["density:Density"], "and angles beat densities"

figure, axis = plt.subplots(figsize=(7, 3.6))
scores = results.scores
for method in board.index:
    mine = scores[
        (scores["method"] == method) & (scores["quantity"] == "forces") & (scores["metric"] == "rmse")
    ]
    mine = mine[mine["task"] == ""].set_index("test")["value"]
    axis.plot(np.arange(len(mine)), 1000 * mine, "o-", label=method)
axis.set(xticks=np.arange(len(mine)), xticklabels=list(mine.index), ylabel="force RMSE (meV/Å)", yscale="log")
axis.legend(fontsize=8)
figure.tight_layout()

# %%
# Now you know where the idea stands, on the same structures and with the same atomic energies as everything else: the
# products were worth it, and a descriptor that knows angles has a smaller error still (the range of the ranks says how
# sure that is with so few test structures). The next idea, angles, is a change of one function, and the same two
# commands tell whether it helps. Look at the torsion (``dihedral``), too: far from the training data many coefficients
# and no physics do great harm.
#
# What else the base class offers
# -------------------------------
# .. list-table::
#    :header-rows: 1
#
#    * - You write
#      - You get
#    * - ``search_space``
#      - tuning: ``search: true`` in a suite (:doc:`/tuning`)
#    * - ``_prepare`` beside ``_evaluate``
#      - times of neighbour lists and of the evaluation apart
#    * - ``predicts_std = True`` and ``energy_std`` in the labels
#      - the tasks ``uncertainty`` and ``data_efficiency``
#    * - ``requires``, ``extra``, ``environment``
#      - a framework that is imported late, or lives in a Python environment of its own (:doc:`/environments`)
#
# To share it: ``pip install -e my-model`` makes the name known to suites, to ``mlffbench list`` and to the command
# line. A method that belongs into the package is one file in ``mlffbench/estimators``, see ``CONTRIBUTING.md``.

plt.show()
