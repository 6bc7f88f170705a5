"""MACE: mace-torch's models with faster layers, batches and training."""
