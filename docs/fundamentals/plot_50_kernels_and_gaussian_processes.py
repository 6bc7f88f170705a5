r"""
Kernels and Gaussian processes
==============================

After this chapter you can derive kernel ridge regression and Gaussian process regression, train both on
forces, read their error bars, and say what the methods built on them (GAP, sGDML, FCHL19) have in common
and where they differ. The first half fits a curve of one variable with numpy and compares each step with
scikit-learn. The second half fits a molecule. It takes about thirty minutes to read and needs the extras
``soap``, ``sgdml`` and ``fchl`` (:doc:`/install`).

The chapter before, on descriptors, gave each atom a vector of numbers that does not change when the
molecule is moved or rotated. Here such a vector becomes an energy.
"""

# %%
# From basis functions to a kernel
# --------------------------------
#
# Let :math:`E(x)` be the energy (eV) of a diatomic molecule at the distance :math:`x` (Å). We know it at
# :math:`n` points :math:`x_1 \dots x_n`, where we have measured or computed
# :math:`y_i = E(x_i) + \text{noise}`. The *mean* of the data is subtracted first, so all models below
# describe deviations from it.
#
# **Ridge regression** writes the function as a sum of :math:`p` fixed basis functions,
# :math:`f(x) = \sum_k w_k \varphi_k(x)`, and looks for weights that fit the data and stay small:
#
# .. math::
#
#    \min_w \; \sum_i \big(y_i - f(x_i)\big)^2 + \lambda \sum_k w_k^2
#    \quad\Longrightarrow\quad w = (\Phi^\mathsf{T}\Phi + \lambda I)^{-1}\Phi^\mathsf{T} y ,
#    \qquad \Phi_{ik} = \varphi_k(x_i).
#
# :math:`\lambda > 0` is the *regularisation*: without it, more basis functions than data points have no
# unique solution. The test function is a Morse curve, :math:`E = D(1-e^{-a(x-x_0)})^2`.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge

import mlffbench
from mlffbench.estimators import FCHL19, SGDML, SOAPGPR, SOAPKernelRidge
from mlffbench.properties.conservation import conservation

DEPTH, WIDTH, BOND = 1.0, 2.0, 1.2  # eV, 1/Å, Å


def energy(x):
    """Morse curve, eV."""
    return DEPTH * (1 - np.exp(-WIDTH * (x - BOND))) ** 2


def force(x):
    """−dE/dx, eV/Å."""
    decay = np.exp(-WIDTH * (x - BOND))
    return -2 * DEPTH * WIDTH * decay * (1 - decay)


rng = np.random.default_rng(1)
grid = np.linspace(0.8, 2.8, 401)
x = np.sort(rng.uniform(0.85, 2.7, 9))
NOISE = 0.02  # eV
labels = energy(x) + NOISE * rng.normal(size=len(x))
mean = labels.mean()
y = labels - mean

centres = np.linspace(0.8, 2.8, 15)
basis = lambda points: np.exp(-((points[:, None] - centres) ** 2) / (2 * 0.3**2))
lam = 1e-3

phi = basis(x)
weights = np.linalg.solve(phi.T @ phi + lam * np.eye(len(centres)), phi.T @ y)
ridge = basis(grid) @ weights
assert np.allclose(ridge, Ridge(alpha=lam, fit_intercept=False).fit(phi, y).predict(basis(grid)))

# %%
# The same weights can be written as a combination of the data, :math:`w = \Phi^\mathsf{T}\alpha`. Put this
# into the solution and the basis functions appear only in products
# :math:`\sum_k \varphi_k(x)\varphi_k(x') = k(x, x')`, the *kernel*:
#
# .. math::
#
#    f(x) = \sum_i \alpha_i\, k(x, x_i), \quad (K + \lambda I)\,\alpha = y, \quad K_{ij} = k(x_i, x_j).
#
# This is **kernel ridge regression**. The unknowns are one number a *data point* and no longer one a basis
# function, so the basis may be infinite. A kernel says how alike two inputs are: near ones have the same
# energy. The two forms give the same curve:

by_kernel = basis(grid) @ phi.T @ np.linalg.solve(phi @ phi.T + lam * np.eye(len(x)), y)
assert np.allclose(by_kernel, ridge)
print(f"largest difference of the two forms: {np.abs(by_kernel - ridge).max():.1e} eV")

# %%
# The most common kernel is the squared exponential (or Gaussian, or RBF), the limit of infinitely many
# Gaussian basis functions on the whole axis:
#
# .. math:: k(x, x') = s^2 \exp\!\Big(-\frac{(x-x')^2}{2\ell^2}\Big)
#
# with the *length scale* :math:`\ell` (Å), over which the function changes, and the amplitude :math:`s` (eV).


def rbf(a, b, length=0.6, scale=1.0):
    """Squared exponential kernel, (n_a, n_b), eV²."""
    return scale**2 * np.exp(-((a[:, None] - b) ** 2) / (2 * length**2))


alpha = np.linalg.solve(rbf(x, x) + NOISE**2 * np.eye(len(x)), y)
kernel_ridge = rbf(grid, x) @ alpha
sklearn = KernelRidge(alpha=NOISE**2, kernel="rbf", gamma=1 / (2 * 0.6**2)).fit(x[:, None], y)
assert np.allclose(kernel_ridge, sklearn.predict(grid[:, None]))

fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.6), sharey=True, layout="constrained")
left.plot(grid, basis(grid) * weights + mean, color="0.8", lw=0.8)
left.plot(grid, ridge + mean, color="C0", label="ridge regression")
left.set_title("sum of 15 fixed functions")
right.plot(grid, rbf(grid, x) * alpha + mean, color="0.8", lw=0.8)
right.plot(grid, kernel_ridge + mean, color="C1", label="kernel ridge regression")
right.set_title("sum of one kernel a data point")
for axes in (left, right):
    axes.plot(grid, energy(grid), "k--", lw=1, label="truth")
    axes.plot(x, labels, "ko", ms=4, label="data")
    axes.set(xlabel="distance (Å)", ylim=(-0.6, 2.0))
    axes.legend(fontsize=8)
left.set_ylabel("energy (eV)")
plt.show()

# %%
# A Gaussian process: the same curve with an error bar
# ----------------------------------------------------
#
# A **Gaussian process** is a distribution over functions: the values at any set of points are normally
# distributed with covariance :math:`\langle f(x)f(x')\rangle = k(x,x')`. Data with Gaussian noise of standard
# deviation :math:`\sigma` (eV) select among the functions. The conditional distribution is again Gaussian
# :cite:`Rasmussen2006gp`, with
#
# .. math::
#
#    \text{mean}\quad m(x) = k(x)^\mathsf{T} (K + \sigma^2 I)^{-1} y,
#    \qquad
#    \text{variance}\quad v(x) = k(x,x) - k(x)^\mathsf{T} (K + \sigma^2 I)^{-1} k(x),
#
# where :math:`k(x)` is the vector of :math:`k(x, x_i)`. The mean is kernel ridge regression with
# :math:`\lambda = \sigma^2`. So a kernel method's :math:`\lambda` is a statement about noise, and the
# variance comes for free. The variance does not contain :math:`y`: it depends on *where* data are, and on the
# kernel, not on how well they are fitted.


def gaussian_process(points, observed, values, length, noise, scale=1.0):
    """Posterior mean (eV) and standard deviation (eV) of the function at `points`."""
    factor = np.linalg.cholesky(rbf(observed, observed, length, scale) + noise**2 * np.eye(len(observed)))
    solved = np.linalg.solve(factor, rbf(observed, points, length, scale))
    posterior = solved.T @ np.linalg.solve(factor, values)
    return posterior, np.sqrt(np.maximum(scale**2 - np.sum(solved**2, axis=0), 0.0))


predicted, deviation = gaussian_process(grid, x, y, 0.6, NOISE)
assert np.allclose(predicted, kernel_ridge)
reference = GaussianProcessRegressor(ConstantKernel(1.0) * RBF(0.6), alpha=NOISE**2, optimizer=None).fit(
    x[:, None], y
)
expected, expected_deviation = reference.predict(grid[:, None], return_std=True)
assert np.allclose(predicted, expected)
assert np.allclose(deviation, expected_deviation, atol=1e-6)

covered = {}
fig, panels = plt.subplots(1, 3, figsize=(9, 3.3), sharey=True, layout="constrained")
for axes, length in zip(panels, (0.08, 0.6, 1.5), strict=True):
    curve, band = gaussian_process(grid, x, y, length, NOISE)
    axes.fill_between(grid, curve + mean - 2 * band, curve + mean + 2 * band, color="C0", alpha=0.25, lw=0)
    axes.plot(grid, curve + mean, "C0")
    axes.plot(grid, energy(grid), "k--", lw=1)
    axes.plot(x, labels, "ko", ms=4)
    axes.set(title=rf"$\ell$ = {length} Å", xlabel="distance (Å)", ylim=(-1, 2.5))
    between = (grid > x[0]) & (grid < x[-1])
    covered[length] = np.mean((np.abs(curve + mean - energy(grid)) < 2 * band)[between])
    print(f"length scale {length} Å: the band holds {100 * covered[length]:.0f} % of the true curve")
panels[0].set_ylabel("energy (eV)")
plt.show()
assert covered[1.5] < covered[0.6]

# %%
# The band is two standard deviations wide to either side. Too short a length scale (left) forgets the data
# between the points. Too long a one (right) is stiff, leaves the true curve, and is *sure* of it: the error
# bars of a Gaussian process are only as good as its kernel.
#
# The marginal likelihood chooses length scale and noise
# ------------------------------------------------------
#
# How probable are the data, averaged over all functions that the kernel allows? The logarithm of this
# *marginal likelihood* (or evidence) has two opposing parts,
#
# .. math::
#
#    \ln p(y) = \underbrace{-\tfrac12\, y^\mathsf{T} (K+\sigma^2 I)^{-1} y}_{\text{fit}}
#    \; \underbrace{-\,\tfrac12 \ln\det(K+\sigma^2 I)}_{\text{simplicity}} \; - \tfrac n2 \ln 2\pi ,
#
# so that it can be maximised on the training data alone. No validation set is needed.


def log_evidence(length, noise, scale=1.0):
    """Logarithm of the marginal likelihood of the data."""
    factor = np.linalg.cholesky(rbf(x, x, length, scale) + noise**2 * np.eye(len(x)))
    white = np.linalg.solve(factor, y)
    return -0.5 * white @ white - np.log(np.diag(factor)).sum() - 0.5 * len(x) * np.log(2 * np.pi)


kernel = ConstantKernel(1.0, "fixed") * RBF(0.6, (0.05, 5)) + WhiteKernel(0.02**2, (1e-6, 1))
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # a bound that is reached
    fitted = GaussianProcessRegressor(kernel, n_restarts_optimizer=5, random_state=0).fit(x[:, None], y)
best_length, best_noise = np.exp(fitted.kernel_.theta[0]), np.exp(fitted.kernel_.theta[1]) ** 0.5
assert np.isclose(fitted.log_marginal_likelihood_value_, log_evidence(best_length, best_noise), atol=1e-4)

lengths, noises = np.geomspace(0.06, 3, 80), np.geomspace(3e-3, 0.6, 60)
evidence = np.array([[log_evidence(length, noise) for length in lengths] for noise in noises])
assert evidence.max() <= fitted.log_marginal_likelihood_value_ + 1e-6
print(f"most probable length scale {best_length:.2f} Å, noise {best_noise:.3f} eV (true noise {NOISE} eV)")

fig, axes = plt.subplots(figsize=(7, 4), layout="constrained")
levels = evidence.max() - np.array([60, 30, 15, 8, 4, 2, 1, 0])
drawn = axes.contourf(lengths, noises, evidence, levels=levels, cmap="viridis")
axes.plot(best_length, best_noise, "r*", ms=12, label="scikit-learn's maximum")
axes.axhline(NOISE, color="w", ls="--", lw=1)
axes.text(0.065, NOISE * 1.08, "true noise", color="w", fontsize=8)
axes.set(xscale="log", yscale="log", xlabel=r"length scale $\ell$ (Å)", ylabel=r"noise $\sigma$ (eV)")
axes.legend(loc="lower right")
fig.colorbar(drawn, label="log marginal likelihood")
plt.show()

# %%
# With nine points the noise is hardly determined: the bright region is wide. ``SOAPGPR(optimize=True)`` of
# mlffbench maximises the same quantity for a molecule.
#
# Learning from forces
# --------------------
#
# A derivative is a linear operation, so the derivative of a Gaussian process is a Gaussian process, whose
# covariance is the derivative of the kernel :cite:`Solak2002derivatives`. For the force
# :math:`F = -\mathrm dE/\mathrm dx`
#
# .. math::
#
#    \langle E(x)F(x')\rangle = -\frac{\partial k}{\partial x'}, \qquad
#    \langle F(x)F(x')\rangle = \frac{\partial^2 k}{\partial x\,\partial x'} .
#
# Energies and forces are stacked into one vector, their covariances into one matrix, and nothing else
# changes. In a molecule each label of an energy comes with :math:`3N` force components for :math:`N` atoms,
# so forces carry most of the information.


def covariance(a, a_is_force, b, b_is_force, length=0.6):
    """Covariance of energies and forces at `a` with those at `b`; units eV² and eV²/Å, eV²/Å²."""
    distance = a[:, None] - b
    k = rbf(a, b, length)
    mixed = k * distance / length**2  # ⟨F(a)E(b)⟩ = −∂k/∂a
    both = k * (1 / length**2 - distance**2 / length**4)  # ⟨F(a)F(b)⟩
    from_energy = np.where(b_is_force, -mixed, k)
    from_force = np.where(b_is_force, both, mixed)
    return np.where(np.asarray(a_is_force)[:, None], from_force, from_energy)


x4 = np.array([0.95, 1.35, 1.8, 2.5])
points = np.concatenate([x4, x4])
kinds = np.repeat([False, True], len(x4))
offset = energy(x4).mean()
values = np.concatenate([energy(x4) - offset, force(x4)])
jitter = 1e-8


def posterior(where, are_forces, rows):
    """Posterior mean and deviation at `where` from the observations selected by `rows`."""
    seen, seen_kinds = points[rows], kinds[rows]
    K = covariance(seen, seen_kinds, seen, seen_kinds) + jitter * np.eye(len(seen))
    cross = covariance(where, np.full(len(where), are_forces), seen, seen_kinds)
    prior = covariance(where[:1], [are_forces], where[:1], [are_forces])[0, 0]
    spread = prior - np.sum(cross * np.linalg.solve(K, cross.T).T, axis=1)
    return cross @ np.linalg.solve(K, values[rows]), np.sqrt(np.maximum(spread, 0))


only_energies, everything = ~kinds, np.full(len(kinds), True)
inside = (grid > x4[0]) & (grid < x4[-1])
errors = {}
fig, panels = plt.subplots(1, 2, figsize=(8, 3.6), sharey=True, layout="constrained")
for axes, rows, title in zip(
    panels, (only_energies, everything), ("4 energies", "4 energies and 4 forces"), strict=True
):
    curve, band = posterior(grid, False, rows)
    errors[title] = np.sqrt(np.mean((curve + offset - energy(grid))[inside] ** 2))
    axes.fill_between(
        grid, curve + offset - 2 * band, curve + offset + 2 * band, color="C0", alpha=0.25, lw=0
    )
    axes.plot(grid, curve + offset, "C0")
    axes.plot(grid, energy(grid), "k--", lw=1)
    axes.plot(x4, energy(x4), "ko", ms=5)
    axes.set(title=title, xlabel="distance (Å)", ylim=(-0.7, 2))
for position in x4:  # a stroke with the slope that was observed
    stroke = position + np.array([-0.1, 0.1])
    panels[1].plot(stroke, energy(position) - force(position) * (stroke - position), "C3", lw=2)
panels[0].set_ylabel("energy (eV)")
plt.show()

for title, error in errors.items():
    print(f"{title}: error between the points {1e3 * error:.0f} meV")
assert errors["4 energies and 4 forces"] < errors["4 energies"] / 3

# %%
# Predicted forces are the derivative of the predicted energy, exactly, because both come from the same
# function:

by_kernel_derivative, _ = posterior(grid, True, everything)
by_differences = -np.gradient(posterior(grid, False, everything)[0], grid)
assert np.allclose(
    by_kernel_derivative[1:-1], by_differences[1:-1], atol=0.02
)  # central differences, error h²E‴/6

# %%
# Sparse points
# -------------
#
# The full process with :math:`n` labels stores an :math:`n\times n` matrix and needs :math:`\mathcal O(n^3)`
# operations. Four hundred molecules of nine atoms have more than ten thousand labels. The usual remedy is
# *sparse*: choose :math:`M` representative inputs, the *sparse points*, and allow only functions that are
# combinations of their kernels, :math:`f(x) = \sum_{m=1}^M c_m k(x, x_m)`, while *all* labels remain targets.
# With :math:`K_{MM}` the covariance among the sparse points, :math:`K_{Mn}` that between sparse points and
# labels, and :math:`\Lambda` the diagonal matrix of the labels' noise variances,
#
# .. math:: c = \big(K_{MM} + K_{Mn} \Lambda^{-1} K_{nM}\big)^{-1} K_{Mn} \Lambda^{-1} y .
#
# This is the *deterministic training conditional* or subset-of-regressors approximation
# :cite:`Quinonero2005sparse`. The cost is :math:`\mathcal O(nM^2)`, and a prediction costs :math:`M` kernels.
# If the sparse points carry as much as the data, the result is that of the full process:

label_noise = np.where(kinds, 1e-3, 1e-3)
full = covariance(grid, np.full(len(grid), False), points, kinds) @ np.linalg.solve(
    covariance(points, kinds, points, kinds) + np.diag(label_noise**2), values
)


def sparse(at, are_forces):
    """Mean of the sparse process whose sparse points are energies or forces at `at`."""
    Kmm = covariance(at, are_forces, at, are_forces)
    Kmn = covariance(at, are_forces, points, kinds)
    normal = Kmm + (Kmn / label_noise**2) @ Kmn.T
    c = np.linalg.lstsq(normal, (Kmn / label_noise**2) @ values, rcond=1e-14)[0]
    return covariance(grid, np.full(len(grid), False), at, are_forces) @ c


assert np.abs(sparse(points, kinds) - full).max() < 1e-5  # the labels themselves as sparse points
for count in (3, 5, 8, 12):
    some = np.linspace(0.85, 2.6, count)
    difference = np.abs(sparse(some, np.full(count, False)) - full)[inside].max()
    print(f"{count:2d} sparse points: largest difference from the full process {1e3 * difference:.2f} meV")
assert difference < 1e-2

# %%
# From one coordinate to atoms: SOAP-GPR
# --------------------------------------
#
# A molecule's energy is a sum of atomic energies, :math:`E = \sum_i \varepsilon(\mathbf x_i)`, where
# :math:`\mathbf x_i` describes the neighbourhood of atom :math:`i`. Only the sum is known, but a sum is a
# linear operation too, so the covariance of the energies of two frames :math:`A` and :math:`B` is a sum over
# pairs of atoms of the same element,
#
# .. math::
#
#    \langle E_A E_B\rangle = \delta^2 \sum_{i\in A}\sum_{j\in B}
#    \delta_{Z_iZ_j}\, (\hat{\mathbf x}_i\cdot\hat{\mathbf x}_j)^\zeta ,
#    \qquad \mathbf F_a = -\sum_i \frac{\partial \varepsilon}{\partial \mathbf x_i}
#    \frac{\partial\mathbf x_i}{\partial \mathbf r_a} ,
#
# with :math:`\hat{\mathbf x}` the normalised SOAP power spectrum :cite:`Bartok2013soap`, the exponent
# :math:`\zeta`, the amplitude :math:`\delta` (eV) and positions :math:`\mathbf r_a` (Å). With sparse
# environments as above this is the **Gaussian approximation potential**, GAP :cite:`Bartok2010gap`; a review
# is :cite:`Deringer2021gpr`. mlffbench has it as ``SOAPGPR``. ``SOAPKernelRidge`` uses the same kernel
# without choosing environments: its representers are the labels themselves, energies and force components.
#
# The data are malonaldehyde, :math:`\mathrm{C_3H_4O_2}`, from the built-in set: PBE energies and forces of
# frames from molecular dynamics. Train on a few dozen frames at 300 K, test on other trajectories.

data = mlffbench.load_dataset("malonaldehyde")
groups = data.columns["group"]
pool = np.random.default_rng(0).permutation(np.flatnonzero(groups == "train_300K"))


def part(indices):
    """Frames and labels with these numbers."""
    return [data.frames[i] for i in indices], data.labels[indices]


def force_rmse(prediction, truth):
    """Root mean square error of force components, eV/Å."""
    return float(np.sqrt(np.mean((np.concatenate(prediction.forces) - np.concatenate(truth.forces)) ** 2)))


tests = {t: part(np.flatnonzero(groups == f"test_{t}")[:60]) for t in ("300K", "600K", "1200K")}
frames, given = part(pool[:40])
n_components = sum(f.size for f in given.forces)
print(
    f"{len(frames)} frames of {len(frames[0])} atoms: {len(given)} energies, {n_components} force components"
)

for wanted in (("energy",), ("energy", "forces")):
    model = SOAPGPR(n_sparse=60, random_state=0).fit(frames, given.only(wanted))
    error = force_rmse(model.predict(tests["300K"][0]), tests["300K"][1])
    names = " and ".join(wanted)
    print(f"{names:17s} {model.n_parameters_} sparse points, force RMSE {1e3 * error:.0f} meV/Å")
    if wanted == ("energy",):
        without_forces = error
assert error < without_forces / 3

# %%
# The number of unknowns is that of the sparse points (per element), however many labels there are. More of
# them cost time and memory, and reduce the error until the labels, not the points, are the limit:

for count in (5, 15, 60, 150):
    model = SOAPGPR(n_sparse=count, random_state=0, uncertainty=False).fit(frames, given)
    error = force_rmse(model.predict(tests["300K"][0]), tests["300K"][1])
    print(f"n_sparse {count:3d}: {model.n_parameters_:3d} unknowns, force RMSE {1e3 * error:5.1f} meV/Å")

# %%
# A kernel for forces: gradient-domain learning
# ---------------------------------------------
#
# Forces alone are enough. The **gradient-domain** kernel :cite:`Chmiela2017gdml` is the force–force block
# from above in many dimensions. With coordinates or a descriptor :math:`\mathbf x(\mathbf r)` and its
# Jacobian :math:`J = \partial\mathbf x/\partial\mathbf r`,
#
# .. math::
#
#    \langle \mathbf F\,\mathbf F'^{\mathsf T}\rangle =
#    J^\mathsf{T}\,\frac{\partial^2 k}{\partial\mathbf x\,\partial\mathbf x'}\,J' ,
#
# a matrix for each pair of frames. (It is called the Hessian kernel, as for :math:`k(\mathbf x-\mathbf x')`
# it is minus the Hessian of :math:`k`.) Each of its columns is the gradient of a scalar function, so every
# predicted force field is conservative. A kernel that treats force components as unrelated numbers has no
# such guarantee. Compare the two in two dimensions, on the potential :math:`V = (u^2-1)^2 + (v - 0.4u)^2`
# (eV, Å): energy is conserved if the work along every closed path is zero.


def toy_force(r):
    """−∇V, (n, 2) eV/Å."""
    u, v = r.T
    return -np.stack([4 * u * (u**2 - 1) - 0.8 * (v - 0.4 * u), 2 * (v - 0.4 * u)], axis=1)


def hessian_kernel(a, b, length):
    """∂²k/∂a∂b of the squared exponential, (2 n_a, 2 n_b)."""
    d = a[:, None] - b
    k = np.exp(-np.sum(d**2, axis=-1) / (2 * length**2))
    blocks = k[..., None, None] * (np.eye(2) / length**2 - d[..., :, None] * d[..., None, :] / length**4)
    return blocks.transpose(0, 2, 1, 3).reshape(2 * len(a), 2 * len(b))


def component_kernel(a, b, length):
    """The same kernel for each component, none between them, (2 n_a, 2 n_b)."""
    return np.kron(np.exp(-np.sum((a[:, None] - b) ** 2, axis=-1) / (2 * length**2)), np.eye(2))


samples = np.random.default_rng(3).uniform([-1.6, -1.2], [1.6, 1.2], (25, 2))
angle = np.linspace(0, 2 * np.pi, 2001)
loop = np.stack([1.1 * np.cos(angle), 0.8 * np.sin(angle)], axis=1)
work = {}
fig, panels = plt.subplots(1, 2, figsize=(8, 3.8), sharey=True, layout="constrained")
where = np.stack(np.meshgrid(np.linspace(-1.6, 1.6, 15), np.linspace(-1.2, 1.2, 11)), axis=-1).reshape(-1, 2)
for axes, (name, matrix) in zip(
    panels, {"components apart": component_kernel, "Hessian kernel": hessian_kernel}.items(), strict=True
):
    K = matrix(samples, samples, 0.8)
    solved = np.linalg.solve(K + 1e-6 * np.eye(len(K)), toy_force(samples).ravel())
    field = lambda r, matrix=matrix, solved=solved: (matrix(r, samples, 0.8) @ solved).reshape(-1, 2)
    middle = (loop[1:] + loop[:-1]) / 2
    work[name] = float(np.sum(field(middle) * np.diff(loop, axis=0)))
    missed = np.linalg.norm(field(where) - toy_force(where), axis=1).reshape(11, 15)
    drawn = axes.imshow(missed, extent=(-1.6, 1.6, -1.2, 1.2), origin="lower", cmap="magma_r", vmin=0, vmax=2)
    axes.quiver(*where.T, *field(where).T, color="0.35", scale=70, width=0.004)
    axes.plot(*samples.T, "C0o", ms=4)
    axes.plot(*loop.T, "C2", lw=1.5)
    axes.set(title=name, xlabel="u (Å)")
    print(f"{name}: work on the loop {work[name]:+.4f} eV")
panels[0].set_ylabel("v (Å)")
fig.colorbar(drawn, label="error of the force (eV/Å)", shrink=0.8)
plt.show()

assert abs(work["Hessian kernel"]) < 1e-4 < 0.01 < abs(work["components apart"])

# %%
# **sGDML** :cite:`Chmiela2018sgdml` uses this for one molecule: :math:`\mathbf x` holds all inverse
# interatomic distances, :math:`k` is a Matérn kernel, and a sum over permutations of like atoms, found from
# the training frames, makes it *symmetric*. It has no cutoff and no atomic energies: it is accurate from few
# frames, and it cannot be applied to another molecule. The energy is the integral of the forces. We check
# energy conservation along random lines through the molecule, as the task ``physics`` does:

sgdml = SGDML(sigma=20.0, lam=1e-10).fit(frames, given)
loss = conservation(sgdml.calculator(), frames[0], n_lines=2)
print(
    f"permutations found: {len(sgdml.permutations_)}; unknowns: {sgdml.n_parameters_}, one a force component"
)
print(f"violation of F = −∇E: {loss.relative_error:.1e} of the force")
assert loss.relative_error < 1e-4

# %%
# **FCHL19** :cite:`Christensen2020fchl` describes an atom by smooth histograms of distances (two-body) and of
# distances and angles (three-body) to each pair of elements, with a Gaussian kernel between atoms of the same
# element. In *operator* learning :cite:`Christensen2020oqml` the kernels of :math:`M` training atoms are the
# basis, and weights are the least-squares solution for all energies and forces, without a prior: the singular
# values that are cut off take the role of :math:`\lambda`.
#
# The differences are in what is compared and in what carries the function:
#
# .. list-table::
#    :header-rows: 1
#
#    * - method
#      - kernel between
#      - unknowns
#      - labels that it learns from
#      - other molecules
#    * - ``soap_gpr``
#      - atoms, SOAP
#      - sparse environments
#      - energies, forces, stresses
#      - yes
#    * - ``soap_kernel_ridge``
#      - atoms, SOAP
#      - energies and force components
#      - energies, forces, stresses
#      - yes
#    * - ``sgdml``
#      - molecules, inverse distances
#      - force components
#      - forces
#      - no
#    * - ``fchl19``
#      - atoms, two- and three-body histograms
#      - some training atoms
#      - energies, forces
#      - yes
#
# All on the same few frames:

makers = {
    "soap_gpr": lambda: SOAPGPR(n_sparse=150, random_state=0, uncertainty=False),
    "soap_kernel_ridge": lambda: SOAPKernelRidge(n_representers=500, random_state=0),
    "sgdml": lambda: SGDML(sigma=20.0, lam=1e-10),
    "fchl19": lambda: FCHL19(n_representers=150, random_state=0),
}
sizes = (10, 20, 40)
curves = {}
for name, make in makers.items():
    curves[name] = []
    for size in sizes:
        model = make().fit(*part(pool[:size]))
        curves[name].append(1e3 * force_rmse(model.predict(tests["300K"][0]), tests["300K"][1]))
    assert curves[name][-1] < curves[name][0], "more data, smaller error"

fig, axes = plt.subplots(figsize=(7, 4), layout="constrained")
for (name, errors), marker in zip(curves.items(), "osD^", strict=True):
    axes.plot(sizes, errors, marker=marker, label=name)
    row = "".join(f"{error:7.1f}" for error in errors)
    print(f"{name:18s}{row}  meV/Å with {', '.join(map(str, sizes))} frames")
axes.set(xscale="log", yscale="log", xlabel="training frames", ylabel="force RMSE at 300 K (meV/Å)")
axes.set_xticks(sizes, sizes)
axes.set_yticks((50, 100, 200, 400), (50, 100, 200, 400))
axes.minorticks_off()
axes.legend()
plt.show()

# %%
# These are small fits with few unknowns, to be fast: the order of the methods here is no verdict. Committed
# benchmarks with settings that are used in earnest are in :doc:`/estimators`.
#
# Predicted and real errors
# -------------------------
#
# ``SOAPGPR`` predicts a standard deviation of each energy. Does it know when it is wrong? Fit at 300 K, look
# at hotter frames:

model = SOAPGPR(n_sparse=150, random_state=0).fit(frames, given)
fig, axes = plt.subplots(figsize=(7, 4.4), layout="constrained")
summary = {}
for (name, (hot, truth)), colour in zip(tests.items(), ("C0", "C1", "C3"), strict=True):
    prediction = model.predict(hot)
    missed = np.abs(prediction.energy - truth.energy)
    axes.plot(1e3 * prediction.energy_std, 1e3 * missed, "o", ms=4, alpha=0.6, color=colour, label=name)
    summary[name] = np.sqrt(np.mean(missed**2)), np.sqrt(np.mean(prediction.energy_std**2))
    real, expected = summary[name]
    print(f"{name:>5}: real error {1e3 * real:6.1f} meV, predicted {1e3 * expected:6.1f} meV (RMS)")
ends = np.array(axes.get_xlim())
axes.plot(ends, ends, "k-", lw=1, label="one standard deviation")
axes.plot(ends, 2 * ends, "k--", lw=1, label="two")
axes.set(
    xscale="log",
    yscale="log",
    xlabel="predicted standard deviation of E (meV)",
    ylabel="real |error| of E (meV)",
)
axes.legend(fontsize=8)
plt.show()

assert summary["300K"][1] < summary["600K"][1] < summary["1200K"][1]
assert summary["300K"][0] < summary["1200K"][0]

# %%
# The predicted deviation grows as frames leave the training data, which makes it useful to select new frames.
# Its size is another matter: compare the two columns. A deviation that is wrong by a factor is
# *miscalibrated*; how to measure that, and how to correct it, is the subject of
# :doc:`/_gallery/fundamentals/plot_80_evaluating_models`.
#
# In short
# --------
#
# - Kernel ridge regression and the mean of a Gaussian process are the same formula; the process adds a
#   variance and an evidence.
# - Derivatives and sums are linear, so forces, stresses and total energies are data like any other.
# - Sparse points make cost grow in proportion to the number of labels.
# - Kernel methods are hard to beat on little data. Their cost grows with the number of data or sparse points,
#   in training and in prediction. Neural networks, the next chapter, pay that cost once, in training:
#   :doc:`/_gallery/fundamentals/plot_60_neural_potentials`.
#
# .. rubric:: Exercises
#
# 1. Replace the squared exponential by a Matérn 5/2 kernel in one dimension. Derive its force–force block.
# 2. Give ``SOAPGPR`` another ``forces_noise``. When does the error at 300 K grow, and when does the predicted
#    deviation?
