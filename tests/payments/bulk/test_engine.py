"""Carrying a file out, line by line: outcomes, doubts, holds, stops, and what dead workers left."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from panel import audit
from panel.commands import executor, holds, reconcile
from panel.commands.base import Invalid
from panel.commands.settle import SettleUnknown
from panel.commands.submit import submit
from panel.lib.clock import uptime
from panel.models import AuditEntry, ChangeRequest, Hold, Platform, Status
from panel.mt4.write import writer
from payments.bulk.command import CarryOutRest
from payments.bulk.engine import lane, look, sweep
from payments.bulk.engine.claim import announce, claim
from payments.bulk.engine.commands import StopBulk
from payments.bulk.engine.finish import finish_if_over
from payments.bulk.engine.line import BulkLine
from payments.bulk.engine.progress import progress
from payments.bulk.engine.record import record
from payments.models import BulkFile, BulkItem, Payment
from tests.core.conftest import Cast
from tests.core.money import (
    approve_as,
    ask_deposit,
    balance_of,
    carry_out,
    move_to,
    new_account,
)
from tests.factories import actor
from tests.harness.sandbox import SandboxProcess
from tests.payments.bulk.bulk import checked, submitted

pytestmark = pytest.mark.django_db(transaction=True)
State = BulkItem.State


@pytest.fixture(autouse=True)
def short_times(settings: Settings) -> None:
    """Nobody waits for a pause."""
    settings.MT4_CHANGE_DEADLINE = 1.0
    settings.MT4_DEADLINE_MARGIN = 0.5
    settings.RECONCILE_PAUSE = 0.01


def running(cast: Cast, *lines: str) -> BulkFile:
    """A file that was approved and handed to the lanes."""
    request = submitted(cast.olga, checked(cast.olga, *lines))
    for person in (cast.bob, cast.maya, cast.bella):
        if ChangeRequest.objects.get(pk=request.pk).status == Status.PENDING:
            approve_as(person, request)
    carry_out(request)
    return BulkFile.objects.select_related("run", "platform").get(request=request)


def by_hand(platform: Platform, login: int, amount: str) -> None:
    """Money that somebody moves in the terminal."""
    pen = writer(platform.connection)
    pen.balance(login, Decimal(amount), comment="by hand", key=str(uuid.uuid4()))


def states(file: BulkFile) -> list[str]:
    """The state of each line, in the order of the file."""
    return list(file.items.order_by("line").values_list("state", flat=True))


def through(file: BulkFile, seconds: float = 15) -> ChangeRequest:
    """The file's request, once lanes, sweep and reconciliation have brought it to its end."""
    end = time.monotonic() + seconds
    while True:
        BulkItem.objects.filter(file=file).update(not_before=None)
        lane.work(file.pk)
        sweep.sweep()
        for request_id in reconcile.due():
            reconcile.look_into(request_id)
        file.refresh_from_db()
        if file.state in (BulkFile.State.FINISHED, BulkFile.State.CANCELLED):
            return _run(file)
        assert time.monotonic() < end, states(file)
        time.sleep(0.02)


def test_every_line_is_carried_out_once_and_told(platform: Platform, cast: Cast) -> None:
    logins = [new_account(platform, "100.00") for _ in range(3)]
    poor = new_account(platform, "100.00")
    file = running(
        cast,
        *(f"{login},deposit,10.0{n},USD,r{n},March" for n, login in enumerate(logins)),
        f"{logins[0]},withdrawal,60,USD,out,",
        f"{poor},withdrawal,100,USD,too much,",
    )
    by_hand(platform, poor, "-95.00")
    assert finish_if_over(file.pk) is False
    request = through(file)

    assert states(file) == ["done", "done", "done", "done", "rejected"]
    assert request.status == Status.DONE
    assert request.outcome_text == "5 lines: 4 done, 1 rejected."
    refused = file.items.get(state=State.REJECTED)
    assert refused.text == "Nothing was sent: only 5.00 USD can be withdrawn now."
    assert [balance_of(platform, login) for login in logins] == [
        Decimal("50.00"), Decimal("110.01"), Decimal("110.02"),
    ]  # fmt: skip
    payments = Payment.objects.filter(request=request)
    assert {p.reference for p in payments} == set(
        file.items.filter(state=State.DONE).values_list("reference", flat=True)
    )
    assert set(payments.values_list("status", flat=True)) == {Status.DONE}
    for item in file.items.all():
        told = AuditEntry.objects.get(reference=item.reference)
        assert told.action == f"bulk line {item.state}"
        assert told.object_key == str(item.login)
    assert not Hold.objects.exists()
    assert audit.verify() is None
    call_command("verify_audit")
    seen = progress(file)
    assert (seen.rows, seen.final, seen.seconds_left, seen.share) == (5, 5, None, 1.0)


def test_corrections_are_booked_as_what_they_are(platform: Platform, cast: Cast) -> None:
    first, second = new_account(platform, "100.00"), new_account(platform, "100.00")
    file = running(
        cast,
        f"{first},correction,-40.10,USD,A,typo",
        f"{first},correction,2.00,USD,B,",
        f"{second},correction,-90,USD,C,",
    )
    by_hand(platform, second, "-20.00")
    through(file)
    assert balance_of(platform, first) == Decimal("61.90")
    assert balance_of(platform, second) == Decimal("80.00")
    booked = Payment.objects.order_by("external_reference")
    assert [(row.kind, row.method, row.signed_amount) for row in booked] == [
        ("correction_out", "internal", Decimal("-40.10")),
        ("correction_in", "internal", Decimal("2.00")),
    ]
    refused = file.items.get(state=State.REJECTED)
    assert "only 80.00 USD of balance is there" in refused.text


def test_lines_of_one_account_go_one_after_the_other(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    login = new_account(platform, "100.00")
    file = running(
        cast,
        f"{login},deposit,50,USD,a,",
        f"{login},deposit,51,USD,b,",
        f"{login},withdrawal,90,USD,c,",
        f"{login},deposit,7,USD,d,",
    )
    one = claim(file, _run(file))
    assert one is not None
    assert [item.line for item in one.accounts[login]] == [2, 3]
    file.items.update(not_before=None)
    other = claim(file, _run(file))
    assert other is not None
    assert other.accounts == {}
    assert record(one, lane.take_off(one).land())
    assert through(file).status == Status.DONE
    assert balance_of(platform, login) == Decimal("118.00")
    amounts = [call["login"] for call in sandbox.calls("TradeTransaction") if call["key"]]
    assert amounts.count(login) >= 4


def test_a_withdrawal_is_looked_at_live_before_it_is_sent(platform: Platform, cast: Cast) -> None:
    login = new_account(platform, "100.00")
    file = running(cast, f"{login},withdrawal,80,USD,a,")
    by_hand(platform, login, "-49.00")
    request = through(file)
    assert request.status == Status.FAILED
    item = file.items.get()
    assert item.text == "Nothing was sent: only 51.00 USD can be withdrawn now."
    assert balance_of(platform, login) == Decimal("51.00")


def test_an_account_that_moved_to_another_currency_a_moment_ago_gets_nothing(
    platform: Platform, cast: Cast
) -> None:
    login = new_account(platform, "0")
    file = running(cast, f"{login},deposit,4,USD,b,")
    move_to(platform, login, "real-std-eur")
    assert through(file).status == Status.FAILED
    assert "the account is in EUR now" in file.items.get().text
    assert balance_of(platform, login) == 0


def test_a_line_waits_for_an_account_that_something_else_moves_money_on(
    platform: Platform, cast: Cast
) -> None:
    free, taken = new_account(platform), new_account(platform)
    other = ask_deposit(cast.olga, taken, "1.00")
    assert executor.claim(other.pk) is not None
    file = running(cast, f"{taken},deposit,1.5,USD,a,", f"{free},deposit,2,USD,b,")
    lane.work(file.pk)
    assert states(file) == ["ready", "done"]
    holds.release(other)
    assert through(file).status == Status.DONE
    assert states(file) == ["done", "done"]


@pytest.mark.parametrize(
    "fault",
    [
        "drop_before", "drop_after", "html_502", "html_502_after", "busy",
        "outcome_unknown_applied", "outcome_unknown_late", "outcome_unknown_not_applied",
    ],
)  # fmt: skip
def test_whatever_happens_on_the_way_a_line_is_booked_once(
    platform: Platform, cast: Cast, sandbox: SandboxProcess, fault: str
) -> None:
    login = new_account(platform, "0")
    file = running(cast, f"{login},deposit,12.34,USD,a,")
    sandbox.fault(fault, "TradeTransaction", login=login, seconds=0.2, count=1)
    if fault == "outcome_unknown_not_applied":
        # The server holds the key for an hour: nobody knows, and nothing is sent meanwhile.
        lane.work(file.pk)
        assert states(file) == ["unknown"]
        assert balance_of(platform, login) == 0
        return
    request = through(file)
    assert request.status == Status.DONE, file.items.get().text
    assert not request.outcome_text, "there is nothing to look at"
    assert balance_of(platform, login) == Decimal("12.34")
    payment = Payment.objects.get(reference=file.items.get().reference)
    assert (payment.status, payment.amount) == (Status.DONE, Decimal("12.34"))
    assert not Hold.objects.exists()
    assert audit.verify() is None


def test_an_unknown_line_is_a_request_that_two_other_people_may_settle(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    login = new_account(platform, "0")
    file = running(cast, f"{login},deposit,5,USD,a,", f"{login},deposit,6,USD,b,")
    sandbox.fault("outcome_unknown_not_applied", "TradeTransaction", login=login, count=1)
    lane.work(file.pk)
    assert states(file) == ["unknown", "ready"]
    line = file.items.first()
    assert line is not None
    request = ChangeRequest.objects.get(command=BulkLine.name)
    assert (request.reference, request.mt4_key) == (line.reference, line.mt4_key)
    assert Hold.objects.get().request == request
    assert set(request.authors.values_list("user_id", flat=True)) == {cast.olga.pk, cast.bob.pk}

    ChangeRequest.objects.filter(pk=request.pk).update(needs_person=True)
    settle = submit(
        SettleUnknown(reference=request.reference, happened=False, finding="Not in the history."),
        actor=actor(cast.maya), source="test", reason="", key=str(uuid.uuid4()),
    )  # fmt: skip
    approve_as(cast.bella, settle)
    assert through(file).outcome_text == "2 lines: 1 done, 1 rejected."
    assert states(file) == ["rejected", "done"]
    assert Payment.objects.get(request=request).status == Status.FAILED
    assert balance_of(platform, login) == Decimal("6.00")

    again = submit(
        CarryOutRest.of(file), actor=actor(cast.olga), source="test", reason="", key="again"
    )
    approve_as(cast.bob, again)
    carry_out(again)
    assert through(file).status == Status.DONE
    assert states(file) == ["done", "done"]
    assert balance_of(platform, login) == Decimal("11.00")
    assert file.items.get(line=2).reference != request.reference
    assert audit.verify() is None


def test_a_file_is_stopped_between_two_lines_and_taken_up_again(
    platform: Platform, cast: Cast
) -> None:
    logins = [new_account(platform, "0") for _ in range(2)]
    file = running(cast, *(f"{login},deposit,3,USD,r{login}," for login in logins))
    chunk = claim(file, _run(file))
    assert chunk is not None
    chunk.stop.set()
    stop = StopBulk(file=file.pk)
    submit(stop, actor=actor(cast.olga), source="test", reason="wrong month", key="stop")
    record(chunk, lane.take_off(chunk).land())
    assert finish_if_over(file.pk)
    file.refresh_from_db()
    assert (file.state, states(file)) == (BulkFile.State.CANCELLED, ["cancelled", "cancelled"])
    assert _run(file).outcome_text == "2 lines: 2 stopped."
    with pytest.raises(Invalid, match="cannot be stopped"):
        submit(stop, actor=actor(cast.olga), source="test", reason="", key="stop twice")

    again = submit(
        CarryOutRest.of(file), actor=actor(cast.olga), source="test", reason="", key="again"
    )
    approve_as(cast.maya, again)
    carry_out(again)
    assert through(file).status == Status.DONE
    assert [balance_of(platform, login) for login in logins] == [Decimal("3.00")] * 2


def test_a_file_that_no_worker_is_at_is_stopped_at_once(platform: Platform, cast: Cast) -> None:
    login = new_account(platform, "0")
    file = running(cast, f"{login},deposit,3,USD,a,", f"{login},deposit,4,USD,b,")
    stop = StopBulk(file=file.pk)
    submit(stop, actor=actor(cast.olga), source="test", reason="wrong month", key="stop")
    file.refresh_from_db()
    assert (file.state, states(file)) == (BulkFile.State.CANCELLED, ["cancelled", "cancelled"])
    assert _run(file).outcome_text == "2 lines: 2 stopped."


def test_a_worker_that_froze_sends_nothing_and_writes_nothing(
    platform: Platform, cast: Cast
) -> None:
    login = new_account(platform, "0")
    file = running(cast, f"{login},deposit,3,USD,a,")
    frozen = claim(file, _run(file))
    assert frozen is not None
    assert announce(frozen, look.look(frozen).marks)
    frozen.send_before = uptime() - 1
    past = timezone.now() - timedelta(seconds=1)
    file.items.update(lease_until=past, call_until=past)
    sweep.sweep()
    assert states(file) == ["unknown"]
    assert not record(frozen, lane.take_off(frozen).land())
    assert balance_of(platform, login) == 0
    assert states(file) == ["unknown"]
    assert through(file).status == Status.DONE
    assert balance_of(platform, login) == Decimal("3.00")


def test_lines_that_a_dead_worker_had_sent_are_found_by_their_records(
    platform: Platform, cast: Cast
) -> None:
    login, second = new_account(platform, "0"), new_account(platform, "50.00")
    file = running(
        cast,
        f"{login},deposit,3,USD,a,",
        f"{login},deposit,4,USD,b,",
        f"{second},withdrawal,5,USD,c,",
    )
    dead = claim(file, _run(file))
    assert dead is not None
    assert states(file) == ["claimed", "claimed", "claimed"]
    lane.take_off(dead).land()
    assert states(file) == ["sending", "sending", "sending"]
    assert balance_of(platform, login) == Decimal("7.00")
    past = timezone.now() - timedelta(seconds=1)
    file.items.update(lease_until=past, call_until=past)
    file.items.filter(kind="withdrawal").update(state=State.CLAIMED)
    time.sleep(2.1)  # the sandbox forgets the keys
    request = through(file)
    assert request.status == Status.DONE
    assert balance_of(platform, login) == Decimal("7.00")
    assert not Hold.objects.exists()


def test_a_line_sent_days_before_anybody_looked_is_found_and_not_sent_again(
    platform: Platform, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    login, now = new_account(platform, "0"), timezone.now
    file = running(cast, f"{login},deposit,3,USD,a,")
    dead = claim(file, _run(file))
    assert dead is not None
    lane.take_off(dead).land()
    time.sleep(2.1)  # the sandbox forgets the key
    monkeypatch.setattr(timezone, "now", lambda: now() + timedelta(days=4))
    assert through(file).status == Status.DONE
    assert balance_of(platform, login) == Decimal("3.00")


def test_nothing_is_lost_while_the_server_is_away(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    logins = [new_account(platform, "0") for _ in range(3)]
    file = running(cast, *(f"{login},deposit,3,USD,r{login}," for login in logins))
    sandbox.fault("busy", "*")
    assert lane.work(file.pk) is False
    assert states(file) == ["ready"] * 3
    sandbox.clear_faults()
    assert through(file).status == Status.DONE
    assert [balance_of(platform, login) for login in logins] == [Decimal("3.00")] * 3


def test_a_file_waits_while_its_platform_is_switched_off(platform: Platform, cast: Cast) -> None:
    login = new_account(platform, "0")
    file = running(cast, f"{login},deposit,3,USD,a,")
    Platform.objects.update(enabled=False)
    assert lane.work(file.pk) is False
    assert states(file) == ["ready"]
    assert balance_of(platform, login) == 0
    Platform.objects.update(enabled=True)
    assert through(file).status == Status.DONE
    assert balance_of(platform, login) == Decimal("3.00")


def _run(file: BulkFile) -> ChangeRequest:
    return ChangeRequest.objects.get(bulk_runs=file)


def test_an_account_stays_held_until_its_last_unknown_line_is_known(
    platform: Platform, cast: Cast
) -> None:
    login = new_account(platform, "0")
    file = running(cast, f"{login},deposit,3,USD,a,", f"{login},deposit,4,USD,b,")
    dead = claim(file, _run(file))
    assert dead is not None
    assert announce(dead, look.look(dead).marks)
    past = timezone.now() - timedelta(seconds=1)
    file.items.update(lease_until=past, call_until=past)
    sweep.sweep()
    first, second = ChangeRequest.objects.filter(command=BulkLine.name).order_by("pk")
    assert Hold.objects.get().request == first
    ChangeRequest.objects.update(next_check=timezone.now())
    reconcile.look_into(first.pk)
    assert ChangeRequest.objects.get(pk=first.pk).status == Status.DONE
    assert Hold.objects.get().request == second
    Hold.objects.all().delete()
    sweep.sweep()
    assert Hold.objects.get().request == second
    assert through(file).status == Status.DONE
    assert not Hold.objects.exists()


def test_a_lock_on_lines_does_not_reach_their_file() -> None:
    """Else a lane that writes and a person who stops the file wait for each other."""
    with transaction.atomic():
        locking = str(BulkItem.objects.select_for_update().query)
    assert BulkFile._meta.db_table not in locking
