"""The watermark: what was known of MT4 right before an operation was first sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any

from panel.lib.digest import plain
from panel.models import Platform
from panel.mt4.client import Connection
from panel.mt4.protocol.records import Trade, User
from payments.models import MoneyRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """It needs no clock, and says on which server the operation is looked for, whatever the
    platform's row says by then.

    `ticket` is the newest one known of that server: a record of the operation has a higher one.
    `newest_ticket` and `newest_login` name a record that must still be there, else the server was
    set back. `server_time` is the server's own clock, raw, for people to read.
    """

    ticket: int = 0
    newest_ticket: int = 0
    newest_login: int = 0
    balance: Decimal | None = None
    credit: Decimal | None = None
    server: str = ""
    authority: str = ""
    api_base: str = ""
    platform_id: str = ""
    server_time: str = ""

    @classmethod
    def now(cls, platform: Platform, account: User, records: Sequence[Trade]) -> Watermark:
        """Of an account just read live, with its balance and credit records, oldest first."""
        newest = newest_known(platform)
        if records:
            newest = max(newest, (records[-1].order, account.login))
        mark = cls.of_server(platform, newest)
        return replace(mark, balance=account.balance, credit=account.credit)

    @classmethod
    def of_server(cls, platform: Platform, newest: tuple[int, int]) -> Watermark:
        """Of a server alone, by its newest ticket and that one's account."""
        ticket, login = newest
        return cls(
            ticket=ticket,
            newest_ticket=ticket,
            newest_login=login,
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
        for name in ("balance", "credit"):
            if values.get(name) is not None:
                values[name] = Decimal(values[name])
        return cls(**values)

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


def newest_known(platform: Platform) -> tuple[int, int]:
    """Ticket and account of the newest money record known of a server; zeros if there is none."""
    newest = (
        MoneyRecord.objects.filter(platform=platform)
        .order_by("-ticket")
        .values_list("ticket", "login")
        .first()
    )
    return newest or (0, 0)
