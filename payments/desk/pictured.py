"""The desk's tables in words, as they are kept with a decision."""

from __future__ import annotations

from panel.models import ChangeRequest
from panel.ui.figures import count_text, lots_text, money_text
from panel.ui.shown import Table
from payments.desk.money import Money
from payments.desk.trading import Trading


def tables_of(change: ChangeRequest, money: Money, trading: Trading) -> list[Table]:
    """Money by method, velocity, and open positions; as much of them as the page shows."""
    ways = [
        (way.label, money_text(way.came), money_text(way.went), money_text(way.left))
        for way in money.ways
    ]
    if money.outside:
        ways.append(("booked outside the panel", money_text(money.outside), "–", "–"))
    found = [
        Table(
            f"Money in and back, by method ({change.currency})",
            ("Method", "Deposited", "Paid back", "Left"),
            ways,
        ),
        Table(
            f"Velocity ({change.currency})",
            ("Within", "Withdrawals", "Sum", "Deposits"),
            [
                (pace.label, count_text(pace.number), money_text(pace.total), money_text(pace.came))
                for pace in money.paces
            ],
        ),
    ]
    if trading.trouble:
        return [*found, Table("Open positions", ("MT4 did not answer",), [(trading.trouble,)])]
    rows = [
        (str(one.order), one.symbol, one.side, lots_text(one.volume), money_text(one.result))
        for one in trading.shown
    ]
    heading = f"Open positions: {len(trading.positions)}, floating {money_text(trading.floating)}"
    return [*found, Table(heading, ("Ticket", "Symbol", "Side", "Lots", "Result"), rows)]
