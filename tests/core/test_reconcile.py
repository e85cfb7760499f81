"""What bad luck becomes: unknown, looked into, and settled with exactly one record or none."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import Settings

from panel.commands import executor, reconcile
from panel.commands.base import Invalid
from panel.commands.errors import Denied
from panel.commands.settle import SettleUnknown
from panel.commands.submit import submit
from panel.models import ChangeRequest, Platform, Status, User
from panel.mt4.write import writer
from tests.core.conftest import Cast
from tests.core.money import (
    approve_as,
    ask_deposit,
    balance_of,
    carry_out,
    new_account,
    records_with,
)
from tests.factories import actor
from tests.harness.sandbox import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)
KEY_MEMORY = 2.0


@pytest.fixture(autouse=True)
def short_waits(settings: Settings) -> None:
    """Seconds, not minutes."""
    settings.MT4_DEADLINE_MARGIN = 1.0
    settings.MT4_CHANGE_DEADLINE = 1.0
    settings.RECONCILE_PAUSE = 0.2
    settings.EXECUTION_LEASE = 2


def settle_down(request: ChangeRequest, *, seconds: float = 20) -> ChangeRequest:
    """Do what beat and worker do, until the request has an outcome or needs a person."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for request_id in reconcile.due():
            reconcile.look_into(request_id)
        executor.run(request.pk)
        request = ChangeRequest.objects.get(pk=request.pk)
        if request.status in (Status.DONE, Status.FAILED) or request.needs_person:
            return request
        time.sleep(0.1)
    raise AssertionError(f"{request.reference} is still {request.status}: {request.outcome_text}")


UNKNOWN_FAULTS = [
    "drop_before",
    "drop_after",
    "html_502",
    "html_502_after",
    "outcome_unknown_applied",
    "outcome_unknown_not_applied",
]


@pytest.mark.parametrize("late", [False, True], ids=["early", "after the key is forgotten"])
@pytest.mark.parametrize("fault", UNKNOWN_FAULTS)
def test_a_fault_never_fails_a_payment_and_never_pays_it_twice(
    platform: Platform, cast: Cast, sandbox: SandboxProcess, fault: str, late: bool
) -> None:
    login = new_account(platform, "1000.00")
    request = ask_deposit(cast.olga, login, "10.00")
    sandbox.fault(fault, "TradeTransaction", count=1)
    assert carry_out(request).status == Status.UNKNOWN
    if late:
        time.sleep(KEY_MEMORY + 0.5)
    if fault == "outcome_unknown_not_applied":
        # The server itself could not tell, so it keeps the key taken and answers in-progress.
        reconcile.look_into(request.pk)
        request.refresh_from_db()
        assert request.status == Status.UNKNOWN
        assert records_with(platform, request) == []
        return
    assert settle_down(request).status == Status.DONE
    assert [record.profit for record in records_with(platform, request)] == [Decimal("10.00")]
    assert balance_of(platform, login) == Decimal("1010.00")


def test_a_server_that_applies_late_is_waited_for_and_pays_once(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    login = new_account(platform, "0")
    request = ask_deposit(cast.olga, login, "10.00")
    sandbox.fault("outcome_unknown_late", "TradeTransaction", count=1, seconds=2)
    assert carry_out(request).status == Status.UNKNOWN
    assert settle_down(request).status == Status.DONE
    assert len(records_with(platform, request)) == 1


def test_a_busy_server_is_asked_again_later(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    login = new_account(platform)
    request = ask_deposit(cast.olga, login, "10.00")
    sandbox.fault("busy", "TradeTransaction", count=1)
    waiting = carry_out(request)
    assert waiting.status == Status.APPROVED
    assert "nothing was sent" in waiting.waiting_for
    ChangeRequest.objects.filter(pk=request.pk).update(not_before=None)
    assert carry_out(request).status == Status.DONE
    assert len(records_with(platform, request)) == 1


def test_a_worker_that_fell_silent_before_it_sent_gives_the_request_back(
    platform: Platform, cast: Cast
) -> None:
    request = ask_deposit(cast.olga, new_account(platform), "10.00")
    assert executor.claim(request.pk) is not None
    assert reconcile.due() == []
    ChangeRequest.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    reconcile.look_into(request.pk)
    request.refresh_from_db()
    assert request.status == Status.APPROVED
    assert settle_down(request).status == Status.DONE
    assert len(records_with(platform, request)) == 1


def test_nobody_reconciles_while_lease_or_call_may_still_run(
    platform: Platform, cast: Cast
) -> None:
    request = ask_deposit(cast.olga, new_account(platform), "10.00")
    executor.claim(request.pk)
    soon, past = (timezone.now() + timedelta(seconds=n) for n in (60, -1))
    started = {"balance": {"started": timezone.now().isoformat()}}
    for lease, call in ((soon, past), (past, soon)):
        ChangeRequest.objects.update(lease_until=lease, call_until=call, progress=started)
        assert reconcile.due() == []
        reconcile.look_into(request.pk)
        assert ChangeRequest.objects.get(pk=request.pk).status == Status.EXECUTING


def test_a_frozen_worker_that_wakes_up_neither_sends_nor_writes(
    platform: Platform, cast: Cast
) -> None:
    request = ask_deposit(cast.olga, new_account(platform), "10.00")
    frozen = executor.claim(request.pk)
    assert frozen is not None
    ChangeRequest.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert settle_down(request).status == Status.DONE

    command, call = executor.open_call(frozen)
    executor.attempt(command, call)
    assert ChangeRequest.objects.get(pk=request.pk).status == Status.DONE
    assert len(records_with(platform, request)) == 1


def two_records(platform: Platform, maker: User, sandbox: SandboxProcess) -> ChangeRequest:
    """An unknown deposit whose reference stands twice in MT4: somebody booked it by hand too."""
    login = new_account(platform)
    request = ask_deposit(maker, login, "10.00")
    sandbox.fault("drop_after", "TradeTransaction", count=1)
    carry_out(request)
    writer(platform.connection).balance(
        login, Decimal("10.00"), comment=request.reference, key=str(uuid.uuid4())
    )
    return settle_down(request)


def test_two_records_with_one_reference_go_to_a_person(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    request = two_records(platform, cast.olga, sandbox)
    assert request.status == Status.UNKNOWN
    assert request.needs_person
    assert len(request.evidence["records"]) == 2


def test_an_hour_of_silence_goes_to_a_person(
    platform: Platform, cast: Cast, sandbox: SandboxProcess, settings: Settings
) -> None:
    settings.UNKNOWN_TO_PERSON = 1
    request = ask_deposit(cast.olga, new_account(platform), "10.00")
    sandbox.fault("outcome_unknown_not_applied", "TradeTransaction", count=1)
    carry_out(request)
    asked = settle_down(request)
    assert asked.needs_person
    assert "too long ago to be sent again" in asked.outcome_text


def long_ago(request: ChangeRequest) -> None:
    """Nobody could look into it for an hour: the workers were down, say."""
    an_hour_ago = timezone.now() - timedelta(hours=1, seconds=1)
    ChangeRequest.objects.filter(pk=request.pk).update(
        unknown_since=an_hour_ago, next_check=an_hour_ago
    )


def test_after_an_hour_in_which_nobody_looked_mt4_is_asked_before_people_are(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    request = ask_deposit(cast.olga, new_account(platform), "10.00")
    sandbox.fault("drop_after", "TradeTransaction", count=1)
    assert carry_out(request).status == Status.UNKNOWN
    long_ago(request)
    reconcile.look_into(request.pk)
    request.refresh_from_db()
    assert (request.status, request.needs_person) == (Status.DONE, False)


def test_after_an_hour_nothing_is_sent_again(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    request = ask_deposit(cast.olga, new_account(platform), "10.00")
    sandbox.fault("drop_before", "TradeTransaction", count=1)
    assert carry_out(request).status == Status.UNKNOWN
    long_ago(request)
    reconcile.look_into(request.pk)
    request.refresh_from_db()
    assert (request.status, request.needs_person) == (Status.UNKNOWN, True)
    assert records_with(platform, request) == []


def test_after_an_hour_without_mt4_people_are_asked(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    request = ask_deposit(cast.olga, new_account(platform), "10.00")
    sandbox.fault("drop_after", "TradeTransaction", count=1)
    assert carry_out(request).status == Status.UNKNOWN
    sandbox.fault("html_502", "TradesUserHistory")
    for _ in range(reconcile.LOOKS):
        assert not request.needs_person, "one answer that did not come says little"
        long_ago(request)
        reconcile.look_into(request.pk)
        request.refresh_from_db()
    assert (request.status, request.needs_person) == (Status.UNKNOWN, True)
    assert "Still unknown after 1 h" in request.outcome_text


@pytest.mark.parametrize("code", ["NotEnoughRights", "TooFrequent"])
def test_records_that_mt4_refuses_to_show_do_not_make_a_payment_failed(
    platform: Platform, cast: Cast, sandbox: SandboxProcess, code: str
) -> None:
    request = ask_deposit(cast.olga, new_account(platform), "10.00")
    sandbox.fault("drop_after", "TradeTransaction", count=1)
    assert carry_out(request).status == Status.UNKNOWN
    sandbox.fault("mt4_error", "TradesUserHistory", code=code, count=1)
    time.sleep(0.3)
    reconcile.look_into(request.pk)
    assert ChangeRequest.objects.get(pk=request.pk).status == Status.UNKNOWN
    assert settle_down(request).status == Status.DONE
    assert len(records_with(platform, request)) == 1


def test_what_is_unknown_on_a_platform_that_was_switched_off_waits_and_goes_to_people_in_the_end(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    request = ask_deposit(cast.olga, new_account(platform), "10.00")
    sandbox.fault("drop_before", "TradeTransaction", count=1)
    assert carry_out(request).status == Status.UNKNOWN
    Platform.objects.update(enabled=False)
    for _ in range(reconcile.LOOKS):
        assert not request.needs_person
        long_ago(request)
        reconcile.look_into(request.pk)
        request.refresh_from_db()
        assert request.status == Status.UNKNOWN
    assert request.needs_person
    assert records_with(platform, request) == []


def test_nobody_takes_up_what_has_just_been_given_to_people(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    request = two_records(platform, cast.olga, sandbox)
    before = ChangeRequest.objects.get(pk=request.pk)
    before.needs_person = False  # as another worker read it a moment ago
    reconcile._take_over(before)
    request.refresh_from_db()
    assert (request.attempt, request.lease_until) == (before.attempt, None)


def test_settling_takes_two_people_who_had_no_hand_in_it(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    request = two_records(platform, cast.olga, sandbox)
    verdict = SettleUnknown(
        reference=request.reference, happened=True, finding="Seen in the terminal, booked twice."
    )

    def propose(person: User) -> ChangeRequest:
        return submit(verdict, actor=actor(person), source="test", reason="", key="settle")

    with pytest.raises((Denied, Invalid)):
        propose(cast.olga)
    proposal = propose(cast.maya)
    assert proposal.status == Status.PENDING
    with pytest.raises(Denied):
        approve_as(cast.maya, proposal)
    assert approve_as(cast.bob, proposal).status == Status.DONE
    request.refresh_from_db()
    assert request.status == Status.DONE
    assert "booked twice" in request.outcome_text
