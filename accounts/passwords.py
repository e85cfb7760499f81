"""Passwords for MT4 accounts, made by the panel."""

from __future__ import annotations

import secrets

from panel.mt4.limits import check_password

# Without what is misread when a password is dictated or copied from paper: 0 O o 1 l I.
LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS = "23456789"
LENGTH = 12


def new_password() -> str:
    """A random password of 12 letters and digits that MT4 accepts."""
    while True:
        password = "".join(secrets.choice(LETTERS + DIGITS) for _ in range(LENGTH))
        if not check_password(password) and _has_both_cases(password):
            return password


def _has_both_cases(password: str) -> bool:
    return password.lower() != password != password.upper()
