"""All figures of an account at the prices of now, from the records as they travel.

The sandbox answers with these, and the panel previews with them, so both agree exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from panel.lib.money import ZERO, quantize
from panel.mt4.protocol.enums import MarginLevelType
from panel.mt4.protocol.records import Group, GroupMargin, SymbolConfig, Trade
from panel.mt4.rules.account import equity as equity_of
from panel.mt4.rules.account import free_margin, level, leverage_of, margin_state
from panel.mt4.rules.base import Quotes, UnknownMarketError, closing_price, is_market
from panel.mt4.rules.choices import DEFAULTS, Choices
from panel.mt4.rules.margins import (
    is_fully_hedged,
    margins_by_symbol,
    symbol_margin,
    takes_margin,
)
from panel.mt4.rules.profits import trade_profit


@dataclass(frozen=True, slots=True)
class Terms:
    """What an account trades under: its group with overrides by symbol, and its leverage."""

    group: Group
    leverage: int
    overrides: Mapping[str, GroupMargin] = field(default_factory=dict)
    choices: Choices = DEFAULTS

    @classmethod
    def of(
        cls,
        group: Group,
        leverage: int,
        overrides: Iterable[GroupMargin] = (),
        choices: Choices = DEFAULTS,
    ) -> Terms:
        """From records: an account's leverage of 0 becomes its group's."""
        return cls(
            group,
            leverage_of(leverage, group.default_leverage, choices),
            {each.symbol: each for each in overrides},
            choices,
        )


@dataclass(frozen=True, slots=True)
class Market:
    """Settings and prices of the symbols."""

    symbols: Mapping[str, SymbolConfig]
    quotes: Quotes

    def symbol(self, name: str) -> SymbolConfig:
        """A symbol's settings; raises UnknownMarketError."""
        found = self.symbols.get(name)
        if found is None:
            raise UnknownMarketError(f"There is no symbol {name}.")
        return found

    def closing_price(self, trade: Trade) -> Decimal:
        """What a position would close at now; raises UnknownMarketError."""
        quote = self.quotes(trade.symbol)
        if quote is None:
            raise UnknownMarketError(f"There is no price of {trade.symbol}.")
        return closing_price(trade.trade_command, quote)


@dataclass(frozen=True, slots=True)
class Held:
    """An open position at the price it would close at."""

    trade: Trade
    close_price: Decimal
    profit: Decimal

    @property
    def net(self) -> Decimal:
        """Profit with swap, commission and taxes."""
        trade = self.trade
        return self.profit + trade.storage + trade.commission + trade.taxes


@dataclass(frozen=True, slots=True)
class Figures:
    """An account now. Level in percent, 0 without margin; ``margins`` add up to ``margin``."""

    balance: Decimal
    credit: Decimal
    held: tuple[Held, ...]
    pendings: tuple[Trade, ...]
    margins: Mapping[str, Decimal]
    equity: Decimal
    margin: Decimal
    free: Decimal
    level: Decimal
    state: MarginLevelType


def hold(terms: Terms, trade: Trade, market: Market) -> Held:
    """A position at the price of now. Raises UnknownMarketError."""
    price = market.closing_price(trade)
    profit = trade_profit(
        market.symbol(trade.symbol),
        trade,
        price,
        terms.group.currency,
        market.quotes,
        choices=terms.choices,
    )
    return Held(trade, price, profit)


def figures(
    terms: Terms, *, balance: Decimal, credit: Decimal, trades: Iterable[Trade], market: Market
) -> Figures:
    """An account with these open records. Raises UnknownMarketError."""
    records = list(trades)
    held = tuple(hold(terms, trade, market) for trade in records if is_market(trade.trade_command))
    pendings = tuple(trade for trade in records if not is_market(trade.trade_command))
    margins = margins_by_symbol(
        records,
        market.symbols,
        leverage=terms.leverage,
        currency=terms.group.currency,
        overrides=terms.overrides,
        large_leg=bool(terms.group.hedge_large_leg),
        market=market.closing_price,
        choices=terms.choices,
    )
    return _sum_up(terms, balance, credit, held, pendings, margins)


def after_opening(terms: Terms, before: Figures, trade: Trade, market: Market) -> Figures:
    """The same account with one more position; only that symbol's margin is computed anew."""
    held = (*before.held, hold(terms, trade, market))
    same = [each.trade for each in held if each.trade.symbol == trade.symbol]
    same += [
        each
        for each in before.pendings
        if each.symbol == trade.symbol and takes_margin(each, terms.choices)
    ]
    margin = symbol_margin(
        market.symbol(trade.symbol),
        same,
        leverage=terms.leverage,
        currency=terms.group.currency,
        override=terms.overrides.get(trade.symbol),
        large_leg=bool(terms.group.hedge_large_leg),
        market=market.closing_price,
        choices=terms.choices,
    )
    margins = {**before.margins, trade.symbol: margin}
    return _sum_up(terms, before.balance, before.credit, held, before.pendings, margins)


def _sum_up(
    terms: Terms,
    balance: Decimal,
    credit: Decimal,
    held: tuple[Held, ...],
    pendings: tuple[Trade, ...],
    margins: Mapping[str, Decimal],
) -> Figures:
    group = terms.group
    floating = [each.net for each in held]
    margin = quantize(sum(margins.values(), ZERO), group.currency)
    equity = equity_of(balance, credit, floating, group.currency)
    state = margin_state(
        group.margin_controlling_type,
        equity=equity,
        margin=margin,
        call=Decimal(group.margin_call),
        stopout=Decimal(group.margin_stopout),
        choices=terms.choices,
    )
    hedged = group.stopout_skip_hedged and is_fully_hedged(each.trade for each in held)
    if state is MarginLevelType.StopOut and hedged:
        state = MarginLevelType.MarginCall
    return Figures(
        balance=balance,
        credit=credit,
        held=held,
        pendings=pendings,
        margins=margins,
        equity=equity,
        margin=margin,
        free=free_margin(
            group.margin_mode,
            balance=balance,
            credit=credit,
            floating=floating,
            margin=margin,
            currency=group.currency,
        ),
        level=level(equity, margin),
        state=state,
    )
