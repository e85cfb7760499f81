"""What was debited and did not arrive goes back to the account: approved, linked, and once."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from panel.commands import reconcile
from panel.commands.base import Invalid
from panel.commands.decide import reject
from panel.commands.errors import Denied
from panel.commands.submit import submit, withdraw
from panel.models import ChangeRequest, Platform, Status, User
from panel.mt4.protocol.enums import TradeCommand
from payments.books import books
from payments.desk.payout import FailPayout, PayOut
from payments.desk.returns import ReturnWithdrawal
from payments.models import Kind, Payment, Stage, Withdrawal
from tests.core.conftest import Cast
from tests.core.money import approve_as, balance_of, carry_out, records_with
from tests.factories import actor
from tests.payments.test_desk import debited, do, paid_out, payer, refusal, stage, steps

pytestmark = pytest.mark.django_db(transaction=True)
BECAUSE = "The client cancelled the withdrawal."


def row_of(request: ChangeRequest) -> Withdrawal:
    """The withdrawal of a request."""
    rows = Withdrawal.objects.select_related("payment__request", "platform", "returned_by")
    return rows.get(payment__request=request)


def take_back(person: User, request: ChangeRequest, **fields: Any) -> ChangeRequest:
    """Ask for a withdrawal's return."""
    command = ReturnWithdrawal.of(row_of(request), BECAUSE)
    if fields:
        command = ReturnWithdrawal(**{**vars(command), **fields})
    return submit(
        command, actor=actor(person), source="test", reason=BECAUSE, key=str(uuid.uuid4())
    )


def why_not(person: User, request: ChangeRequest, **fields: Any) -> str:
    """What a return is refused for."""
    with pytest.raises(Invalid) as refused:
        take_back(person, request, **fields)
    return str(refused.value)


def test_a_return_is_approved_and_credits_back_once_under_its_own_reference(
    platform: Platform, cast: Cast
) -> None:
    request = debited(platform, cast)
    assert balance_of(platform, request.login or 0) == Decimal("20.00")
    back = take_back(payer(), request)
    assert (back.status, stage(request)) == (Status.PENDING, Stage.RETURNING)
    approve_as(cast.bob, back)
    assert carry_out(back).status == Status.DONE

    assert balance_of(platform, request.login or 0) == Decimal("100.00")
    (record,) = records_with(platform, back)
    assert (record.trade_command, record.profit) == (TradeCommand.Balance, Decimal("80.00"))
    row = row_of(request)
    assert row.stage == Stage.RETURNED
    assert row.returned_by is not None
    assert (row.returned_by.kind, row.returned_by.reference) == (
        Kind.WITHDRAWAL_RETURN,
        back.reference,
    )
    assert row.returned_by.origin == row.payment
    assert steps(request)[-1] == "returned"
    assert books(platform, request.login or 0).agree


def test_it_never_goes_back_twice(platform: Platform, cast: Cast) -> None:
    request = debited(platform, cast)
    back = take_back(payer(), request)
    assert f"being returned already, by {back.reference}" in why_not(payer(), request)
    approve_as(cast.bob, back)
    carry_out(back)
    assert "returned already" in why_not(payer(), request)
    row = row_of(request)
    again = {"kind": Kind.WITHDRAWAL_RETURN, "origin": row.payment, "amount": Decimal(80)}
    same = ("request", "platform", "login", "mt4_group", "currency", "method", "created")
    fields = {name: getattr(row.payment, name) for name in same}
    with pytest.raises(IntegrityError), transaction.atomic():
        Payment.objects.create(reference="WR 00000000", **again, **fields)


def test_what_is_paid_out_goes_back_only_after_its_payout_failed(
    platform: Platform, cast: Cast
) -> None:
    request = paid_out(platform, cast)
    assert "mark its payout as failed first" in why_not(payer(), request)
    do(payer(), FailPayout(withdrawal=request.reference, because="The bank refused it."))
    back = take_back(payer(), request)
    approve_as(cast.bob, back)
    assert carry_out(back).status == Status.DONE
    assert stage(request) == Stage.RETURNED


def test_while_its_return_is_asked_for_nobody_pays_it_out(platform: Platform, cast: Cast) -> None:
    request = debited(platform, cast)
    take_back(payer(), request)
    command = PayOut(withdrawal=request.reference, provider_reference="SEPA-3")
    assert "being returned: it cannot be paid out" in refusal(payer(), command)


@pytest.mark.parametrize("end", ["rejected", "withdrawn", "failed"])
def test_a_return_that_comes_to_nothing_leaves_it_owed(
    platform: Platform, cast: Cast, sandbox: Any, end: str
) -> None:
    request = debited(platform, cast)
    back = take_back(payer(), request)
    if end == "rejected":
        reject(back, actor=actor(cast.bob), source="test", reason="Pay it out.")
    elif end == "withdrawn":
        withdraw(back, actor=actor(payer()), source="test", reason="")
    else:
        approve_as(cast.bob, back)
        sandbox.fault("mt4_error", "TradeTransaction", code="3", count=1)
        assert carry_out(back).status == Status.FAILED
    assert stage(request) == Stage.TO_PAY
    assert balance_of(platform, request.login or 0) == Decimal("20.00")
    second = take_back(payer(), request)
    assert stage(request) == Stage.RETURNING
    assert row_of(request).returned_by_id == Payment.objects.get(reference=second.reference).pk


def test_a_return_of_unknown_outcome_is_found_and_not_repeated(
    platform: Platform, cast: Cast, sandbox: Any, settings: Any
) -> None:
    settings.MT4_DEADLINE_MARGIN = 1.0
    settings.MT4_CHANGE_DEADLINE = 1.0
    request = debited(platform, cast)
    back = take_back(payer(), request)
    approve_as(cast.bob, back)
    sandbox.fault("drop_after", "TradeTransaction", count=1)
    assert carry_out(back).status == Status.UNKNOWN
    assert stage(request) == Stage.RETURNING
    ChangeRequest.objects.filter(pk=back.pk).update(next_check=None, call_until=None)
    reconcile.look_into(back.pk)
    back.refresh_from_db()
    assert back.status == Status.DONE
    assert stage(request) == Stage.RETURNED
    assert len(records_with(platform, back)) == 1


def test_only_the_whole_of_it_goes_back_and_only_to_its_account(
    platform: Platform, cast: Cast
) -> None:
    request, other = debited(platform, cast), debited(platform, cast)
    assert "goes back whole" in why_not(payer(), request, amount=Decimal("79.99"))
    assert "goes back whole" in why_not(payer(), request, login=other.login)
    assert "Say why" in why_not(payer(), request, because="")


def test_who_pays_out_asks_for_returns_and_compliance_approves_them(
    platform: Platform, cast: Cast
) -> None:
    request = debited(platform, cast)
    for person in (cast.bob, cast.maya, cast.alice, cast.carol):
        with pytest.raises(Denied):
            take_back(person, request)
    back = take_back(payer(), request)
    for person in (cast.olga, cast.maya):
        with pytest.raises(Denied):
            approve_as(person, back)
