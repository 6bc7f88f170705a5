"""Reference data by a recipe: sampled structures, labelled by any ASE calculator."""
