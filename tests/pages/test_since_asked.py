"""What has happened around a waiting request since: its maker, its rule, its time, its voters."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from panel.models import ChangeRequest, Platform, Policy, Role, Status, User
from payments.models import Stage, Withdrawal
from tests.core.money import approve_as, ask_withdrawal, new_account
from tests.pages.browsing import page_url, seen_on, signed_in, text_of
from tests.pages.conftest import Cast

pytestmark = pytest.mark.django_db


def review_url(request: ChangeRequest) -> str:
    """The page of the desk."""
    return reverse("withdrawal", args=[request.reference])


def test_whoever_decides_is_told_that_the_maker_has_gone(platform: Platform, cast: Cast) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform), "10.00")
    bob = signed_in(cast.bob)
    pages = (page_url(request), review_url(request), reverse("approval_list"))
    for url in pages:
        assert "deactivated" not in text_of(bob.get(url))

    User.objects.filter(pk=cast.olga.pk).update(is_active=False)
    for url in pages[:2]:
        told = text_of(bob.get(url))
        assert "Olga, who asked for it, has been deactivated since." in told
        assert "Approve" in told
    assert "Olga (deactivated)" in text_of(bob.get(reverse("approval_list")))
    # Whoever only reads it is told as well.
    told = text_of(signed_in(cast.carol).get(page_url(request)))
    assert "Olga, who asked for it, has been deactivated since." in told


def test_whoever_decides_is_told_that_the_maker_has_lost_the_right(
    platform: Platform, cast: Cast
) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform), "10.00")
    cast.olga.roles.set(Role.objects.filter(slug="dealer"))
    told = text_of(signed_in(cast.bob).get(page_url(request)))
    assert "Olga, who asked for it, has lost the right to ask for it since." in told


def test_a_page_left_open_past_the_time_of_its_request_decides_nothing(
    platform: Platform, cast: Cast
) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform), "10.00")
    bob = signed_in(cast.bob)
    for url in (page_url(request), review_url(request)):
        seen = seen_on(bob.get(url))
        ChangeRequest.objects.filter(pk=request.pk).update(
            status=Status.PENDING, expires=timezone.now()
        )
        answer = bob.post(url, {"step": "approve", "seen": seen}, follow=True)
        assert "It has expired: nobody decided in time." in text_of(answer)
        request.refresh_from_db()
        assert request.status == Status.EXPIRED
        later = timezone.now() + timedelta(days=1)
        ChangeRequest.objects.filter(pk=request.pk).update(status=Status.PENDING, expires=later)
        Withdrawal.objects.update(stage=Stage.WAITING)


def test_which_rule_a_waiting_request_stands_under_is_said_on_every_page_of_both(
    platform: Platform, cast: Cast
) -> None:
    login = new_account(platform, "50000.00")
    request = ask_withdrawal(cast.olga, login, "10.00")
    asked_under = request.policy_text
    pages = [
        (cast.bob, page_url(request)),
        (cast.carol, page_url(request)),
        (cast.bob, review_url(request)),
        (cast.ada, reverse("policy_list")),
    ]
    for person, url in pages:
        assert "now: Needs 3" not in text_of(signed_in(person).get(url))
    assert "earlier rule" not in text_of(signed_in(cast.ada).get(reverse("policy_list")))

    Policy.objects.create(
        command="payments.withdraw", over_amount="5", approvals=3, roles=["compliance"]
    )
    for person, url in pages[:3]:
        told = text_of(signed_in(person).get(url))
        assert f"It stands under the rule of then: {asked_under}" in told, url
        assert "Asked for now: Needs 3 approvals over 5.00" in told, url
        assert "needs three" not in told, url
    listed = text_of(signed_in(cast.ada).get(reverse("policy_list"))).partition("earlier rule")[2]
    assert request.reference in listed
    assert asked_under in listed
    assert "Needs 3 approvals over 5.00" in listed

    # It goes through under its own rule; one asked for now waits under the new one.
    assert approve_as(cast.bob, request).status == Status.APPROVED
    now = ask_withdrawal(cast.olga, login, "11.00")
    assert now.approvals_needed == 3
    page = text_of(signed_in(cast.bob).get(page_url(now)))
    assert "The policies have changed" not in page
    assert "earlier rule" not in text_of(signed_in(cast.ada).get(reverse("policy_list")))


def test_whoever_changes_a_policy_is_told_what_waits_under_it(
    platform: Platform, cast: Cast
) -> None:
    ask_withdrawal(cast.olga, new_account(platform), "10.00")
    policy = Policy.objects.filter(command="payments.withdraw").first()
    assert policy is not None
    form = {"step": "preview", "reason": "No longer needed."}
    removal = signed_in(cast.ada).post(reverse("policy_remove", args=[policy.pk]), form)
    assert "1 request that waits keeps the rule under which it was asked for." in text_of(removal)


def test_a_vote_that_counts_no_longer_is_shown_and_asked_for_again(
    platform: Platform, cast: Cast
) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform, "50000.00"), "20000.00")
    approve_as(cast.bob, request)
    bella = signed_in(cast.bella)
    assert "Waits for one approval" in text_of(bella.get(page_url(request)))
    User.objects.filter(pk=cast.bob.pk).update(is_active=False)
    told = text_of(bella.get(page_url(request)))
    assert "The approval of Bob counts no longer: they were deactivated." in told
    assert "Waits for 2 approvals" in told
