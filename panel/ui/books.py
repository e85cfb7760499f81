"""What is open in the books, for the frame of every page and the overview."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import QuerySet

from panel.access.masks import visible
from panel.models import Platform, User


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
