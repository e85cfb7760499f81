"""Live figures of accounts and positions at the prices of now, by `panel.mt4.rules`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from orjson import Fragment

from panel.mt4 import rules
from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.protocol.records import MarginLevel, Trade, User
from panel.mt4.sandbox.clock import unix_seconds
from panel.mt4.sandbox.records import Account, is_open, is_position
from panel.mt4.sandbox.state import State


def market_of(state: State) -> rules.Market:
    """The symbols and prices of now, as the rules take them."""
    return rules.Market(state.symbols, state.quotes.get)


def terms_of(state: State, user: User) -> rules.Terms:
    """What an account trades under: made once for each group and leverage."""
    entry = state.groups[user.group]
    choices = state.switches.get(user.group, rules.DEFAULTS)
    found = state.terms.get((user.group, user.leverage))
    if found is None or found[0] is not entry or found[1] is not choices:
        terms = rules.Terms.of(entry.group, user.leverage, entry.margins, choices)
        found = state.terms[user.group, user.leverage] = entry, choices, terms
    return found[2]


def figures_of(state: State, user: User, trades: Iterable[Trade]) -> rules.Figures:
    """An account with these open records. Raises UnknownMarketError where a price is missing."""
    return rules.figures(
        terms_of(state, user),
        balance=user.balance,
        credit=user.credit,
        trades=trades,
        market=market_of(state),
    )


class Closings:
    """What open records show of the market at one moment: what they would close at, and earn.

    Prices and rates are the same for all records of a symbol, a side and a currency: each is
    found once, however many records are looked at. Not to be kept until the next tick.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._known: dict[tuple[str, TradeCommand, str], tuple[Decimal, rules.Ratio] | None] = {}
        self._currencies = {name: entry.group.currency for name, entry in state.groups.items()}

    def of(self, trade: Trade) -> tuple[Decimal, Decimal]:
        """The price and the profit of now; pending orders earn nothing and show the market.

        A closed record, and one whose symbol has no price or no way to the account's currency,
        shows what it holds.
        """
        if not is_open(trade):
            return trade.close_price, trade.profit
        currency = self._currencies[self._state.accounts[trade.login].user.group]
        key = trade.symbol, trade.trade_command, currency
        try:
            found = self._known[key]
        except KeyError:
            found = self._known[key] = self._look_up(*key)
        if found is None:
            return trade.close_price, trade.profit
        price, rate = found
        if not is_position(trade):
            return price, trade.profit
        symbol = self._state.symbols[trade.symbol]
        return price, rules.profit_at(symbol, trade, price, rate, currency)

    def _look_up(
        self, name: str, command: TradeCommand, currency: str
    ) -> tuple[Decimal, rules.Ratio] | None:
        """The price that counts, and for positions the rate into the account's currency."""
        quote = self._state.quotes.get(name)
        if quote is None:
            return None
        if not rules.is_market(command):
            return rules.opening_price(command, quote), rules.UNCHANGED
        price = rules.closing_price(command, quote)
        try:
            rate = rules.profit_rate(
                self._state.symbols[name],
                currency,
                self._state.quotes.get,
                is_buy=rules.is_long(command),
                price=price,
            )
        except rules.UnknownMarketError:
            return None
        return price, rate


def shown(state: State, trade: Trade) -> Trade:
    """A record as the server gives it out: open ones with the price and the profit of now."""
    price, profit = Closings(state).of(trade)
    return replace(trade, close_price=price, profit=profit)


def all_shown(state: State, trades: Sequence[Trade]) -> Fragment:
    """Many records as `shown` gives out each, as text: nobody copies every one of them."""
    return state.texts.listed(trades, map(Closings(state).of, trades))


def margin_level(state: State, account: Account) -> MarginLevel:
    """The margin state of an account now. Raises UnknownMarketError where a price is missing."""
    return margin_level_with(state, account.user, state.open_trades(account.login))


def margin_level_with(state: State, user: User, trades: Iterable[Trade]) -> MarginLevel:
    """The margin state that an account would have with these open records."""
    figures = figures_of(state, user, trades)
    group = state.groups[user.group].group
    return MarginLevel(
        login=user.login,
        group=user.group,
        leverage=user.leverage or group.default_leverage,
        updated=unix_seconds(state.clock.now()),
        # MT4's own structure carries the credit in here, whatever the field's name says.
        balance=user.balance + user.credit,
        equity=figures.equity,
        volume=sum(each.trade.volume for each in figures.held),
        margin=figures.margin,
        free=figures.free,
        level=figures.level,
        controlling_type=group.margin_controlling_type,
        level_type=figures.state,
    )
