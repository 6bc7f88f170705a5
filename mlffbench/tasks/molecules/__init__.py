"""Properties of molecules: each file but ``molecule`` measures one, by its ``subtasks(molecule)``."""
