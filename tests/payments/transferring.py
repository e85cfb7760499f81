"""Transfers for the tests: asked for, approved, and counted on both accounts."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from panel.commands import executor
from panel.commands.call import Call
from panel.commands.settle import SettleUnknown
from panel.commands.submit import submit
from panel.models import ChangeRequest, Platform
from panel.mt4.protocol.records import Trade
from panel.mt4.read import reader
from payments.evidence import money_records
from payments.models import Payment
from payments.transfers import Transfer
from tests.core.conftest import Cast
from tests.core.money import approve_as, balance_of
from tests.factories import actor
from tests.harness.sandbox import SandboxProcess
from tests.payments.test_commands import ask

REFUSE = {"code": "TradeDisable"}


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
        payment.reference[:2]: [trade.profit for trade in records_for(platform, payment)]
        for payment in request.payments.order_by("pk")
    }


def records_for(platform: Platform, payment: Payment) -> list[Trade]:
    """MT4's records of one payment, live."""
    records = money_records(reader(platform.connection).history(payment.login))
    return [one for one in records if one.comment.startswith(payment.reference)]


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


def run_with_fault_on_the_way_back(
    sandbox: SandboxProcess, request: ChangeRequest, source: int, fault: str, **rule: Any
) -> ChangeRequest:
    """Carry it out; bad luck comes over the source once the credit was refused."""
    return run_with_fault_at(sandbox, request, "back", source, fault, **rule)


def run_with_fault_at(
    sandbox: SandboxProcess, request: ChangeRequest, step: str, login: int, fault: str, **rule: Any
) -> ChangeRequest:
    """Carry it out; bad luck comes over an account when its step is taken."""

    class Unlucky(Call):
        def step(self, name: str, **rest: Any) -> dict[str, Any]:
            if name == step:
                sandbox.fault(fault, "TradeTransaction", login=login, count=1, **rule)
            return super().step(name, **rest)

    claimed = executor.claim(request.pk)
    assert claimed is not None
    command, call = executor.open_call(claimed)
    unlucky = Unlucky(**{name: getattr(call, name) for name in Call.__slots__})
    executor.attempt(command, unlucky)
    return ChangeRequest.objects.get(pk=request.pk)


def settle(cast: Cast, request: ChangeRequest, *, happened: bool, goes_on: bool) -> ChangeRequest:
    """Two people who had no hand in it settle what is in doubt."""
    proposal = submit(
        SettleUnknown(
            reference=request.reference, happened=happened, finding="Looked in the terminal."
        ),
        actor=actor(cast.maya),
        source="test",
        reason="",
        key=str(uuid.uuid4()),
    )
    assert ("goes on by itself" in proposal.preview["sentence"]) == goes_on
    approve_as(cast.bella, proposal)
    return ChangeRequest.objects.get(pk=request.pk)


def in_doubt(request: ChangeRequest) -> None:
    """As if the hour were over in which the panel looks by itself."""
    ChangeRequest.objects.filter(pk=request.pk).update(
        needs_person=True, unknown_since=timezone.now() - timedelta(hours=2)
    )
