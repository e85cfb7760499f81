"""What all rules share: words for kinds of order, prices of two sides, a refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TypeAlias

from panel.mt4.protocol.enums import ResultCode, TradeCommand

ONE = Decimal(1)
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Ratio:
    """A factor as a fraction: an amount is multiplied first and divided last. [S]

    One divided by 144.000 has no last digit: 1,134 yen times it would be a hair under 7.875 USD.
    """

    times: Decimal = ONE
    over: Decimal = ONE

    def __mul__(self, other: Ratio) -> Ratio:
        """Both factors, one after the other."""
        return Ratio(self.times * other.times, self.over * other.over)

    def of(self, amount: Decimal) -> Decimal:
        """The amount times this factor, not rounded."""
        return amount * self.times / self.over

    @property
    def value(self) -> Decimal:
        """The factor as one number, with the digits that a Decimal has."""
        return self.times / self.over


UNCHANGED = Ratio()


class TwoSided(Protocol):
    """Anything with a bid and an ask: a quote of the sandbox, `SymbolInfo`, `TickInfo`."""

    @property
    def bid(self) -> Decimal:
        """What a seller gets."""
        ...

    @property
    def ask(self) -> Decimal:
        """What a buyer pays."""
        ...


Quotes: TypeAlias = Callable[[str], TwoSided | None]
"""The prices of now by symbol, such as ``dict.get``."""

Price: TypeAlias = Callable[[str], Decimal | None]
"""One price by symbol."""


class UnknownMarketError(LookupError):
    """A symbol's settings, its price, or the price of a pair to convert with is not known."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the server would refuse: its result code, and words for a person."""

    code: ResultCode
    text: str


def is_long(command: TradeCommand) -> bool:
    """Whether an order buys: Buy, BuyLimit, BuyStop. [S]"""
    return command in (TradeCommand.Buy, TradeCommand.BuyLimit, TradeCommand.BuyStop)


def is_market(command: TradeCommand) -> bool:
    """Whether it is a position's command, not a pending order's or money's. [S]"""
    return command <= TradeCommand.Sell


def is_pending(command: TradeCommand) -> bool:
    """Whether it is a pending order's command. [S]"""
    return TradeCommand.BuyLimit <= command <= TradeCommand.SellStop


def opening_price(command: TradeCommand, quote: TwoSided) -> Decimal:
    """The side an order opens on: buys at Ask, sells at Bid. [S]"""
    return quote.ask if is_long(command) else quote.bid


def closing_price(command: TradeCommand, quote: TwoSided) -> Decimal:
    """The side a position closes on: a buy at Bid, a sell at Ask. [S]"""
    return quote.bid if is_long(command) else quote.ask
