"""Orders as a dealer sends them, for the tests of what becomes of them."""

from __future__ import annotations

from typing import Any

from tests.sandbox.api import Api, Reply


def deal(api: Api, kind: str, **fields: Any) -> Reply:
    """A transaction of any kind."""
    return api.post("TradeTransaction", {"tradeTransactionType": kind, **fields})


def bid_ask(api: Api, symbol: str = "EURUSD") -> tuple[float, float]:
    tick = api.get(f"TickInfoLast/{symbol}").data
    return tick["bid"], tick["ask"]


def place(
    api: Api,
    login: int,
    command: str = "Buy",
    *,
    symbol: str = "EURUSD",
    volume: int = 100,
    price: float | None = None,
    **more: Any,
) -> int:
    """A new order, at the market's price unless told otherwise; its ticket."""
    if price is None:
        price = bid_ask(api, symbol)[command == "Buy"]
    reply = deal(
        api,
        "BrOpen",
        tradeCommand=command,
        orderBy=login,
        symbol=symbol,
        volume=volume,
        price=price,
        **more,
    )
    assert reply.code == "Ok", reply
    return int(reply.data["order"])


def order(api: Api, ticket: int) -> dict[str, Any]:
    """The record of a ticket, open or closed."""
    return dict(api.get(f"TradeRecordRequest/{ticket}").data)


def funded(api: Api, amount: float = 10_000, **fields: Any) -> int:
    """A new account with money."""
    login = api.new_account(**fields)
    assert api.money(login, amount).code == "Ok"
    return login
