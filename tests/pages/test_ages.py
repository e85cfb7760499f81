"""Age against a target: set by two people, shown in words, filtered, sorted, counted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from panel.commands.ages import SetAgeTarget
from panel.commands.base import Invalid
from panel.models import AgeTarget, ChangeRequest, Platform
from payments.models import Withdrawal
from tests.core.money import approve_as, ask_withdrawal, carry_out, new_account
from tests.pages.browsing import signed_in, text_of
from tests.pages.conftest import Cast
from tests.payments.test_desk import do

pytestmark = pytest.mark.django_db(transaction=True)


def asked(platform: Platform, cast: Cast, hours: float) -> ChangeRequest:
    """A withdrawal that has waited for some hours."""
    request = ask_withdrawal(cast.olga, new_account(platform), "10.00")
    moment = timezone.now() - timedelta(hours=hours)
    ChangeRequest.objects.filter(pk=request.pk).update(created=moment)
    Withdrawal.objects.filter(payment__request=request).update(asked=moment, stage_since=moment)
    return request


def set_target(cast: Cast, about: str, hours: int | None) -> None:
    """Two administrators."""
    approve_as(cast.adam, do(cast.ada, SetAgeTarget(about=about, hours=hours)))


def test_a_target_takes_two_administrators_and_stands_on_the_page(
    platform: Platform, cast: Cast
) -> None:
    AgeTarget.objects.all().delete()
    form = {"about": "payments.withdraw", "hours": "6", "reason": "Promised.", "step": "send"}
    ada = signed_in(cast.ada)
    assert ada.post(reverse("age_target_change"), {**form, "key": "k"}).status_code == 302
    waiting = ChangeRequest.objects.get(command=SetAgeTarget.name)
    assert not AgeTarget.objects.exists()
    assert waiting.reference in text_of(ada.get(reverse("policy_list")))
    approve_as(cast.adam, waiting)
    assert AgeTarget.objects.get().hours == 6
    assert "Withdrawal within 6 h" in text_of(ada.get(reverse("policy_list")))
    with pytest.raises(Invalid, match="Nothing would change"):
        do(cast.ada, SetAgeTarget(about="payments.withdraw", hours=6))
    with pytest.raises(Invalid, match="From 1 to"):
        do(cast.ada, SetAgeTarget(about="payments.withdraw", hours=0))
    set_target(cast, "payments.withdraw", None)
    assert not AgeTarget.objects.exists()


def test_the_inbox_says_what_is_over_target_sorts_and_narrows_by_it(
    platform: Platform, cast: Cast
) -> None:
    AgeTarget.objects.update_or_create(command="payments.withdraw", defaults={"hours": 4})
    late, soon, fresh = (asked(platform, cast, hours) for hours in (6, 3.5, 0.1))
    bob = signed_in(cast.bob)
    text = text_of(bob.get(reverse("approval_list"))).replace("\N{NO-BREAK SPACE}", " ")
    assert "6 h 2 h over target" in text
    assert "due in 30 min" in text
    only = bob.get(reverse("approval_list"), {"age": "late"}).content.decode()
    rows = only.partition("<tbody>")[2].partition("</tbody>")[0]
    assert [request.reference in rows for request in (late, soon, fresh)] == [True, False, False]
    newest = bob.get(reverse("approval_list"), {"sort": "-due"}).content.decode()
    rows = newest.partition("<tbody>")[2]
    assert rows.index(fresh.reference) < rows.index(soon.reference) < rows.index(late.reference)
    assert "3 requests, 1 over target" in text_of(bob.get(reverse("dashboard")))


def test_the_desk_measures_the_decision_and_then_the_payout(platform: Platform, cast: Cast) -> None:
    AgeTarget.objects.update_or_create(command="payments.withdraw", defaults={"hours": 4})
    AgeTarget.objects.update_or_create(command="payments.pay_out", defaults={"hours": 24})
    request = asked(platform, cast, 6)
    carol = signed_in(cast.carol)
    desk = reverse("withdrawal_list")
    assert "over target" in text_of(carol.get(desk))
    assert request.reference in text_of(carol.get(desk, {"older": "target"}))
    approve_as(cast.bob, request)
    carry_out(request)
    to_pay = reverse("withdrawal_stage", args=("to-pay",))
    assert "over target" not in text_of(carol.get(to_pay))
    assert request.reference not in text_of(carol.get(to_pay, {"older": "target"}))
    Withdrawal.objects.update(stage_since=timezone.now() - timedelta(hours=30))
    assert "over target" in text_of(carol.get(to_pay))
    assert request.reference in text_of(carol.get(to_pay, {"older": "target"}))


def test_without_targets_nothing_is_late(platform: Platform, cast: Cast) -> None:
    AgeTarget.objects.all().delete()
    asked(platform, cast, 500)
    bob = signed_in(cast.bob)
    rows = bob.get(reverse("approval_list")).content.decode().partition("<tbody>")[2]
    assert "target" not in rows
    assert "over target" not in text_of(bob.get(reverse("dashboard")))
