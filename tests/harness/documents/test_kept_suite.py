"""The suite that a results folder keeps."""

from __future__ import annotations

from mlffbench.data import Spec
from mlffbench.harness.documents.kept_suite import keep_suite, kept_datasets

SUITE = "name: a\nproblems:\n  - dataset: {path: my.xyz}\nestimators: [morse]\n"


def test_the_text_is_kept_as_it_is_under_the_command(tmp_path):
    path = keep_suite(tmp_path, SUITE, "mlffbench run a.yaml\n# x (in /home)")
    assert path.read_text() == f"# ran as: mlffbench run a.yaml # x (in /home)\n{SUITE}"
    assert kept_datasets(tmp_path) == [Spec("path", {"path": "my.xyz"})]


def test_the_same_suite_stays_and_a_changed_one_moves_the_former_aside(tmp_path):
    keep_suite(tmp_path, SUITE, "first")
    keep_suite(tmp_path, (tmp_path / "suite.yaml").read_text(), "second")
    assert (tmp_path / "suite.yaml").read_text().startswith("# ran as: first\n")
    keep_suite(tmp_path, f"{SUITE}seeds: [0, 1]\n", "third")
    keep_suite(tmp_path, SUITE, "fourth")
    assert (tmp_path / "suite.yaml").read_text() == f"# ran as: fourth\n{SUITE}"
    assert (tmp_path / "suite-1.yaml").read_text() == f"# ran as: first\n{SUITE}"
    assert "seeds" in (tmp_path / "suite-2.yaml").read_text()
    assert len(list(tmp_path.iterdir())) == 3


def test_a_link_is_replaced_and_its_target_stays(tmp_path):
    target = tmp_path / "precious.yaml"
    target.write_text(SUITE)
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "suite.yaml").symlink_to(target)
    keep_suite(folder, "name: b\n", "mlffbench run b.yaml")
    assert target.read_text() == SUITE
    assert not (folder / "suite.yaml").is_symlink()


def test_a_folder_without_a_readable_suite_has_no_datasets(tmp_path):
    assert kept_datasets(tmp_path) is None
    for text in ("no: [yaml", "just text", "problems: 3"):
        (tmp_path / "suite.yaml").write_text(text)
        assert not kept_datasets(tmp_path)
    (tmp_path / "suite.yaml").write_bytes(b"\xff\xfe\x00")
    assert kept_datasets(tmp_path) is None
