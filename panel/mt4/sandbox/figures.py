"""Live figures of accounts and positions at the prices of now, by `panel.mt4.rules`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from panel.mt4 import rules
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
    found = state.terms.get((user.group, user.leverage))
    if found is None or found[0] is not entry:
        found = entry, rules.Terms.of(entry.group, user.leverage, entry.margins)
        state.terms[user.group, user.leverage] = found
    return found[1]


def figures_of(state: State, user: User, trades: Iterable[Trade]) -> rules.Figures:
    """An account with these open records. Raises UnknownMarketError where a price is missing."""
    return rules.figures(
        terms_of(state, user),
        balance=user.balance,
        credit=user.credit,
        trades=trades,
        market=market_of(state),
    )


def shown(state: State, trade: Trade) -> Trade:
    """A record as the server gives it out: open ones with the price and the profit of now.

    One whose symbol has no price, or no way to the account's currency, stays as it was.
    """
    quote = state.quotes.get(trade.symbol)
    if quote is None or not is_open(trade):
        return trade
    if not is_position(trade):
        return replace(trade, close_price=rules.opening_price(trade.trade_command, quote))
    group = state.groups[state.accounts[trade.login].user.group].group
    price = rules.closing_price(trade.trade_command, quote)
    symbol, quotes = state.symbols[trade.symbol], state.quotes.get
    try:
        profit = rules.trade_profit(symbol, trade, price, group.currency, quotes)
    except rules.UnknownMarketError:
        return trade
    return replace(trade, close_price=price, profit=profit)


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
