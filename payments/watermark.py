"""The watermark: what was known of MT4 right before an operation was first sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from panel import audit
from panel.access.actor import Actor
from panel.lib.digest import plain
from panel.models import Platform
from panel.mt4.client import Connection
from panel.mt4.errors import Rejected
from panel.mt4.protocol.records import Trade, User
from panel.mt4.protocol.wire import NO_TIME
from panel.mt4.read import Reader
from payments.models import MoneyRecord

Newest = tuple[int, int, Decimal | None]
"""A ticket, its account and its signed amount."""
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """It needs no clock, and says on which server the operation is looked for, whatever the
    platform's row says by then.

    `ticket` is the newest one known of that server, `account_ticket` the newest of the account,
    read live: a record of the operation has a higher one (`after`).
    `newest_ticket` and `newest_login` name a record that must still be there, else the server was
    set back. `server_time` is the server's own clock, raw, for people to read.
    """

    ticket: int = 0
    account_ticket: int | None = None
    newest_ticket: int = 0
    newest_login: int = 0
    newest_amount: Decimal | None = None
    balance: Decimal | None = None
    credit: Decimal | None = None
    server: str = ""
    authority: str = ""
    api_base: str = ""
    platform_id: str = ""
    server_time: str = ""

    @classmethod
    def now(cls, platform: Platform, account: User, records: Sequence[Trade]) -> Watermark:
        """Of an account just read live, with all its balance and credit records, oldest first."""
        newest, mine = newest_known(platform), records[-1].order if records else 0
        if records:
            newest = max(newest, (mine, account.login, records[-1].profit))
        return replace(
            cls.of_server(platform, newest),
            account_ticket=mine,
            balance=account.balance,
            credit=account.credit,
        )

    @classmethod
    def of_server(cls, platform: Platform, newest: Newest) -> Watermark:
        """Of a server alone, by its newest ticket, and that one's account and amount."""
        ticket, login, amount = newest
        return cls(
            ticket=ticket,
            newest_ticket=ticket,
            newest_login=login,
            newest_amount=amount,
            server=platform.identity,
            authority=platform.authority,
            api_base=platform.api_base,
            platform_id=str(platform.platform_id),
            server_time=platform.server_time().isoformat(timespec="seconds"),
        )

    @classmethod
    def of(cls, mark: Mapping[str, Any]) -> Watermark:
        """The one that was kept with a sending; one of zeros for an older version's."""
        values = {name: mark[name] for name in cls.__dataclass_fields__ if name in mark}
        for name in ("balance", "credit", "newest_amount"):
            if values.get(name) is not None:
                values[name] = Decimal(values[name])
        return cls(**values)

    @property
    def after(self) -> int:
        """The ticket that every record of the operation is above. The account's own, where it is
        known: a server that was set back gives numbers again that were known of it before."""
        return self.ticket if self.account_ticket is None else self.account_ticket

    def is_newest(self, trade: Trade) -> bool:
        """Whether a record is the newest one that was known, and not another with its number."""
        return trade.order == self.newest_ticket and self.newest_amount in (None, trade.profit)

    def as_json(self) -> dict[str, Any]:
        """To be kept with the sending."""
        kept: dict[str, Any] = plain(asdict(self))
        return kept

    def connection(self, platform: Platform) -> Connection:
        """The way to the server that it was sent to, with the platform's present credentials.

        Raises `Unavailable` if their secret does not open.
        """
        present = platform.connection
        if not self.api_base:
            return present
        return replace(
            present,
            authority=self.authority,
            api_base=self.api_base,
            platform_id=self.platform_id,
        )


def newest_known(platform: Platform) -> Newest:
    """The newest money record known of a server; zeros if there is none."""
    newest = MoneyRecord.objects.filter(platform=platform).order_by("-ticket")
    return newest.values_list("ticket", "login", "amount").first() or (0, 0, None)


def verify_newest(platform: Platform, reading: Reader) -> None:
    """Make sure that the newest record known of a server is still there. If it is not, the server
    was put back from a backup: what it has lost is forgotten here too, and the log says so.

    Raises the errors of `panel.mt4.errors`.
    """
    rows = MoneyRecord.objects.filter(platform=platform).order_by("ticket")
    newest = rows.last()
    if newest is None or _stands(reading, newest):
        return
    there, gone = 0, rows.count()
    while there < gone:
        middle = (there + gone) // 2
        if _stands(reading, rows[middle]):
            there = middle + 1
        else:
            gone = middle
    first = rows[there].ticket
    lost = rows.filter(ticket__gte=first)
    with transaction.atomic():
        number, _ = lost.delete()
        audit.record(
            Actor.system("platform watch"),
            "platform set back",
            source="worker",
            obj=("platform", platform.slug, platform.name),
            platform=platform,
            outcome="failed",
            detail=f"MT4 has none of the {number} records from ticket {first} on any more: it was "
            "put back to an earlier state. The reconciliation shows whose payments they were.",
        )


def _stands(reading: Reader, row: MoneyRecord) -> bool:
    moment = NO_TIME + timedelta(seconds=row.server_time)
    try:
        history = reading.history(row.login, moment - DAY, moment + DAY)
    except Rejected:
        # The account is gone, and its records with it.
        return False
    return any(trade.order == row.ticket and trade.profit == row.amount for trade in history)
