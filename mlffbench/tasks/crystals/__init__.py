"""Properties of crystals: each file but ``crystal`` measures one, by its ``subtasks(crystal)``."""
