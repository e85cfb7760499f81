"""What an attack on the evidence found: each would have moved money twice, or stopped for ever."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from panel.commands import reconcile
from panel.commands.base import Invalid
from panel.commands.settle import SettleUnknown
from panel.commands.submit import submit
from panel.models import AuditEntry, ChangeRequest, Platform, Status
from panel.mt4.read import reader
from panel.mt4.write import writer
from payments.adjustments import NegativeReset
from payments.bulk.engine import sweep
from payments.evidence import money_records
from payments.mirror import mirror_now
from payments.models import BulkFile, BulkItem, MoneyRecord, Payment
from tests.core.conftest import Cast
from tests.core.money import (
    approve_as,
    ask_deposit,
    balance_of,
    carry_out,
    move_to,
    new_account,
)
from tests.core.test_reconcile import settle_down
from tests.factories import actor
from tests.harness.sandbox import SandboxProcess
from tests.payments.bulk.bulk import checked, submitted
from tests.payments.test_adjustments import owing
from tests.payments.test_commands import ask, enabled_account
from tests.payments.transferring import approved_transfer, in_doubt, run_with_fault_at

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("short_waits")]
KEY_MEMORY = 2.0


@pytest.fixture(scope="module")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A sandbox that forgets keys soon, and lets a balance fall below zero as some servers do."""
    with SandboxProcess(
        tmp_path_factory.mktemp("sandbox"),
        accounts=60,
        key_memory=int(KEY_MEMORY),
        balance_check="lenient",
    ) as process:
        yield process


def key() -> str:
    return str(uuid.uuid4())


def amounts(platform: Platform, login: int) -> list[Decimal]:
    """The money records of an account on MT4, oldest first."""
    return [one.profit for one in money_records(reader(platform.connection).history(login))]


def propose(cast: Cast, request: ChangeRequest, happened: bool) -> ChangeRequest:
    """A proposal to settle, by somebody who had no hand in it."""
    command = SettleUnknown(
        reference=request.reference, happened=happened, finding="Looked in the terminal."
    )
    return submit(command, actor=actor(cast.maya), source="test", reason="", key=key())


def look(request: ChangeRequest) -> ChangeRequest:
    """One look by the panel, whatever pause was running."""
    ChangeRequest.objects.filter(pk=request.pk).update(
        next_check=timezone.now(), lease_until=None, call_until=None
    )
    reconcile.look_into(request.pk)
    return ChangeRequest.objects.get(pk=request.pk)


def test_a_settlement_of_one_step_settles_no_other(
    platform: Platform, cast: Cast, pair: tuple[int, int], sandbox: SandboxProcess
) -> None:
    request = approved_transfer(cast, *pair, "100.00")
    sandbox.fault("drop_before", "TradeTransaction", login=pair[0], count=1)
    assert carry_out(request).status == Status.UNKNOWN
    in_doubt(request)
    proposal = propose(cast, ChangeRequest.objects.get(pk=request.pk), False)
    # The debit turns up late, the credit follows, and its answer is lost.
    writer(platform.connection).balance(pair[0], Decimal("-100.00"), request.reference, key=key())
    sandbox.fault("drop_after", "TradeTransaction", login=pair[1], count=1)
    look(request)
    with pytest.raises(Invalid, match="Another step is in doubt"):
        approve_as(cast.bella, proposal)
    assert look(request).status == Status.DONE
    assert balance_of(platform, pair[0]) + balance_of(platform, pair[1]) == Decimal("1000.00")


@pytest.mark.parametrize("moved", ["0.00", "0.01"])
def test_a_payment_without_a_record_takes_no_other_ones(
    platform: Platform, cast: Cast, sandbox: SandboxProcess, moved: str
) -> None:
    """One was booked less a fee and without a comment, so nothing has its amount; then another of
    the same amount loses comment and answer, while a trade moves the balance by a cent."""
    login = new_account(platform)
    for plugin in ("plugin_fee", "plugin_empty"):
        sandbox.fault(plugin, "TradeTransaction", login=login)
    assert carry_out(ask_deposit(cast.olga, login, "500.00")).status == Status.DONE
    sandbox.clear_faults()
    sandbox.fault("plugin_empty", "TradeTransaction", login=login, count=1)
    sandbox.fault("drop_after", "TradeTransaction", login=login, count=1)
    request = carry_out(ask_deposit(cast.olga, login, "500.00"))
    assert request.status == Status.UNKNOWN
    mirror_now(platform)
    mark = request.progress["balance"]["mark"]
    mark["balance"] = str(Decimal(mark["balance"]) - Decimal(moved))
    ChangeRequest.objects.filter(pk=request.pk).update(progress=request.progress)
    time.sleep(KEY_MEMORY + 0.5)
    assert settle_down(request).needs_person
    assert amounts(platform, login).count(Decimal("500.00")) == 1
    assert not Payment.objects.filter(ticket__isnull=False).exists()


def test_what_a_restored_copy_holds_to_be_approved_is_not_sent_where_mt4_has_its_amount(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    login = new_account(platform)
    for plugin in ("plugin_fee", "plugin_empty"):
        sandbox.fault(plugin, "TradeTransaction", login=login)
    carry_out(ask_deposit(cast.olga, login, "500.00"))
    sandbox.clear_faults()
    mirror_now(platform)
    request = ask_deposit(cast.olga, login, "500.00")
    # Sent after the copy was made; a gateway changed its comment.
    writer(platform.connection).balance(login, Decimal("500.00"), "gateway 7", key=key())
    mirror_now(platform)
    assert carry_out(request).needs_person
    assert amounts(platform, login).count(Decimal("500.00")) == 1


def test_a_line_that_an_older_version_was_sending_counts_as_sent(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform, "0")
    file = checked(cast.olga, f"{login},deposit,100.00,USD,,")
    run = submitted(cast.olga, file)
    if run.status == Status.PENDING:
        approve_as(cast.bob, run)
    past = timezone.now() - timedelta(minutes=5)
    BulkFile.objects.filter(pk=file.pk).update(state=BulkFile.State.RUNNING)
    BulkItem.objects.filter(file=file).update(
        state=BulkItem.State.SENDING, worker="old", lease_until=past, call_until=past
    )
    writer(platform.connection).balance(login, Decimal("99.00"), "GW7/x", key=key())
    sweep._doubt_sending(BulkFile.objects.select_related("platform", "run").get(pk=file.pk))
    line = ChangeRequest.objects.get(reference=BulkItem.objects.get(file=file).reference)
    assert settle_down(line).needs_person
    assert amounts(platform, login) == [Decimal("99.00")]


def test_the_second_leg_of_a_reset_is_checked_before_it_is_sent(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    login = owing(platform, "80.00", credit="100.00")
    request = ask(cast.olga, NegativeReset.of(platform, login))
    run_with_fault_at(sandbox, request, "balance", login, "busy")
    writer(platform.connection).balance(login, Decimal("500.00"), "PSP 1", key=key())
    yen = [one.group for one in reader(platform.connection).groups() if one.currency == "JPY"]
    move_to(platform, login, yen[0])
    ended = settle_down(request)
    assert ended.status == Status.FAILED
    assert "is in JPY now" in ended.outcome_text
    assert Decimal("80.00") not in amounts(platform, login)


def test_an_unknown_outcome_on_a_server_of_another_name_is_asked_about_and_settled(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    request = ask_deposit(cast.olga, new_account(platform), "10.00")
    sandbox.fault("drop_before", "TradeTransaction", count=1)
    assert carry_out(request).status == Status.UNKNOWN
    Platform.objects.update(identity="Old of Broker", other_server="Another answers there.")
    for _ in range(reconcile.LOOKS):
        look(request)
    asked = ChangeRequest.objects.get(pk=request.pk)
    assert asked.needs_person
    assert approve_as(cast.bob, propose(cast, asked, False)).status == Status.DONE
    assert ChangeRequest.objects.get(pk=request.pk).status == Status.FAILED


def test_after_mt4_was_set_back_the_mirror_forgets_what_it_lost_and_transfers_go_on(
    platform: Platform, cast: Cast, pair: tuple[int, int]
) -> None:
    other = new_account(platform, "10.00")
    mirror_now(platform)
    there = MoneyRecord.objects.filter(platform=platform).count()
    for ticket in (50_000_000, 50_000_001, 50_000_002):
        MoneyRecord.objects.create(
            platform=platform,
            ticket=ticket,
            login=other,
            kind=MoneyRecord.Kind.BALANCE,
            amount=1,
            currency="USD",
            mt4_group="real-std-usd",
            comment="lost",
            time=timezone.now(),
            server_time=1_700_000_000,
        )
    request = approved_transfer(cast, *pair, "100.00")
    assert carry_out(request).status == Status.DONE
    # The two legs of the transfer came to what was there.
    assert MoneyRecord.objects.filter(platform=platform).count() == there + 2
    assert not MoneyRecord.objects.filter(platform=platform, comment="lost").exists()
    told = AuditEntry.objects.get(action="platform set back")
    assert "none of the 3 records" in told.detail
