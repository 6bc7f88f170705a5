"""The md task: truth against itself is perfect, every way to be wrong shows in its row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk, molecule
from ase.calculators.calculator import Calculator, all_changes

from mlffbench.data import Curve, Dataset, Labels, Missing, Reference, Score, Split
from mlffbench.properties import bulk_dynamics
from mlffbench.properties.dynamics import dynamics
from mlffbench.system import checkpoint
from mlffbench.tasks.md import md
from mlffbench.testing.controls import Analytic

SITES = bulk("Ar", "fcc", a=5.26, cubic=True)
PEROXIDE = molecule("H2O2")
DISTANCES = PEROXIDE.get_all_distances()
ARGON: dict[str, Any] = {f"{__name__}:Einstein": {}}
SHORT: dict[str, Any] = {
    "temperatures": (40.0,), "n_trajectories": 2, "picoseconds": 0.8, "nve_picoseconds": 0.4, "timestep": 4.0,
    "protocol": {"interval": 5, "friction": 0.001},
}  # fmt: skip
TIMES = {"time_per_atom_step", "days_per_ns"}


@pytest.fixture(autouse=True)
def calculators_of_this_file(trust, monkeypatch):
    """Trust in the calculators below, which datasets name."""
    monkeypatch.setenv("MLFFBENCH_TRUST", f"{trust},{__name__}")


class Einstein(Calculator):
    """Every atom on a spring to its site: all frequencies are √(k/m)."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces", "stress"]

    def __init__(self, k: float = 5.0) -> None:
        super().__init__()
        self.k = k

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        d = self.atoms.positions - SITES.positions
        energy = 0.5 * self.k * float((d**2).sum())
        self.results = {"energy": energy, "forces": -self.k * d, "stress": np.zeros(6)}


class Network(Calculator):
    """A spring between every two atoms of hydrogen peroxide."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        i, j = np.triu_indices(4, 1)
        r = self.atoms.positions[j] - self.atoms.positions[i]
        d = np.linalg.norm(r, axis=1)
        strain = d - DISTANCES[i, j]
        pull = (20 * strain / d)[:, None] * r
        forces = np.zeros((4, 3))
        np.add.at(forces, i, pull)
        np.add.at(forces, j, -pull)
        self.results = {"energy": 10 * float((strain**2).sum()), "forces": forces}


def argon() -> tuple[Dataset, Split]:
    rng = np.random.default_rng(0)
    frames = [SITES.copy() for _ in range(10)]
    for atoms in frames:
        atoms.positions += rng.normal(scale=0.03, size=(4, 3))  # √(kT/k) at 50 K
    labels = Labels(np.zeros(10))
    data = Dataset("argon", frames, labels, {}, {}, {"Ar": 0.0}, reference=Reference(truth=ARGON))
    return data, Split(np.arange(8), {"test": np.arange(8, 10)})


def rows(model: Analytic, data: Dataset, split: Split, **changed: Any) -> list[Any]:
    fitted = model.fit([data.frames[i] for i in split.train], data.labels[split.train])
    protocol = {**SHORT["protocol"], **changed.pop("protocol", {})}
    return md(fitted, data, split, **{**SHORT, **changed, "protocol": protocol})


def scores(found: Sequence[Any]) -> dict[tuple[str, str], Score]:
    return {(s.quantity, s.metric): s for s in found if isinstance(s, Score)}


def reasons(found: Sequence[Any]) -> dict[str, Missing]:
    return {m.quantity: m for m in found if isinstance(m, Missing)}


def test_the_truth_is_perfect() -> None:
    found = rows(Analytic(ARGON), *argon())
    values = scores(found)
    assert not reasons(found)
    for quantity in ("radial", "angle"):
        assert values[f"{quantity}_distribution", "wasserstein"].value == pytest.approx(0, abs=1e-9)
    assert values["vibrational_spectrum", "wasserstein"].value == pytest.approx(0, abs=1e-9)
    failures = values["failures", "share"]
    assert (failures.value, failures.low, failures.trials) == (0, 0, 2)
    assert failures.high == pytest.approx(1 - 0.025**0.5)  # Clopper and Pearson: none of two
    assert values["lifetime_lost", "share"].value == 0
    assert values["nve_drift", "error"].value < 1  # meV/atom/ps
    names = {c.name for c in found if isinstance(c, Curve)}
    assert names == {"radial Ar-Ar, 40 K", "survival, 40 K", "vibrational spectrum, 40 K"}


def test_stiffer_springs_vibrate_faster_by_their_root() -> None:
    found = rows(Analytic({f"{__name__}:Einstein": {"k": 20.0}}), *argon())
    (curve,) = (c for c in found if isinstance(c, Curve) and c.name.startswith("vibrational"))
    assert curve.reference_x is not None
    true = np.sqrt(5.0 / 39.948) / (2 * np.pi) * units.fs * 1e3  # THz
    assert curve.reference_x[int(np.argmax(curve.reference_y))] == pytest.approx(true, abs=1.3)
    values = scores(found)
    assert values["vibrational_spectrum", "wasserstein"].value == pytest.approx(true, rel=0.1)
    assert values["radial_distribution", "wasserstein"].value > 0.005
    assert values["failures", "share"].value == 0


def test_the_same_seed_gives_the_same_rows_but_for_the_clock() -> None:
    runs = [rows(Analytic(ARGON), *argon(), seed=s, picoseconds=0.2) for s in (0, 0, 1)]
    timeless = [[r for r in run if getattr(r, "metric", "") not in TIMES] for run in runs]
    assert timeless[0] == timeless[1] != timeless[2]
    times = {r.metric: r for r in runs[0] if getattr(r, "metric", "") in TIMES}
    seconds = times["time_per_atom_step"].value * 4 / 1e6  # four atoms
    assert times["days_per_ns"].value == pytest.approx(seconds * 1e6 / 4.0 / 86400)


class Falling(Analytic):
    """Forces point the wrong way, and strongly."""

    def _with_error(self, atoms: Atoms, values: Any) -> Any:
        return values[0], -50 * values[1], values[2]


class Vanishing(Analytic):
    """Not a number."""

    def _with_error(self, atoms: Atoms, values: Any) -> Any:
        return values[0], values[1] * np.nan, values[2]


class Failing(Analytic):
    """An error, and no physics to blame."""

    def _with_error(self, atoms: Atoms, values: Any) -> Any:
        raise MemoryError("no room")


@pytest.mark.parametrize("model", [Falling, Vanishing])
def test_a_model_that_explodes_is_a_row(model: type[Analytic]) -> None:
    found = rows(model(ARGON), *argon())
    values, missing = scores(found), reasons(found)
    failures = values["failures", "share"]
    assert (failures.value, failures.high) == (1, 1)
    assert failures.low == pytest.approx(0.025**0.5)
    assert values["lifetime_lost", "share"].value > 0.9
    assert missing["nve_drift"].kind == "diverged"
    assert "no trajectory lived beyond the equilibration" in missing["radial_distribution"].message
    assert missing.keys() >= {"angle_distribution", "vibrational_spectrum"}
    assert any("survival, 40 K (2 " in c.name for c in found if isinstance(c, Curve))


def test_an_error_is_a_row_of_its_kind() -> None:
    found = rows(Failing(ARGON), *argon())
    assert {m.quantity: m.kind for m in found} == dict.fromkeys(
        ["40 K, NVE", "40 K, trajectory 0", "40 K, trajectory 1"], "out of memory"
    )


def test_words_and_lengths_that_make_no_sense_are_refused() -> None:
    with pytest.raises(LookupError, match=r"'protocol' of md has no keyword 'frame'.* did you mean 'frames'"):
        rows(Analytic(ARGON), *argon(), protocol={"frame": 3})
    with pytest.raises(ValueError, match="at least one temperature and one trajectory, of a positive length"):
        rows(Analytic(ARGON), *argon(), n_trajectories=0)


def test_stopping_is_no_failure() -> None:
    found = rows(Analytic(ARGON), *argon(), protocol={"max_seconds": 0.0})
    values, missing = scores(found), reasons(found)
    assert (values["failures", "share"].value, values["failures", "share"].high) == (0, 1)
    assert values["failures", "share"].trials is None, "their fate is not known"
    assert missing["nve_drift"].kind == "skipped"
    assert "limit of wall time" in missing["radial_distribution"].message


def test_a_finished_piece_is_not_done_again(tmp_path: Path) -> None:
    with checkpoint.keep_in(tmp_path):
        first = rows(Analytic(ARGON), *argon(), picoseconds=0.4)
        again = rows(Failing(ARGON), *argon(), picoseconds=0.4)
    assert first == again
    assert (
        len(list(tmp_path.iterdir())) == 6
    )  # NVE, two of the model's, two of the reference's, time of one alone


def test_a_killed_run_goes_on_at_its_last_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of two: the first is kept, the second is run again as a whole and gives the same rows."""
    monkeypatch.setattr(bulk_dynamics, "MOST_ATOMS", 8)
    changed = {"picoseconds": 0.2, "n_trajectories": 3}
    with checkpoint.keep_in(tmp_path):
        first = rows(Analytic(ARGON), *argon(), **changed)
        (kept,) = tmp_path.glob("40_K_trajectory_2-*")
        kept.unlink()
        sizes: list[int] = []

        class Counting(Analytic):
            def _evaluate(self, inputs: Any) -> Labels:
                sizes.append(len(inputs))
                return super()._evaluate(inputs)

        again = rows(Counting(ARGON), *argon(), **changed)
    assert set(sizes) == {1}
    assert len(sizes) == 51  # steps and the start
    untimed = [[r for r in run if getattr(r, "metric", "") not in TIMES] for run in (first, again)]
    assert untimed[0] == untimed[1]


# ---------------------------------------------------------------- frames of a temperature as the reference
def peroxide() -> tuple[Dataset, Split]:
    """Springs' hydrogen peroxide at 100 and 300 K."""
    frames: list[Atoms] = []
    temperatures: list[float] = []
    for temperature in (100.0, 300.0):
        for seed in range(2):
            run = dynamics(Network(), PEROXIDE, temperature, 300, 0.5, 0.02, 5, seed=seed)
            frames += [Atoms(PEROXIDE.numbers, x) for x in run.positions[20:]]
        temperatures += [temperature] * (len(frames) - len(temperatures))
    columns = {"temperature": np.array(temperatures), "group": np.array([f"{t}" for t in temperatures])}
    data = Dataset("peroxide", frames, Labels(np.zeros(len(frames))), columns, {}, {"H": 0.0, "O": 0.0})
    return data, Split(np.arange(10), {"test": np.arange(10, 20)})


def test_molecules_are_compared_with_the_frames_of_their_temperature() -> None:
    short = {"timestep": 0.5, "picoseconds": 0.15, "nve_picoseconds": 0, "protocol": {"friction": 0.02}}
    found = rows(Analytic(f"{__name__}:Network"), *peroxide(), temperatures=(100.0, 200.0), **short)
    at = {t: [r for r in found if getattr(r, "test", "") == t] for t in ("100 K", "200 K")}
    values, missing = scores(at["100 K"]), reasons(at["200 K"])
    assert values["failures", "share"].value == 0
    assert values["bond_distribution", "wasserstein"].value < 0.02  # Å
    assert values["torsion_distribution", "wasserstein"].unit == "°"
    assert "no spectrum" in reasons(at["100 K"])["vibrational_spectrum"].message
    assert "neither frames nor a potential for 200 K" in missing["bond_distribution"].message
    curve = next(c for c in found if isinstance(c, Curve) and c.name == "radial H-O, 100 K")
    assert np.sum(curve.y) * 0.05 == pytest.approx(1)
