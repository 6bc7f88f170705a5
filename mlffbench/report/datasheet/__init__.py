"""A dataset on one page: what it holds, how its labels and structures are distributed, what is wrong."""
