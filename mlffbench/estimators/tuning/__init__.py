"""Search for hyperparameters: spaces, trials on held-out frames, searchers."""
