"""Checks of a dataset: each a function `(dataset) -> [Finding]`, one a file."""
