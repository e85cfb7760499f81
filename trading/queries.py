"""What of the open trades a person may see."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from panel.access.masks import visible
from panel.models import Platform, User
from trading.models import Trade, TradeMirror

PENDING = Q(command__gt=Trade.Command.SELL)


def trades_of(user: User, platform: Platform | None) -> QuerySet[Trade]:
    """The open trades of a platform within a person's scopes."""
    seen = Trade.objects.filter(visible(user.scope_rows, "mt4_group"), platform=platform)
    return seen.select_related("platform")


def positions(rows: QuerySet[Trade]) -> QuerySet[Trade]:
    """Those that are open."""
    return rows.exclude(PENDING)


def orders(rows: QuerySet[Trade]) -> QuerySet[Trade]:
    """Those that wait for their price."""
    return rows.filter(PENDING)


def search(rows: QuerySet[Trade], words: str) -> QuerySet[Trade]:
    """By login or ticket exactly, by symbol from its start, by comment anywhere."""
    found = Q(symbol__istartswith=words) | Q(comment__icontains=words)
    if words.isdecimal() and len(words) < 11:
        found |= Q(login=int(words)) | Q(ticket=int(words))
    return rows.filter(found)


def mirrored_at(platform: Platform | None) -> datetime | None:
    """When the open trades of a platform were last read."""
    rows = TradeMirror.objects.filter(platform=platform)
    return rows.values_list("read_at", flat=True).first()
