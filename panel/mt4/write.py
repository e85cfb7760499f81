"""Changing MT4: for the executor of commands alone (held by import-linter).

Every method sends once and takes, by keyword, ``key`` (the idempotency key of the logical
operation, the same for every repeat of it), ``send_before`` (a moment of ``panel.lib.clock.uptime``
after which nothing is sent any more), ``deadline`` (seconds the server may take) and
``request_id``. Each raises Rejected, Unavailable, LeaseLost, OutcomeUnknown, and ValueError for
what must not be sent at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Required, TypedDict, Unpack

from panel.lib import money
from panel.mt4.client import Client, Connection, shared
from panel.mt4.errors import OutcomeUnknown, Rejected
from panel.mt4.limits import FIELD_LIMITS, check_field, check_password, check_trade_comment
from panel.mt4.protocol.enums import TradeCommand, TransactionType, WebApiErrorCode
from panel.mt4.protocol.records import (
    TradeTransaction,
    User,
    UserCreate,
    UsersGroupOp,
    UserUpdate,
)
from panel.mt4.protocol.wire import NO_TIME, encode, from_wire, wire_names
from panel.mt4.volley import Talk

MONEY_FIELDS = {"balance", "credit"}
"""Fields of an account that only money operations may change."""


class Sending(TypedDict, total=False):
    """How to send: see the module."""

    key: Required[str]
    send_before: float | None
    deadline: float | None
    request_id: str | None


def writer(connection: Connection) -> Writer:
    """A writer to the platform behind ``connection``; connections are pooled per process."""
    return Writer(shared(connection))


class Writer:
    """Changes to one platform."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def create_account(self, account: UserCreate, **sending: Unpack[Sending]) -> User:
        """Create an account, without passwords; login 0 takes the next number."""
        for field in FIELD_LIMITS:
            _refuse_text(field, getattr(account, field))
        return self._record("UserRecordNew", body=account, **sending)  # type: ignore[no-any-return]

    def set_password(
        self, login: int, password: str, *, investor: bool = False, **sending: Unpack[Sending]
    ) -> None:
        """Set the main or the investor password."""
        _refuse(check_password(password))
        self._confirm(
            "UserPasswordSet/{login}",
            params={"login": login},
            query={"changeInvestor": investor},
            body=password,
            **sending,
        )

    def patch_account(
        self, login: int, changes: Mapping[str, Any], **sending: Unpack[Sending]
    ) -> None:
        """Change some fields of an account, by their names in ``UserUpdate``.

        MT4 would ignore a name it does not know, and would write balance and credit past the
        ledger: both are refused here. Last write wins: compare with a live read before.
        """
        names = wire_names(UserUpdate)
        if forbidden := MONEY_FIELDS & changes.keys():
            raise ValueError(f"{', '.join(sorted(forbidden))} can only change by a money operation")
        if unknown := changes.keys() - names.keys():
            raise ValueError(f"an account has no {', '.join(sorted(unknown))}")
        if not changes:
            raise ValueError("there is nothing to change")
        for field in FIELD_LIMITS.keys() & changes.keys():
            _refuse_text(field, changes[field])
        body = {names[field]: encode(value) for field, value in changes.items()}
        from_wire(UserUpdate, body)
        self._client.call("UserRecord/{login}", params={"login": login}, body=body, **sending)

    def group_op(self, operation: UsersGroupOp, **sending: Unpack[Sending]) -> None:
        """Enable, disable, delete, move or set the leverage of many accounts at once."""
        if not operation.logins:
            raise ValueError("there are no accounts to change")
        self._confirm("UsersGroupOp", body=operation, **sending)

    def balance(
        self,
        login: int,
        amount: Decimal,
        comment: str,
        *,
        kind: TradeCommand = TradeCommand.Balance,
        expiration: datetime | None = None,
        **sending: Unpack[Sending],
    ) -> TradeTransaction:
        """Put money or credit in (positive) or take it out (negative), in account currency.

        ``comment`` carries our reference, at most 31 ASCII characters. Credit in needs an
        ``expiration`` in the future of the server's clock. Do not count on ``order`` in what
        comes back; amount and comment are what MT4 made of them, which may be others.
        """
        return self._client.converse(
            self.balance_talk(login, amount, comment, kind=kind, expiration=expiration, **sending)
        )

    def balance_talk(
        self,
        login: int,
        amount: Decimal,
        comment: str,
        *,
        kind: TradeCommand = TradeCommand.Balance,
        expiration: datetime | None = None,
        **sending: Unpack[Sending],
    ) -> Talk[TradeTransaction]:
        """What `balance` does, as a conversation, for `Client.converse_all`."""
        _refuse_amount(amount)
        if kind not in (TradeCommand.Balance, TradeCommand.Credit):
            raise ValueError(f"{kind.wire} is no money operation")
        if kind is TradeCommand.Credit and amount > 0 and expiration is None:
            raise ValueError("credit needs an expiration")
        if not comment:
            raise ValueError("a money operation needs a reference in its comment")
        _refuse(check_trade_comment(comment))
        transaction = TradeTransaction(
            trade_transaction_type=TransactionType.BrBalance,
            trade_command=kind,
            order_by=login,
            price=amount,
            comment=comment,
            expiration=expiration or NO_TIME,
        )
        record = yield from self._record_talk("TradeTransaction", body=transaction, **sending)
        if record.order_by not in (0, login):
            # On whatever way it came here: it says nothing of this one.
            raise OutcomeUnknown("the answer is about another account")
        return record  # type: ignore[no-any-return]

    def _record(self, path: str, *, key: str, body: Any, **rest: Any) -> Any:
        """Send a change that answers with a record."""
        return self._client.converse(self._record_talk(path, key=key, body=body, **rest))

    def _record_talk(self, path: str, *, key: str, body: Any, **rest: Any) -> Talk[Any]:
        """The same as a conversation; success without a record is not trusted."""
        answer = yield from self._client.talk(path, key=key, body=body, **rest)
        if answer.data is None:
            raise OutcomeUnknown("the answer has no record", activity_id=answer.activity_id)
        return answer.data

    def _confirm(self, path: str, *, key: str, body: Any, **rest: Any) -> None:
        """Send a change that answers true; a plain false is a refusal."""
        answer = self._client.call(path, key=key, body=body, **rest)
        if answer.data is False:
            raise Rejected(WebApiErrorCode.MT4Error, activity_id=answer.activity_id)


def _refuse(problems: list[str]) -> None:
    if problems:
        raise ValueError(" ".join(problems))


def _refuse_text(field: str, value: str) -> None:
    _refuse([f"{field}: {problem}" for problem in check_field(field, value)])


def _refuse_amount(amount: Decimal) -> None:
    if not amount.is_finite() or not amount:
        raise ValueError("the amount must not be zero")
    if abs(amount) > money.LARGEST:
        raise ValueError(f"the amount must not exceed {money.show(money.LARGEST)}")
    # The last guard, where the account's currency is not known: commands look at its own decimals.
    if money.has_too_many_decimals(amount, money.ANY):
        raise ValueError("the amount has more than two decimals")
