"""The job that resets negative balances: once each, and never past a person who has to look."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts import mirror
from panel.commands.decide import reject, why_not
from panel.commands.machine import machine
from panel.models import ChangeRequest, Platform, Status
from panel.mt4.read import reader
from payments.adjustments import NegativeReset
from payments.models import Job, JobName, JobRun
from tests.core.conftest import Cast
from tests.core.money import balance_of, carry_out
from tests.factories import actor
from tests.harness.sandbox import SandboxProcess
from tests.payments.test_adjustments import book, owing
from tests.payments.test_jobs import run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A sandbox that lets a balance fall below zero, as some servers do."""
    folder = tmp_path_factory.mktemp("sandbox")
    with SandboxProcess(folder, accounts=60, balance_check="lenient") as process:
        yield process


@pytest.fixture
def reset(db: None) -> Job:
    """The job of negative balances, switched on and due."""
    return Job.objects.create(name=JobName.NEGATIVE_RESET, on=True, next_run=timezone.now())


def below(platform: Platform, owed: str, credit: str = "") -> int:
    """An account that owes, as the mirror of accounts has it too; its login."""
    login = owing(platform, owed, credit)
    mirror.refresh(platform, login)
    return login


def resets() -> list[ChangeRequest]:
    """What was asked for, oldest first."""
    return list(ChangeRequest.objects.filter(command=NegativeReset.name).order_by("pk"))


def test_a_negative_balance_is_reset_once_and_its_credit_goes_first(
    platform: Platform, reset: Job
) -> None:
    login = below(platform, "80.00", credit="30.00")
    assert run(reset).text == "1 request made."
    assert run(reset).asked == 0, "one at a time"
    (request,) = resets()
    assert request.maker == machine()
    assert carry_out(request).status == Status.DONE
    account = reader(platform.connection).account(login)
    assert (account.balance, account.credit) == (Decimal("0.00"), Decimal("0.00"))
    assert run(reset).asked == 0, "the mirror may be behind, the live figures are not"
    assert len(resets()) == 1


def test_above_the_threshold_and_from_the_fourth_time_people_are_asked(
    platform: Platform, cast: Cast, reset: Job
) -> None:
    large = below(platform, "500.01")
    run(reset)
    (request,) = resets()
    assert (request.login, request.status) == (large, Status.PENDING)
    login = below(platform, "10.00")
    for number in range(1, 4):
        run(reset)
        assert carry_out(resets()[number]).status == Status.DONE
        book(platform, login, "-10.00")
    run(reset)
    fourth = resets()[4]
    assert fourth.status == Status.PENDING
    assert fourth.policy_text == "This account was reset 3 times in 30 days."
    assert not why_not(fourth, cast.bob)


def test_an_account_with_open_positions_waits(platform: Platform, reset: Job) -> None:
    reading = reader(platform.connection)
    state = next(level for level in reading.margin_levels() if level.margin)
    balance = balance_of(platform, state.login)
    book(platform, state.login, str(-balance - 80))
    mirror.refresh(platform, state.login)
    report = run(reset)
    assert (report.asked, report.errors) == (0, [])
    assert "Positions are open" in report.text
    assert not JobRun.objects.exists()


def test_what_a_person_refused_is_not_asked_again_for_the_same_amount(
    platform: Platform, cast: Cast, reset: Job
) -> None:
    login = below(platform, "600.00")
    run(reset)
    reject(resets()[0], actor=actor(cast.bob), source="test", reason="fraud is looked into")
    assert run(reset).asked == 0
    book(platform, login, "-1.00")
    assert run(reset).asked == 1
