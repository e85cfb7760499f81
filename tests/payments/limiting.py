"""Limits for tests, written as a change that two people have made would write them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from panel.models import Role, User
from payments.models import Limit


def make_limit(
    *,
    person: User | None = None,
    role: str = "",
    once: str = "",
    day: str = "",
    month: str = "",
    **fields: Any,
) -> Limit:
    """A limit in force; amounts as text, empty for none."""
    return Limit.objects.create(
        person=person,
        role=Role.objects.get(slug=role) if role else None,
        per_operation=Decimal(once) if once else None,
        per_day=Decimal(day) if day else None,
        per_30_days=Decimal(month) if month else None,
        **fields,
    )
