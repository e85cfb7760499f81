"""The short form of the soak: about a minute of everything at once. `make soak` takes an hour."""

from __future__ import annotations

import contextlib
import random
import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from panel.models import ChangeRequest, Status
from panel.mt4.errors import OutcomeUnknown
from panel.mt4.read import reader
from panel.mt4.write import writer
from payments.models import Payment
from tests.chaos.conftest import demo
from tests.chaos.crew import Crew
from tests.chaos.wishes import Accounts
from tests.core.money import ask_deposit, new_account
from tests.harness.stack import Stack
from tests.harness.waiting import wait_until
from tests.sandbox.api import Api
from tests.soak.day import Size
from tests.soak.run import run
from tests.soak.verdict import judge

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SEED = 20261130


@pytest.mark.parametrize("database", ["postgres", "sqlite"])
def test_a_minute_of_everything_ends_with_nothing_doubled_and_nothing_lost(
    tmp_path: Path, database: str, django_db_blocker: DjangoDbBlocker
) -> None:
    size = Size(accounts=24, payments=30, lines=20, threads=3, kill_every=15)
    with django_db_blocker.unblock():
        verdict = run(tmp_path, database, 1.0, SEED, say=print, size=size)  # type: ignore[arg-type]
    print(verdict)
    assert verdict.is_good, str(verdict)
    assert int(str(verdict.figures["done"])) > 30
    assert int(str(verdict.figures["workers killed"])) >= 3


def test_the_verdict_sees_what_is_wrong(make_stack: Callable[..., Stack]) -> None:
    """A payment booked twice, one that was lost, one that the panel takes for failed, a stray one;
    each under a comment that a plug-in has changed.
    """
    stack = make_stack(web=False, proxied=True, sandbox={"accounts": 20})
    with stack.connected():
        crew = Crew(random.Random(1), threads=1)
        logins = [new_account(demo(), "0") for _ in range(4)]
        accounts = Accounts(tuple(logins), (), (), (), dict.fromkeys(logins, "USD"))
        stack.sandbox.fault("plugin_prefix", "TradeTransaction")
        fine, twice, lost, failed = (
            ask_deposit(crew.makers[0], login, "10.00") for login in logins
        )
        rows = ChangeRequest.objects.filter(status=Status.DONE)
        wait_until(lambda: rows.count() == len(logins), 60, "the deposits")
        verdict = judge(stack, accounts, crew)
        assert verdict.is_good, str(verdict)
        assert verdict.figures["done"] == verdict.figures["operations booked"] == len(logins)

        pen = writer(demo().connection)
        for login, comment in ((logins[1], twice.reference), (logins[0], "DP 00000000")):
            with contextlib.suppress(OutcomeUnknown):
                pen.balance(login, Decimal("10.00"), comment, key=str(uuid.uuid4()))
        ticket = reader(demo().connection).history(logins[2])[0].order
        assert Api(stack.sandbox).post(f"AdmTradesDelete?orders={ticket}").code == "Ok"
        Payment.objects.filter(reference=failed.reference).update(status=Status.FAILED)

        verdict = judge(stack, accounts, crew)
        assert not verdict.is_good
        found = {name: len(each) for name, each in verdict.wrong.items() if each}
        assert found == {
            "doubled": 1,
            "lost (done, and not booked)": 1,
            "booked, and said not to be": 2,
            "balances that are not the sum of their records": 1,
        }
        assert fine.reference not in str(verdict)
        for reference in (twice.reference, lost.reference, failed.reference, "DP 00000000"):
            assert reference in str(verdict)
