"""Fits kept between two runs: believed only if they are what this fit would give."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from example_cases import case

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.harness import fit_checkpoint
from mlffbench.harness.case_data import load_dataset
from mlffbench.harness.run import run
from mlffbench.system import checkpoint, fit_name


def computed(folder, **params):
    """Outcome of a case with a task, with checkpoints in a folder."""
    with checkpoint.keep_in(folder):
        outcome, _ = run(case("morse", tasks=[Spec("speed", {"copies": [1]})], **params))
    assert outcome.failure is None, outcome.failure
    return outcome


@pytest.fixture
def kept(tmp_path):
    """A folder with the checkpoint of a fit that took a remarkable time."""
    computed(tmp_path, cutoff=6.0)
    (fit,) = checkpoint.read(tmp_path / "fit.json")
    fit["cost"]["seconds"] = 1234.0
    checkpoint.write(tmp_path / "fit.json", fit)
    return tmp_path


def was_believed(outcome):
    return outcome.timings["fit"]["seconds"] == 1234.0


def test_a_kept_fit_is_used(kept):
    assert was_believed(computed(kept, cutoff=6.0))


DAMAGES = {
    "cut": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "a digit": lambda content: content.replace(b"1234", b"1235"),
    "no text": lambda content: b"\xff" + content,
    "plain": lambda content: b'{"seconds": 1.0, "peak_memory_mb": 1.0, "peak_gpu_memory_mb": null}',
    "another kind": lambda content: _signed(["a", 1]),
    "nothing": lambda content: _signed(None),
}


def _signed(value):
    text = json.dumps(value).encode()
    return hashlib.sha256(text).hexdigest().encode() + b"\n" + text


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_record_means_another_fit(kept, damage):
    file = kept / "fit.json"
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    assert not was_believed(computed(kept, cutoff=6.0))
    assert checkpoint.read(file) is not None


@pytest.mark.parametrize("damage", ["cut", "empty"])
def test_a_damaged_model_means_another_fit(kept, damage):
    file = kept / "model.mlff"
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    assert not was_believed(computed(kept, cutoff=6.0))


@pytest.mark.parametrize("name", ["inputs.json", "fit.json", "model.mlff"])
@pytest.mark.parametrize("instead", [None, Path.mkdir])
def test_a_file_that_is_not_there_means_another_fit(kept, name, instead):
    (kept / name).unlink()
    if instead is not None:
        instead(kept / name)
    assert not was_believed(computed(kept, cutoff=6.0))


@pytest.mark.parametrize("stranger", ["atomic_reference", "morse"])
def test_a_model_of_another_class_or_other_parameters_is_not_taken(kept, stranger):
    dataset = load_dataset(case().dataset)
    params = {"cutoff": 7.0} if stranger == "morse" else {}
    other = registry.make(Spec(stranger, params), ("estimators",)).fit(dataset.frames[:6], dataset.labels[:6])
    other.save(kept / "model.mlff")
    (fit,) = checkpoint.read(kept / "fit.json")
    fit["model"] = fit_checkpoint.Checksum("").of(kept / "model.mlff")
    checkpoint.write(kept / "fit.json", fit)
    outcome = computed(kept, cutoff=6.0)
    assert not was_believed(outcome)
    assert outcome.model["params"]["cutoff"] == 6.0


def test_other_versions_and_parameters_empty_the_folder(kept, monkeypatch):
    assert not was_believed(computed(kept, cutoff=6.5))
    assert checkpoint.read(kept / "fit.json")[0]["cost"]["seconds"] != 1234.0
    (kept / "stale").mkdir()
    (kept / "stale" / "piece.json").write_text("1")
    monkeypatch.setattr(fit_name, "versions", lambda names: {"numpy": "99"})
    computed(kept, cutoff=6.5)
    assert not (kept / "stale").exists()
