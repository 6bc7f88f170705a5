"""Every way of tampering with results is refused, with its reason; honest ones hold."""

from __future__ import annotations

import copy
import hashlib
import json
import pickle
import shutil
import zipfile
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from example_mutations import places
from example_submission import (
    SUITE,
    document_file,
    edit,
    edit_predictions,
    repack,
    rewrite,
    under_its_id,
)

from mlffbench.harness.documents.score_rows import score_rows
from mlffbench.harness.documents.store import Store
from mlffbench.harness.submissions import evidence, numbers, verification
from mlffbench.harness.submissions.entry import read_entry
from mlffbench.harness.submissions.evidence import Evidence
from mlffbench.harness.submissions.pack import pack
from mlffbench.harness.submissions.verification import entry_refusals, verify

EDITED = "edited afterwards"


@pytest.fixture(autouse=True, scope="module")
def audits_once():
    """Audit each split for leaks once: all tests have the same data."""
    audit, made = evidence.leakage, {}

    def once(dataset, split):
        key = dataset.digest, split.digest
        if key not in made:
            made[key] = audit(dataset, split)
        return copy.deepcopy(made[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evidence, "leakage", once)
        yield


@pytest.fixture(autouse=True, scope="module")
def scores_once():
    """Compute the errors of the same predictions once: most tests change the documents alone."""
    compute, made = numbers.score, {}

    def once(*arguments):
        key = hashlib.sha256(pickle.dumps(arguments)).digest()
        if key not in made:
            made[key] = compute(*arguments)
        return list(made[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbers, "score", once)
        yield


@pytest.fixture
def folder(honest_results, tmp_path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(honest_results, tmp_path / "small"))


def first_error(file: Path) -> int:
    """Number of the first score that is an error on a test group."""
    scores = json.loads(file.read_text())["scores"]
    return next(i for i, score in enumerate(scores) if not score["task"])


def task_number(file: Path) -> int:
    scores = json.loads(file.read_text())["scores"]
    return next(i for i, score in enumerate(scores) if score["task"].startswith("physics"))


def test_honest_results_hold(honest_results, tmp_path):
    found = verify(honest_results, fetch=False)
    assert found.refusals == []
    assert (found.cases, found.failed) == (12, 2)
    archive = pack(honest_results, tmp_path / "small.zip").archive
    assert verify(archive, fetch=False).holds
    suite = tmp_path / "published.yaml"
    suite.write_text(SUITE)
    assert verify(archive, suite, fetch=False).holds


@pytest.mark.parametrize("revision", [None, "0123456789" * 4, "0123456789" * 4 + "+changes"])
def test_revisions_of_git_and_of_installed_packages_hold(folder, revision):
    for file in folder.glob("*-*.json"):
        edit(file, True, "provenance", "revision", revision)
    assert verify(folder, fetch=False).refusals == []


# ---------------------------------------------------------------- forgeries of documents
def edited_score(folder):
    file = document_file(folder, "lennard_jones")
    edit(file, False, "scores", first_error(file), "value", 1e-4)
    return "seal", EDITED


def edited_score_new_seal(folder):
    file = document_file(folder, "lennard_jones")
    edit(file, True, "scores", first_error(file), "value", 1e-4)
    return "scores", "is 0.0001 in the document"


def edited_interval(folder):
    file = document_file(folder, "lennard_jones")
    edit(file, True, "scores", first_error(file), "low", 1e-9)
    return "scores", "has the interval"


def edited_unit(folder):
    file = document_file(folder, "lennard_jones")
    edit(file, True, "scores", first_error(file), "unit", "meV")
    return "scores", "is in 'meV', not in eV"


def edited_task_number(folder):
    file = document_file(folder, "lennard_jones")
    edit(file, False, "scores", task_number(file), "value", 0.0)
    return "seal", EDITED


def edited_time(folder):
    edit(document_file(folder, "lennard_jones"), False, "timings", "fit", "seconds", 0.01)
    return "seal", EDITED


def lost_score(folder):
    file = document_file(folder, "lennard_jones")
    document = json.loads(file.read_text())
    del document["scores"][first_error(file)]
    rewrite(file, document, with_seal=True)
    return "scores", "1 of its errors are left out"


def added_score(folder):
    file = document_file(folder, "lennard_jones")
    document = json.loads(file.read_text())
    new = {**document["scores"][first_error(file)], "test": "an easy group", "value": 0.0}
    rewrite(file, {**document, "scores": [*document["scores"], new]}, with_seal=True)
    return "scores", "follow from no predictions"


def no_number(folder):
    file = document_file(folder, "lennard_jones")
    edit(file, True, "scores", task_number(file), "value", None)
    return "scores", "1 scores are no finite numbers"


def not_a_number(folder):
    file = document_file(folder, "lennard_jones")
    edit(file, True, "scores", first_error(file), "value", float("nan"))
    return "document", "cannot be read"


def older_schema(folder):
    edit(document_file(folder, "lennard_jones"), True, "schema", 1)
    return "document", "it has schema 1"


def newer_schema(folder):
    edit(document_file(folder, "lennard_jones"), True, "schema", 99)
    return "document", "update mlffbench"


def other_split(folder):
    edit(document_file(folder, "lennard_jones"), True, "case", "split", "params", "n_train", 6)
    return "id", "are those of the case lennard_jones-"


def other_split_new_id(folder):
    file = document_file(folder, "lennard_jones")
    edit(file, True, "case", "split", "params", "n_train", 6)
    under_its_id(file)
    return "split", "'digest' of its split"


def other_split_digest(folder):
    edit(document_file(folder, "lennard_jones"), True, "split", "digest", "0" * 64)
    return "split", "'digest' of its split is 000"


def hidden_leak(folder):
    edit(document_file(folder, "lennard_jones"), True, "split", "leaks", "n_near", 5)
    return "split", "'leaks' of its split"


def smaller_training_set(folder):
    edit(document_file(folder, "lennard_jones"), True, "split", "n_train", 4)
    return "split", "'n_train' of its split is 4, ours 8"


def edited_data_digest(folder):
    edit(document_file(folder, "lennard_jones"), True, "case", "data_digest", "0" * 64)
    return "id", "are those of the case"


def other_data(folder):
    file = document_file(folder, "lennard_jones")
    edit(file, True, "case", "data_digest", "0" * 64)
    under_its_id(file)
    return "data", "have the digest 000000000000"


def other_columns(folder):
    edit(document_file(folder, "lennard_jones"), True, "inputs", "columns", "group", "0" * 16)
    return "data", "the column 'group' of its data is not ours"


def other_isolated_atoms(folder):
    edit(document_file(folder, "lennard_jones"), True, "inputs", "atomic_energies", "0" * 16)
    return "data", "the atomic energies of its data are not ours"


def swapped_method(folder):
    edit(document_file(folder, "lennard_jones"), True, "case", "estimator", "name", "morse")
    return "id", "are those of the case morse-"


def swapped_method_new_id(folder):
    file = document_file(folder, "lennard_jones")
    edit(file, True, "case", "estimator", "name", "sgdml")
    under_its_id(file)
    return "method", "its model is of the family"


def swapped_documents(folder):
    """The better document under the name and case of the worse: id, label and suite are right."""
    better, worse = document_file(folder, "sgdml"), document_file(folder, "atomic_reference")
    named = json.loads(worse.read_text())
    document = json.loads(better.read_text())
    forged = {**document, "id": named["id"], "case": named["case"]}
    rewrite(worse, forged, with_seal=True)
    shutil.copy(folder / "predictions" / f"{better.stem}.npz", folder / "predictions" / f"{worse.stem}.npz")
    return "method", "its model is of the family"


def swapped_predictions(folder):
    first, second = (document_file(folder, name) for name in ("sgdml", "lennard_jones"))
    shutil.copy(folder / "predictions" / f"{first.stem}.npz", folder / "predictions" / f"{second.stem}.npz")
    return "predictions", "are not those that the document names"


def changed_seed(folder):
    edit(document_file(folder, "lennard_jones"), True, "case", "seed", 1)
    return "id", "are those of the case"


def luckier_seed(folder):
    """The results of seed 1 under the id and case of seed 0."""
    there, here = (document_file(folder, "sgdml", seed=seed) for seed in (1, 0))
    named = json.loads(here.read_text())
    rewrite(here, {**json.loads(there.read_text()), "id": named["id"], "case": named["case"]}, with_seal=True)
    shutil.copy(folder / "predictions" / f"{there.stem}.npz", folder / "predictions" / f"{here.stem}.npz")
    return "method", "its model was made with random_state=1, the case says 0"


def foreign_code(folder):
    file = document_file(folder, "lennard_jones")
    edit(file, True, "case", "estimator", {"name": "os:system", "params": {"command": "touch forged"}})
    under_its_id(file)
    return "method", "is code of another package"


def dropped_failure(folder):
    document_file(folder, "sgdml", "lennard_jones").unlink()
    return "suite", "1 of the 12 cases of suite.yaml are missing"


def dropped_seed(folder):
    for dataset in ("lennard_jones", "malonaldehyde"):
        document_file(folder, "atomic_reference", dataset, seed=1).unlink()
    return "suite", "2 of the 12 cases of suite.yaml are missing"


def dropped_row(folder):
    """The suite is edited as well; the documents of the row stay."""
    kept = folder / "suite.yaml"
    kept.write_text(kept.read_text().replace("  - lennard_jones\n", ""))
    return "suite", "no suite here has this case"


def no_suite(folder):
    (folder / "suite.yaml").unlink()
    return "suite", "there is no suite"


def added_case(folder):
    file = document_file(folder, "lennard_jones")
    other = shutil.copy(file, folder / "copy.json")
    edit(Path(other), True, "case", "seed", 7)
    under_its_id(Path(other))
    return "suite", "no suite here has this case"


def other_label(folder):
    edit(document_file(folder, "lennard_jones"), True, "case", "label", "our new method")
    return "suite", "it is called 'our new method'"


def dropped_metric(folder):
    file = document_file(folder, "lennard_jones")
    document = json.loads(file.read_text())
    scores = [score for score in document["scores"] if score["metric"] != "mae"]
    case = {**document["case"], "metrics": ["rmse"]}
    rewrite(file, {**document, "case": case, "scores": scores}, with_seal=True)
    return "suite", "the suite asks for mae"


def dropped_task(folder):
    file = document_file(folder, "lennard_jones")
    document = json.loads(file.read_text())
    parts = {
        part: [row for row in document[part] if not row["task"].startswith("physics")]
        for part in ("scores", "curves", "task_failures")
    }
    rewrite(file, {**document, **parts}, with_seal=True)
    return "tasks", "the task physics has neither numbers nor the reason why not"


def hidden_test_failure(folder):
    """A group with a bad error is declared as failed."""
    file = document_file(folder, "lennard_jones")
    document = json.loads(file.read_text())
    failure = {"test": "proton_transfer", "kind": "diverged", "message": "", "traceback": ""}
    scores = [s for s in document["scores"] if s["test"] != "proton_transfer"]
    rewrite(file, {**document, "test_failures": [failure], "scores": scores, "profiles": {}}, with_seal=True)
    return "predictions", "belongs to no test group that was predicted"


def failure_with_scores(folder):
    document = json.loads(document_file(folder, "lennard_jones").read_text())
    edit(document_file(folder, "sgdml", "lennard_jones"), True, "scores", document["scores"])
    return "outcome", "it failed, and has scores"


def success_without_scores(folder):
    file = document_file(folder, "sgdml", "lennard_jones")
    edit(file, True, "status", "ok")
    return "outcome", "its status is 'ok', with a failure"


def no_provenance(folder):
    edit(document_file(folder, "lennard_jones"), True, "provenance", {})
    return "provenance", "it lacks date, python, platform, machine.cpu"


def no_packages(folder):
    edit(document_file(folder, "lennard_jones"), True, "provenance", "packages", {"numpy": "2.4"})
    return "provenance", "it lacks packages.mlffbench"


def no_revision(folder):
    file = document_file(folder, "lennard_jones")
    document = json.loads(file.read_text())
    del document["provenance"]["revision"]
    rewrite(file, document, with_seal=True)
    return "provenance", "it lacks revision"


def other_revision(folder):
    edit(document_file(folder, "lennard_jones"), True, "provenance", "revision", "the newest one")
    return "provenance", "its revision is 'the newest one', which is no commit"


def absent_lock(folder):
    lock = {"name": "other", "lock": "0" * 64}
    edit(document_file(folder, "lennard_jones"), True, "provenance", "environment", lock)
    return "provenance", "is not there"


def edited_lock(folder):
    absent_lock(folder)
    (folder / "environments").mkdir()
    (folder / "environments" / f"{'0' * 64}.txt").write_text("numpy==2.4\n")
    return "provenance", "was edited"


def edited_profile(folder):
    path = ("profiles", "proton_transfer", "energy_predicted", 3)
    edit(document_file(folder, "lennard_jones"), True, *path, 0.0)
    return "profiles", "its energies along 'proton_transfer'"


def fewer_frames_timed(folder):
    path = ("timings", "predict", "test_300K", "n_atoms")
    edit(document_file(folder, "lennard_jones"), True, *path, 10_000)
    return "predictions", "its times of 'test_300K' are of 10000 atoms"


# ---------------------------------------------------------------- forgeries of predictions
def nearer(arrays):
    arrays["test_300K/forces_predicted"] = 0.5 * (
        arrays["test_300K/forces_predicted"] + arrays["test_300K/forces_true"]
    )


def edited_prediction(folder):
    edit_predictions(document_file(folder, "lennard_jones"), nearer, with_digest=False)
    return "predictions", "are not those that the document names"


def edited_prediction_new_digest(folder):
    edit_predictions(document_file(folder, "lennard_jones"), nearer)
    return "scores", "from its predictions"


def edited_labels(folder):
    """Labels that the predictions meet: errors and intervals follow from them."""
    file = document_file(folder, "lennard_jones")
    edit_predictions(file, lambda a: a.update({"test_300K/forces_true": a["test_300K/forces_predicted"]}))
    return "predictions", "'test_300K/forces_true' beside its predictions is not that of our data"


def infinite_prediction(folder):
    def change(arrays):
        arrays["test_300K/energy_predicted"][0] = np.inf

    edit_predictions(document_file(folder, "lennard_jones"), change)
    return "predictions", "its predicted energy of 'test_300K' are not all finite"


def skipped_hard_frames(folder):
    """Forces of some labelled frames are left out."""

    def change(arrays):
        arrays["test_300K/forces_predicted"][:9] = np.nan

    edit_predictions(document_file(folder, "lennard_jones"), change)
    return "scores", "cannot be computed from its predictions: forces predicted for"


def skipped_hard_group(folder):
    """No forces at all for one group."""
    edit_predictions(document_file(folder, "lennard_jones"), lambda a: a.pop("test_300K/forces_predicted"))
    return "predictions", "none of 'test_300K', which has labels"


def fewer_frames(folder):
    def change(arrays):
        for name in [name for name in arrays if name.startswith("test_300K/")]:
            arrays[name] = arrays[name][9 if "forces" in name else 1 :]  # malonaldehyde has nine atoms

    edit_predictions(document_file(folder, "lennard_jones"), change)
    return "predictions", "frames of test_300K, the document"


def pickled_prediction(folder):
    def change(arrays):
        arrays["test_300K/energy_predicted"] = np.array([Path.home] * 10, dtype=object)

    edit_predictions(document_file(folder, "lennard_jones"), change)
    return "predictions", "cannot be used"


def prediction_bomb(folder):
    edit_predictions(document_file(folder, "lennard_jones"), lambda a: a.update(zeros=np.zeros(30_000_000)))
    return "predictions", "would unpack"


def no_predictions(folder):
    (folder / "predictions" / f"{document_file(folder, 'lennard_jones').stem}.npz").unlink()
    return "predictions", "are not there"


def orphaned_predictions(folder):
    file = folder / "predictions" / f"{document_file(folder, 'lennard_jones').stem}.npz"
    shutil.copy(file, file.with_name("a-1.npz"))
    return "predictions", "belong to no document"


def linked_predictions(folder):
    file = folder / "predictions" / f"{document_file(folder, 'lennard_jones').stem}.npz"
    real = file.rename(folder.parent / "elsewhere.npz")
    file.symlink_to(real)
    return "predictions", "are not there"


def linked_document(folder):
    file = document_file(folder, "lennard_jones")
    real = shutil.move(file, folder.parent / file.name)
    file.symlink_to(real)
    return "files", "is a link"


TAMPERED = [
    edited_score, edited_score_new_seal, edited_interval, edited_unit, edited_task_number, edited_time,
    lost_score, added_score, no_number, not_a_number, older_schema, newer_schema, other_split,
    other_split_new_id, other_split_digest, hidden_leak, smaller_training_set, edited_data_digest, other_data,
    other_columns, other_isolated_atoms, swapped_method, swapped_method_new_id, swapped_documents,
    swapped_predictions, changed_seed, luckier_seed, foreign_code, dropped_failure, dropped_seed, dropped_row,
    no_suite, added_case, other_label, dropped_metric, dropped_task, hidden_test_failure, failure_with_scores,
    success_without_scores, no_provenance, no_packages, no_revision, other_revision, absent_lock, edited_lock,
    edited_profile, fewer_frames_timed, edited_prediction, edited_prediction_new_digest, edited_labels,
    infinite_prediction, skipped_hard_frames, skipped_hard_group, fewer_frames, pickled_prediction,
    prediction_bomb, no_predictions, orphaned_predictions, linked_predictions, linked_document,
]  # fmt: skip


@pytest.mark.parametrize("tamper", TAMPERED, ids=lambda tamper: tamper.__name__)
def test_tampering_is_refused_with_its_reason(folder, tamper):
    check, reason = tamper(folder)
    found = verify(folder, fetch=False)
    said = [refusal.reason for refusal in found.refusals if refusal.check == check]
    assert any(reason in text for text in said), found.refusals
    assert not found.holds


def test_a_smaller_suite_is_seen_beside_the_published_one(folder, tmp_path):
    """Row, documents and predictions are gone, the suite beside them is edited: nothing contradicts."""
    published = tmp_path / "published.yaml"
    published.write_text(SUITE)
    for dataset in ("lennard_jones", "malonaldehyde"):
        for seed in (0, 1):
            file = document_file(folder, "sgdml", dataset, seed)
            (folder / "predictions" / f"{file.stem}.npz").unlink(missing_ok=True)
            file.unlink()
    kept = folder / "suite.yaml"
    kept.write_text(kept.read_text().replace("  - sgdml: {sigma: 20}\n", ""))
    assert verify(folder, fetch=False).holds
    (refusal,) = verify(folder, published, fetch=False).refusals
    assert "4 of the 12 cases of published.yaml are missing" in refusal.reason


def test_trusted_code_is_not_used(folder, stranger, monkeypatch):
    monkeypatch.setenv("MLFFBENCH_TRUST", stranger.name)
    file = document_file(folder, "lennard_jones")
    edit(file, True, "case", "dataset", {"name": f"{stranger.name}:Model", "params": {}})
    under_its_id(file)
    assert not verify(folder, fetch=False).holds
    assert stranger.marks == []


def test_results_of_another_device_are_those_of_the_suite(folder):
    """``run --device`` adds the device to the methods that have one, and so to the ids."""
    file = document_file(folder, "sgdml")
    edit(file, True, "case", "estimator", "params", {"sigma": 20, "device": "cpu"})
    under_its_id(file)
    assert verify(folder, fetch=False).refusals == []


# ---------------------------------------------------------------- archives
def changed_file(members):
    name = next(name for name in members if name.startswith("lennard_jones-"))
    members[name] = members[name].replace(b'"value": 0.', b'"value": 0.0')
    return "its content is not the one on the list of digests"


def removed_file(members):
    del members[next(name for name in members if name.startswith("sgdml-"))]
    return "is on the list of digests, SHA256SUMS, and is not there"


def added_file(members):
    members["a-1.json"] = b"{}"
    return "it was added later"


def without_digests(members):
    del members["SHA256SUMS"]
    return "lacks the list of digests"


def kept_model(members):
    members["models/a-1.mlff"] = b"x"
    return "which is no file of a submission"


def climbing_path(members):
    members["../../a.json"] = b"{}"
    return "which is no file of a submission"


def absolute_path(members):
    members["/tmp/a.json"] = b"{}"
    return "which is no file of a submission"


def bomb(members):
    members["b-1.json"] = b" " * 100_000_000
    return "would unpack"


ARCHIVES = [
    changed_file, removed_file, added_file, without_digests, kept_model, climbing_path, absolute_path, bomb,
]  # fmt: skip


@pytest.mark.parametrize("change", ARCHIVES, ids=lambda change: change.__name__)
def test_a_changed_archive_is_refused(honest_results, tmp_path, change):
    archive = pack(honest_results, tmp_path / "honest.zip").archive
    reasons = []
    forged = repack(archive, tmp_path / "forged.zip", lambda members: reasons.append(change(members)))
    said = [refusal.reason for refusal in verify(forged, fetch=False).refusals]
    assert any(reasons[0] in text for text in said), said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["forged.zip", "honest.zip"]


def test_what_is_no_archive_is_refused(tmp_path):
    file = tmp_path / "a.zip"
    file.write_bytes(b"PK\3\4 no archive")
    (refusal,) = verify(file).refusals
    assert "is no zip archive" in refusal.reason
    with zipfile.ZipFile(file, "w"):
        """No member."""
    assert "lacks the list of digests" in verify(file).refusals[0].reason
    with pytest.raises(FileNotFoundError):
        verify(tmp_path / "none.zip")


# ---------------------------------------------------------------- every leaf of a document
def leaves(value, path=()):
    for place in places(value):
        inside = value
        for key in place:
            inside = inside[key]
        a_sum = place[0] == "clusters" and isinstance(place[-1], int)
        like_others = a_sum and place[-1] not in (0, 7)  # two clusters stand for all
        if not isinstance(inside, dict | list) and not like_others:
            yield place, inside


def another(value):
    """A value of the same type that is not this one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value * 2 + 1
    return "other" if value is None else f"{value}x"


def with_leaf(document, place, value):
    """The document with another leaf; the parts beside the way to it are shared."""
    changed = copy.copy(document)
    inside = changed
    for key in place[:-1]:
        inside[key] = copy.copy(inside[key])
        inside = inside[key]
    inside[place[-1]] = value
    return changed


def test_an_edit_of_any_leaf_breaks_the_seal(folder):
    file = document_file(folder, "lennard_jones", "lennard_jones")
    document = json.loads(file.read_text())
    for place, value in leaves(document):
        rewrite(file, with_leaf(document, place, another(value)))
        _, refusals = read_entry(file)
        assert refusals, place


# a forger who renews the seal can change these: nothing but another fit gives them again
UNCHECKED = (
    "task", "curves", "conditions", "task_failures", "history", "timings.fit", "timings.case",
    "prepare_seconds", "evaluate_seconds", "peak_memory_mb", "peak_gpu_memory_mb", "model", "kept_model",
    "provenance", "reference", "training.frames", "training.ignored", "dataset.card", "dataset.warnings",
    "label", "case.suite", "case.resources", "inputs.files",
)  # fmt: skip


def first_refusal(check, refusals):
    """Add the first refusal of a check, unless another check has refused already."""
    if not refusals:
        refusals += islice(check(), 1)


def test_with_a_new_seal_only_what_a_fit_alone_can_give_is_believed(folder, monkeypatch):
    """Every leaf but those of tasks is edited, one at a time; errors on test groups cannot be changed."""
    monkeypatch.setattr(verification, "_take", first_refusal)
    file = document_file(folder, "lennard_jones")
    document = json.loads(file.read_text())
    keep = [s for s in document["scores"] if not s["task"]]
    rewrite(file, {**document, "curves": document["curves"][:1]}, with_seal=True)
    evidence, shown = Evidence(fetch=False), errors_of(file)
    assert len(shown) == len(keep)
    accepted = []
    for place, value in leaves(document):
        own = place[:1] == ("scores",) and document["scores"][place[1]]["task"]
        if own or place[0] in ("curves", "seal"):
            continue
        if place[0] == "scores" and place[1] > 3 and place[2] not in ("value", "low"):
            continue  # names and units of the others are as those of the first
        rewrite(file, with_leaf(document, place, another(value)), with_seal=True)
        entry, refusals = read_entry(file)
        if not refusals and entry is not None:
            refusals = entry_refusals(entry, folder, evidence)
        if not refusals:
            accepted.append(".".join(map(str, place)))
            assert errors_of(file) == shown, place
    assert [name for name in accepted if not any(part in name for part in UNCHECKED)] == []


def errors_of(file: Path) -> list[tuple]:
    """Errors on test groups as tables and pages show them."""
    document = Store(file.parent).load(file.stem)
    return [row for row in score_rows(document or {"scores": []}) if not row[0]]
