"""Environments: existing interpreters, and those made from requirements, once and whole."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from example_cases import Silent, case
from example_processes import marked
from filelock import FileLock

from mlffbench.harness.documents.store import Store
from mlffbench.harness.execution.execute import execute
from mlffbench.system import python_environment as environments
from mlffbench.system import virtual_environment
from mlffbench.system.python_environment import PythonEnvironment, environment_sentences, is_version

HERE = {"python": sys.executable}


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """A folder with the one package that can be installed, and a cache."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    with zipfile.ZipFile(folder / "tiny-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny.py", "NUMBER = 7\n")
        wheel.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        wheel.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("tiny-1.0.dist-info/RECORD", "tiny.py,,\n")
    monkeypatch.setenv("MLFFBENCH_CACHE", str(tmp_path / "cache"))
    for name, value in {"UV_OFFLINE": "1", "UV_FIND_LINKS": str(folder), "UV_NO_INDEX": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setattr(environments, "core_requirements", lambda extra=None: [])
    return folder


def test_cases_run_in_their_environments_or_are_not_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFFBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_NO_INDEX", "1")
    store, watcher = Store(tmp_path / "out"), Silent()
    impossible = {"name": "impossible", "requirements": ["no-such-package-of-anybody==9"]}
    there = replace(case(), environment=HERE)
    unmade = replace(case(seed=1), environment=impossible)
    gone = replace(case(seed=2), environment={"python": "/gone"})
    execute([there, unmade, gone], store, watcher, time_limit=60.0)

    document = store.load(there.id)
    assert document["failure"] is None
    assert there.id == case().id  # an interpreter decides nothing
    assert ("environment", 0) in watcher.said
    record = document["provenance"]["environment"]
    assert record["name"] == sys.executable
    lock = (store.folder / "environments" / f"{record['lock']}.txt").read_bytes()
    assert sha256(lock).hexdigest() == record["lock"]
    assert any(line.startswith(b"numpy==") for line in lock.splitlines())

    failure = store.load(unmade.id)["failure"]
    assert failure["kind"] == "not installed"
    assert "the environment 'impossible' cannot be made: uv ended with status" in failure["message"]
    assert "no-such-package-of-anybody" in failure["message"]
    assert "names no Python that is here: /gone" in store.load(gone.id)["failure"]["message"]
    assert len(list((store.folder / "environments").iterdir())) == 1


def test_an_environment_is_made_once_and_again_only_if_it_is_not_whole(wheels, monkeypatch):
    made = []
    make = virtual_environment.make_environment
    counted = lambda folder, *words: (made.append(folder), make(folder, *words))
    monkeypatch.setattr(environments, "make_environment", counted)
    wanted = PythonEnvironment("small", ("tiny==1.0",))
    assert "to be made by uv in" in wanted.sentence()
    threads = [threading.Thread(target=wanted.ready) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [wanted.folder]
    assert "made before" in wanted.sentence()
    assert PythonEnvironment("another name", ("tiny==1.0",)).is_made
    assert not PythonEnvironment("small", ("tiny>=1.0",)).is_made
    (wanted.folder / "mlffbench.json").unlink()  # as a kill leaves it
    (wanted.folder / "rubbish").touch()
    python = wanted.ready()
    assert len(made) == 2
    assert not (wanted.folder / "rubbish").exists()
    assert Path(python).is_relative_to(wanted.folder)


@pytest.mark.slow
def test_without_uv_venv_and_pip_make_it(wheels, monkeypatch):
    for module in (environments, virtual_environment):
        monkeypatch.setattr(module, "uv", lambda: None)
    wanted = PythonEnvironment("small", ("tiny==1.0",))
    assert "to be made by venv and pip in" in wanted.sentence()
    code = "import tiny; print(tiny.NUMBER)"
    done = subprocess.run([wanted.ready(), "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "7\n"
    with pytest.raises(
        ImportError, match=r"python ended with status 1; its last lines:\n(.|\n)*no-such-package"
    ):
        PythonEnvironment("small", ("no-such-package",)).ready()


def test_a_failed_installation_is_not_repeated_in_a_run(wheels, monkeypatch):
    tried = []

    def refuse(*words):
        tried.append(words)
        raise ImportError("no network")

    monkeypatch.setattr(environments, "make_environment", refuse)
    wanted = PythonEnvironment("small", ("tiny==1.0",))
    for run in ("a", "a", "b", "b"):
        with pytest.raises(ImportError, match="the environment 'small' cannot be made: no network"):
            wanted.ready(run)
    assert len(tried) == 2


def test_an_interpreter_says_what_it_lacks(monkeypatch):
    here = PythonEnvironment("here", python=sys.executable)
    assert here.lacking(["json"]) == []
    assert here.lacking(["no_such_module"]) == ["no_such_module"]
    monkeypatch.setattr(
        environments, "core_requirements", lambda extra=None: ["numpy>=2.0", "no-such-package[all]<3"]
    )
    with pytest.raises(ImportError, match=r"'here'.* lacks no-such-package: install them"):
        here.ready()
    with pytest.raises(ImportError, match="is no Python that runs"):
        PythonEnvironment("here", python="false").lacking()


def test_sentences_come_once_and_install_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFFBENCH_CACHE", str(tmp_path / "cache"))
    sentences = environment_sentences([None, HERE, {"name": "x", "requirements": ["tiny"]}, HERE])
    assert sentences[0] == f"environment {sys.executable}: the interpreter {sys.executable}, as it is"
    assert sentences[1].startswith("environment x: to be made by")
    assert len(sentences) == 2
    assert not (tmp_path / "cache").exists()


def test_a_version_is_no_interpreter():
    assert is_version("3.13.1")
    assert not is_version("python3.12")
    assert not PythonEnvironment("x", ("a",), "3.12").is_existing
    assert PythonEnvironment("x", ("a",), "python3.12").is_existing
    assert PythonEnvironment("x", ("a",), "3.12").digest != PythonEnvironment("x", ("a",), "3.13").digest
    assert json.dumps(PythonEnvironment("x", ("b", "a")).digest) == json.dumps(
        PythonEnvironment("x", ("a", "b")).digest
    )


DRIVER = """
import sys
from dataclasses import replace
from pathlib import Path
from example_cases import Silent, case
from mlffbench.harness.documents.store import Store
from mlffbench.harness.execution.execute import execute

there = {"name": "endless", "requirements": ["no-such-package-of-anybody"]}
execute([replace(case(), environment=there)], Store(Path(sys.argv[1])), Silent())
"""


def test_an_installation_ends_with_its_driver(tmp_path, monkeypatch):
    tests = Path(__file__).parents[1]
    monkeypatch.setenv("PYTHONPATH", f"{tests}{os.pathsep}{tests.parent}")
    monkeypatch.setenv("MARK", str(tmp_path))
    monkeypatch.setenv("MLFFBENCH_CACHE", str(tmp_path / "cache"))
    with socket.create_server(("127.0.0.1", 0)) as index:  # which never answers
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{index.getsockname()[1]}/simple")
        driver = subprocess.Popen([sys.executable, "-c", DRIVER, str(tmp_path / "out")])
        index.settimeout(120)
        connection, _ = index.accept()
        with connection:
            assert len(marked(tmp_path)) > 1
            driver.kill()
            driver.wait()
            end = time.monotonic() + 30  # under load; else one second
            while marked(tmp_path) and time.monotonic() < end:
                time.sleep(0.1)
            assert not [Path(f"/proc/{p}/cmdline").read_text() for p in marked(tmp_path)]
    wanted = PythonEnvironment("endless", ("no-such-package-of-anybody",))
    assert not wanted.is_made
    with FileLock(f"{wanted.folder}.lock", timeout=1):
        assert wanted.folder.exists()  # begun; the next process makes it anew
