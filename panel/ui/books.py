"""What is open in the books, for the frame of every page, the overview and the accounts."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import QuerySet

from panel.access.masks import visible
from panel.models import Platform, User
from panel.models.change import OPEN


def open_differences(person: User) -> QuerySet[Any]:
    """Differences within a person's scopes that nobody has put right or explained yet."""
    rows = apps.get_model("payments", "Difference").objects.filter(state="open")
    return rows.filter(visible(person.scope_rows, "mt4_group"))


def owed(person: User) -> QuerySet[Any]:
    """Those of them that are money on no account, the oldest first."""
    return open_differences(person).filter(kind="owed").order_by("time", "pk")


def owed_to(person: User, platform: Platform, login: int) -> list[Any]:
    """What is owed to one account, as far as the person may see it."""
    return list(owed(person).filter(platform=platform, login=login))


def brought_by_others(person: User, platform: Platform, login: int) -> QuerySet[Any]:
    """Payments under way on an account whose requests are about another one: a transfer's other
    leg, which the person sees by the scope of its own account. The oldest first."""
    rows = apps.get_model("payments", "Payment").objects.filter(
        visible(person.scope_rows, "mt4_group"),
        platform=platform,
        login=login,
        status__in=OPEN,
        request__login__isnull=False,
    )
    return rows.exclude(request__login=login).select_related("request__maker").order_by("created")
