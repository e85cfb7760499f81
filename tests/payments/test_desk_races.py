"""Two people at one withdrawal in the same moment: one of them wins, the other is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from panel.commands.base import Invalid
from panel.commands.decide import approve, live_before
from panel.commands.executor import claim
from panel.lib.digest import sha256
from panel.models import ChangeRequest, Platform, Status
from payments.desk.holding import HoldWithdrawal
from payments.desk.payout import PayOut
from payments.models import Kind, Payment, Stage
from tests.core.conftest import Cast
from tests.core.money import approve_as
from tests.factories import actor, make_user
from tests.harness.at_once import at_once
from tests.payments.test_desk import asked, debited, do, payer, stage
from tests.payments.test_returns import take_back

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
again = pytest.mark.parametrize("again", range(4))


def pay(person: Any, request: ChangeRequest, reference: str) -> Callable[[], ChangeRequest]:
    """A payout under a reference."""
    command = PayOut(withdrawal=request.reference, provider_reference=reference)
    return lambda: do(person, command)


def held(person: Any, request: ChangeRequest) -> Callable[[], ChangeRequest]:
    """A hold."""
    command = HoldWithdrawal(withdrawal=request.reference, because="Waits for papers.")
    return lambda: do(person, command)


def one_won(answers: list[Any]) -> None:
    """One request was made, the other one refused in words."""
    kinds = sorted(type(answer).__name__ for answer in answers)
    assert kinds == ["ChangeRequest", "Invalid"], answers


@again
def test_two_returns_at_once_make_one(platform: Platform, cast: Cast, again: int) -> None:
    request, other = debited(platform, cast), make_user("Otto", "back-office")
    one_won(at_once(lambda: take_back(payer(), request), lambda: take_back(other, request)))
    assert Payment.objects.filter(kind=Kind.WITHDRAWAL_RETURN).count() == 1
    assert stage(request) == Stage.RETURNING


@again
def test_a_payout_and_a_return_at_once_make_one(platform: Platform, cast: Cast, again: int) -> None:
    request, other = debited(platform, cast), make_user("Otto", "back-office")
    one_won(at_once(pay(payer(), request, "SEPA-1"), lambda: take_back(other, request)))
    returns = Payment.objects.filter(kind=Kind.WITHDRAWAL_RETURN).count()
    assert (stage(request), returns) in ((Stage.PAID, 0), (Stage.RETURNING, 1))


@again
def test_two_payouts_at_once_make_one(platform: Platform, cast: Cast, again: int) -> None:
    request, other = debited(platform, cast), make_user("Otto", "back-office")
    one_won(at_once(pay(payer(), request, "SEPA-1"), pay(other, request, "SEPA-2")))
    assert stage(request) == Stage.PAID


@again
def test_a_hold_and_an_approval_at_once_leave_it_held_or_refuse_the_hold(
    platform: Platform, cast: Cast, again: int
) -> None:
    request = asked(platform, cast)
    seen = sha256(live_before(request)[1])
    fresh = ChangeRequest.objects.get(pk=request.pk)
    answers = at_once(
        lambda: approve(fresh, actor=actor(cast.bob), source="test", seen=seen),
        held(cast.bella, request),
    )
    assert not [a for a in answers if not isinstance(a, ChangeRequest | Invalid)], answers
    # Approved first, it can still be held; held first, it is not approved.
    now = ChangeRequest.objects.get(pk=request.pk)
    assert now.on_hold
    assert now.status in (Status.PENDING, Status.APPROVED)
    assert stage(request) == Stage.ON_HOLD
    assert claim(request.pk) is None


@again
def test_a_hold_and_a_worker_at_once_have_one_winner(
    platform: Platform, cast: Cast, again: int
) -> None:
    request = approve_as(cast.bob, asked(platform, cast))
    worker, hold = at_once(lambda: claim(request.pk), held(cast.bella, request))
    now = ChangeRequest.objects.get(pk=request.pk)
    if worker is None:
        assert isinstance(hold, ChangeRequest)
        assert (now.status, bool(now.on_hold)) == (Status.APPROVED, True)
    else:
        assert isinstance(hold, Invalid)
        assert (now.status, now.on_hold) == (Status.EXECUTING, "")
