"""Comparative benchmarks of machine-learned force fields under one scikit-learn contract."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlffbench.cli.python_run import run as run
    from mlffbench.registry.load_dataset import load_dataset as load_dataset
    from mlffbench.registry.trusted import trust as trust
    from mlffbench.report.results_folder import load_results as load_results
    from mlffbench.system.model_file import load as load

__version__ = "0.1.0"

__all__ = ["load", "load_dataset", "load_results", "run", "trust"]

HOMES = {  # imported when they are used: the command line starts without them
    "load": "mlffbench.system.model_file",
    "load_dataset": "mlffbench.registry.load_dataset",
    "load_results": "mlffbench.report.results_folder",
    "run": "mlffbench.cli.python_run",
    "trust": "mlffbench.registry.trusted",
}


if not TYPE_CHECKING:  # type checkers refuse other names

    def __getattr__(name: str) -> object:
        if name not in HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__} - {"HOMES", "TYPE_CHECKING"})
