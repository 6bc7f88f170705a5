"""Static site of several suites: pages of suites, methods, datasets and quantities, linked to each other."""
