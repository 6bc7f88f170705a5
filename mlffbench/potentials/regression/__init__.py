"""Regression that several families use: whitened and streaming least squares, hyperparameters."""
