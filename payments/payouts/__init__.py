"""Payouts many at once: a batch, its file for the bank, and the provider's answer."""
