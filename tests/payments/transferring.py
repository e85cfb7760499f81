"""Transfers for the tests: asked for, approved, and counted on both accounts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from panel.commands import executor
from panel.models import ChangeRequest, Platform
from panel.mt4.protocol.records import Trade
from panel.mt4.read import reader
from payments.evidence import records_of
from payments.models import Payment
from payments.transfers import Transfer
from tests.core.conftest import Cast
from tests.core.money import approve_as, balance_of
from tests.payments.test_commands import ask


def transfer(source: int, target: int, amount: str, **fields: Any) -> Transfer:
    """A transfer on the demo platform."""
    return Transfer(
        platform="demo", login=source, to_login=target, amount=Decimal(amount), **fields
    )


def approved_transfer(
    cast: Cast, source: int, target: int, amount: str, **fields: Any
) -> ChangeRequest:
    """A transfer that only waits for a worker."""
    return approve_as(cast.bob, ask(cast.olga, transfer(source, target, amount, **fields)))


def legs_in_mt4(platform: Platform, request: ChangeRequest) -> dict[str, list[Decimal]]:
    """What MT4 has of each payment of a request, by the prefix of its reference."""
    return {
        payment.reference[:2]: [trade.profit for trade in records_for(platform, payment, request)]
        for payment in request.payments.order_by("pk")
    }


def records_for(platform: Platform, payment: Payment, request: ChangeRequest) -> list[Trade]:
    """MT4's records of one payment, live."""
    return records_of(
        reader(platform.connection),
        platform,
        payment.login,
        payment.reference,
        since=request.created,
    )


def states(request: ChangeRequest) -> dict[str, str]:
    """Where each payment of a request stands, by the prefix of its reference."""
    return {payment.reference[:2]: payment.status for payment in request.payments.order_by("pk")}


def balances(platform: Platform, *logins: int) -> list[Decimal]:
    """The balances, live."""
    return [balance_of(platform, login) for login in logins]


def run_again(request: ChangeRequest) -> ChangeRequest:
    """What a worker does on a message, whatever pause was running."""
    ChangeRequest.objects.filter(pk=request.pk).update(not_before=None)
    executor.run(request.pk)
    return ChangeRequest.objects.get(pk=request.pk)
