"""What administrators do to records directly, past the trade server's own checks, and what asks
about orders without changing them."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal, InvalidOperation

from panel.lib.money import LARGEST
from panel.mt4.protocol.records import Trade, TradeUpdate
from panel.mt4.sandbox.answers import invalid, invalid_data, not_found
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.dealing.changing import check_levels
from panel.mt4.sandbox.dealing.checks import check_comment
from panel.mt4.sandbox.dealing.desk import Desk
from panel.mt4.sandbox.operations.money import read_transaction
from panel.mt4.sandbox.records import Quote, in_currency

_WRITABLE = tuple(column.name for column in fields(TradeUpdate) if column.name != "order")


def _known(call: Call, ticket: int) -> Trade:
    trade = call.unit.trade(ticket)
    if trade is None:
        raise not_found(f"There is no order {ticket}.")
    return trade


def modify(call: Call) -> Trade:
    """Write fields of a record as they are given. The balance stays: see AdmBalanceCheck."""
    trade = _known(call, call.number("ticket"))
    update = call.record(TradeUpdate)
    check_comment(update.comment)
    given = {name: getattr(update, name) for name in _WRITABLE}
    for name, value in given.items():
        if isinstance(value, Decimal) and abs(value) > LARGEST:
            raise invalid_data(f"{name}: the number is too large.")
    currency = Desk(call.unit, call.now()).currency_of(trade)
    changed = in_currency(replace(trade, **given, time_stamp=call.now()), currency)
    call.unit.put_trade(changed)
    return changed


def delete(call: Call) -> bool:
    """Take records away for good; all of them, or none when one does not exist."""
    for ticket in dict.fromkeys(call.numbers("orders")):
        if call.unit.trade(ticket) is None:
            raise invalid_data(f"orders: there is no order {ticket}.")
        call.unit.drop_trade(ticket)
    return True


def check_stops(call: Call) -> bool:
    """Whether the market is far enough from an order's levels; `price` stands in for it."""
    wanted = read_transaction(call)
    desk = Desk(call.unit, call.now())
    check_levels(desk, wanted, _reference(call))
    return True


def _reference(call: Call) -> Quote | None:
    text = call.text("price")
    if text is None:
        return None
    try:
        price = Decimal(text)
    except InvalidOperation:
        raise invalid("price must be a number.") from None
    if not price.is_finite() or price < 0:
        raise invalid("price must be a number from 0 on.")
    return Quote(price, price, price, price, call.now()) if price else None


def clear_rollback(call: Call) -> bool:
    """Every transaction here is finished when it is answered, so nothing waits to be undone."""
    _known(call, call.number("order"))
    return True


HANDLERS = {
    "AdmTradeRecordModify/{ticket}": modify,
    "AdmTradesDelete": delete,
    "TradeCheckStops": check_stops,
    "TradeClearRollback/{order}": clear_rollback,
}
