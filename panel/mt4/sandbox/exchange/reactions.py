"""What new prices and a new time do to orders and accounts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from panel.mt4 import rules
from panel.mt4.protocol.enums import ActivationType, LogType, MarginLevelType, TradeMode
from panel.mt4.protocol.records import Trade
from panel.mt4.protocol.wire import NO_TIME
from panel.mt4.sandbox.dealing.desk import Deal, Desk
from panel.mt4.sandbox.dealing.opening import trigger
from panel.mt4.sandbox.exchange.watch import Watch
from panel.mt4.sandbox.journal import TRADE
from panel.mt4.sandbox.records import Quote, is_open, is_position
from panel.mt4.sandbox.state import State
from panel.mt4.sandbox.unit import Unit

_TAGS = {ActivationType.SL: "[sl]", ActivationType.TP: "[tp]"}


class Reactions:
    """The market's hand: pending orders, stops, expirations and stop-outs."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._watch = Watch(state)

    def to(self, symbols: Iterable[str], *, most: int | None = None) -> Unit:
        """What follows from these symbols' prices and from the time of now, to be committed.

        `most`: how many accounts with changed records are looked at, so that a server with very
        many of them does not stand still after its start.
        """
        state, now = self._state, self._state.clock.now()
        desk = Desk(Unit(state), now)
        moved = list(symbols)
        for name in moved:
            self._fire_orders(desk, name)
        self._expire_orders(desk, now)
        for login in self._watch.due(moved, most):
            try:
                self._look_at(desk, login)
            except rules.UnknownMarketError:
                continue  # Without its prices an account cannot be stopped out either.
        state.levels.tidy(lambda ticket: _is_open(state, ticket), len(state.open_tickets))
        return desk.unit

    def _takes_orders(self, name: str, now: datetime) -> bool:
        symbol = self._state.symbols.get(name)
        if symbol is None or symbol.trade_mode is TradeMode.No:
            return False
        return self._state.hours.takes_orders(symbol, now)

    def _fire_orders(self, desk: Desk, name: str) -> None:
        quote = self._state.quotes.get(name)
        if quote is None or not self._takes_orders(name, desk.now):
            return
        for ticket in self._state.levels.reached(name, quote):
            trade = desk.unit.trade(ticket)
            if trade is None or not is_open(trade):
                continue
            try:
                _fire(desk, trade, quote)
            except rules.UnknownMarketError:
                self._state.levels.add(trade)

    def _expire_orders(self, desk: Desk, now: datetime) -> None:
        for ticket in self._state.levels.expired(now):
            trade = desk.unit.trade(ticket)
            if trade is None or not is_open(trade) or is_position(trade):
                continue
            if NO_TIME != trade.expiration <= now:
                desk.delete(trade, f"expiration [{trade.expiration:%Y.%m.%d %H:%M}]")
                _note(desk, trade, "expired")

    def _look_at(self, desk: Desk, login: int) -> None:
        """Stop an account out if it must be, and remember when to look at it again."""
        account = desk.unit.account(login)
        while account is not None:
            trades = desk.unit.open_trades(login)
            if not any(map(is_position, trades)):
                self._watch.forget(login)
                return
            figures, used = self._watch.figures(account.user, trades)
            worst = None
            if figures.state is MarginLevelType.StopOut:
                worst = rules.most_losing(
                    held for held in figures.held if self._takes_orders(held.trade.symbol, desk.now)
                )
            if worst is None:
                self._watch.keep(account.user, figures, used)
                return
            desk.close(
                worst.trade,
                worst.close_price,
                comment=rules.stopout_comment(
                    figures.equity, figures.margin, desk.currency_of(worst.trade)
                ),
                activation=ActivationType.Stopout,
            )
            _note(desk, worst.trade, f"stopped out at {worst.close_price}")
            account = desk.unit.account(login)


def _is_open(state: State, ticket: int) -> bool:
    trade = state.trades.get(ticket)
    return trade is not None and is_open(trade)


def _fire(desk: Desk, trade: Trade, quote: Quote) -> None:
    """Carry out an order that the market may have reached; an outdated level is passed over."""
    if rules.is_pending(trade.trade_command):
        if rules.is_triggered(trade, quote):
            account = desk.account_of(trade)
            entry = desk.state.groups[account.user.group]
            symbol = desk.state.symbols[trade.symbol]
            trigger(desk, trade, Deal(account, entry, symbol, quote), quote)
            _note(desk, trade, f"reached at {quote.bid} / {quote.ask}")
        return
    hit = rules.stop_hit(trade, quote)
    if hit is not ActivationType.None_:
        price = rules.closing_price(trade.trade_command, quote)
        comment = rules.comment_with(trade.comment, _TAGS[hit])
        desk.close(trade, price, comment=comment, activation=hit)
        _note(desk, trade, f"closed at {price} {_TAGS[hit]}")


def _note(desk: Desk, trade: Trade, words: str) -> None:
    """A line in the journal, as soon as what it tells of is on disk."""
    what = f"order #{trade.order} {trade.trade_command.wire} {trade.symbol}"
    journal, message = desk.unit.state.journal, f"'{trade.login}': {what} {words}"
    desk.unit.then(
        lambda store: None, lambda: journal.add(message, kind=LogType.Trades, code=TRADE)
    )
