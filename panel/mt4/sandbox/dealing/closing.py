"""Positions that end: whole, in part, or against an opposite one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from panel.lib.money import ZERO
from panel.mt4 import rules
from panel.mt4.protocol.records import Trade, TradeTransaction
from panel.mt4.sandbox.answers import invalid_data
from panel.mt4.sandbox.dealing import checks
from panel.mt4.sandbox.dealing.desk import Deal, Desk
from panel.mt4.sandbox.records import is_position

CANCELLED = "cancelled"


def br_close(desk: Desk, wanted: TradeTransaction) -> TradeTransaction:
    """Close a position, or the part of it that `volume` says, at the given price."""
    if not (wanted.order and wanted.price and wanted.volume):
        raise invalid_data("A BrClose needs order, price and volume.")
    trade = checks.open_position(desk, wanted.order)
    deal = checks.deal_for(desk, trade.login, trade.symbol)
    quote = checks.check_permission(desk, deal, trade.trade_command, opens=False)
    market = rules.closing_price(trade.trade_command, quote)
    checks.check_dealt_price(deal, wanted, market, wanted.price)
    checks.refuse(rules.check_volume(deal.security, wanted.volume, held=trade.volume))
    checks.check_fifo(desk, deal, trade)
    checks.refuse(rules.check_freeze(deal.symbol, trade, quote))
    price = round(wanted.price, deal.symbol.digits)
    if wanted.volume == trade.volume:
        desk.close(trade, price)
    elif deal.entry.group.close_reopen:
        _reopen(desk, deal, trade, wanted.volume, price)
    else:
        _close_part(desk, trade, wanted.volume, price)
    return wanted


def _close_part(desk: Desk, trade: Trade, volume: int, price: Decimal) -> None:
    split = rules.split_off(
        trade,
        volume,
        price=price,
        profit=desk.profit(trade, price, volume=volume),
        currency=desk.currency_of(trade),
        now=desk.now,
        ticket=desk.unit.next_ticket(),
    )
    desk.settle([split.closed])
    desk.put(split.rest)


def _reopen(desk: Desk, deal: Deal, trade: Trade, volume: int, price: Decimal) -> None:
    """Close it all, and open what should have stayed at the same price, with its commission."""
    ticket = desk.unit.next_ticket()
    desk.close(trade, price, comment=f"to #{ticket}")
    left = trade.volume - volume
    desk.put(
        desk.priced(
            deal,
            replace(
                trade,
                order=ticket,
                volume=left,
                volume_lots=rules.lots(left),
                open_price=price,
                open_time=desk.now,
                storage=ZERO,
                comment=f"from #{trade.order}",
            ),
        )
    )


def br_close_by(desk: Desk, wanted: TradeTransaction) -> TradeTransaction:
    """Close a position by an opposite one, whose ticket comes in orderBy."""
    first = checks.open_position(desk, wanted.order)
    second = checks.open_position(desk, wanted.order_by, "orderBy")
    if first.login != second.login or first.symbol != second.symbol:
        raise invalid_data("orderBy: both positions must be of one account and symbol.")
    if first.trade_command is second.trade_command:
        raise invalid_data("orderBy: the positions are not opposite.")
    deal = checks.deal_for(desk, first.login, first.symbol)
    quote = checks.check_permission(desk, deal, first.trade_command, opens=False)
    for trade in (first, second):
        checks.refuse(rules.check_freeze(deal.symbol, trade, quote))
    _close_pair(desk, first, second)
    return wanted


def br_close_all(desk: Desk, wanted: TradeTransaction) -> TradeTransaction:
    """MT4's multiple close by: opposite positions of an account close each other, oldest first.

    Of one symbol, or of every one where none is named. What has no opposite stays open.
    """
    symbols = {
        trade.symbol: None
        for trade in desk.unit.open_trades(wanted.order_by)
        if is_position(trade) and wanted.symbol in ("", trade.symbol)
    }
    if not symbols:
        checks.deal_for(desk, wanted.order_by, wanted.symbol)
    paired = False
    for symbol in symbols:
        deal = checks.deal_for(desk, wanted.order_by, symbol)
        while (pair := _oldest_pair(desk, deal)) is not None:
            quote = checks.check_permission(desk, deal, pair[0].trade_command, opens=False)
            for trade in pair:
                checks.refuse(rules.check_freeze(deal.symbol, trade, quote))
            _close_pair(desk, *pair)
            paired = True
    if not paired:
        raise invalid_data("There are no opposite positions to close by each other.")
    return wanted


def _oldest_pair(desk: Desk, deal: Deal) -> tuple[Trade, Trade] | None:
    mine = [
        trade
        for trade in desk.unit.open_trades(deal.account.login)
        if trade.symbol == deal.symbol.symbol and is_position(trade)
    ]
    mine.sort(key=lambda trade: (trade.open_time, trade.order))
    opposite = (each for each in mine if each.trade_command is not mine[0].trade_command)
    second = next(opposite, None)
    return None if second is None else (mine[0], second)


def _close_pair(desk: Desk, first: Trade, second: Trade) -> None:
    volume = min(first.volume, second.volume)
    profit = desk.profit(first, second.open_price, volume=volume)
    ticket = 0 if first.volume == second.volume else desk.unit.next_ticket()
    pair = rules.close_by(
        first,
        second,
        profit=profit,
        currency=desk.currency_of(first),
        now=desk.now,
        ticket=ticket,
    )
    desk.settle([pair.first, pair.second])
    if pair.rest is not None:
        desk.put(pair.rest)


def br_delete(desk: Desk, wanted: TradeTransaction) -> TradeTransaction:
    """Delete any open order: a pending one, or a position without a result.

    Of a pending order `cancelled` replaces the comment, and the market's price of that moment is
    its close price. [S]
    """
    trade = checks.open_order(desk, wanted.order)
    deal = checks.deal_for(desk, trade.login, trade.symbol)
    pending = rules.is_pending(trade.trade_command)
    if pending and deal.quote is not None:
        checks.refuse(rules.check_freeze(deal.symbol, trade, deal.quote))
    desk.delete(trade, CANCELLED if pending else None)
    return wanted
