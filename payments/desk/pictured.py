"""The desk's review in words, as it is kept with a decision, wherever that was taken."""

from __future__ import annotations

from decimal import Decimal

from panel.models import ChangeRequest
from panel.ui.figures import count_text, lots_text, money_text
from panel.ui.reviewing import Review, reviews
from panel.ui.shown import Table
from payments.desk.money import Money, money_of
from payments.desk.trading import Trading, trading_of
from payments.models import Withdrawal


@reviews("payments.withdraw")
def review(change: ChangeRequest) -> Review:
    """What the desk knows of a withdrawal, for the request's own page."""
    rows = Withdrawal.objects.select_related("platform", "payment")
    row = rows.filter(payment__request=change).first()
    if row is None:
        return Review()
    money = money_of(row)
    trading, checks = trading_of(row, change.currency)
    return Review([*money.checks, *checks], tables_of(change, money, trading))


def tables_of(change: ChangeRequest, money: Money, trading: Trading) -> list[Table]:
    """Money by method, velocity, and open positions; as much of them as the page shows."""

    def text(amount: Decimal) -> str:
        return money_text(amount, change.currency, named=False)

    ways = [
        (way.label, *map(text, (way.came, way.went, way.left, way.waiting))) for way in money.ways
    ]
    if money.outside:
        ways.append(("booked outside the panel", text(money.outside), "–", "–", "–"))
    found = [
        Table(
            f"Money in and back, by method ({change.currency})",
            ("Method", "Deposited", "Paid back", "Left", "Waiting"),
            ways,
        ),
        Table(
            f"Velocity ({change.currency})",
            ("Within", "In", "Out", "Net", "Withdrawals", "Waiting in", "Waiting out"),
            [
                (
                    pace.label,
                    *map(text, (pace.came, pace.went, pace.net)),
                    count_text(pace.number),
                    *map(text, (pace.waiting_in, pace.waiting_out)),
                )
                for pace in money.paces
            ],
        ),
    ]
    if trading.trouble:
        return [*found, Table("Open positions", ("MT4 did not answer",), [(trading.trouble,)])]
    rows = [
        (str(one.order), one.symbol, one.side, lots_text(one.volume), text(one.result))
        for one in trading.shown
    ]
    heading = f"Open positions: {len(trading.positions)}, floating {text(trading.floating)}"
    return [*found, Table(heading, ("Ticket", "Symbol", "Side", "Lots", "Result"), rows)]
