"""Orders that begin: positions at the market, and pending orders beside it."""

from __future__ import annotations

from dataclasses import replace

from panel.mt4 import rules
from panel.mt4.protocol.enums import (
    ActivationType,
    TradeCommand,
    TradeRecordReason,
)
from panel.mt4.protocol.flags import GroupRights
from panel.mt4.protocol.records import Trade, TradeTransaction
from panel.mt4.protocol.wire import NO_TIME
from panel.mt4.sandbox.answers import invalid_data
from panel.mt4.sandbox.dealing import checks
from panel.mt4.sandbox.dealing.desk import Deal, Desk
from panel.mt4.sandbox.figures import terms_of
from panel.mt4.sandbox.records import Quote

NO_MONEY = "deleted [no money]"
NO_HEDGE = "deleted [hedge prohibited]"
"""By the pattern of the other; no statement shows what MT4 writes here. [U]"""


def br_open(desk: Desk, wanted: TradeTransaction) -> TradeTransaction:
    """Open a position, or place a pending order; the echo carries its ticket."""
    command = wanted.trade_command
    if command > TradeCommand.SellStop:
        raise invalid_data("tradeCommand: an order buys or sells.")
    checks.check_comment(wanted.comment)
    deal = checks.deal_for(desk, wanted.order_by, wanted.symbol)
    quote = checks.check_permission(desk, deal, command, opens=True)
    if rules.is_market(command):
        market = rules.opening_price(command, quote)
        checks.check_dealt_price(deal, wanted, market, wanted.price)
    else:
        checks.refuse(rules.check_price(deal.symbol, wanted.price))
    checks.refuse(rules.check_volume(deal.security, wanted.volume))
    others = desk.unit.open_trades(wanted.order_by)
    checks.check_group_rules(deal, command, others)
    trade = _new(desk, deal, wanted)
    if rules.is_market(command):
        trade = _charged(desk, deal, trade)
    _check_levels(desk, deal, quote, trade)
    trade = replace(trade, order=desk.unit.next_ticket())
    desk.put(trade)
    return replace(wanted, order=trade.order)


def _new(desk: Desk, deal: Deal, wanted: TradeTransaction) -> Trade:
    pending = rules.is_pending(wanted.trade_command)
    return Trade(
        login=wanted.order_by,
        symbol=wanted.symbol,
        digits=deal.symbol.digits,
        trade_command=wanted.trade_command,
        volume=wanted.volume,
        volume_lots=rules.lots(wanted.volume),
        open_price=round(wanted.price, deal.symbol.digits),
        sl=round(wanted.sl, deal.symbol.digits),
        tp=round(wanted.tp, deal.symbol.digits),
        open_time=desk.now,
        comment=wanted.comment,
        expiration=wanted.expiration if pending else NO_TIME,
        trade_record_reason=TradeRecordReason.Dealer,
    )


def _charged(desk: Desk, deal: Deal, trade: Trade) -> Trade:
    """The position with margin rate and commission, if the account can carry it."""
    trade = desk.priced(deal, trade)
    checks.refuse(desk.admission(deal.account, trade))
    return trade


def _check_levels(desk: Desk, deal: Deal, quote: Quote, trade: Trade) -> None:
    checks.refuse(
        rules.check_stops(
            deal.symbol,
            trade.trade_command,
            quote,
            open_price=trade.open_price,
            sl=trade.sl,
            tp=trade.tp,
        )
    )
    allowed = GroupRights.Expiration in deal.entry.group.group_rights
    checks.refuse(rules.check_expiration(trade.expiration, desk.now, allowed=allowed))


def br_activate(desk: Desk, wanted: TradeTransaction) -> TradeTransaction:
    """Make a pending order a position under the same ticket, at its price or a given one."""
    trade = checks.open_order(desk, wanted.order)
    if not rules.is_pending(trade.trade_command):
        raise invalid_data(f"order: {trade.order} is not pending.")
    deal = checks.deal_for(desk, trade.login, trade.symbol)
    quote = checks.check_permission(desk, deal, trade.trade_command, opens=True)
    price = wanted.price or trade.open_price
    market = rules.opening_price(trade.trade_command, quote)
    checks.check_dealt_price(deal, wanted, market, price)
    checks.refuse(_fires_into_hedge(desk, deal, trade))
    opened = _charged(desk, deal, _activated(desk, trade, replace(trade, open_price=price)))
    desk.put(opened)
    return replace(wanted, price=price)


def _activated(desk: Desk, pending: Trade, trade: Trade) -> Trade:
    command = TradeCommand.Buy if rules.is_long(pending.trade_command) else TradeCommand.Sell
    return replace(
        trade,
        trade_command=command,
        open_time=desk.now,
        expiration=NO_TIME,
        activation_type=ActivationType.Pending,
    )


def _fires_into_hedge(desk: Desk, deal: Deal, trade: Trade) -> rules.Refusal | None:
    """Why a pending order may not open now, on a server that looks at hedging then. [U]"""
    if not terms_of(desk.state, deal.account.user).choices.pendings_look_at_hedging:
        return None
    return checks.hedging(deal, trade.trade_command, desk.unit.open_trades(trade.login))


def trigger(desk: Desk, trade: Trade, deal: Deal, quote: Quote) -> None:
    """The market reached a pending order: it opens, or is deleted for want of money. The reason
    replaces its comment. [S]

    A limit opens at its own price or better, a stop at the market, gaps and all. [I]
    Raises UnknownMarketError.
    """
    if _fires_into_hedge(desk, deal, trade) is not None:
        desk.delete(trade, NO_HEDGE)
        return
    market = rules.opening_price(trade.trade_command, quote)
    opened = _activated(desk, trade, replace(trade, open_price=market))
    opened = desk.priced(deal, opened)
    if desk.admission(deal.account, opened) is None:
        desk.put(opened)
    else:
        desk.delete(trade, NO_MONEY)
