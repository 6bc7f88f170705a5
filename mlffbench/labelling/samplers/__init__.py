"""Samplers: each makes frames to be labelled, one a file."""
