"""Time and votes are looked at whenever a request is decided on or taken up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from panel.commands import notices
from panel.commands.decide import reject, why_not
from panel.commands.errors import AlreadyDecided
from panel.commands.inbox import waiting_for
from panel.commands.tasks import expire
from panel.models import AuditEntry, ChangeRequest, Notice, Platform, Role, Status, User
from tests.core.conftest import Cast
from tests.core.money import (
    approve_as,
    ask_deposit,
    ask_withdrawal,
    balance_of,
    carry_out,
    new_account,
    records_with,
)
from tests.factories import actor, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def run_out(request: ChangeRequest) -> ChangeRequest:
    """The request a second past its time; no sweep has come by."""
    past = timezone.now() - timedelta(seconds=1)
    ChangeRequest.objects.filter(pk=request.pk).update(expires=past)
    return ChangeRequest.objects.get(pk=request.pk)


def test_a_request_past_its_time_cannot_be_approved_or_rejected(
    platform: Platform, cast: Cast
) -> None:
    login = new_account(platform)

    def no(late: ChangeRequest) -> ChangeRequest:
        return reject(late, actor=actor(cast.bob), source="test", reason="too old")

    def yes(late: ChangeRequest) -> ChangeRequest:
        return approve_as(cast.bob, late)

    for decide in (yes, no):
        late = run_out(ask_withdrawal(cast.olga, login, "10.00"))
        assert late not in waiting_for(cast.bob)
        assert "expired" in why_not(late, cast.bob)
        with pytest.raises(AlreadyDecided, match="expired"):
            decide(late)
        late.refresh_from_db()
        assert late.status == Status.EXPIRED
        assert not late.approvals.exists()
        assert AuditEntry.objects.filter(
            reference=late.reference, action="request expired"
        ).exists()


@pytest.mark.parametrize("ask", [ask_withdrawal, ask_deposit])
def test_what_was_approved_and_is_past_its_time_is_never_sent(
    platform: Platform, cast: Cast, ask: Callable[..., ChangeRequest]
) -> None:
    login = new_account(platform)
    request = ask(cast.olga, login, "10.00")
    if request.status == Status.PENDING:
        approve_as(cast.bob, request)
    late = carry_out(run_out(request))
    assert late.status == Status.EXPIRED
    assert late.attempt == 0
    assert not records_with(platform, late)
    assert balance_of(platform, login) == Decimal("1000.00")


def test_the_sweep_closes_what_nobody_looked_at_and_leaves_what_is_on_hold(
    platform: Platform, cast: Cast
) -> None:
    login = new_account(platform)
    late = run_out(ask_withdrawal(cast.olga, login, "10.00"))
    held = run_out(ask_withdrawal(cast.olga, login, "11.00"))
    ChangeRequest.objects.filter(pk=held.pk).update(on_hold="a document is missing")
    expire()
    late.refresh_from_db()
    held.refresh_from_db()
    assert (late.status, held.status) == (Status.EXPIRED, Status.PENDING)


def deactivate(person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)


def take_the_right(person: User) -> None:
    person.roles.set(Role.objects.filter(slug="auditor"))


def take_the_scope(person: User) -> None:
    person.scopes.update(group_masks="demo*")


LOSSES = [deactivate, take_the_right, take_the_scope]


@pytest.mark.parametrize("lose", LOSSES)
def test_a_vote_of_somebody_who_could_not_give_it_now_does_not_count(
    platform: Platform, cast: Cast, lose: Callable[[User], None]
) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform, "50000.00"), "20000.00")
    approve_as(cast.bob, request)
    lose(cast.bob)

    request = approve_as(cast.bella, ChangeRequest.objects.get(pk=request.pk))
    assert request.status == Status.PENDING
    entry = AuditEntry.objects.filter(action="request approval").order_by("-seq").first()
    assert entry is not None
    assert "Approval 1 of 2. The approval of Bob counts no longer" in entry.detail

    third = make_user("Boris", "compliance")
    assert approve_as(third, request).status == Status.APPROVED
    assert carry_out(request).status == Status.DONE


@pytest.mark.parametrize("lose", LOSSES)
def test_what_was_approved_goes_back_when_a_vote_is_lost_before_it_is_sent(
    platform: Platform, cast: Cast, lose: Callable[[User], None]
) -> None:
    login = new_account(platform)
    request = ask_withdrawal(cast.olga, login, "10.00")
    notices.tell_all()
    approve_as(cast.bob, request)
    notices.tell_all()
    lose(cast.bob)

    request = carry_out(request)
    assert request.status == Status.PENDING
    assert request.decided is None
    assert not records_with(platform, request)
    assert request.payments.get().status == Status.PENDING
    entry = AuditEntry.objects.get(reference=request.reference, action="request pending")
    assert entry.detail.startswith("Nothing was sent. The approval of Bob counts no longer")
    # Whoever can still decide is told once more, though they were told before.
    notices.tell_all()
    waiting = Notice.objects.filter(request=request, kind="decide", read__isnull=True)
    assert [one.person for one in waiting] == [cast.bella]
    assert request in waiting_for(cast.bella)

    approve_as(cast.bella, request)
    assert carry_out(request).status == Status.DONE
    assert len(records_with(platform, request)) == 1


def test_what_needed_nobody_goes_on_without_votes(platform: Platform, cast: Cast) -> None:
    request = ask_deposit(cast.olga, new_account(platform), "10.00")
    assert request.approvals_needed == 0
    assert carry_out(request).status == Status.DONE
