"""
Force fields as scikit-learn estimators
=======================================

Every method of mlffbench obeys the rules of scikit-learn. So its tools work on force fields: cross-validation, grid
search, pipelines, ``clone``, learning curves. Afterwards you can estimate an error with its spread, choose
hyperparameters without touching the test data, and keep related frames together while you do so.

Needs: mlffbench with its extra ``soap``. Time: fifteen minutes to read, less than half a minute to compute. For the
first contact with force fields read :doc:`/_gallery/tutorials/plot_10_your_own_data`.
"""

# %%
# Data and an estimator
# ---------------------
# ``X`` is a list of ``ase.Atoms``. ``y`` holds energies, forces and, for crystals, stresses in one object,
# ``Labels``: it can be indexed like an array and, where scikit-learn wants an array, it is its energies.

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    cross_val_score,
    cross_validate,
    learning_curve,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import mlffbench
from mlffbench.descriptors.soap import SOAP
from mlffbench.estimators import SOAPGPR, Committee, Morse
from mlffbench.metrics import neg_forces_mae, neg_forces_rmse, rmse

data = mlffbench.load_dataset("malonaldehyde")
group = np.asarray(data.columns["group"])
picks = np.flatnonzero(group == "train_300K")[:80]
frames, labels = [data.frames[i] for i in picks], data.labels[picks]
print(type(frames[0]).__name__, len(frames), labels.energy.shape, labels.forces[0].shape)

model = SOAPGPR(n_max=4, l_max=3, n_sparse=40)  # a Gaussian process, small and quick
model.fit(frames[:60], labels[:60])
prediction = model.predict(frames[60:])
error = rmse(np.concatenate(labels[60:].forces), np.concatenate(prediction.forces))
print(f"force RMSE on 20 frames: {1000 * error:.1f} meV/Å")

# %%
# As in scikit-learn, the constructor only remembers its parameters; what ``fit`` learns ends with an underscore, and a
# second ``fit`` starts afresh. ``score`` is R², the share of the variance of the energies that is explained. Since
# energies of one molecule at one temperature differ little, R² alone says little: use errors in units.

parameters = model.get_params()
print({name: parameters[name] for name in ("cutoff", "n_max", "n_sparse", "zeta")})
copy = clone(model)  # the same parameters, nothing learned
assert not hasattr(copy, "weights_")
assert copy.get_params()["n_sparse"] == 40
again = copy.fit(frames[:60], labels[:60]).predict(frames[60:])
assert np.allclose(again.energy, prediction.energy, atol=1e-7)  # the same fit, the same answer
print(f"R² of the energies: {model.score(frames[60:], labels[60:]):.4f}")

# %%
# Cross-validation
# ----------------
# One split gives one number, and no idea how much it depends on the luck of the draw. *Cross-validation* cuts the data
# into k parts, and fits k times: each part is the test once. scikit-learn's scores are "higher is better", so errors
# come with a minus sign. Energies are scored by scikit-learn's own scorers, forces by those of ``mlffbench.metrics``.

folds = KFold(4, shuffle=True, random_state=0)
forces = -1000 * cross_val_score(model, frames, labels, cv=folds, scoring=neg_forces_rmse)
print(
    "force RMSE of the folds (meV/Å):",
    forces.round(1),
    f"mean {forces.mean():.1f}, spread {forces.std(ddof=1):.1f}",
)

scores = cross_validate(
    model,
    frames,
    labels,
    cv=folds,
    scoring={
        "forces RMSE": neg_forces_rmse,
        "forces MAE": neg_forces_mae,
        "energy RMSE": "neg_root_mean_squared_error",
    },
    return_train_score=True,
)
table = pd.DataFrame(scores).filter(regex="train_|test_").mean() * -1000
print((table.rename(lambda name: name.replace("_", " ")).round(2)).to_string())
assert np.allclose(-1000 * scores["test_forces RMSE"], forces)
assert table["train_forces RMSE"] < table["test_forces RMSE"]

# %%
# Energies are in meV a molecule, forces in meV/Å. The error on the training part is smaller than on the test part,
# always. How much smaller says how far the model follows its own training frames.
#
# Groups: what belongs together stays together
# --------------------------------------------
# Random folds answer: how good is the model on *more of the same*? If the frames come from a few sources, say
# temperatures, molecules or trajectories, you may want to know: how good is it on a *new* source? Give the source of
# each frame as ``groups`` and a splitter that keeps groups whole. Here the groups are three temperatures.

many = np.concatenate(
    [np.flatnonzero(group == f"{name}K")[:40] for name in ("train_300", "test_600", "test_1200")]
)
temperature = np.asarray(data.columns["temperature"])[many]
mixed, mixed_labels = [data.frames[i] for i in many], data.labels[many]

random_folds = -1000 * cross_val_score(
    model, mixed, mixed_labels, cv=KFold(3, shuffle=True, random_state=0), scoring=neg_forces_rmse
)
left_out = -1000 * cross_val_score(
    model, mixed, mixed_labels, groups=temperature, cv=LeaveOneGroupOut(), scoring=neg_forces_rmse
)
order = np.unique(temperature)
for kelvin, value in zip(order, left_out, strict=True):
    print(f"{kelvin:6.0f} K left out: {value:5.0f} meV/Å")
print(f"random folds: {random_folds.round(0)} meV/Å")
assert left_out[-1] > 1.2 * random_folds.mean()  # extrapolation to 1200 K is harder than random folds pretend

figure, axes = plt.subplots(figsize=(7, 3.5))
axes.bar([f"{kelvin:.0f} K left out" for kelvin in order], left_out, color="C3")
axes.bar([f"random fold {k + 1}" for k in range(3)], random_folds, color="C0")
axes.set_ylabel("force RMSE (meV/Å)")
axes.tick_params(axis="x", rotation=20)
figure.tight_layout()

# %%
# The model is the same. To leave out 300 K is to predict weaker motion than that of the training data, the easiest of
# the three. To leave out 1200 K is to extrapolate, and hard. Random folds mix all temperatures into each fold and show
# neither.
#
# ``GroupKFold`` does the same with more groups than folds. Frames of one trajectory that follow each other closely are
# such a group, too: give blocks of time as groups.

blocks = np.arange(len(frames)) // 10  # ten consecutive frames a block
by_block = -1000 * cross_val_score(
    model, frames, labels, groups=blocks, cv=GroupKFold(4), scoring=neg_forces_rmse
)
print("force RMSE, blocks of time kept whole (meV/Å):", by_block.round(1))

# %%
# Grid search
# -----------
# *Hyperparameters* are what the fit does not learn: the cutoff (how far an atom sees), the number of sparse points (how
# many reference environments carry the function). ``GridSearchCV`` fits every combination in cross-validation, and then
# the best one on all frames given to it. Frames that judge the result in the end must not take part.

search = GridSearchCV(
    model,
    {"cutoff": [2.5, 3.5, 5.0], "n_sparse": [10, 40]},
    scoring=neg_forces_rmse,
    cv=KFold(3, shuffle=True, random_state=0),
)
search.fit(frames[:60], labels[:60])
grid = (
    pd.DataFrame(search.cv_results_).pivot_table("mean_test_score", "param_cutoff", "param_n_sparse") * -1000
)
print(grid.round(1).to_string())
print("best:", search.best_params_, f"{-1000 * search.best_score_:.1f} meV/Å in cross-validation")
untouched = -1000 * neg_forces_rmse(search.best_estimator_, frames[60:], labels[60:])
print(f"on the 20 frames that took no part: {untouched:.1f} meV/Å")
assert search.best_params_ == {"cutoff": 2.5, "n_sparse": 40}

figure, axes = plt.subplots(figsize=(7, 3.5))
for n_sparse, column in grid.items():
    axes.plot(column.index, column, "o-", label=f"{n_sparse} sparse points an element")
axes.set(xlabel="cutoff (Å)", ylabel="force RMSE in cross-validation (meV/Å)", yscale="log")
axes.legend()
figure.tight_layout()

# %%
# More sparse points fit better. The best cutoff is the smallest of the grid, so a serious search would go on to smaller
# ones; and with many more sparse points a longer cutoff may pay: hyperparameters depend on each other.
#
# A pipeline
# ----------
# A *descriptor* turns each frame into numbers that do not change when the molecule is moved, turned or renumbered.
# Those of mlffbench are scikit-learn transformers, so any regressor can follow. Such a pipeline predicts energies
# alone: forces would need the derivative of every step, which is what the methods of mlffbench add.

pipeline = make_pipeline(SOAP(cutoff=4.0, n_max=4, l_max=3), StandardScaler(), KernelRidge(kernel="rbf"))
chosen = GridSearchCV(
    pipeline,
    {"kernelridge__gamma": [1e-5, 1e-4, 1e-3], "kernelridge__alpha": [1e-8, 1e-5]},
    scoring="neg_root_mean_squared_error",
    cv=KFold(3, shuffle=True, random_state=0),
)
offset = labels.energy[:60].mean()  # kernel ridge regression has no intercept: thousands of eV must go first
chosen.fit(frames[:60], labels.energy[:60] - offset)
energies_only = rmse(labels.energy[60:], chosen.predict(frames[60:]) + offset)
with_forces = rmse(labels.energy[60:], prediction.energy)
print(
    f"energy RMSE: {1000 * energies_only:.1f} meV by energies alone, {1000 * with_forces:.1f} meV by energies and forces"
)
assert with_forces < energies_only

# %%
# Both saw the same 60 structures. The force field had 27 force components more a structure, and is better for it.
#
# A learning curve
# ----------------
# scikit-learn's ``learning_curve`` fits to growing parts. On a double logarithmic scale a straight line downwards says
# that more data will help; a flat one says that the model itself is the limit.

sizes, train_scores, test_scores = learning_curve(
    model, frames, labels, train_sizes=[8, 15, 30, 60], cv=folds, scoring=neg_forces_rmse
)
figure, axes = plt.subplots(figsize=(7, 3.5))
for name, values in (("training part", train_scores), ("held-out part", test_scores)):
    axes.errorbar(
        sizes, -1000 * values.mean(axis=1), 1000 * values.std(axis=1, ddof=1), fmt="o-", capsize=3, label=name
    )
axes.set(xscale="log", yscale="log", xlabel="training frames", ylabel="force RMSE (meV/Å)")
axes.legend()
figure.tight_layout()
held_out, training = -test_scores.mean(axis=1), -train_scores.mean(axis=1)
assert held_out[-1] < held_out[0] / 2
assert held_out[-1] < 1.3 * training[-1]

# %%
# Here both happens. At first more frames help. In the end the two curves nearly meet: with 40 sparse points the model
# cannot follow its own training frames any better, and more data will not help, but more sparse points will. More on
# them, with more methods, stands in :doc:`/_gallery/tutorials/plot_50_learning_curves`.
#
# What does not work, and what to use instead
# -------------------------------------------
# Some meta-estimators of scikit-learn turn frames or labels into plain arrays, which loses the cell or the forces.
# These are refused with a sentence instead of a wrong result. A mean of several models is a ``Committee``, a correction
# on top of a cheap model is ``DeltaLearning`` (:doc:`/estimators`); a committee's spread is an estimate of its own
# error.

try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        TransformedTargetRegressor(Morse(cutoff=4.0)).fit(frames[:20], labels[:20]).predict(frames[:2])
except Exception as refusal:
    print(f"{type(refusal).__name__}: {refusal}")
else:
    raise AssertionError("TransformedTargetRegressor must be refused")

committee = Committee(Morse(cutoff=4.0), n=3, random_state=0).fit(frames[:40], labels[:40])
spread = committee.predict(frames[60:]).energy_std
print(f"mean spread of the committee: {1000 * spread.mean():.2f} meV")

# %%
# All of this runs in your own process and keeps nothing. For many methods, several data sets, tasks and reports write a
# suite (:doc:`/suites`); to let it search hyperparameters with an equal budget for each method see :doc:`/tuning`.
