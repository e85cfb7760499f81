"""From one currency to another at the prices of now: fractions, so that nothing is rounded."""

from __future__ import annotations

from decimal import Decimal

from panel.mt4.protocol.enums import ProfitCalculationMode
from panel.mt4.protocol.records import SymbolConfig
from panel.mt4.rules.base import UNCHANGED, Price, Quotes, Ratio, UnknownMarketError
from panel.mt4.rules.choices import DEFAULTS, Choices, ConversionSide

RATE_DIGITS = 8
"""A record keeps its margin rate with this many decimals. [I]"""


def conversion(source: str, target: str, price: Price) -> Ratio | None:
    """Units of ``target`` for one of ``source``; None when no pair leads there.

    ``price`` gives the price of a pair (``USDJPY``) or None. Goes over USD when it must. [I]
    """
    if source == target:
        return UNCHANGED
    if direct := price(source + target):
        return Ratio(times=direct)
    if inverse := price(target + source):
        return Ratio(over=inverse)
    if "USD" in (source, target):
        return None
    first, second = conversion(source, "USD", price), conversion("USD", target, price)
    return first * second if first and second else None


def conversion_rate(source: str, target: str, price: Price) -> Decimal | None:
    """`conversion` as one number, for people to read and to compare."""
    found = conversion(source, target, price)
    return found.value if found else None


def prices_of(quotes: Quotes, *, at_bid: bool) -> Price:
    """One side of all quotes."""

    def price(pair: str) -> Decimal | None:
        quote = quotes(pair)
        if quote is None:
            return None
        return quote.bid if at_bid else quote.ask

    return price


def profit_currency(symbol: SymbolConfig) -> str:
    """The currency a symbol's profit comes in. [I]

    The symbol's own. Some servers keep a pair's base currency there, though: then it is the
    pair's second, by its name.
    """
    name, currency = symbol.symbol, symbol.currency
    if (
        symbol.profit_calculation_mode is ProfitCalculationMode.Forex
        and currency == symbol.margin_currency
        and name.startswith(currency)
        and len(name) >= 6
    ):
        return name[3:6]
    return currency


def symbol_rate(
    symbol: SymbolConfig,
    source: str,
    target: str,
    quotes: Quotes,
    *,
    price: Decimal,
    at_bid: bool,
) -> Ratio:
    """Units of ``target`` for one of ``source`` in a deal on ``symbol`` at ``price``.

    A pair converts between its own two currencies at the price of the deal itself, so that a
    USDJPY result is divided by its close price [S]; else the quotes' side decides. [I]
    Raises UnknownMarketError when no pair leads there.
    """
    if source == target:
        return UNCHANGED
    if symbol.profit_calculation_mode is ProfitCalculationMode.Forex and price:
        own = symbol.margin_currency, profit_currency(symbol)
        if own == (source, target):
            return Ratio(times=price)
        if own == (target, source):
            return Ratio(over=price)
    rate = conversion(source, target, prices_of(quotes, at_bid=at_bid))
    if rate is None:
        raise UnknownMarketError(f"No price converts {source} to {target}.")
    return rate


def profit_rate(
    symbol: SymbolConfig,
    currency: str,
    quotes: Quotes,
    *,
    is_buy: bool,
    price: Decimal,
    choices: Choices = DEFAULTS,
) -> Ratio:
    """From a symbol's profit currency to ``currency`` for a deal that closes at ``price``.

    Bid for buys, Ask for sells. [I] The side is open to choice. [U]
    """
    return symbol_rate(
        symbol,
        profit_currency(symbol),
        currency,
        quotes,
        price=price,
        at_bid=is_buy or choices.conversion_side is ConversionSide.BID,
    )


def margin_rate(
    symbol: SymbolConfig, currency: str, quotes: Quotes, *, is_buy: bool, open_price: Decimal
) -> Decimal:
    """From margin currency to ``currency`` at open, eight decimals; the order keeps it. [S]

    The side an order opens on: Ask for buys, Bid for sells. [I]
    """
    rate = symbol_rate(
        symbol,
        symbol.margin_currency,
        currency,
        quotes,
        price=open_price,
        at_bid=not is_buy,
    )
    return round(rate.value, RATE_DIGITS)
