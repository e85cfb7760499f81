"""What a trade server asks before it deals, in its order; each refusal has MT4's own code."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from panel.mt4 import limits, rules
from panel.mt4.protocol.enums import (
    ResultCode,
    SymbolExecMode,
    TradeCommand,
    TradeMode,
)
from panel.mt4.protocol.flags import EnableFlags
from panel.mt4.protocol.records import Trade, TradeTransaction
from panel.mt4.sandbox.answers import RefusalError, invalid_data, rejected
from panel.mt4.sandbox.dealing.desk import Deal, Desk
from panel.mt4.sandbox.records import Quote, is_open, is_position

FARTHEST = Decimal("0.1")
"""A price further from the market than this part of it is a slip of the finger."""


def refuse(refusal: rules.Refusal | None) -> None:
    """Raise what the rules refuse."""
    if refusal is not None:
        raise rejected(refusal.code, refusal.text)


def check_comment(text: str) -> None:
    for problem in limits.check_text(text, limits.TRADE_COMMENT):
        raise invalid_data(f"comment: {problem}")


def open_order(desk: Desk, ticket: int, field: str = "order") -> Trade:
    """An order that is open; raises InvalidData."""
    trade = desk.unit.trade(ticket)
    if trade is None or not is_open(trade):
        raise invalid_data(f"{field}: there is no open order {ticket}.")
    return trade


def open_position(desk: Desk, ticket: int, field: str = "order") -> Trade:
    """A position that is open; raises InvalidData."""
    trade = open_order(desk, ticket, field)
    if not is_position(trade):
        raise invalid_data(f"{field}: order {ticket} is pending.")
    return trade


def deal_for(desk: Desk, login: int, name: str) -> Deal:
    """1. The account, its group, the symbol, and whether the market is open."""
    account = desk.unit.account(login)
    if account is None:
        raise rejected(ResultCode.BadAccountInfo, f"There is no account {login}.")
    if EnableFlags.Enabled not in account.user.enable_flags:
        raise rejected(ResultCode.AccountDisabled, f"Account {login} is disabled.")
    entry = desk.state.groups[account.user.group]
    if EnableFlags.ReadOnly in account.user.enable_flags or not entry.group.enable:
        raise disabled(f"Account {login} or its group may not trade.")
    symbol = desk.state.symbols.get(name)
    if symbol is None:
        raise invalid_data(f"symbol: there is no symbol {name!r}.")
    if not desk.state.hours.takes_orders(symbol, desk.now):
        opens = desk.state.hours.next_open(symbol, desk.now)
        until = f" until {opens:%Y-%m-%d %H:%M}, server time" if opens else ""
        raise rejected(ResultCode.TradeMarketClosed, f"The market of {name} is closed{until}.")
    return Deal(account, entry, symbol, desk.state.quotes.get(name))


def disabled(text: str) -> RefusalError:
    return rejected(ResultCode.TradeDisable, text)


def check_permission(desk: Desk, deal: Deal, command: TradeCommand, *, opens: bool) -> Quote:
    """2. Whether this group may deal in the symbol this way, and at a fresh price."""
    symbol, name = deal.symbol, deal.symbol.symbol
    if opens and symbol.long_only and not rules.is_long(command):
        raise rejected(ResultCode.TradeLongOnly, f"{name} can only be bought.")
    if opens and symbol.trade_mode is TradeMode.Close:
        raise disabled(f"Positions in {name} can only be closed.")
    if symbol.trade_mode is TradeMode.No or name in desk.state.config.hidden:
        raise disabled(f"{name} is not traded.")
    if not deal.security.trade:
        raise disabled(f"Group {deal.account.user.group} does not trade {name}.")
    if deal.quote is None or desk.state.hours.is_stale(symbol, desk.now):
        raise rejected(ResultCode.TradeOffquotes, f"There is no fresh price of {name}.")
    return deal.quote


def check_dealt_price(
    deal: Deal, wanted: TradeTransaction, market: Decimal, price: Decimal
) -> None:
    """3. A price at which a position opens or closes: in ticks, and near the market."""
    refuse(rules.check_price(deal.symbol, price))
    if abs(price - market) > market * FARTHEST:
        text = f"The price is too far from the market, {market:.{deal.symbol.digits}f}."
        raise rejected(ResultCode.TradeBadPrices, text)
    mode, allowed = deal.symbol.symbol_exec_mode, wanted.ie_deviation
    if mode is SymbolExecMode.Market or allowed <= 0:
        return
    if abs(price - market) > rules.points(deal.symbol, allowed):
        code = ResultCode.TradePriceChanged
        if mode is SymbolExecMode.Instant:
            code = ResultCode.TradeRequote
        raise rejected(code, f"The price is {market:.{deal.symbol.digits}f} now.")


def check_group_rules(deal: Deal, command: TradeCommand, others: Iterable[Trade]) -> None:
    """4. How many orders a group lets an account have, and whether it may hedge."""
    orders, group = list(others), deal.entry.group
    if group.max_positions and len(orders) >= group.max_positions:
        text = f"The group allows {group.max_positions} orders."
        raise rejected(ResultCode.TradeTooManyOrders, text)
    refuse(hedging(deal, command, orders))


def hedging(deal: Deal, command: TradeCommand, others: Iterable[Trade]) -> rules.Refusal | None:
    """Why a group that forbids hedging would not open this beside an account's other orders."""
    if not deal.entry.group.hedge_prohibited:
        return None
    for each in others:
        same = each.symbol == deal.symbol.symbol and is_position(each)
        if same and rules.is_long(each.trade_command) != rules.is_long(command):
            text = f"The group does not hedge: position {each.order} is opposite."
            return rules.Refusal(ResultCode.TradeHedgeProhibited, text)
    return None


def check_fifo(desk: Desk, deal: Deal, trade: Trade) -> None:
    """Whether a position may close before the older ones of its symbol."""
    if not deal.entry.group.close_fifo:
        return
    for each in desk.unit.open_trades(trade.login):
        if each.order < trade.order and each.symbol == trade.symbol and is_position(each):
            text = f"The group closes the oldest first: position {each.order}."
            raise rejected(ResultCode.TradeProhibitedByFIFO, text)
