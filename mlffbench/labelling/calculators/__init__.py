"""Labelling calculators: each a function that returns an ASE calculator, one a file."""
