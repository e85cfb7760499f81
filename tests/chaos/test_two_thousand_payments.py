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
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from panel import audit
from panel.models import ChangeRequest, Status
from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.write import writer
from payments.bulk.command import CarryOutFile
from payments.models import BulkFile, Payment
from tests.chaos.conftest import KEY_MEMORY, demo
from tests.chaos.crew import Crew
from tests.chaos.verdict import (
    OPEN,
    assert_all_is_final,
    assert_each_was_applied_once,
    assert_the_books_agree,
    assert_the_reconciliation_finds_nothing,
    still_open,
)
from tests.chaos.wishes import (
    OPENING,
    POOR_OPENING,
    Accounts,
    Move,
    Plan,
    Wish,
    in_a_year,
)
from tests.core.money import new_account
from tests.harness.stack import Stack
from tests.payments.bulk.bulk import checked

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SEED = 20260714
PAYMENTS = 2000
LINES = PAYMENTS // 4
FILES = 2
LONGEST = 1200
"""Seconds after which whatever is still open is stuck, however busy the machine."""
# Fault, operation, seconds it lasts, chance.
FAULTS = [
    ("drop_before", "TradeTransaction", 0, 0.015),
    ("drop_after", "TradeTransaction", 0, 0.015),
    ("html_502", "TradeTransaction", 0, 0.01),
    ("html_502_after", "TradeTransaction", 0, 0.015),
    ("busy", "TradeTransaction", 0, 0.01),
    ("outcome_unknown_applied", "TradeTransaction", 0, 0.015),
    ("outcome_unknown_late", "TradeTransaction", 4, 0.01),
    ("delay", "TradeTransaction", 0.4, 0.02),
    ("delay_after", "TradeTransaction", 1.0, 0.01),
    ("delay_after", "TradeTransaction", 2.5, 0.005),
    ("html_502", "TradesUserHistory", 0, 0.02),
    ("drop_after", "TradesUserHistory", 0, 0.02),
    ("read_timeout", "TradesUserHistory", 0.5, 0.01),
    ("drop_before", "*", 0, 0.0005),
    ("drop_after", "*", 0, 0.0005),
    ("html_502", "*", 0, 0.0005),
    ("busy", "*", 0, 0.0005),
]
MANY = 1_000_000
"""What a fault's count begins with, so that it tells how often it has struck."""


def open_accounts(chance: random.Random, count: int) -> Accounts:
    """Accounts with money and credit that the panel did not book."""
    currencies = ["USD", "USD", "EUR"]
    rich = {_rich(currencies[number % 3]): currencies[number % 3] for number in range(count)}
    poor = {new_account(demo(), str(POOR_OPENING)): "USD" for _ in range(max(2, count // 20))}
    refusing = {_rich(currency): currency for currency in ("USD", "EUR")}
    losing = chance.sample(sorted(rich), max(2, PAYMENTS // 150))
    return Accounts(
        tuple(rich), tuple(poor), tuple(refusing), tuple(losing), {**rich, **poor, **refusing}
    )


def _rich(currency: str) -> int:
    login = new_account(demo(), str(OPENING), group=f"real-std-{currency.lower()}")
    writer(demo().connection).balance(
        login,
        OPENING,
        "promo",
        kind=TradeCommand.Credit,
        expiration=demo().server_time() + timedelta(days=300),
        key=str(uuid.uuid4()),
    )
    return login


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


def files_of(plan: Plan, crew: Crew) -> list[tuple[Wish, list[Move]]]:
    """Checked bulk files as wishes, with what each of their lines does."""
    made = []
    for number in range(FILES):
        lines, moves = plan.bulk_lines(LINES, f"F{number}")
        file = checked(crew.makers[number], *lines, credit_expires=in_a_year())
        assert file.state == BulkFile.State.READY, list(file.problems.values_list("message"))
        made.append((Wish("file", command=CarryOutFile.of(file)), moves))
    return made


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
        accounts = open_accounts(chance, PAYMENTS // 16)
        plan = Plan(accounts, chance)
        plan.fill(PAYMENTS - FILES * LINES)
        files = files_of(plan, crew)
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
