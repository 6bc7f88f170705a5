"""The tutorials keep their word: commands, Python and recipes in them run."""

from __future__ import annotations

import doctest
import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml
from ase.build import bulk
from ase.io import read, write
from example_cases import InProcess
from example_clusters import clustered
from example_git import commit_everything_twice
from example_results import results_folder
from example_users_data import alloy
from typer.testing import CliRunner

from mlffbench import registry
from mlffbench.cli import app
from mlffbench.cli.property.catalogue import ELSEWHERE, property_names
from mlffbench.data import Spec
from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.harness.documents.store import Store
from mlffbench.harness.planning.plan import SKIP
from mlffbench.harness.planning.planned_run import plan_run
from mlffbench.harness.planning.read_suite import read_suite
from mlffbench.labelling.recipe import read_recipe

DOCS = Path(__file__).parents[1] / "docs"
DATA = (DOCS / "data.md").read_text(encoding="utf-8")
ESTIMATORS = (DOCS / "estimators.md").read_text(encoding="utf-8")
PRODUCTION = (DOCS / "production.md").read_text(encoding="utf-8")
TASKS = (DOCS / "tasks.md").read_text(encoding="utf-8")
TUNING = (DOCS / "tuning.md").read_text(encoding="utf-8")
RESULTS = (DOCS / "results.md").read_text(encoding="utf-8")
PYTHON = (DOCS / "python.md").read_text(encoding="utf-8")
INSTALL = (DOCS / "install.md").read_text(encoding="utf-8")
SUITES = (DOCS / "suites.md").read_text(encoding="utf-8")
STATISTICS = (DOCS / "statistics.md").read_text(encoding="utf-8")
OVERVIEW = (DOCS / "overview.md").read_text(encoding="utf-8")
ENVIRONMENTS = (DOCS / "environments.md").read_text(encoding="utf-8")


def blocks(language: str, text: str = DATA) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.M | re.S)


def commands() -> list[str]:
    return [line for block in blocks("console") for line in block.splitlines()]


MODELS = (DOCS / "models.md").read_text(encoding="utf-8")


@pytest.fixture
def desk(tmp_path, monkeypatch, shared_data):
    """A folder with the files that the tutorial names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFFBENCH_DATA", str(shared_data))
    data = malonaldehyde()
    frames = []
    for i in range(60):
        atoms = data.frames[i].copy()
        atoms.info["energy"], atoms.arrays["forces"] = data.labels.energy[i], data.labels.forces[i]
        frames.append(atoms)
    write("my_data.xyz", frames, format="extxyz")
    write("train.xyz", frames[:40], format="extxyz")
    write("test.xyz", frames[40:], format="extxyz")
    Path("recipe.yaml").write_text(blocks("yaml")[0])
    return tmp_path


def test_every_command_runs_one_after_the_other(desk):
    assert len(commands()) >= 8
    for command in commands():
        program, *words = shlex.split(command)
        assert program == "mlffbench"
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, f"{command}\n{done.output}\n{done.exception!r}"
    for made in ("malonaldehyde.html", "blocks.json", "clean.json", "work/copper.xyz.gz"):
        assert (desk / made).stat().st_size > 0


def test_the_python_of_the_overview_runs():
    (code,) = blocks("python", OVERVIEW)
    scope: dict = {}
    exec(compile(code, "overview.md", "exec"), scope)
    assert len(scope["prediction"]) == 10
    assert scope["prediction"].energy_std.shape == (10,)
    assert scope["atoms"].get_forces().shape == (9, 3)


def test_the_suite_of_the_overview_is_valid():
    (text,) = blocks("yaml", OVERVIEW)
    assert read_suite(text).name == "my-molecule"


def test_the_statistics_are_as_said():
    scope: dict = {}
    for block in blocks("python", STATISTICS):
        exec(block, scope)
    assert "found" in scope


@pytest.fixture
def shares():
    file = DOCS.parent / "results/statistics/interval_coverage.json"
    return json.loads(file.read_text(encoding="utf-8"))


def test_the_table_of_paired_tests_is_the_one_that_was_measured(shares):
    cases = [of for of_sizes in shares["paired_test"].values() for of in of_sizes.values()]
    for name in cases[0]:
        assert f" | {' | '.join(f'{100 * of[name]:.1f}' for of in cases)} |" in STATISTICS, name
    most = 0.05 + 2 * (0.05 * 0.95 / (shares["repeats"] // 4)) ** 0.5  # two standard errors
    for of in cases:
        assert max(of["size"], of["false rankings of 6"]) <= most
        assert all(0.93 <= of[f"coverage {n} times"] <= 0.97 for n in (2, 5))


def test_the_table_of_seeds_is_the_one_that_was_measured(shares):
    cases = shares["paired_test_of_seeds"].values()
    most = 0.05 + 2 * (0.05 * 0.95 / (shares["repeats"] // 4)) ** 0.5
    for name in ("size", "false rankings", "power 50 %", "coverage"):
        assert f" | {' | '.join(f'{100 * of[name]:.1f}' for of in cases)} |" in STATISTICS, name
    for of in cases:
        assert max(of["size"], of["false rankings"]) <= most
        assert 0.925 <= of["coverage"] <= 0.975


def test_the_table_of_coverage_is_the_one_that_was_measured(shares):
    for name, of_sizes in shares["coverage"].items():
        cells = (f"{100 * of['rmse']:.1f} / {100 * of['mae']:.1f}" for of in of_sizes.values())
        assert f"| {name} | {' | '.join(cells)} |" in STATISTICS
        assert all(0.93 <= share <= 0.97 for of in of_sizes.values() for share in of.values()), name


def test_the_python_runs():
    scope: dict = {}
    for code in blocks("python"):
        exec(compile(code, "data.md", "exec"), scope)
    assert scope["report"].n_twins == 0
    assert not [f for f in scope["findings"] if f.certain]


def test_the_recipe_is_valid(tmp_path):
    (tmp_path / "recipe.yaml").write_text(blocks("yaml")[0])
    assert set(read_recipe(tmp_path / "recipe.yaml").groups) == {"train", "strained"}


def test_the_python_of_estimators_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scope: dict = {}
    for code in blocks("python", ESTIMATORS):
        exec(compile(code, "estimators.md", "exec"), scope)
    assert (scope["prediction"].energy_std > 0).all()
    same, delta = (scope[name].predict(scope["test"]).energy for name in ("same", "delta"))
    assert same.tolist() == delta.tolist()


def test_the_python_of_environments_runs():
    scope: dict = {}
    for code in blocks("python", ENVIRONMENTS):
        exec(compile(code, "environments.md", "exec"), scope)
    assert scope["MyModel"].environment["requirements"][0].startswith("my_framework")


def test_the_estimators_of_the_suites_are_known(monkeypatch):
    monkeypatch.setenv("MLFFBENCH_TRUST", "ase,medium.model")
    pretrained, composite = blocks("yaml", ESTIMATORS)
    for entry in yaml.safe_load(pretrained)["estimators"] + yaml.safe_load(composite)["estimators"]:
        ((name, params),) = ((k, v) for k, v in entry.items() if k != "as")
        registry.build("estimators", name, params)


def test_every_estimator_is_named():
    assert set(registry.names("estimators")) <= set(re.findall(r"`(\w+)`", ESTIMATORS))


def test_the_ways_to_production_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for code in blocks("python", PRODUCTION):
        exec(compile(code, "production.md", "exec"), {})
    (command,) = blocks("console", PRODUCTION)
    for written in tmp_path.glob("copper.[!m]*"):  # by the lines of Python; a command replaces no file
        written.unlink()
    done = CliRunner().invoke(app, shlex.split(command.partition(">")[0])[1:])
    assert done.exit_code == 0, done.output
    commands = [line for line in blocks("lammps", PRODUCTION)[0].splitlines() if line]
    assert commands == [line for line in done.stdout.splitlines() if line and line[0] != "#"]


def test_the_python_and_suites_of_tuning_are_right():
    failed, tried = doctest.testfile(str(DOCS / "tuning.md"), module_relative=False, raise_on_error=True)
    assert (failed, tried) == (0, 9)
    suite, space = (yaml.safe_load(block) for block in blocks("yaml", TUNING))
    (row,) = space
    problem = {"dataset": {"lennard_jones": {"n_train": 2, "n_test": 1}}}
    suite |= {"name": "s", "problems": [problem], "estimators": [*suite["estimators"], row]}
    planned = plan_run(suite)
    labels = ["soap_gpr", "soap_gpr (tuned)", "behler_parrinello (tuned)", "mace (tuned)"]
    assert [case.label for case in planned.cases] == labels


def test_the_python_of_tasks_runs():
    for code in blocks("python", TASKS):
        exec(compile(code, "tasks.md", "exec"), {})


def test_the_tasks_of_the_suite_are_known():
    for entry in yaml.safe_load(blocks("yaml", TASKS)[0])["tasks"]:
        spec = Spec.parse(entry)
        registry.build("tasks", spec.name, spec.params, SKIP["tasks"])


def test_every_task_and_property_is_named():
    named = set(re.findall(r"`(\w+)`", TASKS))
    assert set(registry.names("tasks")) <= named
    modules = {p.stem for p in (DOCS.parent / "mlffbench" / "properties").glob("[a-z]*.py")}
    assert modules <= named, modules - named


def test_every_extra_is_named_with_its_estimators():
    extras = tomllib.loads((DOCS.parent / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    rows = dict(re.findall(r"^\| `([\w-]+)` \| (.*?) \|", INSTALL, flags=re.M))
    assert rows.keys() == extras.keys()
    for name in registry.names("estimators"):
        if extra := registry.load("estimators", name).extra:
            assert f"`{name}`" in rows[extra], name


def test_the_python_of_results_and_runs_runs(tmp_path, monkeypatch):
    (tmp_path / "results").symlink_to(DOCS.parent / "results")
    monkeypatch.chdir(tmp_path)
    scope: dict = {}
    for code in blocks("python", PYTHON):
        exec(compile(code, "python.md", "exec"), scope)
    assert scope["c11"].loc["mace"].notna().all()
    assert len(scope["hot"]) == 5
    assert "begin{tabular}" in scope["latex"]
    assert scope["results"].methods == ["atomic_reference", "lennard_jones"]
    assert scope["results"].failures.empty
    assert scope["table"].columns.tolist()[:3] == ["formula", "n_atoms", "energy"]


def test_the_suite_of_published_errors_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (DOCS / "reproduce.md").read_text(encoding="utf-8")
    (suite,), (command,) = blocks("yaml", text), blocks("console", text)
    Path("toy.yaml").write_text(suite, encoding="utf-8")
    done = CliRunner().invoke(app, shlex.split(command)[1:])
    assert done.exit_code == 0, done.output
    assert "none without a reason" in " ".join(done.output.split())
    assert "training structures" in done.output
    files = {file.name for file in (DOCS.parent / "benchmarks" / "reproduce").iterdir()}
    assert files == set(re.findall(r"`(\w+\.yaml)`", text)) - {"toy.yaml"}


def test_your_own_data_from_the_file_to_the_model(tmp_path, monkeypatch):
    """Every command and the Python of the page; a minute and one method in place of half an hour."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mlffbench.harness.execution.case_queue.CaseProcess", InProcess)
    text = (DOCS / "your_data.md").read_text(encoding="utf-8")
    alloy(tmp_path / "my_data.extxyz", 24)
    write("new_structures.extxyz", [atoms[:] for atoms in read("my_data.extxyz", index=":3")])
    for command in "".join(blocks("console", text)).splitlines():
        words, _, file = command.replace("--budget 30m", "--quick --only atomic_reference").partition(" > ")
        done = CliRunner().invoke(app, shlex.split(words)[1:])
        assert done.exit_code == 0, f"{command}\n{done.output}\n{done.exception!r}"
        if file:
            Path(file).write_text(done.stdout)
    assert len(read("predicted.extxyz", index=":")) == 3
    for code in blocks("python", text):
        exec(compile(code, "your_data.md", "exec"), {})


@pytest.mark.parametrize("file", sorted(DOCS.glob("*.md")), ids=lambda file: file.stem)
def test_links_lead_somewhere(file):
    text = file.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (DOCS / target).exists(), target


def test_every_use_of_a_model_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    crystal = bulk("Cu", a=3.62)
    write("structure.xyz", bulk("Cu", a=3.62, cubic=True))
    write("cu.cif", crystal)
    write("new.extxyz", [crystal, crystal.repeat(2)])
    write("phases.extxyz", [crystal, bulk("Cu", "bcc", a=2.9)])
    results_folder(
        Path("runs/copper"), [Spec("emt_copper", {"n_train": 8, "n_test": 2})], {"morse": Spec("morse")}
    )
    for command in _commands(MODELS):
        done = CliRunner().invoke(app, shlex.split(command)[1:])
        assert done.exit_code == 0, f"{command}\n{done.output}\n{done.exception!r}"
    scope: dict = {}
    for code in blocks("python", MODELS):
        exec(compile(code, "models.md", "exec"), scope)
    assert len(read("md.traj", ":")) == 101
    assert len(read("md.extxyz", ":")) == 11
    assert all("mlff_energy" in atoms.info for atoms in read("predicted.extxyz", ":"))


def _commands(text: str) -> list[str]:
    return [line for block in blocks("console", text) for line in block.splitlines()]


def test_every_property_is_in_a_table_of_models():
    named = set(re.findall(r"`(\w+)`", MODELS))
    assert {*property_names(), *ELSEWHERE} <= named


def test_the_indicators_of_committed_results_are_shown(monkeypatch, capsys):
    monkeypatch.chdir(DOCS.parent)
    text = (DOCS / "results.md").read_text(encoding="utf-8").partition("## Indicators of survival")[2]
    (code,) = blocks("python", text.partition("\n## ")[0])
    exec(compile(code, "results.md", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) == 6
    (command,) = (line for line in _commands(text) if "indicators" in line)
    done = CliRunner().invoke(app, shlex.split(command, comments=True)[1:])
    assert done.exit_code == 0, f"{done.output}\n{done.exception!r}"


def test_the_commands_on_reports_and_comparisons_run(tmp_path, monkeypatch):
    """Two folders of two revisions, one of them committed; what is said of exit codes holds."""
    monkeypatch.chdir(tmp_path)
    rows = (clustered("mace", 0.10), clustered("soap_gpr", 0.05))
    folders = {"runs/before": "7f2d599", "runs/after": "9df5fb7", "runs/laptop": "1", "results/copper": "2"}
    for folder, revision in {**folders, "runs/cluster": "3"}.items():
        for row in rows:
            Store(Path(folder)).save({**row, "provenance": {**row["provenance"], "revision": revision}})
    (tmp_path / "runs/laptop/suite.yaml").write_text(
        "name: demo\nproblems: [{dataset: malonaldehyde}]\nestimators: [mace, soap_gpr]\n"
    )
    commit_everything_twice(tmp_path)
    lines = [line for block in blocks("console", RESULTS) for line in block.splitlines()]
    ran = [
        line for line in lines if line.startswith(("mlffbench report", "mlffbench compare", "mlffbench cite"))
    ]
    assert len(ran) == 12
    for line in ran:
        words = shlex.split(line.partition(" > ")[0], comments=True)[1:]
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, f"{line}\n{done.output}\n{done.exception!r}"


def like(shown: str, printed: str) -> bool:
    """True if the output is the one shown, where three dots stand for anything and widths do not count."""

    def squeezed(text: str) -> list[str]:
        return [re.sub(r"[ ─]+", " ", line).strip() for line in text.strip().splitlines()]

    pattern = [re.escape(line).replace(re.escape("..."), ".*") for line in squeezed(shown)]
    return re.fullmatch("\n".join(pattern), "\n".join(squeezed(printed))) is not None


def test_mistakes_are_printed_as_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (suite,) = blocks("text", SUITES)
    (shown,) = [block for block in blocks("console", SUITES) if "mistakes" in block]
    command, _, output = shown.partition("\n")
    Path("suite.yaml").write_text(suite, encoding="utf-8")
    done = CliRunner().invoke(app, shlex.split(command)[2:])
    assert done.exit_code == 2
    assert like(output, done.output), done.output


def test_a_dry_run_prints_as_shown(tmp_path, monkeypatch):
    """A folder with a finished and a failed case, of a suite that then gets a third."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mlffbench.harness.execution.case_queue.CaseProcess", InProcess)
    (shown,) = [block for block in blocks("console", SUITES) if "--dry-run" in block]
    command, _, output = shown.partition("\n")
    rows = ["atomic_reference", "sgdml", {"mace": {"max_seconds": 120}}]
    suite = {"name": "crystal", "problems": [{"dataset": "silicon"}], "estimators": rows}
    Path("suite.yaml").write_text(yaml.safe_dump(suite), encoding="utf-8")
    CliRunner().invoke(app, ["run", "suite.yaml", "--only", "atomic_reference,sgdml"])
    done = CliRunner().invoke(app, shlex.split(command)[2:])
    assert done.exit_code == 0, done.output
    assert like(output, done.output), done.output
