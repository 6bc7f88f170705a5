"""The mathematics of the force fields, one room a family, without scikit-learn."""
