"""Tables of open trades and of an account's history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.urls import reverse

from panel.ui.columns import Column
from panel.ui.links import Link
from panel.ui.tables import Empty, Table
from trading.clock import clock_text
from trading.models import Trade


def account_url(trade: Trade) -> str:
    """The open trades of the trade's account."""
    return reverse("account_positions", args=(trade.platform.slug, trade.login))


def _command(trade: Trade) -> str:
    return trade.get_command_display()


TICKET = Column("ticket", "Ticket", "copy", sort="ticket")
ACCOUNT = Column("login", "Account", "copy", link=account_url, sort="login")
SYMBOL = Column("symbol", "Symbol", sort="symbol", strong=True)
SIDE = Column("command", "Type", value=_command, sort="command")
LOTS = Column("volume", "Lots", "lots", sort="volume", total="volume")
STOPS = (
    Column("stop_loss", "Stop loss", "price", digits="digits"),
    Column("take_profit", "Take profit", "price", digits="digits"),
)
SERVER_TIME = Column(
    "server_opened",
    "Server time",
    value=lambda trade: clock_text(trade.server_opened),
    shown=False,
)
REST = (
    Column("mt4_group", "Group", sort="mt4_group", shown=False),
    Column("comment", "Comment", "clip", shown=False),
    Column("magic", "Magic", "copy", value=lambda trade: trade.magic or "", shown=False),
)


class _TradeTable(Table):
    """What positions and orders share."""

    default_sort: ClassVar[str] = "-opened"
    total_by: ClassVar[str] = "currency"

    def link(self, row: Trade) -> str:
        """The open trades of its account."""
        return account_url(row)

    def row_id(self, row: Trade) -> str:
        """The ticket."""
        return str(row.ticket)

    def actions(self, row: Trade) -> Sequence[Link]:
        """The account's pages."""
        place = (row.platform.slug, row.login)
        return (
            Link("Account", reverse("account", args=place), "user"),
            Link("History", reverse("account_history", args=place), "history"),
        )


class PositionTable(_TradeTable):
    """Open positions."""

    name = "positions"
    label = "Open positions"
    columns: ClassVar[Sequence[Column]] = (
        TICKET,
        ACCOUNT,
        SYMBOL,
        SIDE,
        LOTS,
        Column("open_price", "Open price", "price", digits="digits"),
        Column("current_price", "Price now", "price", digits="digits"),
        *STOPS,
        *(
            Column(
                name,
                name.capitalize(),
                "money",
                sort=name,
                total=name,
                currency="currency",
                named=False,
                shown=name == "swap",
            )
            for name in ("swap", "commission", "taxes")
        ),
        Column("profit", "Profit", "money", sort="profit", total="profit", currency="currency"),
        Column("opened", "Opened", "time", sort="opened"),
        SERVER_TIME,
        *REST,
    )
    empty = Empty(
        "No open positions",
        "Positions that clients or dealers open on the trade server appear here within seconds.",
        "chart-candle",
    )


class OrderTable(_TradeTable):
    """Pending orders."""

    name = "orders"
    label = "Pending orders"
    columns: ClassVar[Sequence[Column]] = (
        TICKET,
        ACCOUNT,
        SYMBOL,
        SIDE,
        LOTS,
        Column("open_price", "At price", "price", digits="digits"),
        Column("current_price", "Price now", "price", digits="digits"),
        *STOPS,
        Column("opened", "Placed", "time", sort="opened"),
        Column(
            "expires",
            "Expires, server time",
            value=lambda trade: clock_text(trade.server_expires),
            sort="server_expires",
        ),
        SERVER_TIME,
        *REST,
    )
    empty = Empty(
        "No pending orders",
        "Orders that wait for their price on the trade server appear here within seconds.",
        "hourglass",
    )


# On an account's page the server's time stands beside the reader's, and the currency above.
_AS_SHOWN = {
    "server_opened": Column("server_opened", "Server time", value=SERVER_TIME.value),
    **{
        name: Column(name, name.capitalize(), "money", currency="currency", named=False)
        for name in ("commission", "taxes", "profit")
    },
}


def _on_account(table: type[_TradeTable]) -> tuple[Column, ...]:
    """The columns of a table for the page of one account."""
    gone = ("login", "mt4_group")
    return tuple(
        _AS_SHOWN.get(column.name, column) for column in table.columns if column.name not in gone
    )


class AccountPositionTable(PositionTable):
    """Open positions of one account."""

    name = "account-positions"
    columns: ClassVar[Sequence[Column]] = _on_account(PositionTable)
    empty = Empty("No open positions", "The account's money is all free.", "chart-candle")

    def link(self, row: Trade) -> str:
        """Nowhere further."""
        return ""

    def actions(self, row: Trade) -> Sequence[Link]:
        """Nothing that the page does not have."""
        return ()


class AccountOrderTable(OrderTable):
    """Pending orders of one account."""

    name = "account-orders"
    columns: ClassVar[Sequence[Column]] = _on_account(OrderTable)
    empty = Empty("No pending orders", "", "hourglass")

    def link(self, row: Trade) -> str:
        """Nowhere further."""
        return ""

    def actions(self, row: Trade) -> Sequence[Link]:
        """Nothing that the page does not have."""
        return ()


class HistoryTable(Table):
    """Closed trades and money records of one account, the latest first."""

    name = "history"
    label = "History"
    columns = (
        Column("ticket", "Ticket", "copy"),
        Column("what", "Type"),
        Column("symbol", "Symbol", strong=True),
        Column("lots", "Lots", "lots"),
        Column("open_price", "Open price", "price", digits="digits"),
        Column("close_price", "Close price", "price", digits="digits"),
        Column("closed", "Closed", "time"),
        Column("server_closed", "Server time"),
        Column("opened", "Opened", "time", shown=False),
        Column("stop_loss", "Stop loss", "price", digits="digits", shown=False),
        Column("take_profit", "Take profit", "price", digits="digits", shown=False),
        *(
            Column(name, name.capitalize(), "money", currency="currency", named=False)
            for name in ("swap", "commission", "taxes", "profit")
        ),
        Column("comment", "Comment", "clip"),
    )
    empty = Empty(
        "Nothing in these days",
        "No trade was closed and no money moved. Choose other days above.",
        "history",
    )

    def row_id(self, row: Any) -> str:
        """The ticket."""
        return str(row.ticket)
