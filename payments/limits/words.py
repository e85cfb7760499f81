"""Limits in words."""

from __future__ import annotations

from panel.ui.figures import money_text
from payments.models import Kind, Limit


def who(limit: Limit) -> str:
    """Whom it holds: `Olga Petrov`, `each of Back office`, `everybody`."""
    if limit.person:
        return limit.person.name
    return f"each of {limit.role.name}" if limit.role else "everybody"


def what(limit: Limit) -> str:
    """The kinds that are counted: `deposit, withdrawal together`."""
    if not limit.kinds:
        return "all kinds together"
    labels = ", ".join(Kind(kind).label for kind in limit.kinds)
    return f"{labels} together" if len(limit.kinds) > 1 else labels


def where(limit: Limit) -> str:
    """Platform, groups and currency."""
    parts = [limit.platform.name if limit.platform else "every platform"]
    if limit.group_masks != "*":
        parts.append(f"groups {limit.group_masks}")
    parts.append(f"accounts in {limit.currency}" if limit.currency else "each currency by itself")
    return ", ".join(parts)


def most(limit: Limit) -> str:
    """The amounts: `5,000.00 at once, 20,000.00 in 24 hours`."""
    amounts = (
        (limit.per_operation, "at once"),
        (limit.per_day, "in 24 hours"),
        (limit.per_30_days, "in 30 days"),
    )
    return ", ".join(
        f"{money_text(amount, limit.currency)} {period}"
        for amount, period in amounts
        if amount is not None
    )


def sentence(limit: Limit) -> str:
    """The whole rule: who, how much, what, where."""
    return f"Hold {who(limit)} to {most(limit)}: {what(limit)}; {where(limit)}"
