"""Beneficiaries, paying accounts and batches for tests, made as two people would make them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from panel.commands.base import Command, Invalid
from panel.commands.submit import submit
from panel.models import ChangeRequest, Platform, User
from payments.beneficiaries.commands import SetBeneficiary
from payments.commands import Withdraw
from payments.models import Beneficiary, PayingAccount, PayoutBatch, PayoutLine
from payments.payouts.making import MakeBatch
from tests.core.conftest import Cast
from tests.core.money import approve_as, carry_out
from tests.factories import actor, make_user
from tests.payments.test_commands import ask, enabled_account, make

IBAN, OTHER_IBAN = "DE89370400440532013000", "GB82WEST12345698765432"
HOUSE_IBAN, HOUSE_BIC = "NL91ABNA0417164300", "ABNANL2A"


def request_of(person: User, command: Command, reason: str = "The client asked.") -> ChangeRequest:
    """A request of a command, with a reason."""
    return submit(command, actor=actor(person), source="test", reason=reason, key=str(uuid.uuid4()))


def refusal(person: User, command: Command) -> str:
    """What a command is refused for."""
    with pytest.raises(Invalid) as refused:
        request_of(person, command)
    return str(refused.value)


def bank(login: int, **fields: Any) -> SetBeneficiary:
    """A new bank beneficiary of an account."""
    usual = {"kind": "bank", "holder": "Anna Kowalska", "iban": IBAN}
    return SetBeneficiary(platform="demo", login=login, **{**usual, **fields})


def kept(cast: Cast, login: int, *, cooled: bool = True, **fields: Any) -> Beneficiary:
    """A beneficiary that Olga added and Maya confirmed; its cooling-off time is over."""
    approve_as(cast.maya, request_of(cast.olga, bank(login, **fields)))
    row = Beneficiary.objects.latest("pk")
    if cooled:
        Beneficiary.objects.filter(pk=row.pk).update(
            usable_from=timezone.now() - timedelta(minutes=1)
        )
        row.refresh_from_db()
    return row


def to_kept(row: Beneficiary, amount: str = "80.00", **fields: Any) -> Withdraw:
    """A withdrawal to a kept beneficiary, as the form makes it."""
    command = make(
        Withdraw,
        row.login,
        amount,
        method=row.kind,
        beneficiary=row.holder,
        kept=row.pk,
        paid_to=row.details,
        **fields,
    )
    assert isinstance(command, Withdraw)
    return command


def owed(platform: Platform, cast: Cast, amount: str = "80.00", **fields: Any) -> ChangeRequest:
    """A withdrawal to a kept beneficiary that MT4 has taken from a fresh account."""
    login = enabled_account(platform, "1000.00", name="Anna Kowalska")
    request = ask(cast.olga, to_kept(kept(cast, login), amount, **fields))
    approve_as(cast.bob, request)
    return carry_out(request)


def payer() -> User:
    """Somebody of the back office who asked for nothing."""
    return make_user("Otto", "back-office")


def paying_account(**fields: Any) -> PayingAccount:
    """The account of the house that pays in dollars."""
    usual = {
        "name": f"House {uuid.uuid4().hex[:6]}",
        "method": "bank",
        "currency": "USD",
        "holder": "Broker Ltd",
        "iban": HOUSE_IBAN,
        "bic": HOUSE_BIC,
    }
    return PayingAccount.objects.create(**{**usual, **fields})


def batch_of(
    person: User, *requests: ChangeRequest, account: PayingAccount | None = None
) -> PayoutBatch:
    """A batch of withdrawals."""
    command = MakeBatch(
        platform="demo",
        account=(account or paying_account()).pk,
        withdrawals=tuple(request.reference for request in requests),
    )
    return PayoutBatch.objects.get(request=request_of(person, command, ""))


def states(batch: PayoutBatch) -> list[str]:
    """The states of a batch's lines, in their order."""
    rows = PayoutLine.objects.filter(batch=batch).order_by("number")
    return list(rows.values_list("state", flat=True))
