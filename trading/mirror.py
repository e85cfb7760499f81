"""The mirror of open trades: all pages read, what changed written, what is gone deleted."""

from __future__ import annotations

from typing import Any

import structlog
from django.core.cache import cache
from django.utils import timezone

from panel.models import Platform
from panel.mt4.protocol.records import Trade as Record
from panel.mt4.read import reader
from panel.ui.owners import Owner, owners_of, portions
from trading.clock import stamp
from trading.models import Trade, TradeMirror

log = structlog.get_logger(__name__)

ROWS_PER_WRITE = 1000
# Seconds for which a reading holds the others back without a sign of life: one call and its wait.
SILENCE = 60

FIELDS = [
    *("login", "mt4_group", "currency", "symbol", "digits", "command", "volume"),
    *("open_price", "stop_loss", "take_profit", "current_price", "profit", "swap", "commission"),
    "taxes",
    *("comment", "magic", "opened", "server_opened", "server_expires"),
]


def mirror_now(platform: Platform) -> int:
    """Bring a platform's open trades up to date; how many there are.

    0 as well when another reading is under way. Raises the errors of `panel.mt4.errors`.
    """
    lock = f"mirror-trades:{platform.pk}"
    if not cache.add(lock, True, SILENCE):
        return 0
    try:
        began = timezone.now()
        seen: set[int] = set()
        for page in reader(platform.connection).open_trades():
            seen |= _write(platform, page)
            cache.touch(lock, SILENCE)
        _delete_all_but(platform, seen)
        TradeMirror.objects.update_or_create(platform=platform, defaults={"read_at": began})
    finally:
        cache.delete(lock)
    log.info("open trades mirrored", platform=platform.slug, read=len(seen))
    return len(seen)


def _write(platform: Platform, records: list[Record]) -> set[int]:
    """Write the records of a page that are new or changed; the tickets of all of them."""
    owners = owners_of(platform, {record.login for record in records})
    rows = [
        Trade(platform=platform, ticket=record.order, **fields(platform, record, owner))
        for record in records
        if (owner := owners.get(record.login)) and record.trade_command in Trade.Command.values
    ]
    for some in portions(rows, ROWS_PER_WRITE):
        tickets = [row.ticket for row in some]
        known = {
            values[0]: values[1:]
            for values in Trade.objects.filter(platform=platform, ticket__in=tickets).values_list(
                "ticket", *FIELDS
            )
        }
        changed = [
            row
            for row in some
            if known.get(row.ticket) != tuple(getattr(row, name) for name in FIELDS)
        ]
        Trade.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["platform", "ticket"],
            update_fields=FIELDS,
        )
    return {row.ticket for row in rows}


def fields(platform: Platform, record: Record, owner: Owner) -> dict[str, Any]:
    """A record of MT4 as the columns of a `Trade`."""
    return {
        "login": record.login,
        "mt4_group": owner.group,
        "currency": owner.currency,
        "symbol": record.symbol,
        "digits": record.digits,
        "command": int(record.trade_command),
        "volume": record.volume,
        "open_price": record.open_price,
        "stop_loss": record.sl,
        "take_profit": record.tp,
        "current_price": record.close_price,
        "profit": record.profit,
        "swap": record.storage,
        "commission": record.commission,
        "taxes": record.taxes,
        "comment": record.comment[:64],
        "magic": record.magic,
        "opened": platform.from_server_time(record.open_time),
        "server_opened": stamp(record.open_time),
        "server_expires": stamp(record.expiration),
    }


def _delete_all_but(platform: Platform, seen: set[int]) -> None:
    known = Trade.objects.filter(platform=platform).values_list("ticket", flat=True)
    for some in portions(set(known) - seen, 500):
        Trade.objects.filter(platform=platform, ticket__in=some).delete()
