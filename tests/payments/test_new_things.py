"""A request for something new takes the place of one for the same thing alone."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from panel.commands.base import Command, Invalid
from panel.commands.submit import submit
from panel.models import ChangeRequest, Platform, Policy, Status, User
from panel.pages.commands.policies import SetPolicy
from payments.desk.payout import PayOut
from payments.limits.commands import SetLimit
from payments.payouts.making import MakeBatch
from tests.core.conftest import Cast
from tests.factories import actor
from tests.payments.paying import owed, payer, paying_account, request_of
from tests.payments.test_payout_pages import account

pytestmark = pytest.mark.django_db(transaction=True)


def instead(person: User, waiting: ChangeRequest, command: Command) -> ChangeRequest:
    """Ask for the command in the place of the request that waits."""
    return submit(
        command,
        actor=actor(person),
        source="test",
        reason="Typed wrong.",
        key=str(uuid.uuid4()),
        supersedes=ChangeRequest.objects.get(pk=waiting.pk),
    )


def check(person: User, first: Command, other: Command, same: Command) -> None:
    """The first is replaced by what concerns the same thing, not by what concerns another."""
    waiting = request_of(person, first)
    assert waiting.status == Status.PENDING
    with pytest.raises(Invalid, match="about something else"):
        instead(person, waiting, other)
    waiting.refresh_from_db()
    assert waiting.status == Status.PENDING
    assert instead(person, waiting, same).status == Status.PENDING
    waiting.refresh_from_db()
    assert waiting.status == Status.WITHDRAWN


def test_new_paying_accounts_are_told_apart_by_their_name(cast: Cast) -> None:
    check(cast.ada, account(), account(title="Reserve"), account(title="MAIN", holder="Broker"))


def test_new_policies_are_told_apart_by_what_they_are_about(cast: Cast) -> None:
    check(
        cast.ada,
        SetPolicy(about=PayOut.name, approvals=1, roles=("compliance",)),
        SetPolicy(about=MakeBatch.name, approvals=1, roles=("compliance",)),
        SetPolicy(about=PayOut.name, approvals=1),
    )


def test_new_limits_are_told_apart_by_whom_they_hold(cast: Cast) -> None:
    check(
        cast.ada,
        SetLimit(role="back-office", kinds=("deposit",), currency="USD", per_day=Decimal(100)),
        SetLimit(role="manager", kinds=("deposit",), currency="USD", per_day=Decimal(100)),
        SetLimit(role="back-office", kinds=("deposit",), currency="USD", per_day=Decimal(50)),
    )


def test_new_batches_are_told_apart_by_the_account_that_pays(
    platform: Platform, cast: Cast
) -> None:
    Policy.objects.create(command=MakeBatch.name, approvals=1, roles=["compliance"])
    one, two = owed(platform, cast).reference, owed(platform, cast).reference
    house, reserve = paying_account().pk, paying_account().pk
    check(
        payer(),
        MakeBatch(platform="demo", account=house, withdrawals=(one, two)),
        MakeBatch(platform="demo", account=reserve, withdrawals=(one, two)),
        MakeBatch(platform="demo", account=house, withdrawals=(one,)),
    )
