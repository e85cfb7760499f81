"""Trade transactions: orders, and the money of balance and credit operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from panel.lib.money import LARGEST, quantize, show
from panel.mt4 import limits
from panel.mt4.protocol.enums import (
    ResultCode,
    TradeCommand,
    TradeRecordReason,
    TradeRecordState,
    TransactionType,
)
from panel.mt4.protocol.records import Trade, TradeTransaction
from panel.mt4.sandbox import hooks
from panel.mt4.sandbox.answers import invalid, invalid_data, rejected
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.dealing.changing import br_comment, br_modify
from panel.mt4.sandbox.dealing.closing import br_close, br_close_all, br_close_by, br_delete
from panel.mt4.sandbox.dealing.desk import Desk
from panel.mt4.sandbox.dealing.opening import br_activate, br_open
from panel.mt4.sandbox.figures import margin_level
from panel.mt4.sandbox.records import Account

_DEALINGS: Mapping[TransactionType, Callable[[Desk, TradeTransaction], TradeTransaction]] = {
    TransactionType.BrOpen: br_open,
    TransactionType.BrClose: br_close,
    TransactionType.BrDelete: br_delete,
    TransactionType.BrCloseBy: br_close_by,
    TransactionType.BrCloseAll: br_close_all,
    TransactionType.BrModify: br_modify,
    TransactionType.BrActivate: br_activate,
    TransactionType.BrComment: br_comment,
}


def read_transaction(call: Call) -> TradeTransaction:
    """The body as a transaction. The protocol reads an empty name of two fields as the default."""
    if isinstance(call.body, dict):
        for name in ("tradeCommand", "tradeRequestFlags"):
            if call.body.get(name) == "":
                call.body = {**call.body, name: None}
    return call.record(TradeTransaction)


def trade_transaction(call: Call) -> TradeTransaction:
    if not isinstance(call.body, dict) or call.body.get("tradeTransactionType") in (None, ""):
        raise invalid("tradeTransactionType must be given.")
    wanted = read_transaction(call)
    kind = wanted.trade_transaction_type
    if kind < TransactionType.BrOpen:
        raise invalid_data(f"{kind.wire} is a client's transaction: a manager uses Br ones.")
    dealing = _DEALINGS.get(kind)
    if dealing is not None:
        return dealing(Desk(call.unit, call.now()), wanted)
    parts, plugins = hooks.parts_of(call, wanted)
    made = {_balance(call, part): part for part in parts}
    if plugins:
        hooks.keep(call, wanted, made, plugins)
    # As MT4 does: the record's ticket does not come back here, look for it in the history.
    return hooks.answered(wanted, parts)


def _balance(call: Call, wanted: TradeTransaction) -> int:
    """Book it; the ticket of its record."""
    account = call.unit.account(wanted.order_by)
    if account is None:
        raise rejected(ResultCode.BadAccountInfo, f"There is no account {wanted.order_by}.")
    is_credit = wanted.trade_command is TradeCommand.Credit
    if not is_credit and wanted.trade_command is not TradeCommand.Balance:
        raise invalid_data("tradeCommand: a BrBalance is a Balance or a Credit.")
    currency = call.state.groups[account.user.group].group.currency
    # A double that is normalised: 100.55 yen become 101, as a real server keeps whole yen. [I]
    if abs(wanted.price) > LARGEST or not (amount := quantize(wanted.price, currency)):
        raise invalid_data("price: the amount must not be 0 and not be too large.")
    for problem in limits.check_text(wanted.comment, limits.TRADE_COMMENT):
        raise invalid_data(f"comment: {problem}")
    now = call.now()
    if is_credit and amount > 0 and wanted.expiration <= now:
        raise invalid_data("expiration: a credit needs one in the future.")
    if call.options.strict_balance:
        _check_funds(call, account, amount, is_credit=is_credit)
    user = account.user
    if is_credit:
        user = replace(user, credit=user.credit + amount)
    else:
        user = replace(user, balance=user.balance + amount)
    call.unit.put_account(replace(account, user=user))
    ticket = call.unit.next_ticket()
    call.unit.put_trade(
        Trade(
            order=ticket,
            login=user.login,
            digits=2,
            trade_command=wanted.trade_command,
            trade_record_state=TradeRecordState.ClosedNormal,
            open_time=now,
            close_time=now,
            profit=amount,
            comment=wanted.comment,
            expiration=wanted.expiration,
            trade_record_reason=TradeRecordReason.Dealer,
            time_stamp=now,
        )
    )
    return ticket


def _check_funds(call: Call, account: Account, amount: Decimal, *, is_credit: bool) -> None:
    """The strict server's check: no balance, free margin or credit below zero by a withdrawal."""
    if amount > 0:
        return
    if is_credit:
        if account.user.credit + amount < 0:
            raise rejected(ResultCode.TradeNoMoney, "There is less credit than that.")
        return
    free = margin_level(call.state, account).free
    currency = call.state.groups[account.user.group].group.currency
    if account.user.balance + amount < 0 or free + amount < 0:
        raise rejected(
            ResultCode.TradeNoMoney,
            f"Not enough money: balance {show(account.user.balance, currency)}, "
            f"free margin {show(free, currency)}.",
        )


HANDLERS = {"TradeTransaction": trade_transaction}
