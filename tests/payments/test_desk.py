"""The withdrawal's way over the desk: held up, let go, paid out, and never twice."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from panel.commands.base import Command, Invalid
from panel.commands.decide import reject
from panel.commands.errors import Denied
from panel.commands.submit import submit, withdraw
from panel.commands.tasks import expire, sweep
from panel.models import AuditEntry, ChangeRequest, Platform, Policy, Status, User
from panel.mt4.write import writer
from payments.commands import Withdraw
from payments.desk.holding import HoldWithdrawal, ReleaseWithdrawal
from payments.desk.payout import FailPayout, PayOut
from payments.models import Payment, Stage, Withdrawal
from tests.core.conftest import Cast
from tests.core.money import approve_as, balance_of, carry_out, records_with
from tests.factories import actor, make_user
from tests.payments.test_commands import ask, enabled_account, make

pytestmark = pytest.mark.django_db(transaction=True)


def do(person: User, command: Command) -> ChangeRequest:
    """Submit a command of the desk as somebody."""
    return submit(command, actor=actor(person), source="test", reason="", key=str(uuid.uuid4()))


def payer() -> User:
    """Somebody of the back office who had no hand in any withdrawal."""
    return User.objects.filter(name="Petra").first() or make_user("Petra", "back-office")


def refusal(person: User, command: Command) -> str:
    """What a command of the desk is refused for."""
    with pytest.raises(Invalid) as refused:
        do(person, command)
    return str(refused.value)


def hold(person: User, request: ChangeRequest, because: str = "Waits for papers.") -> None:
    """Put a withdrawal on hold."""
    do(person, HoldWithdrawal(withdrawal=request.reference, because=because))


def release(person: User, request: ChangeRequest) -> None:
    """Let it go on."""
    do(person, ReleaseWithdrawal(withdrawal=request.reference))


def asked(platform: Platform, cast: Cast, amount: str = "80.00", **fields: str) -> ChangeRequest:
    """A withdrawal from a fresh account that waits for compliance."""
    login = enabled_account(platform, "100.00", name="Anna Kowalska")
    return ask(cast.olga, make(Withdraw, login, amount, **fields))


def debited(platform: Platform, cast: Cast, **fields: str) -> ChangeRequest:
    """A withdrawal that MT4 has taken from its account."""
    request = asked(platform, cast, **fields)
    approve_as(cast.bob, request)
    done = carry_out(request)
    assert done.status == Status.DONE
    return done


def paid_out(platform: Platform, cast: Cast, reference: str = "SEPA-1") -> ChangeRequest:
    """A withdrawal that the provider has."""
    request = debited(platform, cast)
    do(payer(), PayOut(withdrawal=request.reference, provider_reference=reference))
    return request


def stage(request: ChangeRequest) -> str:
    """Where the withdrawal stands now."""
    return Withdrawal.objects.get(payment__request=request).stage


def steps(request: ChangeRequest) -> list[str]:
    """Its story in the audit log."""
    rows = AuditEntry.objects.filter(reference=request.reference).order_by("seq")
    return list(rows.values_list("action", flat=True))


def test_a_withdrawal_goes_from_the_request_to_the_payout(platform: Platform, cast: Cast) -> None:
    request = asked(platform, cast, beneficiary="Anna Kowalska")
    row = Withdrawal.objects.get(payment__request=request)
    assert (row.stage, row.beneficiary) == (Stage.WAITING, "Anna Kowalska")
    approve_as(cast.bob, request)
    assert stage(request) == Stage.DEBITING
    carry_out(request)
    assert stage(request) == Stage.TO_PAY
    do(payer(), PayOut(withdrawal=request.reference, provider_reference=" SEPA-77 "))
    row.refresh_from_db()
    assert (row.stage, row.provider_reference, row.paid_by) == (Stage.PAID, "SEPA-77", payer())
    assert row.paid is not None
    assert steps(request) == [
        "request payments.withdraw",
        "request approved",
        "request executing",
        "request done",
        "paid out",
    ]
    told = AuditEntry.objects.get(reference=request.reference, action="paid out")
    assert "SEPA-77" in told.detail
    assert "Petra" in told.actor


def test_what_stays_within_the_house_needs_no_payout(platform: Platform, cast: Cast) -> None:
    request = debited(platform, cast, method="internal")
    assert stage(request) == Stage.DONE
    command = PayOut(withdrawal=request.reference, provider_reference="X-1")
    assert "cannot be paid out" in refusal(payer(), command)


def test_a_withdrawal_on_hold_cannot_be_approved_until_it_is_released(
    platform: Platform, cast: Cast
) -> None:
    request = asked(platform, cast)
    hold(cast.bob, request, "Waits for the passport.")
    assert stage(request) == Stage.ON_HOLD
    for checker in (cast.bob, cast.bella):
        with pytest.raises(Invalid, match="on hold: Waits for the passport"):
            approve_as(checker, request)
    release(cast.bella, request)
    assert stage(request) == Stage.WAITING
    assert approve_as(cast.bob, request).status == Status.APPROVED
    assert steps(request)[1:3] == ["put on hold", "released"]


def test_an_approved_withdrawal_on_hold_is_not_carried_out(platform: Platform, cast: Cast) -> None:
    request = approve_as(cast.bob, asked(platform, cast))
    hold(cast.bella, request)
    assert carry_out(request).status == Status.APPROVED
    ChangeRequest.objects.filter(pk=request.pk).update(decided=timezone.now() - timedelta(hours=1))
    sweep()
    assert carry_out(request).status == Status.APPROVED
    assert records_with(platform, request) == []
    release(cast.bella, request)
    assert stage(request) == Stage.DEBITING
    assert carry_out(request).status == Status.DONE
    assert len(records_with(platform, request)) == 1


def test_the_database_itself_lets_nothing_run_that_is_on_hold(
    platform: Platform, cast: Cast
) -> None:
    request = asked(platform, cast)
    hold(cast.bob, request)
    for status in (Status.EXECUTING, Status.UNKNOWN, Status.DONE):
        with pytest.raises(IntegrityError), transaction.atomic():
            ChangeRequest.objects.filter(pk=request.pk).update(status=status)


def test_what_mt4_was_told_of_cannot_be_put_on_hold(platform: Platform, cast: Cast) -> None:
    request = debited(platform, cast)
    command = HoldWithdrawal(withdrawal=request.reference, because="Too late.")
    assert "to pay out: it cannot be put on hold" in refusal(cast.bob, command)


def test_a_hold_needs_a_reason_and_the_right(platform: Platform, cast: Cast) -> None:
    request = asked(platform, cast)
    command = HoldWithdrawal(withdrawal=request.reference, because=" ")
    assert "Say what it waits for" in refusal(cast.bob, command)
    for person in (cast.olga, cast.maya, cast.alice, cast.carol, cast.dave):
        with pytest.raises(Denied):
            hold(person, request)
    outsider = make_user("Otto", "compliance", groups="real-std-eur")
    with pytest.raises(Denied):
        hold(outsider, request)
    assert stage(request) == Stage.WAITING


def test_a_withdrawal_on_hold_does_not_expire_and_cannot_be_replaced_but_taken_back(
    platform: Platform, cast: Cast
) -> None:
    request = asked(platform, cast)
    hold(cast.bob, request)
    ChangeRequest.objects.filter(pk=request.pk).update(expires=timezone.now() - timedelta(days=1))
    expire()
    assert stage(request) == Stage.ON_HOLD
    another = make(Withdraw, request.login or 0, "70.00")
    with pytest.raises(Invalid, match="is on hold"):
        submit(
            another,
            actor=actor(cast.olga),
            source="test",
            reason="",
            key="another",
            supersedes=ChangeRequest.objects.get(pk=request.pk),
        )
    release(cast.bob, request)
    expire()
    assert stage(request) == Stage.WAITING
    hold(cast.bob, request)
    waiting = ChangeRequest.objects.get(pk=request.pk)
    withdraw(waiting, actor=actor(cast.olga), source="test", reason="not wanted")
    assert stage(request) == Stage.WITHDRAWN
    assert ChangeRequest.objects.get(pk=request.pk).on_hold == ""


def test_nobody_pays_out_what_they_approved_or_without_the_right(
    platform: Platform, cast: Cast
) -> None:
    both = make_user("Greta", "compliance", "back-office")
    request = asked(platform, cast)
    approve_as(both, request)
    carry_out(request)
    command = PayOut(withdrawal=request.reference, provider_reference="SEPA-9")
    for person in (both, cast.olga):
        with pytest.raises(Denied, match="somebody else pays it out"):
            do(person, command)
    for person in (cast.bob, cast.maya, cast.alice, cast.carol):
        with pytest.raises(Denied):
            do(person, command)
    do(payer(), command)
    assert stage(request) == Stage.PAID


def test_it_is_paid_out_once_and_under_a_reference_of_its_own(
    platform: Platform, cast: Cast
) -> None:
    request = paid_out(platform, cast, "SEPA-1")
    again = PayOut(withdrawal=request.reference, provider_reference="SEPA-2")
    assert "is paid out: it cannot be paid out" in refusal(payer(), again)
    other = debited(platform, cast)
    same = PayOut(withdrawal=other.reference, provider_reference="SEPA-1")
    assert f"{request.reference} was already paid out" in refusal(payer(), same)
    empty = PayOut(withdrawal=other.reference, provider_reference=" ")
    assert "provider's reference" in refusal(payer(), empty)


def test_a_payout_that_failed_can_be_tried_again(platform: Platform, cast: Cast) -> None:
    request = paid_out(platform, cast, "SEPA-1")
    because = "The beneficiary's bank refused it."
    do(payer(), FailPayout(withdrawal=request.reference, because=because))
    assert stage(request) == Stage.BOUNCED
    assert steps(request)[-1] == "payout failed"
    same = PayOut(withdrawal=request.reference, provider_reference="SEPA-1")
    assert "another try has another one" in refusal(payer(), same)
    do(payer(), PayOut(withdrawal=request.reference, provider_reference="SEPA-1b"))
    assert stage(request) == Stage.PAID
    assert balance_of(platform, request.login or 0) == Payment.objects.get().amount - 60


def test_a_policy_may_ask_for_a_second_person_before_it_is_paid_out(
    platform: Platform, cast: Cast
) -> None:
    Policy.objects.create(command=PayOut.name, approvals=1, roles=["compliance"])
    request = debited(platform, cast)
    payout = do(payer(), PayOut(withdrawal=request.reference, provider_reference="SEPA-5"))
    assert (payout.status, stage(request)) == (Status.PENDING, Stage.TO_PAY)
    approve_as(cast.bella, payout)
    assert stage(request) == Stage.PAID


@pytest.mark.parametrize("outcome", ["reject", "fail"])
def test_what_comes_to_nothing_leaves_the_desk(
    platform: Platform, cast: Cast, outcome: str
) -> None:
    request = asked(platform, cast)
    if outcome == "reject":
        hold(cast.bob, request)
        reject(
            ChangeRequest.objects.get(pk=request.pk),
            actor=actor(cast.bob),
            source="test",
            reason="Fraud.",
        )
        assert stage(request) == Stage.REJECTED
    else:
        approve_as(cast.bob, request)
        pen = writer(platform.connection)
        pen.balance(
            request.login or 0, Decimal("-79.00"), comment="elsewhere", key=str(uuid.uuid4())
        )
        assert carry_out(request).status == Status.FAILED
        assert stage(request) == Stage.FAILED


def test_what_was_asked_for_before_there_was_a_desk_comes_to_it(
    platform: Platform, cast: Cast
) -> None:
    asked(platform, cast)
    payment, found = Payment.objects.get(), {}
    bring, triggers = (
        MigrationExecutor(connection)
        .loader.get_migration("payments", "0006_withdrawal_desk")
        .operations[at]
        for at in (-2, -1)
    )
    state = MigrationExecutor(connection).loader.project_state(
        [("payments", "0006_withdrawal_desk")]
    )
    for status in Status:
        Withdrawal.objects.all().delete()
        Payment.objects.filter(pk=payment.pk).update(status=status)
        bring.code(state.apps, connection.schema_editor())  # type: ignore[attr-defined]
        found[status.value] = str(Withdrawal.objects.get().stage)
    under_way = dict.fromkeys(("approved", "executing", "unknown"), "debiting")
    final = {name: name for name in ("done", "rejected", "failed", "withdrawn", "expired")}
    assert found == {"pending": "waiting", **under_way, **final}

    # And back, and up once more.
    with connection.schema_editor() as editor:
        triggers.reverse_code(state.apps, editor)  # type: ignore[attr-defined]
        triggers.code(state.apps, editor)  # type: ignore[attr-defined]
