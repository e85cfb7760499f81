"""Scheduled jobs of payments: off until switched on, everything through commands and policies."""
