"""Accounts and payments for the tests of the core: opened on the sandbox for each test."""

from __future__ import annotations

import itertools
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

from panel.commands import executor
from panel.commands.decide import approve, live_before
from panel.commands.submit import submit
from panel.lib.digest import sha256
from panel.models import ChangeRequest, Platform, User
from panel.mt4.protocol.enums import UsersGroupCommand
from panel.mt4.protocol.records import Trade, UserCreate, UsersGroupOp
from panel.mt4.read import reader
from panel.mt4.write import writer
from payments.commands import Deposit, Withdraw
from tests.factories import actor

_names = itertools.count(1)


def new_account(platform: Platform, balance: str = "1000.00", **fields: Any) -> int:
    """A fresh account with a balance that the panel did not book; its login."""
    pen = writer(platform.connection)
    name = f"Test Client {next(_names)}"
    created = pen.create_account(
        UserCreate(**{"group": "real-std-usd", "name": name, "leverage": 100, **fields}),
        key=str(uuid.uuid4()),
    )
    if Decimal(balance):
        pen.balance(created.login, Decimal(balance), comment="opening", key=str(uuid.uuid4()))
    return int(created.login)


def move_to(platform: Platform, login: int, group: str) -> None:
    """Move an account to another group, past the panel."""
    operation = UsersGroupOp(command=UsersGroupCommand.SetGroup, new_group=group, logins=(login,))
    writer(platform.connection).group_op(operation, key=_key())


def ask_withdrawal(
    maker: User, login: int, amount: str, *, key: str | None = None, **fields: Any
) -> ChangeRequest:
    """A withdrawal request by `maker`."""
    command = Withdraw(platform="demo", login=login, amount=Decimal(amount), **fields)
    return submit(
        command, actor=actor(maker), source="test", reason="client asked", key=key or _key()
    )


def ask_deposit(maker: User, login: int, amount: str, *, key: str | None = None) -> ChangeRequest:
    """A deposit request by `maker`."""
    command = Deposit(platform="demo", login=login, amount=Decimal(amount))
    return submit(command, actor=actor(maker), source="test", reason="", key=key or _key())


def approve_as(checker: User, request: ChangeRequest) -> ChangeRequest:
    """Approve with the live figures of this moment."""
    _, live = live_before(request)
    return approve(request, actor=actor(checker), source="test", seen=sha256(live))


def carry_out(request: ChangeRequest) -> ChangeRequest:
    """What a worker does on its message."""
    executor.run(request.pk)
    return ChangeRequest.objects.get(pk=request.pk)


def records_with(platform: Platform, request: ChangeRequest) -> list[Trade]:
    """MT4's records of the request's account that carry its reference."""
    if request.login is None:
        raise ValueError("Not a request about an account.")
    window = timedelta(days=3)
    now = platform.server_time()
    history = reader(platform.connection).history(request.login, now - window, now + window)
    return [trade for trade in history if trade.comment.startswith(request.reference)]


def balance_of(platform: Platform, login: int) -> Decimal:
    """The account's balance on MT4, live."""
    return Decimal(reader(platform.connection).account(login).balance)


def _key() -> str:
    return str(uuid.uuid4())
