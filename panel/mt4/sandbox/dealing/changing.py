"""Orders that stay: their levels, their time, their comment."""

from __future__ import annotations

from dataclasses import replace

from panel.mt4 import rules
from panel.mt4.protocol.enums import ResultCode, TradeCommand
from panel.mt4.protocol.flags import GroupRights
from panel.mt4.protocol.records import Trade, TradeTransaction
from panel.mt4.protocol.wire import NO_TIME
from panel.mt4.sandbox.answers import invalid_data, rejected
from panel.mt4.sandbox.dealing import checks
from panel.mt4.sandbox.dealing.desk import Deal, Desk
from panel.mt4.sandbox.records import Quote


def br_modify(desk: Desk, wanted: TradeTransaction) -> TradeTransaction:
    """Set stop loss and take profit, a price other than 0, and a pending order's expiration."""
    trade = checks.open_order(desk, wanted.order)
    deal = checks.deal_for(desk, trade.login, trade.symbol)
    quote = checks.check_permission(desk, deal, trade.trade_command, opens=False)
    pending, digits = rules.is_pending(trade.trade_command), deal.symbol.digits
    changed = replace(
        trade,
        open_price=round(wanted.price, digits) if wanted.price else trade.open_price,
        sl=round(wanted.sl, digits),
        tp=round(wanted.tp, digits),
        expiration=wanted.expiration if pending else NO_TIME,
    )
    if changed == trade:
        raise rejected(ResultCode.OkNone, "The order is like that already.")
    checks.refuse(rules.check_freeze(deal.symbol, trade, quote))
    _check(desk, deal, quote, trade, changed)
    desk.put(changed)
    return wanted


def _check(desk: Desk, deal: Deal, quote: Quote, trade: Trade, changed: Trade) -> None:
    if changed.open_price != trade.open_price:
        checks.refuse(rules.check_price(deal.symbol, changed.open_price))
    checks.refuse(
        rules.check_stops(
            deal.symbol,
            changed.trade_command,
            quote,
            open_price=changed.open_price,
            sl=changed.sl,
            tp=changed.tp,
        )
    )
    if changed.expiration != trade.expiration:
        allowed = GroupRights.Expiration in deal.entry.group.group_rights
        checks.refuse(rules.check_expiration(changed.expiration, desk.now, allowed=allowed))


def br_comment(desk: Desk, wanted: TradeTransaction) -> TradeTransaction:
    """Put another comment on an open order."""
    checks.check_comment(wanted.comment)
    trade = checks.open_order(desk, wanted.order)
    if trade.comment == wanted.comment:
        raise rejected(ResultCode.OkNone, "The order has that comment already.")
    desk.put(replace(trade, comment=wanted.comment))
    return wanted


def check_levels(desk: Desk, wanted: TradeTransaction, quote: Quote | None) -> None:
    """Whether an order with these levels would be taken; of an open one, by its own kind."""
    trade = checks.open_order(desk, wanted.order) if wanted.order else None
    command = trade.trade_command if trade else wanted.trade_command
    symbol = desk.state.symbols.get(trade.symbol if trade else wanted.symbol)
    if symbol is None:
        raise invalid_data(f"symbol: there is no symbol {wanted.symbol!r}.")
    if command > TradeCommand.SellStop:
        raise invalid_data("tradeCommand: an order buys or sells.")
    quote = quote or desk.state.quotes.get(symbol.symbol)
    if quote is None:
        raise rejected(ResultCode.TradeOffquotes, f"There is no price of {symbol.symbol}.")
    price = wanted.price or (trade.open_price if trade else wanted.price)
    checks.refuse(
        rules.check_stops(symbol, command, quote, open_price=price, sl=wanted.sl, tp=wanted.tp)
    )
    if rules.is_pending(command):
        checks.refuse(rules.check_expiration(wanted.expiration, desk.now, allowed=True))
