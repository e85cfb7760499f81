"""Scheduled jobs: off until two people switch them on; expired credit is taken out exactly once."""

from __future__ import annotations

import threading
import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from panel.commands.base import Invalid
from panel.commands.decide import reject, why_not
from panel.commands.errors import Denied
from panel.commands.machine import EMAIL, machine, machine_actor
from panel.commands.submit import submit
from panel.models import AuditEntry, ChangeRequest, Platform, Policy, Status, User
from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.read import reader
from panel.mt4.write import writer
from payments.jobs.commands import ExpireCredit, SetJob
from payments.jobs.credits import CreditRecord, due, lots
from payments.jobs.running import Report, due_jobs, run_if_due
from payments.mirror import mirror_now
from payments.models import Job, JobName, JobRun, MoneyRecord, Payment
from payments.tasks import run_jobs
from tests.core.conftest import Cast
from tests.core.money import approve_as, carry_out
from tests.factories import actor
from tests.harness.sandbox import SandboxProcess
from tests.pages.browsing import signed_in, text_of
from tests.payments.limiting import make_limit
from tests.payments.test_commands import enabled_account

pytestmark = pytest.mark.django_db(transaction=True)
DAY = datetime(2026, 3, 1)  # noqa: DTZ001 - the server's clock has no zone


def record(ticket: int, amount: int, expires: int | None = None, reference: str = "") -> Any:
    """A credit record; `expires` in days after the first of them."""
    until = DAY + timedelta(days=expires) if expires is not None else None
    return CreditRecord(ticket, Decimal(amount), DAY + timedelta(hours=ticket), reference, until)


def left(now: int, *records: Any, credit: int | None = None, **named: int) -> dict[int, Decimal]:
    """What is due, `now` days after the first."""
    total = sum((one.amount for one in records), Decimal(0)) if credit is None else Decimal(credit)
    return due(lots(records, named), total, DAY + timedelta(days=now))


# --- What is left of a credit ---------------------------------------------------------------


def test_a_credit_is_due_once_its_day_is_over_and_not_before() -> None:
    assert left(4, record(1, 100, 5)) == {}
    assert left(5, record(1, 100, 5)) == {1: 100}
    assert left(900, record(1, 100)) == {}


def test_what_was_taken_back_came_from_what_expires_first() -> None:
    first, second = record(1, 100, 30), record(2, 50, 5)
    assert left(9, first, second, record(3, -20)) == {2: 30}
    assert left(9, first, second, record(3, -70)) == {}
    assert left(40, first, second, record(3, -70)) == {1: 80}


def test_a_credit_out_that_names_its_credit_took_back_that_one() -> None:
    given = (record(1, 100, 30), record(2, 50, 5))
    assert left(9, *given, record(3, -50, reference="X"), X=2) == {}
    assert left(40, *given, record(3, -50, reference="X"), X=2) == {1: 100}


def test_never_more_is_due_than_the_account_holds_beyond_what_is_still_good() -> None:
    given = (record(1, 100, 30), record(2, 50, 5))
    assert left(9, *given, credit=120) == {2: 20}
    assert left(9, *given, credit=90) == {}


# --- The job --------------------------------------------------------------------------------


@pytest.fixture
def job(db: None) -> Job:
    """The job, switched on and due."""
    return Job.objects.create(name=JobName.CREDIT_EXPIRY, on=True, next_run=timezone.now())


@pytest.fixture
def clock(platform: Platform) -> Any:
    """Moves the panel's idea of the server's clock, as if days had gone by."""

    def ahead(days: int) -> None:
        Platform.objects.filter(pk=platform.pk).update(clock_offset=days * 86_400)
        platform.refresh_from_db()

    return ahead


def give(platform: Platform, login: int, amount: str, days: int) -> int:
    """A credit that is good for some days; its ticket."""
    wanted = f"bonus {uuid.uuid4().hex[:8]}"
    writer(platform.connection).balance(
        login,
        Decimal(amount),
        comment=wanted,
        kind=TradeCommand.Credit,
        expiration=reader(platform.connection).server_time() + timedelta(days=days),
        key=str(uuid.uuid4()),
    )
    history = reader(platform.connection).history(login)
    return next(trade.order for trade in history if trade.comment == wanted)


def run(job: Job) -> Report:
    """One run, now."""
    Job.objects.filter(pk=job.pk).update(next_run=timezone.now())
    job.refresh_from_db()
    report = run_if_due(job)
    assert report is not None
    return report


def credit_of(platform: Platform, login: int) -> Decimal:
    """The account's credit, live."""
    return Decimal(reader(platform.connection).account(login).credit)


def see(platform: Platform, login: int) -> None:
    """Have the mirror know this account's records and no other's."""
    from payments.mirror import keep

    MoneyRecord.objects.all().delete()
    history = reader(platform.connection).history(login)
    money = [trade for trade in history if trade.trade_command is TradeCommand.Credit]
    keep(platform, [(trade, "real-std-usd", "USD") for trade in money])


def test_expired_credit_is_taken_out_and_what_is_still_good_stays(
    platform: Platform, job: Job, clock: Any
) -> None:
    login = enabled_account(platform)
    ticket = give(platform, login, "100.00", 3)
    give(platform, login, "40.00", 30)
    see(platform, login)
    assert run(job).text == "Nothing to do."
    clock(4)
    assert run(job).text == "1 request made."
    request = ChangeRequest.objects.get()
    assert request.maker == machine()
    assert (request.amount, request.payload["ticket"]) == (Decimal("100.00"), ticket)
    assert carry_out(request).status == Status.DONE
    assert credit_of(platform, login) == Decimal("40.00")
    assert run(job).asked == 0
    see(platform, login)
    assert run(job).asked == 0
    assert Payment.objects.get().kind == "credit_out"
    assert "Scheduled jobs" in AuditEntry.objects.get(action="request payments.credit_expiry").actor


def test_only_what_is_left_of_a_credit_is_taken_out(
    platform: Platform, job: Job, clock: Any
) -> None:
    login = enabled_account(platform)
    give(platform, login, "100.00", 3)
    writer(platform.connection).balance(
        login, Decimal("-70.00"), comment="taken", kind=TradeCommand.Credit, key=str(uuid.uuid4())
    )
    see(platform, login)
    clock(4)
    run(job)
    assert carry_out(ChangeRequest.objects.get()).amount == Decimal("30.00")
    assert credit_of(platform, login) == Decimal("0.00")


def test_a_credit_taken_back_meanwhile_is_not_taken_out_again(
    platform: Platform, job: Job, clock: Any
) -> None:
    login = enabled_account(platform)
    give(platform, login, "100.00", 3)
    give(platform, login, "100.00", 30)
    see(platform, login)
    clock(4)
    run(job)
    writer(platform.connection).balance(
        login, Decimal("-60.00"), comment="taken", kind=TradeCommand.Credit, key=str(uuid.uuid4())
    )
    failed = carry_out(ChangeRequest.objects.get())
    assert failed.status == Status.FAILED
    assert "Only 40.00 USD of credit" in failed.outcome_text
    assert credit_of(platform, login) == Decimal("140.00")
    assert run(job).asked == 0, "not again at once"
    ChangeRequest.objects.update(finished=timezone.now() - timedelta(hours=1, minutes=1))
    assert run(job).asked == 1
    again = ChangeRequest.objects.exclude(pk=failed.pk).get()
    assert carry_out(again).status == Status.DONE
    assert credit_of(platform, login) == Decimal("100.00")


def test_a_policy_can_ask_people_and_their_no_is_final(
    platform: Platform, cast: Cast, job: Job, clock: Any
) -> None:
    Policy.objects.create(command=ExpireCredit.name, approvals=1, roles=["compliance"])
    login = enabled_account(platform)
    give(platform, login, "100.00", 3)
    see(platform, login)
    clock(4)
    run(job)
    request = ChangeRequest.objects.get()
    assert request.status == Status.PENDING
    assert run(job).asked == 0
    assert not why_not(request, cast.bob)
    reject(request, actor=actor(cast.bob), source="test", reason="prolonged by contract")
    assert run(job).asked == 0
    assert ChangeRequest.objects.count() == 1


def test_two_workers_on_one_turn_run_it_once(platform: Platform, job: Job) -> None:
    twin = Job.objects.get(pk=job.pk)
    assert run_if_due(job) is not None
    assert run_if_due(twin) is None


def test_runs_at_the_same_time_take_a_credit_out_once(
    platform: Platform, job: Job, clock: Any
) -> None:
    login = enabled_account(platform)
    give(platform, login, "100.00", 3)
    see(platform, login)
    clock(4)
    machine()
    barrier = threading.Barrier(3)
    reports: list[Report] = []

    def one() -> None:
        from payments.jobs.running import take_expired_credits

        report = Report()
        barrier.wait(10)
        try:
            take_expired_credits(platform, report)
        finally:
            reports.append(report)
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [report.errors for report in reports] == [[], [], []]
    assert ChangeRequest.objects.count() == 1


def test_a_server_that_is_away_is_told_and_tried_again(
    platform: Platform, job: Job, clock: Any, sandbox: SandboxProcess
) -> None:
    login = enabled_account(platform)
    give(platform, login, "100.00", 3)
    see(platform, login)
    clock(4)
    Platform.objects.filter(pk=platform.pk).update(api_base="http://127.0.0.1:9")
    assert len(run(job).errors) == 1
    job.refresh_from_db()
    assert job.last_failed
    assert JobRun.objects.get().errors[0].startswith("Sandbox: ")
    Platform.objects.filter(pk=platform.pk).update(api_base=sandbox.url)
    assert run(job).asked == 1


def test_the_whole_mirror_leads_to_the_expired_credits(
    platform: Platform, job: Job, clock: Any
) -> None:
    login = enabled_account(platform)
    give(platform, login, "100.00", 3)
    mirror_now(platform)
    clock(4)
    run_jobs()
    assert ChangeRequest.objects.filter(login=login).count() == 1
    assert not list(due_jobs())


def test_a_limit_for_everybody_does_not_hold_jobs_and_one_that_names_them_does(
    platform: Platform, job: Job, clock: Any
) -> None:
    login = enabled_account(platform)
    give(platform, login, "100.00", 3)
    see(platform, login)
    clock(4)
    make_limit(once="1")
    named = make_limit(person=machine(), once="1")
    assert "Your limit is 1.00 USD at once." in run(job).errors[0]
    named.delete()
    assert run(job).asked == 1


# --- Switching, and who the jobs are --------------------------------------------------------


def switch(maker: User, on: bool = True) -> ChangeRequest:
    """A request to switch the job."""
    return submit(
        SetJob(job=JobName.CREDIT_EXPIRY.value, on=on),
        actor=actor(maker),
        source="test",
        reason="",
        key=str(uuid.uuid4()),
    )


def test_a_job_is_off_until_two_people_switched_it_on(cast: Cast, platform: Platform) -> None:
    assert not list(due_jobs())
    request = switch(cast.ada)
    assert not Job.objects.filter(on=True).exists()
    approve_as(cast.adam, request)
    (job,) = due_jobs()
    assert run_if_due(job)
    with pytest.raises(Invalid, match="already"):
        switch(cast.ada)
    approve_as(cast.ada, switch(cast.adam, on=False))
    assert not list(due_jobs())
    with pytest.raises(Denied):
        switch(cast.olga)


def test_nobody_can_be_the_machine(cast: Cast, client: Client) -> None:
    user = machine()
    assert not user.has_usable_password()
    assert authenticate(email=EMAIL, password="") is None
    client.force_login(user)
    assert client.get(reverse("dashboard")).status_code == 302
    user.is_active = True
    with pytest.raises(IntegrityError):
        user.save()
    assert EMAIL not in text_of(signed_in(cast.ada).get(reverse("staff_list")))
    address = reverse("staff_detail", args=[user.pk])
    assert signed_in(cast.ada).get(address).status_code == 404


def test_only_jobs_ask_for_expired_credit(platform: Platform, cast: Cast) -> None:
    command = ExpireCredit(platform="demo", login=1, amount=Decimal(1), ticket=1)
    for person in (cast.olga, cast.ada, cast.maya):
        with pytest.raises(Denied):
            submit(command, actor=actor(person), source="test", reason="", key="k")
    login = enabled_account(platform)
    give(platform, login, "100.00", 3)
    command = ExpireCredit(platform="demo", login=login, amount=Decimal(1), ticket=1)
    with pytest.raises(Invalid, match="still good"):
        submit(command, actor=machine_actor("x"), source="test", reason="", key="k")


def test_the_page_tells_what_runs_and_what_it_did(
    platform: Platform, cast: Cast, job: Job, clock: Any
) -> None:
    login = enabled_account(platform)
    give(platform, login, "100.00", 3)
    see(platform, login)
    clock(4)
    run(job)
    client = signed_in(cast.olga)
    page = text_of(client.get(reverse("job_list")))
    for words in ("Taking out expired credit", "1 request made.", "100.00 USD", "Next run"):
        assert words in page
    assert "Switch off…" not in page
    admin = signed_in(cast.ada)
    assert "Switch off…" in text_of(admin.get(reverse("job_list")))
    address = reverse("job_change", args=["credit_expiry"])
    form = {"reason": "audit asked", "key": "k", "step": "preview"}
    assert "Switch off" in text_of(admin.post(address, form))
    assert admin.post(address, {**form, "step": "send"}).status_code == 302
    waiting = ChangeRequest.objects.get(command="jobs.set")
    assert waiting.reference in text_of(client.get(reverse("job_list")))
    assert admin.get(reverse("job_change", args=["nothing"])).status_code == 404
