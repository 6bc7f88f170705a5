"""The promises of the house: light imports, layers, small functions."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "mlffbench"
HEAVY = {"torch", "mace", "e3nn", "dscribe", "gpytorch", "pandas", "plotly", "sklearn"}


def modules_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys; print(*sorted({{m.partition('.')[0] for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "statement",
    [
        "import mlffbench",
        "import mlffbench.cli",
        "import typer.testing as t; from mlffbench.cli import app; t.CliRunner().invoke(app, ['--help'])",
    ],
)
def test_what_everybody_waits_for_imports_nothing_heavy(statement):
    assert not modules_after(statement) & HEAVY


def test_the_report_runs_without_torch():
    assert not modules_after("from mlffbench.report.formats import terminal, write") & {
        "torch",
        "mace",
    }


FRAMEWORKS = ["torch", "mace", "e3nn", "dscribe", "gpytorch", "qmllib", "quippy", "graph_pes"]
LIGHT = f"""
import sys


class Without:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, *place):
        absent = name.partition(".")[0] in {FRAMEWORKS}
        return None if absent else self.finder.find_spec(name, *place)

    def __getattr__(self, name):
        return getattr(self.finder, name)


sys.meta_path[:] = map(Without, sys.meta_path)  # as if the frameworks were not installed
import zipfile
from typer.testing import CliRunner
import mlffbench
from mlffbench import registry
from mlffbench.cli import app
root, folder = sys.argv[1:]
for words in (
    ["report", f"{{root}}/results/quickstart", "--out", folder],
    ["list", "estimators"],
    ["run", f"{{root}}/benchmarks/families.yaml", "--out", f"{{root}}/results/families", "--dry-run"],
):
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, (words, done.output, done.exception)
assert done.output.endswith("130 cases, 0 to run\\n"), done.output
new = ["run", f"{{root}}/benchmarks/quickstart.yaml", "--out", f"{{folder}}/none", "--dry-run"]
done = CliRunner().invoke(app, new)
assert done.exit_code == 0, (done.output, done.exception)
assert "'mace' needs torch, mace-torch, not installed" in " ".join(done.output.split()), done.output
zipfile.ZipFile(f"{{root}}/tests/system/models_of_format_1.zip").extract("mace.mlff", folder)
try:
    mlffbench.load(f"{{folder}}/mace.mlff")
except ValueError as error:
    print("file", error)
assert CliRunner().invoke(app, ["show", "mace"]).exit_code == 0
for name in registry.names("estimators"):
    model = registry.load("estimators", name)
    assert not model.requires or model.extra or model.environment, name
    try:
        model._check_installed()
    except ImportError as error:
        print(name, error)
"""


def test_the_core_plans_lists_and_reports_without_the_frameworks(tmp_path):
    command = [sys.executable, "-c", LIGHT, str(ROOT), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report.html").is_file()
    needs = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    sentence = "cannot be loaded here: MACE needs torch, mace-torch: pip install 'mlffbench[mace]'"
    assert needs.pop("file").endswith(sentence)
    assert needs["mace"] == "MACE needs torch, mace-torch: pip install 'mlffbench[mace]'"
    assert needs["soap_gpr"] == "SOAPGPR needs torch, gpytorch: pip install 'mlffbench[soap]'"
    assert not {"atomic_reference", "committee", "delta_learning", "pretrained"} & set(needs)
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = {line.partition("[")[2].rstrip("]'") for line in needs.values() if "mlffbench[" in line}
    assert extras <= set(metadata["optional-dependencies"])
    assert not [d for d in metadata["dependencies"] if d.startswith(("torch", "mace", "e3nn", "dscribe"))]


def test_the_facade_of_estimators_is_lazy_and_complete():
    assert not modules_after("from mlffbench import estimators") & {"torch", "mace"}
    stub = ast.parse((PACKAGE / "estimators" / "__init__.pyi").read_text())
    listed = {a.name for n in ast.walk(stub) if isinstance(n, ast.ImportFrom) for a in n.names}
    from mlffbench import registry

    public = {registry.load("estimators", n).__name__ for n in registry.names("estimators")}
    assert public <= listed, f"add to estimators/__init__.pyi: {public - listed}"


def imports_of_our_own(file: Path):
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mlffbench"):
            yield from ((node.module, alias.name) for alias in node.names)


def test_the_scripts_of_benchmarks_import_what_exists():
    """Most of them no test runs: they would break unseen when a name moves."""
    asked = {pair for file in (ROOT / "benchmarks").rglob("*.py") for pair in imports_of_our_own(file)}
    assert len(asked) > 50
    missing = [
        f"{module}: {name}"
        for module, name in sorted(asked)
        if not hasattr(import_module(module), name) and find_spec(f"{module}.{name}") is None
    ]
    assert not missing


def test_layers():
    command = shutil.which("lint-imports") or str(Path(sys.executable).with_name("lint-imports"))
    done = subprocess.run([command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_timing_waits_for_the_gpu():
    guilty = [f.name for f in PACKAGE.rglob("*.py") if "cuda.synchronize" in f.read_text()]
    assert guilty == ["timing.py"]


def only_remembers(node: ast.AST) -> bool:
    """A constructor of nothing but ``self.name = name``: as long as there are parameters."""
    return getattr(node, "name", "") == "__init__" and all(
        isinstance(line, ast.Assign) and isinstance(line.value, ast.Name) for line in node.body
    )


FILES = sorted(PACKAGE.rglob("*.py"))
TREES = {file: ast.parse(file.read_text(encoding="utf-8")) for file in FILES}
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


def functions():
    for file, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, FUNCTION):
                yield f"{file.relative_to(PACKAGE)}:{node.lineno} {node.name}", node


def test_no_function_is_longer_than_60_lines():
    sizes = {
        name: node.end_lineno - node.lineno + 1 for name, node in functions() if not only_remembers(node)
    }
    assert not {name: size for name, size in sizes.items() if size > 60}


def test_two_functions_have_more_than_30_lines_without_their_docstring():
    def size(node):
        body = node.body[1:] if ast.get_docstring(node) else node.body
        return sum(line.end_lineno - line.lineno + 1 for line in body)

    sizes = {name: size(node) for name, node in functions() if not only_remembers(node)}
    long = {name: n for name, n in sizes.items() if n > 30}
    assert len(long) <= 2, long
    assert max(long.values(), default=0) <= 35, long


def test_the_top_floor_has_at_most_15_rooms_and_6_files():
    rooms = [p.name for p in PACKAGE.iterdir() if p.is_dir() and any(p.rglob("*.py"))]
    assert len(rooms) <= 15, rooms
    assert len(list(PACKAGE.glob("*.py"))) <= 6


def private(name):
    return name.startswith("_") and not name.startswith("__")


def test_private_files_are_few_and_stay_in_their_folder():
    assert len([f for f in FILES if private(f.name)]) <= 12
    here = {f: ".".join(f.parent.relative_to(ROOT).parts) for f in FILES}
    strangers = [
        (f, node.module, alias.name)
        for f in FILES
        for node in ast.walk(TREES[f])
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mlffbench")
        for alias in node.names
        if any(map(private, (node.module or "").split("."))) and node.module.rpartition(".")[0] != here[f]
    ]
    assert not strangers


def test_tests_import_few_private_names():
    names = {
        (node.module, alias.name)
        for f in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(f.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mlffbench")
        for alias in node.names
        if private(alias.name) or any(map(private, node.module.split(".")))
    }
    assert len(names) <= 15, names


def test_tests_mirror_the_package():
    for folder in (p for p in (ROOT / "tests").rglob("*") if p.is_dir() and p.name != "__pycache__"):
        assert (PACKAGE / folder.relative_to(ROOT / "tests")).is_dir(), folder
    for file in (ROOT / "tests").rglob("*/test_*.py"):
        room = PACKAGE / file.parent.relative_to(ROOT / "tests")
        thing = file.stem.removeprefix("test_")
        known = {p.stem for p in room.iterdir()} | {room.name}
        assert thing in known, f"{file.relative_to(ROOT)} tests no file of {room.relative_to(ROOT)}"


def test_docstrings_open_with_a_noun_or_a_verb():
    """See "Words" in CONTRIBUTING."""
    opened = {
        f"{file.relative_to(PACKAGE)}:{getattr(node, 'lineno', 1)}": text.split(maxsplit=1)[0]
        for file, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | FUNCTION)
        if (text := ast.get_docstring(node))
    }
    riddles = {w: word for w, word in opened.items() if word in ("What", "How", "Whether", "Of", "At")}
    assert len(riddles) <= 0.02 * len(opened), riddles


def test_lint_rules_are_obeyed():
    marks = [str(f) for f in FILES for line in f.read_text(encoding="utf-8").splitlines() if "noqa" in line]
    assert len(marks) <= 5, marks


def test_a_task_has_at_most_10_parameters():
    from mlffbench import registry

    many = {n: len(registry.parameters(registry.load("tasks", n))) for n in registry.names("tasks")}
    assert max(many.values()) <= 10, many
