"""Submissions: results packed into one archive, and checked against data, split, suite and predictions."""
