"""Packed predictions: every bit where there is room, else rounded errors whose effect is bounded."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest
from example_documents import outcome
from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.data import Labels
from mlffbench.harness.documents.prediction_pack import PredictionPack, write_pack
from mlffbench.harness.documents.predictions import pack, unpack
from mlffbench.harness.documents.store import Store

N_FRAMES, N_ATOMS = 200, 9


def arrays(error: float, seed: int = 0) -> dict[str, np.ndarray]:
    """Labels of one test group, the same for all; normal errors of the forces, shifted ones of the energy."""
    truth, own = np.random.default_rng(0), np.random.default_rng([seed, int(1e6 * error)])
    forces = truth.normal(size=(N_FRAMES, N_ATOMS, 3))
    energy = truth.normal(size=N_FRAMES) - 7000.0
    predicted = Labels(
        energy=energy + 0.3 + error * own.normal(size=N_FRAMES),
        forces=tuple(forces + error * own.normal(size=forces.shape)),
    )
    return pack("T", [N_ATOMS] * N_FRAMES, Labels(energy=energy, forces=tuple(forces)), predicted)


def document(label: str, seed: int = 0) -> dict:
    tests = {"digest": "s", "n_train": 1, "tests": {"T": N_FRAMES}, "in_domain": "T"}
    return outcome(label, seed=seed) | {
        "split": tests,
        "predictions": f"{label}{seed}",
        "id": f"{label}-{seed}",
    }


DOCUMENTS = [document(label, seed) for label in ("good", "bad") for seed in (0, 1)]
ARRAYS = {d["id"]: arrays(0.01 if "good" in d["id"] else 0.2, d["case"]["seed"]) for d in DOCUMENTS}


def rms(values: dict[str, np.ndarray], name: str) -> float:
    return float(np.sqrt(np.mean((values[f"T/{name}_predicted"] - values[f"T/{name}_true"]) ** 2)))


def test_with_room_every_bit_is_kept_and_labels_are_stored_once(tmp_path):
    packed = write_pack(tmp_path / "p.zip", DOCUMENTS, ARRAYS.get, 10**8)
    assert packed.steps is None
    assert packed.ids == [d["id"] for d in DOCUMENTS]
    for one in DOCUMENTS:
        read = PredictionPack(tmp_path / "p.zip").arrays(one)
        assert read.keys() == ARRAYS[one["id"]].keys()
        assert all(np.array_equal(read[name], array) for name, array in ARRAYS[one["id"]].items())
    sizes = [info.file_size for info in zipfile.ZipFile(tmp_path / "p.zip").infolist()]
    forces = 8 * N_FRAMES * N_ATOMS * 3
    assert sum(size > forces for size in sizes) == len(DOCUMENTS) + 1  # those of each case, and the truth


@pytest.mark.parametrize(("limit", "steps"), [(60_000, 256), (50_000, 64), (44_000, 16)])
def test_errors_are_rounded_until_they_fit_and_their_spread_stays(tmp_path, limit, steps):
    packed = write_pack(tmp_path / "p.zip", DOCUMENTS, ARRAYS.get, limit)
    assert (packed.steps, packed.left_out) == (steps, [])
    assert packed.size == (tmp_path / "p.zip").stat().st_size <= limit
    for one in DOCUMENTS:
        read, exact = PredictionPack(tmp_path / "p.zip").arrays(one), ARRAYS[one["id"]]
        for name in ("forces", "energy"):
            errors = [a[f"T/{name}_predicted"] - a[f"T/{name}_true"] for a in (read, exact)]
            # rounding to steps s adds s²/12 to the mean square, and noise that falls with the number
            noise = 1 / (12**0.5 * steps * errors[1].size ** 0.5)
            assert rms(read, name) == pytest.approx(rms(exact, name), rel=4 * noise + 1 / (24 * steps**2))
            assert np.abs(errors[0] - errors[1]).max() <= 0.51 * errors[1].std() / steps
        assert unpack(read, "T")[0] == [N_ATOMS] * N_FRAMES


def test_without_room_the_first_seed_is_kept_and_then_nothing(tmp_path):
    packed = write_pack(tmp_path / "p.zip", DOCUMENTS, ARRAYS.get, 41_000)
    assert packed.ids == ["good-0", "bad-0"]
    assert packed.left_out == ["good-1", "bad-1"]
    before = (tmp_path / "p.zip").read_bytes()
    with pytest.raises(ValueError, match=r"do not fit into 0\.01 MB"):
        write_pack(tmp_path / "p.zip", DOCUMENTS, ARRAYS.get, 10_000)
    with pytest.raises(ValueError, match="no predictions to pack"):
        write_pack(tmp_path / "p.zip", DOCUMENTS, {}.get, 10_000)
    assert (tmp_path / "p.zip").read_bytes() == before


def test_arrays_that_cannot_be_rounded_are_kept_whole(tmp_path):
    odd = arrays(0.1)
    odd["T/energy_predicted"] = odd["T/energy_true"].copy()  # no error at all
    odd["T/forces_predicted"][3, 1] = np.nan
    odd["T/energy_std_predicted"] = np.full(N_FRAMES, 1e-9)
    write_pack(tmp_path / "p.zip", DOCUMENTS[:1], {"good-0": odd}.get, 75_000)
    read = PredictionPack(tmp_path / "p.zip").arrays(DOCUMENTS[0])
    assert PredictionPack(tmp_path / "p.zip").steps == 256
    assert np.array_equal(read["T/energy_predicted"], odd["T/energy_true"])
    assert np.array_equal(read["T/energy_std_predicted"], odd["T/energy_std_predicted"])
    assert np.allclose(read["T/forces_predicted"], odd["T/forces_predicted"], rtol=1e-6, equal_nan=True)


def test_equal_predictions_are_equal_bytes_and_other_fits_are_not_used(tmp_path):
    for name in ("a.zip", "b.zip"):
        write_pack(tmp_path / name, DOCUMENTS, ARRAYS.get, 100_000)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    again = DOCUMENTS[0] | {"predictions": "of another fit"}
    assert PredictionPack(tmp_path / "a.zip").arrays(again) is None
    assert PredictionPack(tmp_path / "a.zip").arrays(document("other")) is None


def test_a_damaged_pack_is_set_aside_with_its_reason(tmp_path):
    store = Store(tmp_path)
    store.save(DOCUMENTS[0], ARRAYS["good-0"])
    write_pack(store.pack_path, store.documents(), store.predictions, 10**8)
    store.predictions_path("good-0").unlink()
    whole = store.pack_path.read_bytes()
    assert Store(tmp_path).predictions("good-0").keys() == ARRAYS["good-0"].keys()
    for damaged in (b"", b"no zip", whole[: len(whole) // 2], whole[:200] + b"\0\0\0\0" + whole[204:]):
        store.pack_path.write_bytes(damaged)
        fresh = Store(tmp_path)
        assert fresh.predictions("good-0") is None
        assert "damaged" in fresh.set_aside[fresh.pack_path]


def test_report_and_score_read_the_pack_of_a_clone(tmp_path):
    folder = tmp_path / "results"
    store = Store(folder)
    for one in DOCUMENTS:
        store.save(one, ARRAYS[one["id"]])
    call = lambda *words: CliRunner().invoke(app, [*map(str, words)])
    done = call("results", "pack", folder, "--most", "44 kB", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["steps"] == 16
    for file in (folder / "predictions").iterdir():
        file.unlink()
    assert "No stored predictions" not in _report(call, folder)
    assert "alone has the predictions of 4 cases" in call("results", "pack", folder).output
    before = Store(folder).load("bad-0")
    done = call("score", folder, "--metric", "mae")
    assert "; mae added" in " ".join(done.output.split())
    after = Store(folder).load(
        "bad-0"
    )  # rounded predictions change nothing that was computed from exact ones
    assert [row for row in after["scores"] if row["metric"] != "mae"] == before["scores"]
    assert "rounded to 1/16 of their standard deviation" in " ".join(done.output.split())
    value = {
        s["metric"]: s["value"] for s in Store(folder).load("bad-0")["scores"] if s["quantity"] == "forces"
    }
    exact = ARRAYS["bad-0"]
    mae = np.abs(exact["T/forces_predicted"] - exact["T/forces_true"]).mean()
    assert value["mae"] == pytest.approx(mae, rel=1e-3)


def _report(call, folder) -> str:
    done = call("report", folder)
    assert done.exit_code == 0, done.output
    return (folder / "report.html").read_text()
