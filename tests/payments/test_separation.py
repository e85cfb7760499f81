"""Whoever had a hand in a withdrawal takes no step of its payout, by whichever road it came."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from panel.commands.errors import Denied
from panel.commands.submit import submit
from panel.models import AuditEntry, ChangeRequest, Platform, Policy, Role, Separation, Status, User
from panel.pages.commands.separation import SetSeparation
from payments.commands import Withdraw
from payments.desk.payout import FailPayout, PayOut
from payments.desk.returns import ReturnWithdrawal
from payments.desk.separation import MAKER, why_not_pay
from payments.models import BulkFile, Stage, Withdrawal
from tests.core.conftest import Cast
from tests.core.money import approve_as, carry_out, new_account
from tests.factories import actor, make_user
from tests.pages.browsing import page_url, signed_in, text_of
from tests.payments.bulk.files import TO
from tests.payments.bulk.test_engine import running, short_times, through
from tests.payments.test_commands import ask, enabled_account, make
from tests.payments.test_desk import asked, debited, do, paid_out, payer, stage
from tests.payments.test_returns import row_of, take_back

__all__ = ["short_times"]
pytestmark = pytest.mark.django_db(transaction=True)


def pay(request: ChangeRequest, reference: str = "SEPA-1") -> PayOut:
    """The payout of a withdrawal."""
    return PayOut(withdrawal=request.reference, provider_reference=reference)


def switch_off(cast: Cast) -> ChangeRequest:
    """Two administrators put the rule out of force."""
    request = do(cast.ada, SetSeparation(rule=MAKER.name, active=False))
    assert request.status == Status.PENDING
    return approve_as(cast.adam, request)


def denials(person: User) -> list[str]:
    """What the audit log has of a person's denials."""
    rows = AuditEntry.objects.filter(outcome="denied", actor_id=person.pk).order_by("seq")
    return list(rows.values_list("action", flat=True))


def test_whoever_asked_does_not_pay_it_out_and_the_denial_is_recorded(
    platform: Platform, cast: Cast
) -> None:
    request = debited(platform, cast)
    with pytest.raises(Denied, match="You asked for this withdrawal"):
        do(cast.olga, pay(request))
    assert stage(request) == Stage.TO_PAY
    assert denials(cast.olga) == ["request payments.pay_out"]
    do(payer(), pay(request))
    assert stage(request) == Stage.PAID


def test_nor_call_its_payout_failed_nor_ask_for_its_return(platform: Platform, cast: Cast) -> None:
    request = paid_out(platform, cast)
    with pytest.raises(Denied, match="You asked"):
        do(cast.olga, FailPayout(withdrawal=request.reference, because="The bank refused it."))
    do(payer(), FailPayout(withdrawal=request.reference, because="The bank refused it."))
    with pytest.raises(Denied, match="You asked"):
        take_back(cast.olga, request)
    assert denials(cast.olga) == ["request payments.fail_payout", "request payments.return"]
    back = take_back(payer(), request)
    assert stage(request) == Stage.RETURNING
    # Nor does whoever paid it out decide on its way back.
    paid = payer()
    paid.roles.add(Role.objects.get(slug="compliance"))
    other = make_user("Otto", "back-office", "compliance")
    Withdrawal.objects.filter(pk=row_of(request).pk).update(paid_by=other)
    with pytest.raises(Denied, match="You paid this withdrawal out"):
        approve_as(User.objects.get(pk=other.pk), back)
    assert approve_as(cast.bob, back).status == Status.APPROVED


def test_whoever_edited_it_or_asked_for_what_it_replaces_is_a_maker(
    platform: Platform, cast: Cast
) -> None:
    first = asked(platform, cast)
    otto = make_user("Otto", "back-office")
    command = make(Withdraw, first.login or 0, "70.00")
    second = submit(
        command,
        actor=actor(otto),
        source="test",
        reason="A mistake.",
        key=str(uuid.uuid4()),
        supersedes=first,
    )
    approve_as(cast.bob, second)
    carry_out(second)
    for person in (cast.olga, otto):
        with pytest.raises(Denied, match="You asked"):
            do(person, pay(second))
    do(payer(), pay(second))


@pytest.mark.usefixtures("short_times")
def test_lines_of_a_file_count_as_asked_and_approved_by_those_of_the_file(
    platform: Platform, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    cast.bob.roles.add(Role.objects.get(slug="back-office"))
    anna, bernd = new_account(platform, "100.00"), new_account(platform, "100.00")
    file = running(cast, f"{anna},withdrawal,80,USD,a,{TO}", f"{bernd},withdrawal,20,USD,b,{TO}")
    through(file)
    rows = list(Withdrawal.objects.select_related("payment"))
    uploader = make_user("Uta", "back-office")
    BulkFile.objects.update(uploaded_by=uploader)
    for person in (cast.olga, uploader):
        assert set(why_not_pay(rows, person.pk)) == {row.pk for row in rows}
    with django_assert_num_queries(5):
        assert set(why_not_pay(rows, cast.bob.pk).values()) == {
            "You approved this withdrawal, so somebody else pays it out."
        }
    assert why_not_pay(rows, payer().pk) == {}


def test_two_administrators_may_put_the_rule_out_of_force_and_the_approvers_rule_stays(
    platform: Platform, cast: Cast
) -> None:
    both = make_user("Greta", "compliance", "back-office")
    request = asked(platform, cast)
    approve_as(both, request)
    carry_out(request)
    waiting = do(cast.ada, SetSeparation(rule=MAKER.name, active=False))
    with pytest.raises(Denied, match="You asked"):
        do(cast.olga, pay(request))
    approve_as(cast.adam, waiting)
    assert not Separation.objects.get(name=MAKER.name).active
    with pytest.raises(Denied, match="You approved"):
        do(both, pay(request))
    do(cast.olga, pay(request))
    assert stage(request) == Stage.PAID


def test_where_payouts_are_approved_the_maker_of_the_withdrawal_does_not(
    platform: Platform, cast: Cast
) -> None:
    Policy.objects.create(command=PayOut.name, approvals=1, roles=["compliance"])
    maker = make_user("Mia", "back-office", "compliance")
    login = enabled_account(platform, "100.00")
    request = ask(maker, make(Withdraw, login, "80.00"))
    approve_as(cast.bob, request)
    carry_out(request)
    payout = do(payer(), pay(request))
    with pytest.raises(Denied, match="You asked for this withdrawal"):
        approve_as(maker, payout)
    approve_as(cast.bella, payout)
    assert stage(request) == Stage.PAID


def test_the_pages_say_so(platform: Platform, cast: Cast) -> None:
    request = debited(platform, cast)
    page = reverse("withdrawal", args=(request.reference,))
    shown = signed_in(cast.olga).get(page)
    assert "You asked for this withdrawal, so somebody else pays it out." in text_of(shown)
    assert 'data-open-dialog="pay"' not in shown.content.decode()
    sent = signed_in(cast.olga).post(page, {"step": "pay", "provider_reference": "X-1"})
    assert sent.status_code == 409
    assert stage(request) == Stage.TO_PAY
    back = reverse("withdrawal_return", args=(request.reference,))
    form = {"choice": "The client cancelled the withdrawal.", "step": "preview", "key": "k"}
    assert signed_in(cast.olga).post(back, form).status_code == 403
    assert 'data-open-dialog="pay"' in signed_in(payer()).get(page).content.decode()

    policies = reverse("policy_list")
    assert "in force Whoever asked for a withdrawal" in text_of(signed_in(cast.ada).get(policies))
    switch = reverse("separation_change", args=(MAKER.name,))
    made = signed_in(cast.ada).post(switch, {"reason": "Two of us.", "step": "send", "key": "k1"})
    assert made.status_code == 302
    waiting = ChangeRequest.objects.get(command=SetSeparation.name)
    assert waiting.reference in text_of(signed_in(cast.adam).get(policies))
    assert "One person less stands" in text_of(signed_in(cast.adam).get(page_url(waiting)))


def test_a_return_by_its_own_command_names_the_rule(platform: Platform, cast: Cast) -> None:
    request = debited(platform, cast)
    command = ReturnWithdrawal.of(row_of(request), "The client cancelled it.")
    assert command.may_ask(cast.olga).startswith("You asked for this withdrawal")
    assert command.may_ask(payer()) == ""
    switch_off(cast)
    assert command.may_ask(cast.olga) == ""
