"""Backups: what files there are, what is in them, and putting it back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from panel.mt4 import rules
from panel.mt4.protocol.enums import TradeCommand, TradeRecordReason, TradeRecordState
from panel.mt4.protocol.flags import EnableFlags
from panel.mt4.protocol.records import (
    BackupInfo,
    Trade,
    TradeRestoreInput,
    TradeRestoreResult,
    User,
    UserRestoreInput,
)
from panel.mt4.protocol.wire import NO_TIME
from panel.mt4.sandbox.answers import invalid, invalid_data, not_found
from panel.mt4.sandbox.backups import ORDERS, USERS
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.masks import matches
from panel.mt4.sandbox.operations.accounts import checked
from panel.mt4.sandbox.paging import limit_of
from panel.mt4.sandbox.records import Account, in_currency

T = TypeVar("T")

MOST_READ, USUALLY_READ = 100_000, 10_000
MOST_RESTORED = 10_000
RESTORED, FAILED = 1, 0


def _mode(call: Call) -> int:
    text = call.params["mode"]
    if not text.isdecimal():
        raise invalid("mode must be a whole number.")
    return int(text)


def user_files(call: Call) -> list[BackupInfo]:
    return call.state.backups.infos(_mode(call), USERS)


def order_files(call: Call) -> list[BackupInfo]:
    return call.state.backups.infos(_mode(call), ORDERS)


def _asked(call: Call, records: Iterable[T], is_meant: Callable[[T, set[int]], bool]) -> list[T]:
    """Up to `limit` records, those of the logins in `request`; empty means all."""
    request = call.text("request") or ""
    parts = [part.strip() for part in request.split(",") if part.strip()]
    if not all(part.isdecimal() for part in parts):
        raise invalid_data("request: logins, separated by commas.")
    logins = set(map(int, parts))
    limit = limit_of(call, MOST_READ) or USUALLY_READ
    found = (record for record in records if is_meant(record, logins))
    return list(islice(found, limit))


def users(call: Call) -> list[User]:
    path = call.state.backups.path(call.params["file"], USERS)
    if path is None:
        raise not_found(f"There is no backup of accounts {call.params['file']}.")
    masks = call.manager.groups
    return _asked(
        call,
        (account.user for account in call.state.backups.accounts(path)),
        lambda user, logins: matches(masks, user.group) and (not logins or user.login in logins),
    )


def orders(call: Call) -> list[Trade]:
    path = call.state.backups.path(call.params["file"], ORDERS)
    if path is None:
        raise not_found(f"There is no backup of orders {call.params['file']}.")
    masks = call.manager.groups
    owners = {
        account.login
        for account in call.state.backups.accounts(path)
        if matches(masks, account.user.group)
    }
    return _asked(
        call,
        call.state.backups.trades(path),
        lambda trade, logins: trade.login in owners and (not logins or trade.login in logins),
    )


def _few(wanted: list[T]) -> list[T]:
    if not 1 <= len(wanted) <= MOST_RESTORED:
        raise invalid(f"1 to {MOST_RESTORED} records at a time.")
    return wanted


def restore_users(call: Call) -> bool:
    """Accounts as the body has them, money included: known ones overwritten, others made anew.

    What is not in the body stays, or is empty: a new account has no password yet.
    """
    call.confirmed()
    wanted: list[UserRestoreInput] = call.record(list[UserRestoreInput])
    now = call.now()
    for each in _few(wanted):
        if each.login < 1:
            raise invalid_data("login: the number is out of range.")
        account = call.unit.account(each.login)
        if account is None:
            account = Account(User(login=each.login, registration_date=now, last_date=now))
        flags = account.user.enable_flags & ~(EnableFlags.Enabled | EnableFlags.ReadOnly)
        if each.enable:
            flags |= EnableFlags.Enabled
        if each.enable_read_only:
            flags |= EnableFlags.ReadOnly
        user = replace(
            account.user,
            group=each.group,
            name=each.name,
            email=each.email,
            country=each.country,
            leverage=each.leverage,
            balance=each.balance,
            credit=each.credit,
            enable_flags=flags,
        )
        call.unit.put_account(replace(account, user=checked(call, user)))
    return True


def restore_orders(call: Call) -> list[TradeRestoreResult]:
    """Each order by itself: 1 where it was put back, 0 where its account or symbol is unknown.

    Balances stay as they are: what closed orders brought is in them already, or is restored with
    the accounts.
    """
    call.confirmed()
    wanted: list[TradeRestoreInput] = call.record(list[TradeRestoreInput])
    return [TradeRestoreResult(order=each.order, res=_restore(call, each)) for each in _few(wanted)]


def _restore(call: Call, wanted: TradeRestoreInput) -> int:
    account = call.unit.account(wanted.login)
    symbol = call.state.symbols.get(wanted.symbol)
    is_money = wanted.trade_command >= TradeCommand.Balance
    hidden = wanted.order in call.unit.state.trades and call.unit.trade(wanted.order) is None
    if account is None or wanted.order < 1 or hidden or (symbol is None and not is_money):
        return FAILED
    is_closed = is_money or wanted.close_time > NO_TIME
    before = call.unit.trade(wanted.order) or Trade(
        order=wanted.order, trade_record_reason=TradeRecordReason.Dealer
    )
    trade = replace(
        before,
        login=wanted.login,
        symbol=wanted.symbol,
        digits=2 if symbol is None else symbol.digits,
        trade_command=wanted.trade_command,
        volume=wanted.volume,
        volume_lots=rules.lots(wanted.volume),
        trade_record_state=TradeRecordState.ClosedNormal
        if is_closed
        else TradeRecordState.OpenRestored,
        open_price=wanted.open_price,
        sl=wanted.sl,
        tp=wanted.tp,
        close_price=wanted.close_price,
        profit=wanted.profit,
        storage=wanted.storage,
        commission=wanted.commission,
        open_time=wanted.open_time,
        close_time=wanted.close_time,
        expiration=wanted.expiration,
        magic=wanted.magic,
        comment=wanted.comment,
        time_stamp=call.now(),
    )
    currency = call.unit.state.groups[account.user.group].group.currency
    if symbol is not None and not trade.margin_rate:
        is_buy = rules.is_long(trade.trade_command)
        try:
            rate = rules.margin_rate(
                symbol,
                currency,
                call.state.quotes.get,
                is_buy=is_buy,
                open_price=trade.open_price,
            )
        except rules.UnknownMarketError:
            return FAILED
        trade = replace(trade, margin_rate=rate)
    call.unit.put_trade(in_currency(trade, currency))
    return RESTORED


HANDLERS = {
    "BackupInfoUsers/{mode}": user_files,
    "BackupInfoOrders/{mode}": order_files,
    "BackupRequestUsers/{file}": users,
    "BackupRequestOrders/{file}": orders,
    "BackupRestoreUsers": restore_users,
    "BackupRestoreOrders": restore_orders,
}
