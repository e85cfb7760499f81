"""Requests about accounts, made and carried out as the panel does."""

from __future__ import annotations

import uuid

from panel.commands import executor
from panel.commands.base import Command
from panel.commands.submit import submit
from panel.models import ChangeRequest, Platform, User
from panel.mt4.protocol.records import MarginLevel
from panel.mt4.protocol.records import User as Record
from panel.mt4.read import reader
from tests.factories import actor


def ask(maker: User, command: Command) -> ChangeRequest:
    """A request by `maker`, under a key of its own."""
    return submit(command, actor=actor(maker), source="test", reason="", key=str(uuid.uuid4()))


def carry_out(request: ChangeRequest) -> ChangeRequest:
    """What a worker does on its message."""
    executor.run(request.pk)
    return ChangeRequest.objects.get(pk=request.pk)


def done(maker: User, command: Command) -> ChangeRequest:
    """A request made and carried out."""
    return carry_out(ask(maker, command))


def live(platform: Platform, login: int) -> Record:
    """The account as MT4 has it."""
    return reader(platform.connection).account(login)


def login_of(request: ChangeRequest) -> int:
    """The login that a request is about; AssertionError without one."""
    assert request.login is not None
    return request.login


def in_the_market(platform: Platform, *, group: str = "") -> MarginLevel:
    """An account with open positions, well above margin call."""
    levels: list[MarginLevel] = reader(platform.connection).margin_levels()
    return next(
        level for level in levels if level.level > 500 and (not group or level.group == group)
    )
