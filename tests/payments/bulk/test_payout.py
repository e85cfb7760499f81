"""Withdrawals that a file takes from their accounts come to the desk, each once."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse

from panel.commands.base import Invalid
from panel.commands.errors import Denied
from panel.commands.submit import submit
from panel.models import Platform, Role, User
from payments.desk.payout import PayOut
from payments.models import BulkFile, Stage, Withdrawal
from tests.core.conftest import Cast
from tests.core.money import new_account
from tests.factories import actor, make_user
from tests.harness.sandbox import SandboxProcess
from tests.payments.bulk.files import TO
from tests.payments.bulk.test_engine import running, short_times, through
from tests.payments.test_pages import as_user

__all__ = ["short_times"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("short_times")]


def pay_out(person: User, row: Withdrawal, reference: str) -> None:
    """Mark a withdrawal as paid out."""
    command = PayOut(withdrawal=row.payment.reference, provider_reference=reference)
    submit(command, actor=actor(person), source="test", reason="", key=str(uuid.uuid4()))


def test_withdrawals_of_a_file_wait_for_their_payout(platform: Platform, cast: Cast) -> None:
    anna, bernd = new_account(platform, "100.00"), new_account(platform, "100.00")
    file = running(
        cast,
        f"{anna},withdrawal,80,USD,a,{TO}",
        f"{bernd},deposit,5,USD,b,",
        f"{bernd},withdrawal,20,USD,c,{TO}",
    )
    through(file)
    rows = Withdrawal.objects.order_by("payment__external_reference")
    assert [(row.payment.external_reference, row.stage) for row in rows] == [
        ("a", Stage.TO_PAY),
        ("c", Stage.TO_PAY),
    ]
    first = rows[0]
    page = as_user(cast.olga).get(reverse("withdrawal", args=(first.payment.reference,)))
    assert page.status_code == 200
    payer = make_user("Petra", "back-office")
    pay_out(payer, first, "SEPA-OUT-1")
    first.refresh_from_db()
    assert (first.stage, first.provider_reference) == (Stage.PAID, "SEPA-OUT-1")
    with pytest.raises(Invalid, match="cannot be paid out"):
        pay_out(payer, first, "SEPA-OUT-2")


def test_an_internal_file_needs_no_payout(platform: Platform, cast: Cast) -> None:
    login = new_account(platform, "100.00")
    file = running(cast, f"{login},withdrawal,80,USD,a,{TO}")
    BulkFile.objects.update(method="internal")
    through(file)
    assert Withdrawal.objects.get().stage == Stage.DONE


def test_a_withdrawal_found_by_its_record_comes_to_the_desk_too(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    login = new_account(platform, "100.00")
    file = running(cast, f"{login},withdrawal,80,USD,a,{TO}")
    sandbox.fault("outcome_unknown_applied", "TradeTransaction", login=login, count=1)
    through(file)
    row = Withdrawal.objects.get()
    assert (row.stage, row.payment.login) == (Stage.TO_PAY, login)
    assert (row.beneficiary, row.destination) == ("Anna Kowalska", "DE89370400440532013000")


def test_whoever_approved_the_file_does_not_pay_out_a_line_that_was_in_doubt(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    cast.bob.roles.add(Role.objects.get(slug="back-office"))
    login = new_account(platform, "100.00")
    file = running(cast, f"{login},withdrawal,80,USD,a,{TO}")
    sandbox.fault("drop_after", "TradeTransaction", login=login, count=1)
    through(file)
    row = Withdrawal.objects.get()
    assert row.payment.request.command == "payments.bulk_line"
    with pytest.raises(Denied, match="You approved"):
        pay_out(User.objects.get(pk=cast.bob.pk), row, "SEPA-OUT-1")
    with pytest.raises(Denied, match="You asked"):
        pay_out(cast.olga, row, "SEPA-OUT-1")
    pay_out(make_user("Petra", "back-office"), row, "SEPA-OUT-1")
