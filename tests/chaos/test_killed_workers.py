"""Workers killed at the worst moments, with every fault: each payment once, or not at all."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from decimal import Decimal

import pytest

from panel import audit
from panel.models import ChangeRequest, Status
from tests.chaos.conftest import KEY_MEMORY, demo, person, records_of, taken_up
from tests.core.money import (
    approve_as,
    ask_deposit,
    ask_withdrawal,
    balance_of,
    new_account,
)
from tests.harness.stack import Stack
from tests.harness.waiting import wait_until

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]

# fault, seconds it lasts; the worker is killed about when the withdrawal is on its way
FAULTS = [
    ("delay_after", 1.8),
    ("drop_after", 0),
    ("drop_before", 0),
    ("html_502", 0),
    ("html_502_after", 0),
    ("outcome_unknown_applied", 0),
    ("outcome_unknown_late", 2),
    ("delay", 1.5),
    ("busy", 0),
]


def final(request: ChangeRequest) -> ChangeRequest | None:
    """The request, once it has an outcome."""
    fresh = ChangeRequest.objects.get(pk=request.pk)
    return fresh if fresh.status in (Status.DONE, Status.FAILED) else None


def outcome(request: ChangeRequest, seconds: float) -> ChangeRequest:
    """The request once it has an outcome; fails after so many seconds."""
    wait_until(lambda: final(request), timeout=seconds, what=f"an outcome of {request.reference}")
    return ChangeRequest.objects.get(pk=request.pk)


def test_a_worker_killed_after_mt4_applied_and_before_the_outcome_was_written(
    make_stack: Callable[..., Stack],
) -> None:
    stack = make_stack(web=False, sandbox={"accounts": 20, "key_memory": KEY_MEMORY})
    with stack.connected():
        login = new_account(demo(), "1000.00")
        stack.sandbox.fault("delay_after", "TradeTransaction", login=login, seconds=1.8, count=1)
        request = ask_withdrawal(person("ops"), login, "400.00")
        approve_as(person("compliance"), request)
        wait_until(lambda: records_of(request), what="the withdrawal on the sandbox")
        stack.workers[-1].kill()

        assert len(records_of(request)) == 1
        assert ChangeRequest.objects.get(pk=request.pk).status == Status.EXECUTING
        time.sleep(1.8 + KEY_MEMORY + 1)
        stack.start_worker()

        done = outcome(request, 60)
        assert done.status == Status.DONE
        assert [record.profit for record in records_of(request)] == [Decimal("-400.00")]
        assert balance_of(demo(), login) == Decimal("600.00")
        assert audit.verify() is None


def test_each_fault_with_a_killed_worker_ends_with_one_record(
    make_stack: Callable[..., Stack],
) -> None:
    stack = make_stack(web=False, sandbox={"accounts": 20, "key_memory": KEY_MEMORY})
    with stack.connected():
        chance = random.Random(11)
        made: list[ChangeRequest] = []
        for fault, seconds in FAULTS:
            login = new_account(demo(), "1000.00")
            stack.sandbox.fault(fault, "TradeTransaction", login=login, seconds=seconds, count=1)
            request = ask_withdrawal(person("ops"), login, "100.00")
            approve_as(person("compliance"), request)
            wait_until(taken_up(request), what=f"{fault} to strike")
            time.sleep(chance.uniform(0, 0.3))
            stack.workers[-1].kill()
            made.append(request)
            stack.start_worker()
        time.sleep(KEY_MEMORY + 1)
        for request, (fault, _) in zip(made, FAULTS, strict=True):
            done = outcome(request, 90)
            assert done.status == Status.DONE, (fault, done.outcome_text)
            assert [record.profit for record in records_of(request)] == [Decimal("-100.00")], fault
        assert audit.verify() is None


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_workers_killed_at_random_moments_pay_each_deposit_once(
    make_stack: Callable[..., Stack], database: str
) -> None:
    chance = random.Random(7)
    stack = make_stack(
        web=False,
        workers=2,
        database=database,
        broker="redis" if database == "postgres" else "valkey",
        sandbox={"accounts": 20, "key_memory": KEY_MEMORY},
    )
    with stack.connected():
        stack.sandbox.fault("delay_after", "TradeTransaction", seconds=0.3, probability=0.5)
        logins = [new_account(demo(), "0") for _ in range(6)]
        made: list[ChangeRequest] = []
        for number in range(4):
            made += [ask_deposit(person("ops"), login, f"{number + 1}.07") for login in logins]
            time.sleep(chance.uniform(0.1, 1.2))
            stack.workers[-1 - number % 2].kill()
            stack.start_worker(wait=False)
        stack.sandbox.clear_faults()
        wait_until(lambda: all(final(request) for request in made), timeout=120, what="the end")
        for request in made:
            assert ChangeRequest.objects.get(pk=request.pk).status == Status.DONE
            assert len(records_of(request)) == 1, request.reference
        for login in logins:
            assert balance_of(demo(), login) == Decimal("1.07") + Decimal("2.07") + Decimal(
                "3.07"
            ) + Decimal("4.07")
        assert audit.verify() is None
