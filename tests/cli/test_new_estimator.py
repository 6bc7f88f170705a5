"""The package of a new estimator works as it is written, and is refused where it cannot be written."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.util import module_from_spec, spec_from_file_location

import pytest
from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.cli.new_estimator import write_package
from mlffbench.testing import FORCEFIELD_CHECKS, alloys, fitted


def module_of(file):
    spec = spec_from_file_location(file.stem, file)
    module = module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return write_package("my_pairs", tmp_path_factory.mktemp("new"))


def test_the_package_names_its_class(package):
    project, *_ = package
    points = tomllib.loads(project.read_text())["project"]["entry-points"]["mlffbench.estimators"]
    assert points == {"my_pairs": "my_pairs:MyPairs"}
    assert [str(f.relative_to(project.parent)) for f in package] == [
        "pyproject.toml", "README.md", "my_pairs.py", "tests/test_my_pairs.py",
    ]  # fmt: skip


@pytest.mark.parametrize("check", FORCEFIELD_CHECKS, ids=lambda check: check.__name__)
def test_its_class_keeps_the_contract(package, check, monkeypatch):
    monkeypatch.setenv("MLFFBENCH_TRUST", "my_pairs")
    check(fitted(module_of(package[2]).MyPairs, alloys()))


@pytest.mark.parametrize("name", ["My", "1a", "a-b", "class", "mace", "../x", "", "a__b", "é"])
def test_a_name_that_cannot_be_is_refused(name, tmp_path):
    with pytest.raises(ValueError, match=r"no name of a module|already"):
        write_package(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten(package):
    with pytest.raises(ValueError, match="is there already"):
        write_package("my_pairs", package[0].parents[1])


@pytest.mark.slow
@pytest.mark.network
def test_pip_installs_it(package, tmp_path):
    target = ["--no-deps", "--target", str(tmp_path), str(package[0].parent)]
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *target], check=True)
    names = "from mlffbench import registry; print(registry.load('estimators', 'my_pairs').family)"
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {names}"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "classical\n"


def test_the_command_writes_it_and_says_what_comes_next(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["new", "estimator", "my_pairs"])
    assert result.exit_code == 0, result.output
    assert "wrote my-pairs/my_pairs.py" in result.output
    assert "next: pip install -e my-pairs; mlffbench show my_pairs; pytest my-pairs" in result.output
    for wrong in (["new", "estimator"], ["new", "estimator", "my_pairs"], ["new", "model", "x"]):
        refusal = CliRunner().invoke(app, wrong)
        assert refusal.exit_code == 2, refusal.output
        assert "Traceback" not in refusal.output
