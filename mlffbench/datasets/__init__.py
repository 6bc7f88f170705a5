"""Datasets, one function a file; their formats, sources, checks and leakage lie in rooms."""
