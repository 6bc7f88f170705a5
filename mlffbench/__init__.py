"""Comparative benchmarks of machine-learned force fields under one scikit-learn contract."""

__version__ = "0.1.0"

__all__ = ["load", "trust"]


def __getattr__(name: str) -> object:
    if name == "load":  # imported when it is used: the command line starts without it
        from mlffbench.system.model_file import load

        return load
    if name == "trust":
        from mlffbench.registry import trust

        return trust
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
