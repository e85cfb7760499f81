"""What MT4's own history says about a payment: the only word that counts on whether it happened."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from panel.commands.base import Evidence
from panel.lib.money import show
from panel.lib.references import reference_in
from panel.models import Platform
from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.protocol.records import Trade
from panel.mt4.read import Reader

MONEY = (TradeCommand.Balance, TradeCommand.Credit)
# Wider than any zone, and any mistake about the server's zone, can shift its clock.
DOUBT = timedelta(days=2)


def records_of(
    reader: Reader, platform: Platform, login: int, reference: str, *, since: datetime
) -> list[Trade]:
    """The account's balance and credit records with a reference, live, oldest first.

    `since` is when the request was made (UTC). Raises the errors of `panel.mt4.errors`.
    """
    history = reader.history(
        login,
        platform.server_time(since) - DOUBT,
        platform.server_time() + DOUBT,
    )
    return sorted(
        (
            trade
            for trade in history
            if trade.trade_command in MONEY and reference_in(trade.comment) == reference
        ),
        key=lambda trade: trade.order,
    )


def judge(found: list[Trade], *, kind: TradeCommand, amount: Decimal) -> Evidence:
    """Whether the records with our reference are exactly the one that was asked for.

    `amount` is signed. Two records, another amount or another purse leave a doubt.
    """
    if not found:
        return Evidence("absent", "No record with this reference in the account's history.")
    if len(found) == 1 and found[0].trade_command is kind and found[0].profit == amount:
        return Evidence(
            "found",
            f"Ticket {found[0].order}: {show(amount)}, comment “{found[0].comment}”.",
            as_data(found[0]),
        )
    seen = "; ".join(
        f"ticket {trade.order}: {trade.trade_command.name.lower()} {show(trade.profit)}"
        for trade in found
    )
    asked = f"{kind.name.lower()} {show(amount)}"
    return Evidence(
        "unclear",
        f"Asked for {asked} once, MT4 has {seen}.",
        {"records": [as_data(trade) for trade in found]},
    )


def as_data(trade: Trade) -> dict[str, object]:
    """A record for the request's row; the time is the server's clock."""
    return {
        "ticket": trade.order,
        "kind": trade.trade_command.name.lower(),
        "amount": trade.profit,
        "comment": trade.comment,
        "time": trade.close_time,
    }
