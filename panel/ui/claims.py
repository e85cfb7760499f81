"""Who has what in hand, in lists whose rows come from `panel.commands.claims.with_claims`."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet

from panel.ui.figures import when_short


def claim_text(row: Any) -> str:
    """`Bob, 14:05`; empty while nobody has it."""
    return f"{row.claimed_name}, {when_short(row.claimed_at)}" if row.claimed_by else ""


def claim_filter() -> django_filters.ChoiceFilter:
    """The filter that goes with it; its filter set has `by_claim = by_claim`."""
    return django_filters.ChoiceFilter(
        label="In hand",
        method="by_claim",
        empty_label="anybody’s",
        choices=[("mine", "mine"), ("unassigned", "unassigned")],
    )


def by_claim(filters: Any, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
    """One's own, or nobody's."""
    if value == "mine":
        return rows.filter(claimed_by=filters.request.actor.user.pk)
    return rows.filter(claimed_by__isnull=True)
