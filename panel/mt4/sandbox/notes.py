"""What the journal says of a call: who did what to whom, and how it ended. Never a body's text,
as one may carry a password."""

from __future__ import annotations

from typing import Any

from panel.mt4.protocol.enums import LogType, ResultCode
from panel.mt4.protocol.operation import Kind
from panel.mt4.sandbox.answers import Answer
from panel.mt4.sandbox.call import Call
from panel.mt4.sandbox.journal import ATTENTION, ERROR, OK, TRADE

_KINDS = {
    "MailSend": LogType.SendMail,
    "SrvLiveUpdateStart": LogType.Updater,
    "UserPasswordCheck": LogType.Logins,
}
_TOLD = ("tradeTransactionType", "tradeCommand", "order", "orderBy", "symbol", "volume", "price")
"""Of a trade transaction; its comment follows in quotation marks."""


def write(call: Call, answer: Answer) -> None:
    """A line for a change, and for a read that a manager had no right to."""
    refused = answer.code != OK
    if not (call.operation.changes or answer.code == ResultCode.NotEnoughRights.wire):
        return
    is_trade = call.operation.kind is Kind.TRADE
    kind = LogType.Trades if is_trade else LogType.Standard
    code = TRADE if is_trade else OK
    if refused:
        code = ATTENTION if answer.code == ResultCode.NotEnoughRights.wire else ERROR
    call.unit.state.journal.add(
        f"'{call.manager.login}': {_what(call)}" + (f" [{answer.code}]" if refused else ""),
        kind=_KINDS.get(call.operation.name, kind),
        code=code,
        ip=call.address,
    )


def _what(call: Call) -> str:
    words = [call.operation.name, *map(str, call.params.values())]
    if call.operation.name == "TradeTransaction" and isinstance(call.body, dict):
        words += [_short(call.body[name]) for name in _TOLD if call.body.get(name)]
        if call.body.get("comment"):
            words.append(f"'{_short(call.body['comment'])}'")
    return " ".join(words)


def _short(value: Any) -> str:
    return str(value)[:40]
