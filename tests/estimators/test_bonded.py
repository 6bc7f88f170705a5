"""The GAFF-form force field against formulas written down again, known parameters and known topologies."""

from __future__ import annotations

import itertools
import pickle

import networkx as nx
import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk, molecule

from mlffbench.data import Labels
from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.datasets.stillinger_weber_si import stillinger_weber_si
from mlffbench.descriptors.graph import build
from mlffbench.estimators.bonded import Bonded
from mlffbench.potentials.gaff import fit
from mlffbench.potentials.gaff.atom_types import learn_types
from mlffbench.potentials.gaff.fit import recognise

CUTOFF = 8.0


def rmse(one, two):
    return np.sqrt(np.mean((np.concatenate(one) - np.concatenate(two)) ** 2))


def rattled(atoms, n, scale, seed=0):
    rng = np.random.default_rng(seed)
    frames = [atoms.copy() for _ in range(n)]
    for frame in frames:
        frame.positions += rng.normal(scale=scale, size=frame.positions.shape)
    return frames


def topology(atoms, depth=3):
    return recognise(build([atoms], 6.0), 0.25, depth, frozenset(), {})[0][0].topology


# ---------------------------------------------------------------- the truth, written down a second time
def key(*symbols):
    return min("-".join(symbols), "-".join(symbols[::-1]))


def truth(atoms, bonds, parameters):
    """E of a molecule in the field's own words, by ASE's geometry and networkx' paths."""
    s, graph = atoms.get_chemical_symbols(), nx.Graph(bonds)
    graph.add_nodes_from(range(len(atoms)))
    energy = sum(parameters["offsets"][a]["e"] for a in s)
    for i, j in graph.edges:
        p = parameters["bonds"][key(s[i], s[j])]
        energy += p["k"] * (atoms.get_distance(i, j) - p["r0"]) ** 2
    for j in graph:
        for i, k in itertools.combinations(graph[j], 2):
            p = parameters["angles"][key(s[i], s[j], s[k])]
            energy += p["k"] * (np.radians(atoms.get_angle(i, j, k)) - p["theta0"]) ** 2
    for j, k in graph.edges:
        for i, m in itertools.product(set(graph[j]) - {k}, set(graph[k]) - {j}):
            phi = np.radians(atoms.get_dihedral(i, j, k, m))
            p = parameters["torsions"][key(s[i], s[j], s[k], s[m])]
            energy += sum(p[f"V{n}"] / 2 * np.cos(n * phi) for n in (1, 2, 3, 4))
    for j in graph:
        if len(graph[j]) == 3:
            p = parameters["impropers"]["-".join([s[j], *sorted(s[k] for k in graph[j])])]
            orders = list(itertools.permutations(graph[j]))
            phi = np.radians([atoms.get_dihedral(a, b, j, c) for a, b, c in orders])
            energy += p["V"] / 2 * np.mean(1 - np.cos(2 * phi))
    return energy + pairs(atoms, graph, parameters)


def pairs(atoms, graph, parameters):
    """Lennard-Jones and Coulomb beyond two bonds, below the switch."""
    s, apart = atoms.get_chemical_symbols(), dict(nx.all_pairs_shortest_path_length(graph))
    energy = 0.0
    for i, j in itertools.combinations(range(len(atoms)), 2):
        bonds = apart[i].get(j, 99)
        if bonds < 3:
            continue
        r = atoms.get_distance(i, j)
        one, two = (parameters["vdw"][s[k]] for k in (i, j))
        x = ((one["radius"] + two["radius"]) / r) ** 6
        well = np.sqrt(one["epsilon"] * two["epsilon"]) * (x**2 - 2 * x)
        q = parameters["charges"][s[i]]["q"] * parameters["charges"][s[j]]["q"]
        shifted = 1 / r - 1 / CUTOFF + (r - CUTOFF) / CUTOFF**2
        coulomb = q * units.Hartree * units.Bohr * shifted
        energy += well / 2 + coulomb / 1.2 if bonds == 3 else well + coulomb
    return energy


def true_labels(frames, bonds, parameters, step=1e-4):
    """Energies, and forces by central differences."""
    energy, forces = [], []
    for atoms in frames:
        gradient = np.zeros_like(atoms.positions)
        for index in np.ndindex(gradient.shape):
            ends = []
            for sign in (1, -1):
                moved = atoms.copy()
                moved.positions[index] += sign * step
                ends.append(truth(moved, bonds, parameters))
            gradient[index] = (ends[0] - ends[1]) / (2 * step)
        energy.append(truth(atoms, bonds, parameters))
        forces.append(-gradient)
    return Labels(np.array(energy), tuple(forces))


def invented(model, seed=0):
    """Parameters of usual size for all keys of a fitted model."""
    rng = np.random.default_rng(seed)
    sizes = {
        "k": (3.0, 9.0), "r0": (1.0, 1.5), "theta0": (1.7, 2.2), "V": (0.1, 0.9), "epsilon": (0.002, 0.02),
        "radius": (1.2, 1.8), "q": (-0.3, 0.3), "e": (-1.0, 1.0),
    }  # fmt: skip
    draw = lambda name: float(rng.uniform(*sizes.get(name, (-0.3, 0.3))))
    return {
        kind: {k: {name: draw(name) for name in values} for k, values in found.items()}
        for kind, found in model.parameters_.items()
    }


def test_is_the_formula_of_gaff():
    atoms = molecule("CH3COOH")  # every kind of term, and pairs of 3, 4 and 5 bonds
    bonds = topology(atoms).terms["bonds"].atoms
    model = Bonded(cutoff=CUTOFF, depth=0).fit(rattled(atoms, 4, 0.02), np.zeros(4))
    model.atomic_energies_ = dict.fromkeys(model.elements_, 0.0)
    model.parameters_ = parameters = invented(model)
    frames = rattled(atoms, 1, 0.05, seed=1)
    expected, found = true_labels(frames, bonds.tolist(), parameters), model.predict(frames)
    np.testing.assert_allclose(found.energy, expected.energy, atol=1e-9)
    np.testing.assert_allclose(np.stack(found.forces), np.stack(expected.forces), atol=1e-6)


def test_recovers_the_parameters_that_made_the_data():
    atoms = molecule("H2O2")
    frames = rattled(atoms, 60, 0.06)
    bonds = topology(atoms).terms["bonds"].atoms.tolist()
    settings = {"cutoff": CUTOFF, "depth": 0, "alpha": 1e-12, "periodicities": (1, 2, 3, 4)}
    zero = {"H": 0.0, "O": 0.0}
    parameters = invented(Bonded(**settings).fit(frames[:3], np.zeros(3)))
    parameters["charges"] = {s: {"q": q} for s, q in (("H", 0.3), ("O", -0.3))}
    labels = true_labels(frames, bonds, parameters)
    model = Bonded(**settings, max_iterations=2000, atomic_energies=zero).fit(frames[:40], labels[:40])
    for kind, value in (("bonds", "r0"), ("bonds", "k"), ("angles", "k"), ("angles", "theta0")):
        for name, expected in parameters[kind].items():
            assert model.parameters_[kind][name][value] == pytest.approx(expected[value], rel=0.02), (
                kind,
                name,
            )
    found = model.predict(frames[40:])
    spread = np.std(labels.energy)
    assert np.sqrt(np.mean((found.energy - labels.energy[40:]) ** 2)) < 0.003 * spread
    assert rmse(found.forces, labels.forces[40:]) < 0.003 * np.std(np.concatenate(labels.forces))


# ---------------------------------------------------------------- topology
@pytest.mark.parametrize(
    ("name", "counts"),
    [("C2H6", (7, 12, 9, 0)), ("C6H6", (12, 18, 24, 6)), ("H2O", (2, 1, 0, 0)), ("CH3CH2OH", (8, 13, 12, 0))],
)
def test_terms_of_known_molecules(name, counts):
    terms = topology(molecule(name)).terms
    assert tuple(len(terms[k].atoms) for k in ("bonds", "angles", "torsions", "impropers")) == counts


@pytest.mark.parametrize("cubic", [True, False])
def test_terms_of_diamond_in_cells_with_several_images(cubic):
    atoms = bulk("Si", cubic=cubic)
    terms, n = topology(atoms).terms, len(atoms)
    assert [len(terms[k].atoms) / n for k in ("bonds", "angles", "torsions")] == [2, 6, 18]


@pytest.mark.parametrize("atoms", [bulk("Cu"), bulk("Ar", a=5.3), bulk("NaCl", "rocksalt", a=5.6)])
def test_metals_and_noble_gases_have_no_bonds(atoms):
    assert len(topology(atoms).bonds.source) == 0


def test_atoms_alike_share_a_type():
    ethanol = topology(molecule("CH3CH2OH"))
    types = learn_types([ethanol], 3, {}, least=1).of(ethanol)
    assert sorted(np.unique(types, return_counts=True)[1].tolist()) == [1, 1, 1, 1, 2, 3]
    benzene = topology(molecule("C6H6"))
    assert len(set(learn_types([benzene], 3, {}, least=1).of(benzene))) == 2


def test_rare_surroundings_are_no_type_of_their_own():
    frames = [topology(molecule(name)) for name in ("CH4", "CH4", "CH4", "C2H6")]
    types = learn_types(frames, 2, {}, least=2)
    assert set(types.of(frames[3]).tolist()) == {"C", "H(C)"}


# ---------------------------------------------------------------- protons and stretched bonds
@pytest.fixture(scope="module")
def fitted():
    data = malonaldehyde()
    train = np.flatnonzero(data.columns["group"] == "train_300K")[:80]
    return data, Bonded().fit([data.frames[i] for i in train], data.labels[train])


def transfer(fitted, shares):
    """Frames with the proton moved from one oxygen to the other."""
    data, _ = fitted
    atoms = data.frames[np.flatnonzero(data.columns["group"] == "proton_transfer")[8]]
    oxygens = np.flatnonzero(atoms.numbers == 8)
    hydrogens = np.flatnonzero(atoms.numbers == 1)
    proton = hydrogens[atoms.get_all_distances()[np.ix_(oxygens, hydrogens)].sum(axis=0).argmin()]
    here, there = atoms.positions[oxygens]
    frames = [atoms.copy() for _ in shares]
    for frame, share in zip(frames, shares, strict=True):
        frame.positions[proton] = here + share * (there - here)
    return frames


def test_a_proton_crosses_over_smoothly(fitted):
    _, model = fitted
    shares = np.linspace(0.38, 0.62, 97)
    frames = transfer(fitted, shares)
    curve = model.predict(frames).energy
    assert np.abs(np.diff(curve, 2)).max() < 0.05 * np.ptp(curve)  # eV; a jump would be far larger
    for frame in (frames[40], frames[48], frames[54]):  # inside the blend
        direction = np.random.default_rng(0).normal(size=frame.positions.shape)
        ends = [frame.copy() for _ in range(2)]
        for end, sign in zip(ends, (1, -1), strict=True):
            end.positions += sign * 1e-4 * direction
        up, down = model.predict(ends).energy
        slope = -np.sum(model.predict([frame]).forces[0] * direction)
        assert slope == pytest.approx((up - down) / 2e-4, abs=1e-4)


def test_both_sides_of_the_transfer_are_the_same_molecule(fitted):
    data, model = fitted
    atoms = data.frames[np.flatnonzero(data.columns["group"] == "proton_transfer")[0]]
    order = np.random.default_rng(0).permutation(len(atoms))
    mirrored = Atoms(atoms.numbers[order], -atoms.positions[order])
    labels = model.predict([atoms, mirrored])
    assert labels.energy[0] == pytest.approx(labels.energy[1], abs=1e-9)
    np.testing.assert_allclose(labels.forces[1], -labels.forces[0][order], atol=1e-9)


def test_a_stretched_bond_stays_a_bond():
    model = Bonded().fit(rattled(molecule("C2H6"), 20, 0.03), np.linspace(0, 0.3, 20))
    frames = [molecule("C2H6") for _ in range(40)]
    for frame, stretch in zip(frames, np.linspace(0, 0.75, 40), strict=True):
        above = frame.positions[:, 2] > 0
        frame.positions[above, 2] += stretch  # the C–C bond up to 2.27 Å, beyond 1.3 sums of radii
    energy = model.predict(frames).energy
    assert (np.diff(energy, 2) > 0).all()
    assert np.abs(np.diff(energy, 3)).max() < 0.1 * np.diff(energy, 2).max()


def test_what_training_never_showed_gets_the_mean_of_what_is_alike():
    names = ["CH4", "C2H6", "CH3OH"]
    frames = [a for name in names for a in rattled(molecule(name), 10, 0.03)]
    model = Bonded(depth=2).fit(frames, np.random.default_rng(0).normal(size=len(frames)))
    model.parameters_ = invented(model)
    labels = model.predict([molecule("C3H8"), molecule("CH3CH2OH")])
    assert np.isfinite(labels.energy).all()
    assert np.abs(labels.forces[0]).max() > 0.1
    memory = model._remembered()
    row = memory.finder.find("bonds", np.array([["C", "O"]]))[0]
    single = {
        k: v["k"] for k, v in model.parameters_["bonds"].items() if "H" not in [p[0] for p in k.split("-")]
    }
    carbon_oxygen = [k for name, k in single.items() if "O" in [p[0] for p in name.split("-")]]
    assert len(single) == 2
    assert float(memory.values["bonds"][row, 0]) == pytest.approx(np.mean(carbon_oxygen))
    row = memory.finder.find("bonds", np.array([["H", "C"]]))[0]
    hydrogens = [
        v["k"] for k, v in model.parameters_["bonds"].items() if {p[0] for p in k.split("-")} == {"C", "H"}
    ]
    assert len(hydrogens) == 3
    assert float(memory.values["bonds"][row, 0]) == pytest.approx(np.mean(hydrogens))


# ---------------------------------------------------------------- the fit
def loss(model, frames, labels):
    """Σ (RMSE/σ)² over energies per atom, forces and stresses, from predictions."""
    sizes, found = np.array([len(a) for a in frames]), model.predict(frames)
    per_atom = (labels.energy - model._baseline(frames)) / sizes
    total = np.mean(((found.energy - labels.energy) / sizes) ** 2) / np.mean(
        (per_atom - per_atom.mean()) ** 2
    )
    for one, two in ((found.forces, labels.forces), (found.stress, labels.stress)):
        if two is not None and any(v is not None for v in two):
            total += rmse(one, two) ** 2 / np.mean(np.concatenate(two) ** 2)
    return total


def test_what_is_minimised_is_the_error_of_the_predictions(fitted):
    data, model = fitted
    train = np.flatnonzero(data.columns["group"] == "train_300K")[:80]
    assert model.loss_ == pytest.approx(
        loss(model, [data.frames[i] for i in train], data.labels[train]), rel=1e-6
    )
    crystal = stillinger_weber_si(n_train=6)
    frames, labels = crystal.frames[:6], crystal.labels[:6]
    assert labels.stress is not None
    silicon = Bonded(depth=1, max_iterations=20).fit(frames, labels)
    assert silicon.loss_ == pytest.approx(loss(silicon, frames, labels), rel=1e-6)
    shares = np.linspace(0.4, 0.6, 20)
    blended = transfer(fitted, shares)
    invented_labels = Labels(np.cos(shares), tuple(a.positions - a.positions.mean(0) for a in blended))
    odd = Bonded(depth=1, max_iterations=20).fit(blended, invented_labels)
    assert odd.loss_ == pytest.approx(loss(odd, blended, invented_labels), rel=1e-6)


def test_parameters_are_physical(fitted):
    data, model = fitted
    found = model.parameters_
    assert all(v["k"] >= 0 for kind in ("bonds", "angles") for v in found[kind].values())
    assert all(v["epsilon"] >= 0 and v["radius"] > 0 for v in found["vdw"].values())
    types = model.types_.of(topology(data.frames[0], model.types_.depth))
    assert sum(found["charges"][t]["q"] for t in types) == pytest.approx(0.0, abs=1e-9)
    lengths = {k: v["r0"] for k, v in found["bonds"].items()}
    assert all(0.9 < r < 1.7 for r in lengths.values())


def test_beats_the_published_force_field_of_its_form(fitted):
    data, model = fitted
    test = np.flatnonzero(data.columns["group"] == "test_300K")[:60]
    predicted = model.predict([data.frames[i] for i in test])
    assert rmse(predicted.forces, data.labels[test].forces) < 0.30  # eV/Å: 0.303 for 3BPA, arXiv:2206.07697


def test_weights_choose_what_is_fitted():
    data = malonaldehyde()
    frames, labels = data.frames[:40], data.labels[:40]
    by_energy, by_force = (
        Bonded(depth=1, energy_weight=e, forces_weight=f, max_iterations=20).fit(frames, labels)
        for e, f in ((1.0, 1e-6), (1e-6, 1.0))
    )
    errors = [
        (np.std(m.predict(frames).energy - labels.energy), rmse(m.predict(frames).forces, labels.forces))
        for m in (by_energy, by_force)
    ]
    assert errors[0][0] < errors[1][0]
    assert errors[0][1] > errors[1][1]


def test_predictions_survive_new_parameters_and_pickling(fitted):
    data, model = fitted
    before = model.predict(data.frames[:2]).energy
    copy = pickle.loads(pickle.dumps(model))
    assert "_memory" not in vars(copy)
    np.testing.assert_allclose(copy.predict(data.frames[:2]).energy, before, atol=1e-12)
    copy.parameters_ = invented(model)
    assert np.abs(copy.predict(data.frames[:2]).energy - before).max() > 1e-3


def test_molecules_and_crystals_in_different_chunks_keep_their_own_stress(fitted, monkeypatch):
    """Chunks of one frame: those without a stress must not take the place of those with one."""
    data, model = fitted
    free = data.frames[0]
    periodic = free.copy()
    periodic.center(vacuum=4.0)
    periodic.pbc = True
    frames = [free, periodic, free]
    together = model.predict(frames)
    monkeypatch.setattr(fit, "CHUNK", 1)
    apart = model.predict(frames)
    assert [s is None for s in apart.stress] == [True, False, True]
    np.testing.assert_allclose(apart.stress[1], together.stress[1], atol=1e-12)
    np.testing.assert_allclose(apart.energy, together.energy, atol=1e-9)


@pytest.mark.parametrize(
    "bad", [{"blend": 0.0}, {"depth": -1}, {"periodicities": ()}, {"periodicities": (0, 1)}]
)
def test_senseless_settings_are_refused(bad):
    with pytest.raises(ValueError, match="Bonded needs"):
        Bonded(**bad).fit([molecule("H2O")], [0.0])
