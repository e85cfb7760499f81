"""Keeping the mirror: read from MT4 in pages, write only what has changed.

A row that was read on its own after a page was asked for is newer than the page, so the page
leaves it alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

import structlog
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.models import Account, Mirror
from panel.lib.money import ZERO
from panel.models import Platform
from panel.mt4.errors import Rejected
from panel.mt4.protocol.enums import MarginLevelType, WebApiErrorCode
from panel.mt4.protocol.flags import EnableFlags
from panel.mt4.protocol.records import MarginLevel, User
from panel.mt4.protocol.wire import NO_TIME
from panel.mt4.read import reader
from panel.ui.account import groups_of

log = structlog.get_logger(__name__)

SAME = [
    *("group", "name", "email", "phone", "country", "city", "state", "zip_code", "address"),
    *("status", "comment", "leverage", "balance", "credit"),
]
FROM_USER = [
    *SAME,
    *("currency", "enabled", "read_only", "registered", "last_seen"),
    *("name_key", "email_key", "digest", "gone"),
]
FROM_MARGIN = ["equity", "margin", "free", "level", "margin_state"]
KNOWN = ("pk", "digest", "synced_at", "gone")
NEW: tuple[Any, ...] = (None, "", None, None)
AT_ONCE = 500
Item = TypeVar("Item")


def mirror_now(platform: Platform) -> int:
    """Read accounts and margins of a platform once; the number of accounts.

    Raises the errors of `panel.mt4.errors`.
    """
    found = mirror_accounts_of(platform)
    mirror_margins_of(platform)
    return found


def mirror_accounts_of(platform: Platform) -> int:
    """Read every account; mark those that MT4 no longer has. The number that it has."""
    began = timezone.now()
    currencies = _currencies(platform)
    found, asked = 0, began
    for page in reader(platform.connection).accounts():
        found += len(page)
        _write_page(platform, page, currencies, asked)
        asked = timezone.now()
    known = Account.objects.filter(platform=platform, gone__isnull=True)
    if found:
        known.filter(synced_at__lt=began).update(gone=began)
    elif known.exists():
        # A server that has just started may not have its accounts at hand yet.
        log.warning("no accounts at all: the mirror stays as it is", platform=platform.slug)
        return 0
    _note(platform, accounts_at=began)
    return found


def mirror_margins_of(platform: Platform) -> int:
    """Read the state of accounts, as the bridge last knew it; the number that changed.

    The bridge keeps accounts with open positions only: any other has its balance and credit as
    equity, and no margin.
    """
    began = timezone.now()
    levels = {level.login: level for level in reader(platform.connection).margin_levels()}
    rows = Account.objects.filter(platform=platform, synced_at__lt=began).only(
        "pk", "login", "balance", "credit", *FROM_MARGIN
    )
    flat = Q(equity=F("balance") + F("credit"), margin=0, level=None)
    changed = _write_margins(rows.exclude(flat), levels)
    for part in _parts(list(levels)):
        changed += _write_margins(rows.filter(flat, login__in=part), levels)
    _note(platform, margins_at=began)
    return changed


def _write_margins(rows: QuerySet[Account], levels: dict[int, MarginLevel]) -> int:
    different = []
    for row in rows.iterator(AT_ONCE):
        level = levels.get(row.login)
        fields = _margin_fields(level) if level else _flat_fields(row)
        if _set(row, fields):
            different.append(row)
    Account.objects.bulk_update(different, FROM_MARGIN, batch_size=200)
    return len(different)


def refresh(platform: Platform, login: int) -> None:
    """Read one account live and write it down. Raises the errors of `panel.mt4.errors`."""
    reading = reader(platform.connection)
    began = timezone.now()
    try:
        user = reading.account(login)
    except Rejected as rejected:
        if rejected.code != WebApiErrorCode.NotFound:
            raise
        Account.objects.filter(platform=platform, login=login).update(gone=began)
        return
    margin = reading.margin_level(login)
    fields = _user_fields(platform, user, _currencies(platform)) | _margin_fields(margin)
    Account.objects.update_or_create(
        platform=platform, login=login, defaults={**fields, "synced_at": timezone.now()}
    )


def _write_page(
    platform: Platform, page: Sequence[User], currencies: dict[str, str], asked: datetime
) -> None:
    for part in _parts(page):
        rows = Account.objects.filter(platform=platform, login__in=[user.login for user in part])
        known = {row[0]: row[1:] for row in rows.values_list("login", *KNOWN)}
        changed, same = [], []
        for user in part:
            digest = _digest(user, currencies)
            key, before, synced_at, gone = known.get(user.login, NEW)
            if synced_at and synced_at > asked:
                continue
            if digest == before and gone is None:
                same.append(key)
            else:
                fields = _user_fields(platform, user, currencies)
                changed.append(
                    Account(platform=platform, login=user.login, synced_at=asked, **fields)
                )
        Account.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["platform", "login"],
            update_fields=[*FROM_USER, "synced_at"],
        )
        Account.objects.filter(pk__in=same).update(synced_at=asked)


def _digest(user: User, currencies: dict[str, str]) -> str:
    return hashlib.sha256(f"{user}{currencies.get(user.group)}".encode()).hexdigest()


def _user_fields(platform: Platform, user: User, currencies: dict[str, str]) -> dict[str, Any]:
    return {name: getattr(user, name) for name in SAME} | {
        "currency": currencies.get(user.group, ""),
        "enabled": EnableFlags.Enabled in user.enable_flags,
        "read_only": EnableFlags.ReadOnly in user.enable_flags,
        "registered": _moment(platform, user.registration_date),
        "last_seen": _moment(platform, user.last_date),
        "name_key": user.name.lower(),
        "email_key": user.email.lower(),
        "digest": _digest(user, currencies),
        "gone": None,
    }


def _margin_fields(level: MarginLevel) -> dict[str, Any]:
    return {
        "equity": level.equity,
        "margin": level.margin,
        "free": level.free,
        "level": level.level if level.margin else None,
        "margin_state": level.level_type.name,
    }


def _flat_fields(row: Account) -> dict[str, Any]:
    whole = row.balance + row.credit
    return {
        "equity": whole,
        "margin": ZERO,
        "free": whole,
        "level": None,
        "margin_state": MarginLevelType.Ok.name,
    }


def _set(row: Account, fields: dict[str, Any]) -> bool:
    """Write the fields into the row; whether any was another."""
    changed = False
    for name, value in fields.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
            changed = True
    return changed


def _moment(platform: Platform, server_clock: datetime) -> datetime | None:
    return None if server_clock == NO_TIME else platform.from_server_time(server_clock)


def _currencies(platform: Platform) -> dict[str, str]:
    return {name: group.currency for name, group in groups_of(platform).items()}


def _parts(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), AT_ONCE):
        yield items[start : start + AT_ONCE]


def _note(platform: Platform, **times: datetime) -> None:
    Mirror.objects.update_or_create(platform=platform, defaults=times)
