"""Comparative benchmarks of machine-learned force fields under one scikit-learn contract."""

__version__ = "0.1.0"
