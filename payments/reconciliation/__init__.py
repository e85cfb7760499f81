"""Reconciliation: each day, and when asked, our payments against MT4's records of every account."""
