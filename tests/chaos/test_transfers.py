"""Transfers whose workers are killed between the legs: all of it, or nothing of it."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from panel import audit
from panel.commands.errors import Stale
from panel.models import ChangeRequest, Hold, Status
from panel.mt4.read import reader
from payments.books import books
from payments.models import Kind
from tests.chaos.conftest import KEY_MEMORY, demo, person
from tests.chaos.test_killed_workers import final, outcome
from tests.core.money import approve_as, balance_of, new_account
from tests.harness.stack import Stack
from tests.harness.waiting import wait_until
from tests.payments.test_commands import ask
from tests.payments.transferring import legs_in_mt4, transfer

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]
REFUSED: dict[str, Any] = {"fault": "mt4_error", "code": "TradeDisable", "count": 1}
# What comes over the receiving account, and what has to become of the transfer.
CREDITS: list[tuple[dict[str, Any], Status]] = [
    ({"fault": "delay_after", "seconds": 1.8, "count": 1}, Status.DONE),
    ({"fault": "drop_after", "count": 1}, Status.DONE),
    ({"fault": "drop_before", "count": 1}, Status.DONE),
    ({"fault": "outcome_unknown_applied", "count": 1}, Status.DONE),
    ({"fault": "outcome_unknown_late", "seconds": 2, "count": 1}, Status.DONE),
    ({"fault": "busy", "count": 1}, Status.DONE),
    (REFUSED, Status.FAILED),
]


def asked(source: int, target: int, amount: str = "100.00") -> ChangeRequest:
    """A transfer that has been approved, however often the accounts changed meanwhile."""
    request = ask(person("ops"), transfer(source, target, amount))
    while True:
        with contextlib.suppress(Stale):
            return approve_as(person("compliance"), request)


def started(request: ChangeRequest, step: str) -> Callable[[], bool]:
    """Whether a worker has announced a step of the request."""
    return lambda: step in ChangeRequest.objects.get(pk=request.pk).progress


def check_money(request: ChangeRequest, source: int, target: int) -> None:
    """Both legs or neither, in MT4 and in the books; nothing twice."""
    balances = (balance_of(demo(), source), balance_of(demo(), target))
    found = legs_in_mt4(demo(), request)
    if ChangeRequest.objects.get(pk=request.pk).status == Status.DONE:
        assert balances == (Decimal("900.00"), Decimal("100.00"))
        assert found == {"TR": [Decimal("-100.00")], "TI": [Decimal("100.00")]}
    else:
        assert balances == (Decimal("1000.00"), Decimal("0.00"))
        assert found["TI"] == []
        assert found["TR"] == [Decimal("-100.00")]
        assert found["TB"] == [Decimal("100.00")]
    for login in (source, target):
        assert books(demo(), login, reader(demo().connection)).agree


def test_a_worker_killed_between_the_legs_loses_nothing_and_pays_nothing_twice(
    make_stack: Callable[..., Stack],
) -> None:
    stack = make_stack(web=False, sandbox={"accounts": 20, "key_memory": KEY_MEMORY})
    with stack.connected():
        chance = random.Random(5)
        made: list[tuple[ChangeRequest, int, int, Status]] = []
        for rule, wanted in CREDITS:
            source, target = new_account(demo(), "1000.00"), new_account(demo(), "0")
            stack.sandbox.fault(operation="TradeTransaction", login=target, **rule)
            request = asked(source, target)
            wait_until(started(request, "credit"), what=f"the credit under {rule['fault']}")
            time.sleep(chance.uniform(0, 0.3))
            stack.workers[-1].kill()
            made.append((request, source, target, wanted))
            stack.start_worker()
        time.sleep(KEY_MEMORY + 1)
        for (request, source, target, wanted), (rule, _) in zip(made, CREDITS, strict=True):
            done = outcome(request, 90)
            assert done.status == wanted, (rule, done.outcome_text)
            check_money(request, source, target)
        assert not Hold.objects.exists()
        assert audit.verify() is None


def test_a_worker_killed_on_the_way_back_pays_back_once(
    make_stack: Callable[..., Stack],
) -> None:
    stack = make_stack(web=False, sandbox={"accounts": 20, "key_memory": KEY_MEMORY})
    with stack.connected():
        source, target = new_account(demo(), "1000.00"), new_account(demo(), "0")
        stack.sandbox.fault(operation="TradeTransaction", login=target, **REFUSED)
        # Every answer to the source comes late: the kill falls between MT4's deed and its answer.
        stack.sandbox.fault("delay_after", "TradeTransaction", login=source, seconds=1.5)
        request = asked(source, target)
        wait_until(started(request, "back"), what="the way back")
        time.sleep(0.4)
        stack.workers[-1].kill()
        assert legs_in_mt4(demo(), request)["TB"] == [Decimal("100.00")]
        assert ChangeRequest.objects.get(pk=request.pk).status == Status.EXECUTING
        stack.sandbox.clear_faults()
        time.sleep(KEY_MEMORY + 1)
        stack.start_worker()
        failed = outcome(request, 60)
        assert failed.status == Status.FAILED
        assert "were put back" in failed.outcome_text
        check_money(request, source, target)
        assert not Hold.objects.exists()
        assert audit.verify() is None


def test_transfers_in_a_ring_under_faults_and_kills_keep_the_sum(
    make_stack: Callable[..., Stack],
) -> None:
    chance = random.Random(9)
    stack = make_stack(
        web=False,
        workers=2,
        database="postgres",
        broker="redis",
        sandbox={"accounts": 20, "key_memory": KEY_MEMORY},
    )
    with stack.connected():
        logins = [new_account(demo(), "1000.00") for _ in range(4)]
        # One that only receives, and often refuses: what left the others has to go back.
        sink = new_account(demo(), "0")
        stack.sandbox.fault("delay_after", "TradeTransaction", seconds=0.2, probability=0.3)
        stack.sandbox.fault("drop_after", "TradeTransaction", probability=0.15)
        stack.sandbox.fault(
            "mt4_error", "TradeTransaction", login=sink, probability=0.6, code="TradeDisable"
        )
        made: list[ChangeRequest] = []
        for number in range(3):
            for place, source in enumerate(logins):
                target = chance.choice([sink, logins[place - 1], logins[place - 2]])
                made.append(asked(source, target, f"{number + 1}.03"))
            time.sleep(chance.uniform(0.2, 1.0))
            stack.workers[-1 - number % 2].kill()
            stack.start_worker(wait=False)
        wait_until(lambda: all(final(one) for one in made), timeout=120, what="the end")
        stack.sandbox.clear_faults()
        whole = [*logins, sink]
        assert sum(balance_of(demo(), login) for login in whole) == Decimal("4000.00")
        for request in made:
            legs = legs_in_mt4(demo(), request)
            assert all(len(found) <= 1 for found in legs.values()), (request.reference, legs)
            assert sum(sum(found) for found in legs.values()) == 0, (request.reference, legs)
            fresh = ChangeRequest.objects.get(pk=request.pk)
            arrived = request.payments.get(kind=Kind.TRANSFER_IN).status == Status.DONE
            assert arrived == (fresh.status == Status.DONE)
        for login in whole:
            assert books(demo(), login, reader(demo().connection)).agree
        assert not Hold.objects.exists()
        assert audit.verify() is None
