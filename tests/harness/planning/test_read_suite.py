"""Wrong suites: every mistake is refused before anything starts, with file, line and column."""

from __future__ import annotations

import importlib.util

import pytest
from typer.testing import CliRunner

from mlffbench.cli import app

SUITE = """\
name: demo
seeds: [0]
problems:
  - dataset: {lennard_jones: {n_train: 6, n_test: 3}}
    split: official
estimators:
  - atomic_reference
  - morse: {cutoff: 8.0}
tasks: []
metrics: [rmse]
"""
SPLIT, ROW, TASKS = "    split: official", "  - morse: {cutoff: 8.0}", "tasks: []"
DATA = "dataset: {lennard_jones: {n_train: 6, n_test: 3}}"


def split(text):
    return SPLIT, f"    split: {{{text}}}" if ":" in text else f"    split: {text}", 5


def row(text):
    return ROW, f"  - {text}", 8


def task(text):
    return TASKS, f"tasks: [{text}]", 9


WRONG = [
    # names
    (*row("moorse"), "no estimator 'moorse'; did you mean 'morse'? 'mlffbench list estimators' names all"),
    (*row("Mace"), "did you mean 'mace'?"),
    (*row("committee: {model: mores}"), "no estimator 'mores'; did you mean 'morse'?"),
    (*split("radnom"), "no split 'radnom'; did you mean 'random'?"),
    (*task("spede"), "no task 'spede'; did you mean 'speed'?"),
    ("metrics: [rmse]", "metrics: [rmse, maee]", 10, "no metric 'maee'; did you mean 'mae'?"),
    (DATA, "dataset: lenard_jones", 4, "no dataset 'lenard_jones'; did you mean 'lennard_jones'?"),
    ("metrics: [rmse]", "metrics: [RMSE]", 10, "did you mean 'rmse'?"),
    ("seeds: [0]", "sedes: [0]", 2, "unknown key 'sedes'; did you mean 'seeds'?"),
    (SPLIT, "    splits: official", 5, "unknown key 'splits'; did you mean 'split'?"),
    (*row("other.package:Model"), "add --trust other.package"),
    # beside an estimator, and for all of them
    (*row("{morse: {}, budgets: {labels: 3}}"), "unknown key 'budgets'; did you mean 'budget'?"),
    (*row("{morse: {}, budgit: {labels: 3}}"), "unknown key 'budgit'; did you mean 'budget'?"),
    (*row("{morse: {budget: {labels: 3}}}"), "estimator 'morse' has no parameter 'budget'"),
    (*row("{morse: {}, budget: {labelz: 3}}"), "unknown key 'labelz'; did you mean 'labels'?"),
    (*row("{morse: {}, budget: {labels: 2.5}}"), "labels: must be a valid integer, not 2.5"),
    (*row("{morse: {}, budget: {fit_seconds: soon}}"), "fit_seconds: must be a valid number, not 'soon'"),
    (*row("{morse: {}, budget: 60}"), "budget: must be a mapping with labels, fit_seconds, epochs"),
    (
        *row("{mace: {max_epochs: 9}, budget: {epochs: 8}}"),
        "max_epochs 9 of mace is beyond the budget, epochs: 8",
    ),
    (
        *row("{committee: {n: 2, model: {mace: {max_seconds: 9}}}, budget: {fit_seconds: 10}}"),
        "max_seconds 9 of mace is beyond the budget, fit_seconds: 5",
    ),
    (*row("{morse: {}, resources: {thread: 2}}"), "unknown key 'thread'; did you mean 'threads'?"),
    (*row("{morse: {}, resources: {gpu: -1}}"), "gpu: must be greater than or equal to 0, not -1"),
    (*row("{morse: {}, environment: {requirement: [a]}}"), "did you mean 'requirements'?"),
    (*row("{morse: {}, environment: old}"), "no environment 'old'; the suite has no 'environments'"),
    ("seeds: [0]", "budgets: {labels: 3}", 2, "unknown key 'budgets'; did you mean 'budget'?"),
    ("seeds: [0]", "budget: {epoch: 3}", 2, "unknown key 'epoch'; did you mean 'epochs'?"),
    ("seeds: [0]", "resources: {memory: lots}", 2, "memory: must be a number with a unit, such as 8 GB"),
    ("seeds: [0]", "environments: {a: {pyton: x}}", 2, "unknown key 'pyton'; did you mean 'python'?"),
    ("seeds: [0]", "executor: locl", 2, "no executor 'locl'; did you mean 'local'?"),
    ("seeds: [0]", "executor: {local: {job: 2}}", 2, "no parameter 'job'; did you mean 'jobs'?"),
    (
        "seeds: [0]",
        "executor: {slurm: {prologue: [evil]}}",
        2,
        "would run in the job script; if you trust it",
    ),
    ("seeds: [0]", "retries: -1", 2, "retries: must be greater than or equal to 0, not -1"),
    # keywords
    (*row("morse: {cutof: 8.0}"), "has no parameter 'cutof'; did you mean 'cutoff'?"),
    (*row("committee: {model: {morse: {cutof: 1}}}"), "no parameter 'cutof'; did you mean 'cutoff'?"),
    (*row("committee: {n: 3}"), "needs 'model'"),
    (*split("random: {trian: 0.5}"), "did you mean 'train'?"),
    (*task("md: {timesteps: 0.5}"), "did you mean 'timestep'?"),
    (*task("md: {protocol: {frictoin: 0.1}}"), "no keyword 'frictoin'; did you mean 'friction'?"),
    (*task("properties: {solids: {msh: 3}}"), "no keyword 'msh'; did you mean 'mesh'?"),
    (DATA, "dataset: {lennard_jones: {n_trian: 6}}", 4, "did you mean 'n_train'?"),
    # types
    (*row("soap_gpr: {n_sparse: twenty}"), "n_sparse must be a whole number of at least 1, not the text"),
    (*row("soap_gpr: {n_sparse: 20.5}"), "n_sparse must be a whole number"),
    (*row("soap_gpr: {n_sparse: '20'}"), "write 20"),
    (*row("soap_gpr: {optimize: 'yes'}"), "optimize must be true or false, not the text 'yes'; write true"),
    (*row("mace: {max_seconds: [60]}"), "max_seconds must be a number above 0 or null"),
    (*row("mace: {max_seconds: None}"), "write null"),
    (*row("behler_parrinello: {hidden: 64}"), "write [64]"),
    (*row("morse: {atomic_energies: {Arr: 0.0}}"), "energies in eV by chemical symbol"),
    (*row("morse: [1, 2]"), "keyword: value"),
    (*split("official: {n_train: many}"), "n_train must be a whole number"),
    (*task("speed: {copies: 8}"), "write [8]"),
    ("seeds: [0]", "seeds: 0", 2, "valid list"),
    ("seeds: [0]", "seeds: [a]", 2, "valid integer"),
    ("name: demo", "name: [demo]", 1, "valid string"),
    ("name: demo", "name: a/b", 1, "must be a word of letters, digits, '_', '.' and '-', not 'a/b'"),
    ("seeds: [0]", "1: 2", 2, "1: a key must be a text"),
    ("metrics: [rmse]", "metrics: rmse", 10, "must be a valid list, not 'rmse'; write [rmse]"),
    (f"problems:\n  - {DATA}\n{SPLIT}", "problems: [rmd17]", 3, "a mapping with dataset, split, not 'rmd17'"),
    (*row("morse: {cutoff: 8,0}"), "has no parameter 0"),
    # ranges and choices
    (*row("soap_gpr: {n_sparse: -5}"), "n_sparse must be a whole number of at least 1, not -5"),
    (*row("soap_gpr: {n_sparse: 1e12}"), "n_sparse must be a whole number"),
    (*row("soap_gpr: {cutoff: 0.5}"), "cutoff must be a number above 1"),
    (*row("soap_gpr: {l_max: 50}"), "l_max must be a whole number from 0 to 12, not 50"),
    (*row("soap_gpr: {energy_noise: 0}"), "energy_noise must be a number above 0, not 0"),
    (*row("morse: {cutoff: .nan}"), "cutoff must be a number above 0 and up to 1,000, not nan"),
    (*row("morse: {cutoff: .inf}"), "cutoff must be a number above 0 and up to 1,000, not inf"),
    (*row("mace: {preset: smal}"), "preset must be one of 'small', 'medium', 'large', 'paper'"),
    (*row("mace: {dtype: float16}"), "dtype must be one of 'float32', 'float64' or null"),
    (
        *row("mace: {validation_fraction: 1.0}"),
        "must be a number of at least 0 and below 1",
    ),
    (*row("painn: {device: gpu}"), "device must be cpu, cuda or one of several, cuda:1"),
    (*row("painn: {random_state: -1}"), "random_state must be a whole number of at least 0 or null"),
    (*row("committee: {model: morse, n: 1}"), "n must be a whole number from 2 to 1,000, not 1"),
    (*row("committee: {model: {morse: {max_iterations: -1}}}"), "max_iterations must be a whole number"),
    (*split("random: {train: 1.5}"), "train must be a share between 0 and 1 (0.8) or a number of frames"),
    (*split("kfold: {k: 1}"), "k must be a whole number from 2"),
    (*split("extrapolation: {by: forces}"), "did you mean 'force'?"),
    (*task("md: {timestep: 0}"), "timestep must be a number above 0"),
    (*task("md: {temperatures: []}"), "at least one, not []"),
    (*task("md: {protocol: {interval: 0}}"), "interval must be a whole number of at least 1, not 0"),
    (*task("screening: {pool: labelled}"), "pool must be one of 'strained', 'labels' or null"),
    (DATA, "dataset: {lennard_jones: {n_train: 0}}", 4, "n_train must be a whole number of at least 1"),
    (DATA, "dataset: {rmd17: {fold: 6}}", 4, "fold must be a whole number from 1 to 5, not 6"),
    ("seeds: [0]", "seeds: [-1]", 2, "greater than or equal to 0"),
    ("seeds: [0]", "time_limit: 0", 2, "greater than 0"),
    # data and splits
    (DATA, "dataset: {path: nowhere.xyz}", 4, "no data file matches 'nowhere.xyz'"),
    (DATA, "dataset: {path: []}", 4, "no file is given for the group 'train'"),
    (DATA, "dataset: suite.yaml", 4, "no dataset is named 'suite.yaml'; your file is {path: suite.yaml}"),
    (*split("kfold: {column: phase}"), "has no column 'phase'; there are ["),
    (*split("groups: {leave: test_hott}"), "no group 'test_hott'; did you mean 'test_hot'?"),
    (*split("official: {train: trian}"), "no group 'trian'; did you mean 'train'?"),
    (*split("official: {n_train: 100}"), "cannot draw 100 frames from group 'train', which has 6"),
    (*split("random: {train: 400}"), "train=400 asks for 400 frames"),
    (*split("kfold: {k: 5, fold: 5}"), "fold must be from 0 to 4; got 5"),
    (*split("learning_curve: {n_train: 5000}"), "asks for 5000 frames, but there are 6"),
    (*split("manifest: {file: nowhere.json}"), "nowhere.json"),
    # tasks, rows, repetitions
    (*task("uncertainty"), "no estimator here can do the task 'uncertainty': AtomicReference predicts no"),
    (
        *task("learning_curve: {sizes: [0.5, 1000]}"),
        "sizes must be a share up to 1 or a number of the 6",
    ),
    (*task("properties: {solids: {include: [elastics]}}"), "did you mean 'elastic'?"),
    (*row("pretrained"), "estimator 'pretrained' needs 'calculator' or 'file', one of them"),
    (*row("{atomic_reference: {}, as: other}"), "the same estimator as number 1 of estimators"),
    ("seeds: [0]", "seeds: [0, 1, 0]", 2, "the same seed as number 1 of seeds"),
    (*task("speed, speed"), "the same task as number 1 of tasks"),
    (*row("atomic_reference"), "'atomic_reference' appears twice; name the row with 'as: another-name'"),
]


@pytest.fixture(autouse=True)
def no_process(monkeypatch, tmp_path):
    def start(*args, **kwargs):
        raise AssertionError("a process was started")

    monkeypatch.setattr("mlffbench.harness.execution.case_queue.CaseQueue.run", start)
    monkeypatch.chdir(tmp_path)


def refused(text):
    """Lines that ``mlffbench run`` prints on the mistakes of a suite."""
    with open("suite.yaml", "w") as file:
        file.write(text)
    result = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["run", "suite.yaml"])
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    lines = [line.removeprefix("mlffbench: ") for line in result.output.splitlines()]
    return [line for line in lines if line.startswith("suite.yaml:")]


@pytest.mark.parametrize(("old", "new", "line", "words"), WRONG, ids=lambda value: str(value)[:40])
def test_a_wrong_value_is_refused_before_the_first_process(old, new, line, words):
    assert old in SUITE
    lines = refused(SUITE.replace(old, new, 1))
    said = [text for text in lines if words in text]
    assert said, lines
    assert any(text.startswith(f"suite.yaml:{line}:") for text in said), lines


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            SPLIT,
            "    split: random: {train: 0.5}",
            ("5:18: ", "braces", "split: random", " " * 17 + "^"),
        ),
        ("  - atomic_reference", "    - atomic_reference", ("8:3: ", "indent", "  - morse", "  ^")),
        ("seeds: [0]", "seeds: [0", ("3:9: ", "closing", "problems:", " " * 8 + "^")),
        ("seeds: [0]", "seeds:\n\t- 0", ("3:1: ", "tab", "- 0", "^")),
        ("seeds: [0]", "seeds: [0]\nseeds: [1]", ("3:1: ", "'seeds' appears twice", "seeds: [1]", "^")),
        ("name: demo", 'name: "demo', ("1:7: ", "closing quotation mark", "demo", " " * 6 + "^")),
        ("cutoff: 8.0", "cutoff: 1e999", ("8:21: ", "beyond 1.8e308", "cutoff: 1e999", " " * 20 + "^")),
    ],
)
def test_a_mistake_of_yaml_is_shown_in_its_line(old, new, said):
    place, reason, line, mark = said
    with open("suite.yaml", "w") as file:
        file.write(SUITE.replace(old, new))
    output = CliRunner().invoke(app, ["run", "suite.yaml", "--dry-run"]).output
    first, second, third = output.splitlines()[1:]
    assert first.startswith(f"mlffbench: suite.yaml:{place}"), first
    assert reason in first
    assert line in second
    assert third.removeprefix("  ") == mark


def test_the_column_is_that_of_the_keyword():
    (line,) = refused(SUITE.replace("cutoff: 8.0", "cutoff: -8.0"))
    assert line.startswith("suite.yaml:8:13: ")


def test_every_mistake_has_its_line_in_the_order_of_the_file():
    text = SUITE.replace("seeds: [0]", "seeds: [-1]").replace("cutoff: 8.0", "cutoff: -8.0, n_starts: x")
    lines = refused(text.replace("n_train: 6", "n_train: six").replace("[rmse]", "[rsme]"))
    places = [line.split(": ")[0].removeprefix("suite.yaml:") for line in lines]
    assert places == ["2:9", "4:31", "8:13", "8:27", "10:11"]


def test_a_suite_from_the_standard_input_names_lines_too():
    text = SUITE.replace("cutoff: 8.0", "cutoff: -8.0")
    result = CliRunner().invoke(app, ["run", "-", "--dry-run"], input=text)
    assert "suite:8:13: morse: cutoff must be a number above 0" in result.output
    assert result.exit_code == 2
    result = CliRunner().invoke(app, ["run", "-", "--dry-run"], input=SUITE)
    assert result.output.endswith("2 cases, 2 to run\n")


def test_two_mistakes_of_data_are_two_lines():
    more = "  - dataset: {path: nowhere.xyz}\n" + SPLIT.replace("official", "{kfold: {column: phase}}")
    lines = refused(SUITE.replace(SPLIT, f"{SPLIT[:-8]}{{groups: {{leave: none}}}}\n{more}"))
    assert [line.split(":")[1] for line in lines] == ["5", "6"]


def test_mistakes_of_shape_do_not_hide_those_of_data():
    wrong = SUITE.replace("seeds: [0]", "seeds: [-1]").replace(SPLIT, "    split: {random: {train: 400}}")
    more = "  - dataset: {path: nowhere.xyz}\n    splitt: official\nestimators:"
    lines = refused(wrong.replace("estimators:", more))
    assert [line.split(": ")[0] for line in lines] == [
        f"suite.yaml:{at}" for at in ("2:9", "5:5", "6:5", "7:5")
    ]


def test_one_frame_without_a_split_is_said_so(tmp_path):
    (tmp_path / "one.xyz").write_text("1\nProperties=species:S:1:pos:R:3 energy=-1.0\nAr 0 0 0\n")
    (line,) = refused(SUITE.replace(f"{DATA}\n{SPLIT}", "dataset: {path: one.xyz}"))
    assert line.startswith("suite.yaml:4:5: one without a split: ")


def test_a_file_that_is_no_model_is_named_with_its_line(tmp_path):
    (tmp_path / "text.mlff").write_text("hello")
    text = SUITE.replace("morse: {cutoff: 8.0}", "pretrained: {file: text.mlff}").replace("[]", "[speed]")
    assert refused(text) == ["suite.yaml:8:18: pretrained: 'text.mlff' is not a model that mlffbench saved"]


def test_a_missing_package_is_named_with_the_way_to_install_it(monkeypatch):
    monkeypatch.setattr("mlffbench.harness.planning.requirements.find_spec", lambda name: None)
    (line,) = refused(SUITE.replace("morse: {cutoff: 8.0}", "gap"))
    assert line.startswith("suite.yaml:8:5: estimator 'gap' needs quippy-ase, not installed")
    assert line.endswith("pip install 'mlffbench[gap]'")


def test_a_device_that_is_not_here_is_named_with_its_line():
    torch = importlib.util.find_spec("torch")
    if torch is None:
        pytest.skip("torch is not installed")
    (line,) = refused(SUITE.replace("cutoff: 8.0", "cutoff: 8.0, device: 'cuda:63'"))
    assert line.startswith("suite.yaml:8:26: the device 'cuda:63' is not here")


@pytest.mark.parametrize("out", ["suite.yaml", "/proc/x"])
def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_announced(out, tmp_path):
    (tmp_path / "suite.yaml").write_text(SUITE)
    result = CliRunner().invoke(app, ["run", "suite.yaml", "--out", out])
    assert result.exit_code == 2
    assert f"cannot write results into {out}" in result.output
    assert "to run" not in result.output


def test_the_column_of_a_mistake_beside_an_estimator_is_its_own():
    lines = refused(
        SUITE.replace(ROW, "  - {morse: {}, budget: {labels: 3, epochs: 0}, resources: {timed: 1}}")
    )
    assert [line.split(": ")[0] for line in lines] == ["suite.yaml:8:37", "suite.yaml:8:61"]


def test_rows_that_differ_in_what_stands_beside_the_name_are_no_repetition():
    beside = ("budget: {labels: 3}", "budget: {labels: 4}", "environment: {python: /usr/bin/python3}")
    rows = "\n".join(f"  - {{morse: {{}}, as: m{i}, {text}}}" for i, text in enumerate(beside))
    with open("suite.yaml", "w") as file:
        file.write(SUITE.replace(ROW, rows))
    result = CliRunner().invoke(app, ["run", "suite.yaml", "--dry-run"])
    assert "the same estimator" not in result.output, result.output
    lines = refused(SUITE.replace(ROW, f"{ROW}\n{ROW}\n    as: m"))
    assert any("the same estimator as number 2" in line for line in lines)
