"""Two thousand payments of every kind, with bad luck all along: the books agree to the cent.

Two workers on PostgreSQL and Redis; one of them is killed again and again. MT4 drops connections,
answers with a proxy's error page, is busy, slow, or does not know what it did, and forgets keys
after two seconds. Every payment is asked for and decided on in the ordinary way.

`SEED` makes the payments, the faults and the moments of the kills; how the processes come to
meet differs from run to run all the same.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import pytest
from django.utils import timezone
from pytest_django import Settings

from panel import audit
from panel.models import ChangeRequest, Status
from payments.models import Payment
from tests.chaos.conftest import KEY_MEMORY
from tests.chaos.crew import Crew
from tests.chaos.ground import FAULTS, file_of, open_accounts
from tests.chaos.verdict import (
    OPEN,
    assert_all_is_final,
    assert_each_was_applied_once,
    assert_the_books_agree,
    assert_the_reconciliation_finds_nothing,
    still_open,
)
from tests.chaos.wishes import Accounts, Plan
from tests.harness.stack import Stack

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SEED = 20260714
PAYMENTS = 2000
LINES = PAYMENTS // 4
FILES = 2
LONGEST = 1200
"""Seconds after which whatever is still open is stuck, however busy the machine."""
MANY = 1_000_000
"""What a fault's count begins with, so that it tells how often it has struck."""


def bring_bad_luck(stack: Stack, accounts: Accounts) -> None:
    """From now on MT4 has the faults; some accounts each lose one operation for good."""
    for login in accounts.refusing:
        stack.sandbox.fault("mt4_error", "TradeTransaction", login=login, code="TradeDisable")
    for login in accounts.losing:
        stack.sandbox.fault("outcome_unknown_not_applied", "TradeTransaction", login=login, count=1)
    for fault, operation, seconds, probability in FAULTS:
        stack.sandbox.fault(
            fault,
            operation,
            seconds=seconds,
            probability=probability,
            count=MANY,
            randomSeed=SEED,
        )


def strikes(stack: Stack) -> Counter[str]:
    """How often each fault has struck, and `lost` for operations that were lost for good."""
    struck: Counter[str] = Counter()
    for rule in stack.sandbox.faults():
        if rule["fault"] == "outcome_unknown_not_applied":
            struck["lost"] += 1 - rule["count"]
        elif rule["count"] is not None:
            struck[rule["fault"]] += MANY - rule["count"]
    return struck


def test_two_thousand_payments_through_faults_and_kills_are_each_applied_once(
    make_stack: Callable[..., Stack], settings: Settings
) -> None:
    chance = random.Random(SEED)
    print(f"seed {SEED}")
    stack = make_stack(
        web=False,
        workers=2,
        concurrency=2,
        database="postgres",
        broker="redis",
        sandbox={"accounts": 20, "key_memory": KEY_MEMORY},
        env={"UNKNOWN_TO_PERSON": "75"},
    )
    settings.DATA_DIR = stack.data
    settings.MT4_DEADLINE_MARGIN = 2.0
    with stack.connected():
        crew = Crew(chance, threads=6)
        accounts = open_accounts(chance, PAYMENTS // 16, losing=max(2, PAYMENTS // 150))
        plan = Plan(accounts, chance)
        plan.fill(PAYMENTS - FILES * LINES)
        files = [file_of(plan, crew, LINES, f"F{number}") for number in range(FILES)]
        since = next_second()
        bring_bad_luck(stack, accounts)
        for place, (wish, _) in enumerate(files, 1):
            plan.wishes.insert(place * len(plan.wishes) // (FILES + 1), wish)
        began = time.monotonic()
        killed = live_through(stack, crew, plan, chance)
        seconds = time.monotonic() - began
        struck = strikes(stack)
        stack.sandbox.clear_faults()
        print(f"{seconds:.0f} s, {killed} kills, {dict(struck)}, settled: {crew.settled}")

        assert_all_is_final(plan, crew)
        assert_each_was_applied_once(plan, files, crew)
        assert_the_books_agree(plan, files)
        assert_the_reconciliation_finds_nothing(since)
        assert audit.verify() is None
        stack.manage("verify_audit")
        assert all(struck[fault] for fault, *_ in FAULTS), struck
        assert killed >= 3
        assert len(crew.settled) >= struck["lost"]
        assert not any(happened for _, happened in crew.settled)


def next_second() -> datetime:
    """MT4 counts whole seconds: what is booked from here on bears another one."""
    time.sleep(1.1)
    return timezone.now()


def live_through(stack: Stack, crew: Crew, plan: Plan, chance: random.Random) -> int:
    """Ask, decide, kill and settle until nothing is open; how many workers were killed.

    A worker is killed whenever so many payments more are done, so that a slow machine sees as many
    deaths as a fast one.
    """
    at_work = crew.begin(plan.wishes)
    end, next_kill, killed = time.monotonic() + LONGEST, PAYMENTS // 20, 0
    while True:
        crew.settle_what_waits()
        asked = [one.result() for one in at_work if one.done()]
        left = ChangeRequest.objects.filter(status__in=OPEN).count()
        if len(asked) == len(at_work) and not left:
            return killed
        assert time.monotonic() < end, still_open()
        done = Payment.objects.filter(status=Status.DONE).count()
        if next_kill < done < PAYMENTS * 0.95:
            time.sleep(chance.uniform(0, 0.5))
            chance.choice([worker for worker in stack.workers if worker.alive]).kill()
            killed += 1
            stack.start_worker(wait=False)
            next_kill = done + chance.randint(PAYMENTS // 20, PAYMENTS // 8)
        time.sleep(0.2)
