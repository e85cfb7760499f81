"""Credit that has expired: which accounts have some, and what is to be taken out of them now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from panel.lib.references import reference_in
from panel.models import ChangeRequest, Platform
from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.protocol.wire import NO_TIME
from panel.mt4.read import Reader
from payments.jobs.credits import CreditRecord, Lot, due, lots
from payments.models import MoneyRecord

COMMAND = "payments.credit_expiry"


def requests_of(platform: Platform, login: int | None = None) -> Iterator[ChangeRequest]:
    """The requests that were made for expired credit, of one account or of all."""
    rows = ChangeRequest.objects.filter(platform=platform, command=COMMAND)
    yield from rows if login is None else rows.filter(login=login)


def named(platform: Platform, login: int | None = None) -> dict[str, int]:
    """Which ticket each of these requests, by its reference, takes back."""
    return {row.reference: row.payload["ticket"] for row in requests_of(platform, login)}


def expired_logins(platform: Platform) -> list[int]:
    """The accounts that, as mirrored, still hold expired credit."""
    now = platform.server_time()
    with_some = MoneyRecord.objects.filter(
        platform=platform,
        kind=MoneyRecord.Kind.CREDIT,
        amount__gt=0,
        expires_server_time__gt=0,
        expires_server_time__lte=int((now - NO_TIME).total_seconds()),
    )
    rows = MoneyRecord.objects.filter(
        platform=platform,
        kind=MoneyRecord.Kind.CREDIT,
        login__in=with_some.values("login"),
    )
    by_login: dict[int, list[CreditRecord]] = defaultdict(list)
    for row in rows:
        by_login[row.login].append(
            CreditRecord(
                row.ticket,
                row.amount,
                _naive(row.server_time),
                row.reference,
                _naive(row.expires_server_time) if row.expires_server_time else None,
            )
        )
    names = named(platform)
    return sorted(
        login
        for login, records in by_login.items()
        if due(lots(records, names), sum((record.amount for record in records), Decimal(0)), now)
    )


def live_lots(reader: Reader, platform: Platform, login: int) -> list[Lot]:
    """The account's credits, live from MT4's history. Raises the errors of `panel.mt4.errors`."""
    records = [
        CreditRecord(
            trade.order,
            trade.profit,
            trade.close_time,
            reference_in(trade.comment) or "",
            trade.expiration if trade.expiration > NO_TIME else None,
        )
        for trade in reader.history(login)
        if trade.trade_command is TradeCommand.Credit
    ]
    return lots(records, named(platform, login))


def live_due(reader: Reader, platform: Platform, login: int) -> dict[int, Decimal]:
    """What is to be taken out of an account now, by ticket of the credit."""
    credit = reader.account(login).credit
    return due(live_lots(reader, platform, login), credit, platform.server_time())


def _naive(stamp: int) -> datetime:
    return NO_TIME + timedelta(seconds=stamp)
