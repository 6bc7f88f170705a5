"""Cases on the workers of a dask scheduler: the driver's side, and that of the workers."""
