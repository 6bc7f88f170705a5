"""Origins of datasets: built in, analytic, or published files that are downloaded."""
