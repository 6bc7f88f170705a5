"""Proposal of a suite for the user's own data: `propose` chooses split, methods, sizes and tasks."""

from mlffbench.harness.proposal.propose import Proposal, propose, suite_name

__all__ = ["Proposal", "propose", "suite_name"]
