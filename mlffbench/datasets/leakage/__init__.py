"""Train-test leakage: duplicates, shared trajectories, times and groups."""
