"""Molecular dynamics of the task ``md``: protocol, trajectories, averaged observables, rows."""
