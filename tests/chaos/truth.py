"""What MT4 has really booked, and of what: by the sandbox's own records and what its plug-ins wrote
down, not by the panel's marks, which a plug-in may have changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from panel.lib.references import reference_in
from panel.mt4.client import Connection
from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.read import reader
from tests.chaos.conftest import demo
from tests.harness.stack import Stack

MONEY = (TradeCommand.Balance, TradeCommand.Credit)


@dataclass(frozen=True)
class Booked:
    """One sending that MT4 carried out: what was asked for, and the records that came of it."""

    reference: str
    login: int
    is_credit: bool
    asked: Decimal
    amounts: tuple[Decimal, ...]
    comments: tuple[str, ...]

    @property
    def is_as_asked(self) -> bool:
        """Whether the one record has the amount that was asked for."""
        return self.amounts == (self.asked,)


def straight(stack: Stack) -> Connection:
    """The sandbox itself, past the proxy."""
    url = stack.sandbox.url
    return replace(demo().address, authority=url, api_base=url)


def booked(stack: Stack, logins: Iterable[int]) -> dict[str, list[Booked]]:
    """Every money operation with a reference on these accounts, by the reference with which it was
    asked for; more than one of a reference is a payment made twice.
    """
    hooked = {row["ticket"]: row for row in stack.sandbox.hooked()}
    records = defaultdict(list)
    live = reader(straight(stack))
    for login in logins:
        for trade in live.history(login):
            if trade.trade_command in MONEY:
                row = hooked.get(trade.order)
                records[row["sending"] if row else -trade.order].append(trade)
    found: dict[str, list[Booked]] = defaultdict(list)
    for trades in records.values():
        first = trades[0]
        row = hooked.get(first.order)
        comment = row["asked_comment"] if row else first.comment
        reference = reference_in(comment)
        if reference is not None:
            found[reference].append(
                Booked(
                    reference=reference,
                    login=first.login,
                    is_credit=first.trade_command is TradeCommand.Credit,
                    asked=Decimal(row["asked_amount"]) if row else first.profit,
                    amounts=tuple(trade.profit for trade in trades),
                    comments=tuple(trade.comment for trade in trades),
                )
            )
    return dict(found)
