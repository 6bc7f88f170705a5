"""Reference data by a recipe: recipe -> samples -> jobs -> labels -> dataset."""
