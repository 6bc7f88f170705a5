"""Splits of a dataset into training frames and named test groups, one function a file."""
