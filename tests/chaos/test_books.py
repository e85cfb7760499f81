"""Random payments under random faults: in the end the panel's books are MT4's, to the cent."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from pytest_django import Settings

from panel import audit
from panel.commands import executor, reconcile
from panel.commands.base import Invalid
from panel.commands.call import Call
from panel.models import ChangeRequest, Platform, Status
from panel.mt4.read import reader
from payments.models import Payment
from tests.core.money import (
    approve_as,
    ask_deposit,
    ask_withdrawal,
    balance_of,
    new_account,
    records_with,
)
from tests.factories import make_platform, make_user
from tests.harness.sandbox import SandboxProcess

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]

FAULTS = [
    "drop_before",
    "drop_after",
    "html_502",
    "html_502_after",
    "busy",
    "outcome_unknown_applied",
    "outcome_unknown_not_applied",
    "outcome_unknown_late",
]
OPENING = Decimal("500.00")


class WorkerDied(BaseException):
    """The worker is gone between MT4's answer and the row that would keep it."""


class DyingCall(Call):
    """A call whose worker dies the moment MT4 has answered."""

    def _keep(self, name: str, data: dict[str, Any]) -> dict[str, Any]:
        raise WorkerDied


class Books(RuleBasedStateMachine):
    """Deposits, withdrawals, faults, deaths and reconciliations in any order."""

    sandbox: ClassVar[SandboxProcess]
    platform: ClassVar[Platform]

    def __init__(self) -> None:
        super().__init__()
        self.sandbox.clear_faults()
        self.ops = make_user("Olga", "back-office")
        self.compliance = make_user("Bob", "compliance")
        self.logins = [new_account(self.platform, str(OPENING)) for _ in range(2)]

    @rule(account=st.integers(0, 1), cents=st.integers(1, 30_000))
    def deposit(self, account: int, cents: int) -> None:
        ask_deposit(self.ops, self.logins[account], str(Decimal(cents) / 100))

    @rule(account=st.integers(0, 1), cents=st.integers(1, 60_000))
    def withdraw(self, account: int, cents: int) -> None:
        try:
            request = ask_withdrawal(self.ops, self.logins[account], str(Decimal(cents) / 100))
            approve_as(self.compliance, request)
        except Invalid:
            return  # more than there is

    @rule(fault=st.sampled_from(FAULTS), count=st.integers(1, 2))
    def bad_luck(self, fault: str, count: int) -> None:
        self.sandbox.fault(fault, "TradeTransaction", count=count, seconds=0.3)

    @rule()
    def work(self) -> None:
        for request in self.mine(Status.APPROVED):
            executor.run(request.pk)

    @rule()
    def die_after_the_answer(self) -> None:
        for request in self.mine(Status.APPROVED)[:1]:
            claimed = executor.claim(request.pk)
            if claimed is None:
                return
            command, call = executor.open_call(claimed)
            call = DyingCall(**{name: getattr(call, name) for name in Call.__slots__})
            with contextlib.suppress(WorkerDied):
                executor.attempt(command, call)
            self.let_leases_run_out()

    @rule()
    def die_before_sending(self) -> None:
        for request in self.mine(Status.APPROVED)[:1]:
            executor.claim(request.pk)
            self.let_leases_run_out()

    @rule(seconds=st.sampled_from([0, 0.4]))
    def reconcile(self, seconds: float) -> None:
        time.sleep(seconds)
        self.look()

    def look(self) -> None:
        ChangeRequest.objects.filter(status=Status.UNKNOWN).update(next_check=timezone.now())
        ChangeRequest.objects.filter(status=Status.APPROVED).update(not_before=None)
        for request_id in reconcile.due():
            reconcile.look_into(request_id)

    def let_leases_run_out(self) -> None:
        """As if the seconds of lease and call had passed."""
        past = timezone.now() - timedelta(seconds=1)
        ChangeRequest.objects.filter(status=Status.EXECUTING).update(
            lease_until=past, call_until=past
        )

    def mine(self, *statuses: Status) -> list[ChangeRequest]:
        rows = ChangeRequest.objects.filter(login__in=self.logins, status__in=statuses)
        return list(rows.order_by("pk"))

    def teardown(self) -> None:
        self.sandbox.clear_faults()
        end = time.monotonic() + 30
        while self.mine(Status.APPROVED, Status.EXECUTING, Status.UNKNOWN):
            assert time.monotonic() < end, [
                (r.status, r.outcome_text, r.progress)
                for r in self.mine(Status.APPROVED, Status.EXECUTING, Status.UNKNOWN)
            ]
            self.look()
            self.work()
            time.sleep(0.05)
        for login in self.logins:
            booked = OPENING
            for request in ChangeRequest.objects.filter(login=login):
                payment = Payment.objects.get(request=request)
                found = [record.profit for record in records_with(self.platform, request)]
                if request.status == Status.DONE:
                    assert found == [payment.signed_amount], request.reference
                    booked += payment.signed_amount
                else:
                    assert found == [], request.reference
                assert payment.status == request.status
            assert balance_of(self.platform, login) == booked
            assert reader(self.platform.connection).balance_check(login).diff == 0


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    """A sandbox that forgets a key after half a second, and a held one after one second."""
    process = SandboxProcess(tmp_path, accounts=10, key_memory=0.5, held_key_memory=1)
    process.start()
    yield process
    process.stop()


def test_the_panels_books_are_mt4s_whatever_happened(
    sandbox: SandboxProcess, settings: Settings
) -> None:
    settings.MT4_CHANGE_DEADLINE = 1.0
    settings.MT4_DEADLINE_MARGIN = 0.5
    settings.RECONCILE_PAUSE = 0.01
    Books.sandbox = sandbox
    Books.platform = make_platform(sandbox.url)
    run_state_machine_as_test(Books, settings=SETTINGS)
    assert audit.verify() is None


SETTINGS = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
