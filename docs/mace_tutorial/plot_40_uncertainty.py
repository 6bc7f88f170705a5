"""
How sure is the model?
======================

A test error is an average over structures like those of the test. In a simulation you want to know it for the structure
at hand. Two ways come with MACE here: the spread of a *committee*, and the *last layer* of a single network. Afterwards
you can use both, check whether they are right, and know how far they can be trusted. About a minute.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import norm

import mlffbench
from mlffbench.estimators import MACE, Committee
from mlffbench.metrics import rmse
from mlffbench.tasks.common.calibration import (
    detection,
    frame_std,
    miscalibration_area,
    observed_shares,
    rank_error,
    residuals,
    scale,
)

data = mlffbench.load_dataset("malonaldehyde")
groups = {name: np.flatnonzero(data.columns["group"] == name) for name in np.unique(data.columns["group"])}
tests = ["test_300K", "test_600K", "test_1200K"]
train, calibration = groups["train_300K"][:80], groups["train_300K"][300:340]
frames = [data.frames[i] for i in train]

# %%
# A committee
# -----------
#
# Train the same network several times, from different random weights and on different parts of the training frames.
# Where the data decide, the members agree; where they do not, the members differ. The prediction is the mean of the
# members, its uncertainty their standard deviation :math:`\sigma`, for energies and for each force component. A
# committee of :math:`n` costs :math:`n` fits and :math:`n` predictions.

settings = {"num_channels": 16, "batch_size": 5, "max_epochs": 10}
committee = Committee(MACE(**settings), n=3, random_state=0, atomic_energies=data.atomic_energies)
committee.fit(frames, data.labels[train])

# %%
# The last layer
# --------------
#
# The last layer of a network is linear in its weights. If all before it is taken as given, a fit of that layer is a
# linear regression, whose uncertainty is known in closed form: the *last-layer prediction rigidity*
# :cite:`Bigi2024llpr`,
#
# .. math:: \sigma^2 = \alpha^2\, \mathbf g^{\mathsf T} (\mathbf H + \varsigma^2 \mathbf 1)^{-1} \mathbf g ,
#
# with :math:`\mathbf g` the derivative of an energy (or a force component) by the weights of the last layer,
# :math:`\mathbf H` the Hessian of the training loss by these weights, and two numbers :math:`\alpha` and
# :math:`\varsigma` that are chosen on the frames which the fit holds out. One fit is enough; the network and its
# predictions are those without the uncertainty.

single = MACE(**settings, uncertainty="llpr", validation_fraction=0.2, atomic_energies=data.atomic_energies)
single.fit(frames, data.labels[train])
models = {"committee of 3": committee, "last layer": single}

# %%
# Predicted against true errors
# -----------------------------
#
# A prediction of either has ``energy_std`` (eV) and ``forces_std`` (eV/Å) beside energies and forces. ``residuals``
# puts errors and deviations side by side, one of each for every force component.

results, deviations = {}, {}
for label, model in models.items():
    for test in tests:
        picks = groups[test][:50]
        some = [data.frames[i] for i in picks]
        predicted = model.predict(some)
        results[label, test] = residuals(data.labels[picks], predicted)["forces"]
        deviations[label, test] = frame_std(some, predicted)["forces"]

print(f"{'meV/Å':32s}{'RMSE':>8s}{'root mean square σ':>22s}{'rank correlation':>18s}")
for (label, test), r in results.items():
    error, sigma = 1e3 * rmse(0 * r.error, r.error), 1e3 * np.sqrt(np.mean(r.std**2))
    print(f"{label:18s}{test:14s}{error:8.0f}{sigma:22.0f}{1 - rank_error(r):18.2f}")
    assert rank_error(r) < 1  # larger σ, larger error

# %%
# Both deviations grow with the temperature, as the errors do. The rank correlation (Spearman's) of :math:`|\Delta F|`
# and :math:`\sigma` is far below 1 and must be: :math:`\sigma` is the width of a distribution, and an error is one draw
# from it. If errors were drawn from normal distributions of exactly the predicted widths, the correlation would be

rng = np.random.default_rng(0)
for label in models:
    r = results[label, "test_600K"]
    drawn = type(r)(rng.normal(size=len(r.std)) * r.std, r.std)
    print(f"{label:18s}{1 - rank_error(drawn):.2f} on test_600K at best, {1 - rank_error(r):.2f} measured")

# %%
# Bins show more than single errors: sort the components by :math:`\sigma` and compare the root mean square error of
# each bin with its mean :math:`\sigma`. On the diagonal the prediction of the error is right.

figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained", sharex=True, sharey=True)
for axis, label in zip(axes, models, strict=True):
    for test in tests:
        r = results[label, test]
        bins = np.array_split(np.argsort(r.std), 10)
        sigma = [1e3 * np.sqrt(np.mean(r.std[b] ** 2)) for b in bins]
        error = [1e3 * np.sqrt(np.mean(r.error[b] ** 2)) for b in bins]
        axis.loglog(sigma, error, "o-", label=test)
    ends = [10, 1000]
    axis.loglog(ends, ends, color="gray", lw=1)
    axis.set(title=label, xlabel="predicted σ (meV/Å)")
axes[0].set_ylabel("RMSE of the bin (meV/Å)")
axes[0].legend()
plt.show()

# %%
# Calibration
# -----------
#
# If :math:`\sigma` is right, then a share :math:`p` of the errors lies inside the central interval of probability
# :math:`p` of a normal distribution of that width, for each :math:`p`. The *miscalibration area* between that line and
# the observed shares is 0 at best and 0.5 at worst. A curve below the diagonal means that :math:`\sigma` is too small:
# the model is too sure.
#
# One number may put it right, from frames that were neither trained on nor tested; here 40 other frames at 300 K. The
# factor of largest likelihood is :math:`s = \sqrt{\langle (\Delta F / \sigma)^2 \rangle}`; a second one compares the
# medians, :math:`m = \operatorname{median} |\Delta F / \sigma|` over its value for a normal distribution.

held = [data.frames[i] for i in calibration]
factors = {}
for label, model in models.items():
    r = residuals(data.labels[calibration], model.predict(held))["forces"]
    factors[label] = scale(r), np.median(r.ratio) / norm.ppf(0.75)
    print(f"{label:18s}s = {factors[label][0]:.2f}, m = {factors[label][1]:.2f}")

p = np.linspace(0.01, 0.99, 99)
figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained", sharey=True)
for axis, label in zip(axes, models, strict=True):
    axis.plot([0, 1], [0, 1], color="gray", lw=1)
    for i, test in enumerate(tests):
        r = results[label, test]
        axis.plot(p, observed_shares(r, p), color=f"C{i}", label=test)
        axis.plot(p, observed_shares(r.scaled(factors[label][1]), p), "--", color=f"C{i}")
    axis.set(title=f"{label}; dashed: σ times m", xlabel="expected share p")
axes[0].set_ylabel("observed share")
axes[0].legend()
plt.show()

print(f"{'miscalibration area':32s}{'as predicted':>14s}{'times s':>10s}{'times m':>10s}")
areas = {}
for (label, test), r in results.items():
    own = [miscalibration_area(r), *(miscalibration_area(r.scaled(factor)) for factor in factors[label])]
    areas[label, test] = own
    print(f"{label:18s}{test:14s}{own[0]:14.2f}{own[1]:10.2f}{own[2]:10.2f}")
assert areas["committee of 3", "test_300K"][2] < areas["committee of 3", "test_300K"][0]

# %%
# The spread of a few members that share most of their training frames is too small: they agree with each other more
# than with the truth. And a standard deviation of three numbers is itself a poor estimate, now and then tiny by chance,
# so that :math:`\Delta F/\sigma` has heavy tails. Even if members and truth were drawn from one distribution, it would
# follow Student's t with two degrees of freedom, whose variance is infinite. Hence :math:`s`, a mean of squares, is
# ruled by a few outliers and overshoots; the median does not care. More members help.
#
# The last layer is calibrated during its fit, so its :math:`s` is near 1. A factor that makes it better at one
# temperature can make it worse at another: calibrate where you will use it.
#
# Where does a frame come from?
# -----------------------------
#
# For some uses the size of :math:`\sigma` does not matter, only the order: when to stop a simulation, or which
# structure to label next. The probability that a frame of the hot group has a larger :math:`\sigma` (its largest) than
# one at 300 K is 0.5 for guessing and 1 for a perfect alarm:

for label in models:
    for test in tests[1:]:
        alarm = detection(deviations[label, "test_300K"], deviations[label, test])
        print(f"{label:18s}{test:12s}{alarm:.2f}")
        assert alarm > 0.5

# %%
# Which of the two?
# -----------------
#
# ``uncertainty="llpr"`` costs one fit instead of several, is calibrated as it comes, and does not slow the predictions
# of which you do not ask :math:`\sigma`. A committee works with every method and takes more frames into account where
# the network itself is undecided. :doc:`/estimators` has a comparison of both over two molecules, from longer fits.
# Neither knows what the model family cannot describe, and neither was ever proven right far from the data: calibrate
# near your application, use the order rather than the size, and check against new labels. The task ``uncertainty`` of a
# suite makes these tables for every method (:doc:`/tasks`).
