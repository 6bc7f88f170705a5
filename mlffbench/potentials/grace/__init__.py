"""The graph atomic cluster expansion by the package tensorpotential: its model, training and evaluation."""
