"""A package with an entry point, as an installer leaves it in a folder of packages."""

from __future__ import annotations

from pathlib import Path

from mlffbench.registry import plugins

MODULE = """
from mlffbench.estimators.atomic_reference import AtomicReference
from mlffbench.datasets.lennard_jones import lennard_jones


class Floor(AtomicReference):
    pass


def data():
    return lennard_jones(n_train=6, n_test=3)


def hidden(*args):
    raise AssertionError("no suite may call this")
"""


def install(folder: Path, monkeypatch, package="toy-models", module="toy_models", points=None) -> None:
    """Put a package with a module and its entry points on the path of this process and its children."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{module}.py").write_text(MODULE)
    metadata = folder / f"{module}-1.2.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
    points = points or {"estimators": {"floor": f"{module}:Floor"}, "datasets": {"toy": f"{module}:data"}}
    sections = [
        f"[mlffbench.{kind}]\n" + "".join(f"{name} = {code}\n" for name, code in named.items())
        for kind, named in points.items()
    ]
    (metadata / "entry_points.txt").write_text("\n".join(sections))
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=":")
    plugins._plugins.cache_clear()
