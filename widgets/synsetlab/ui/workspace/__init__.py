"""Panels over a workspace: where their pictures come from and where answers and verdicts go."""
