"""Leaves: small pure helpers that stand on nothing else in the panel."""
