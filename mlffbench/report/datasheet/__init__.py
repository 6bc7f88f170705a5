"""A dataset on one page: its card, the distributions of its labels and structures, findings of the checks."""
