"""The soak itself: people ask, decide and settle without an end, until the time is over."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

from panel.models import ChangeRequest, Status
from payments.models import Payment
from tests.chaos.crew import Crew
from tests.chaos.ground import file_of, open_accounts
from tests.chaos.truth import booked
from tests.chaos.wishes import Accounts, Plan
from tests.harness.stack import Stack
from tests.soak.verdict import OPEN, Verdict, judge
from tests.soak.weather import FAULT_COUNT, Weather

SPELL = 30.0
"""Seconds for which the weather stays as it is."""
BACKLOG = 120
"""Requests that may be open before more are asked for."""
LAST = 300.0
"""Seconds in which everything comes to its end, or to a person, once all is calm."""


@dataclass(frozen=True)
class Size:
    """How much is asked for at a time, of how many accounts, and by how many at once."""

    accounts: int = 60
    payments: int = 60
    lines: int = 40
    threads: int = 4
    kill_every: float = 25.0


def is_booked(stack: Stack, payment: Payment) -> bool:
    """What somebody sees who looks at the account on MT4 and asks those who run the plug-ins."""
    return payment.reference in booked(stack, [payment.login])


def soak(stack: Stack, minutes: float, *, seed: int, size: Size, say: Callable[[str], None]
         ) -> Verdict:  # fmt: skip
    """Live through so many minutes on a running stack; within `stack.connected()`."""
    chance = random.Random(seed)
    crew = Crew(chance, threads=size.threads, finds=partial(is_booked, stack))
    accounts = open_accounts(chance, size.accounts)
    weather = Weather(stack, chance)
    end = time.monotonic() + minutes * 60
    next_spell = next_kill = 0.0
    rounds = killed = 0
    at_work: list[Future[None]] = []
    while (now := time.monotonic()) < end:
        if now >= next_spell:
            weather.change()
            _refuse(stack, accounts)
            next_spell = now + SPELL
            say(f"{(end - now) / 60:.0f} min left, {_line(stack)}, {len(crew.settled)} settled")
        if now >= next_kill:
            _kill_one(stack, chance)
            killed += 1
            next_kill = now + chance.uniform(0.5, 1.5) * size.kill_every
        if all(one.done() for one in at_work) and _open() < BACKLOG:
            for one in at_work:
                one.result()
            rounds += 1
            at_work = crew.begin(_plan(crew, accounts, chance, size, f"S{rounds}").wishes)
        crew.settle_what_waits()
        time.sleep(0.2)
    weather.clear()
    _come_to_rest(crew, at_work)
    verdict = judge(stack, accounts, crew)
    verdict.figures |= {"rounds": rounds, "workers killed": killed}
    verdict.figures |= {f"bad luck: {name}": n for name, n in sorted(weather.struck.items())}
    return verdict


def _refuse(stack: Stack, accounts: Accounts) -> None:
    """What MT4 refuses is refused in any weather: transfers to these accounts come back."""
    for login in accounts.refusing:
        stack.sandbox.fault(
            "mt4_error", "TradeTransaction", login=login, code="TradeDisable", count=FAULT_COUNT
        )


def _plan(crew: Crew, accounts: Accounts, chance: random.Random, size: Size, name: str) -> Plan:
    plan = Plan(accounts, chance)
    plan.fill(size.payments)
    file, _ = file_of(plan, crew, size.lines, name)
    plan.wishes.insert(len(plan.wishes) // 3, file)
    return plan


def _kill_one(stack: Stack, chance: random.Random) -> None:
    chance.choice([worker for worker in stack.workers if worker.alive]).kill()
    stack.start_worker(wait=False)


def _open() -> int:
    return ChangeRequest.objects.filter(status__in=(Status.PENDING, *OPEN)).count()


def _line(stack: Stack) -> str:
    return f"{len(stack.proxy.passed)} sendings, {_open()} open"


def _come_to_rest(crew: Crew, at_work: list[Future[None]]) -> None:
    """Wait until all has come to its end, people settling what is theirs; what is still open then
    is in the verdict."""
    limit = time.monotonic() + LAST
    while time.monotonic() < limit:
        crew.settle_what_waits()
        if all(one.done() for one in at_work) and not _open():
            break
        time.sleep(0.5)
    for one in at_work:
        if one.done():
            one.result()
