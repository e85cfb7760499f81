"""Claims: who takes what in hand and who assigns it; nobody is kept from deciding by one."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from panel.commands.claims import ClaimDecision
from panel.commands.errors import Denied
from panel.models import AuditEntry, ChangeRequest, Claim, Notice, Platform, Status, User
from payments.desk.claiming import ClaimPayout
from tests.core.money import approve_as, ask_withdrawal, carry_out, new_account
from tests.factories import make_user
from tests.harness.at_once import at_once
from tests.pages.browsing import page_url, poll, seen_on, signed_in, text_of, version_on
from tests.pages.conftest import Cast
from tests.payments.test_desk import debited, do, payer

pytestmark = pytest.mark.django_db(transaction=True)


def asked(platform: Platform, cast: Cast, amount: str = "10.00") -> ChangeRequest:
    """A withdrawal that waits for compliance."""
    return ask_withdrawal(cast.olga, new_account(platform), amount)


def holder(request: ChangeRequest, task: str = "decide") -> str:
    """Who has it in hand."""
    found = Claim.objects.filter(reference=request.reference, task=task).first()
    return found.person.name if found else ""


def listed(client: Client, **narrow: str) -> str:
    """The inbox's first list."""
    page = client.get(reverse("approval_list"), narrow).content.decode()
    return page.partition("<tbody>")[2].partition("</tbody>")[0]


@pytest.mark.parametrize("place", ["request_detail", "withdrawal"])
def test_a_person_takes_an_item_and_releases_it(platform: Platform, cast: Cast, place: str) -> None:
    request = asked(platform, cast)
    page = reverse(place, args=(request.reference,))
    bob, bella = signed_in(cast.bob), signed_in(cast.bella)
    assert "In hand nobody" in text_of(bob.get(page))
    watched = version_on(bella.get(page))

    assert bob.post(page, {"step": "claim"}).status_code == 302
    assert holder(request) == "Bob"
    assert "claimed by Bob, " in text_of(bella.get(page))
    assert poll(bella, page, watched).status_code == 200, "others see it by themselves"
    assert [entry.actor.split(" <")[0] for entry in entries(request, "claimed")] == ["Bob"]

    assert bob.post(page, {"step": "unclaim"}).status_code == 302
    assert holder(request) == ""
    assert len(entries(request, "claim released")) == 1
    assert "Claimed" in text_of(bella.get(page)), "the history keeps it"


def entries(request: ChangeRequest, action: str) -> list[AuditEntry]:
    """What the audit log has of it."""
    return list(AuditEntry.objects.filter(reference=request.reference, action=action))


def test_its_maker_cannot_claim_it_and_the_denial_is_recorded(
    platform: Platform, cast: Cast
) -> None:
    request = asked(platform, cast)
    assert 'value="claim"' not in signed_in(cast.olga).get(page_url(request)).content.decode()
    answer = signed_in(cast.olga).post(page_url(request), {"step": "claim"})
    assert answer.status_code == 409
    assert "You made or edited this request" in text_of(answer)
    assert holder(request) == ""
    denied = AuditEntry.objects.get(outcome="denied", actor_id=cast.olga.pk)
    assert denied.action == "request requests.claim"
    for person in (cast.alice, cast.carol):
        with pytest.raises(Denied):
            do(person, ClaimDecision(reference=request.reference, person=person.pk))


def test_a_claim_is_advice_others_decide_all_the_same_and_are_told(
    platform: Platform, cast: Cast
) -> None:
    request = asked(platform, cast)
    do(cast.bob, ClaimDecision(reference=request.reference, person=cast.bob.pk))
    bella = signed_in(cast.bella)
    page = bella.get(page_url(request))
    assert "Bob has it in hand since" in text_of(page)
    bella.post(page_url(request), {"step": "approve", "seen": seen_on(page)})
    request.refresh_from_db()
    assert request.status == Status.APPROVED


def test_whoever_may_assign_gives_it_to_somebody_who_could_decide(
    platform: Platform, cast: Cast
) -> None:
    request = asked(platform, cast)
    page, bella = page_url(request), signed_in(cast.bella)
    shown = bella.get(page).content.decode()
    offered = shown.partition('id="assign-person"')[2].partition("</select>")[0]
    assert "Bob" in offered
    assert "Olga" not in offered
    assert "Alice" not in offered
    assert bella.post(page, {"step": "assign", "person": cast.bob.pk}).status_code == 302
    assert holder(request) == "Bob"
    assert "claimed by Bob" in text_of(bella.get(page))
    assert "(given by Bella)" in text_of(bella.get(page))
    assert "to Bob" in entries(request, "assigned")[0].detail
    notice = Notice.objects.get(person=cast.bob, kind="assigned")
    assert notice.title.endswith("was assigned to you")
    opened = signed_in(cast.bob).get(reverse("notice_open", args=(notice.pk,)))
    assert opened.headers["Location"] == reverse("withdrawal", args=(request.reference,))
    for person, says in ((cast.olga, "made or edited"), (cast.alice, "do not carry the right")):
        refused = bella.post(page, {"step": "assign", "person": person.pk})
        assert refused.status_code == 409
        assert says in text_of(refused)
    assert "Choose a person." in text_of(bella.post(page, {"step": "assign", "person": "x"}))
    assert holder(request) == "Bob"


def test_without_the_right_nobody_assigns_or_takes_from_others(
    platform: Platform, cast: Cast
) -> None:
    plain = make_user("Petra", "compliance")
    role = plain.roles.get()
    role.permissions = [right for right in role.permissions if right != "requests.assign"]
    role.save()
    first, second = cast.bob, User.objects.get(pk=plain.pk)
    request = asked(platform, cast)
    do(User.objects.get(pk=first.pk), ClaimDecision(reference=request.reference, person=first.pk))
    with pytest.raises(Denied, match="Bob has it already"):
        do(second, ClaimDecision(reference=request.reference, person=second.pk))
    with pytest.raises(Denied, match="Only who may assign"):
        do(second, ClaimDecision(reference=request.reference, person=cast.bella.pk))
    with pytest.raises(Denied, match="Only who may assign"):
        do(second, ClaimDecision(reference=request.reference, person=None))
    # Whoever has left has nothing in hand.
    User.objects.filter(pk=first.pk).update(is_active=False)
    do(second, ClaimDecision(reference=request.reference, person=second.pk))
    assert holder(request) == "Petra"


def test_the_lists_show_it_and_are_narrowed_by_it(platform: Platform, cast: Cast) -> None:
    mine, other, free = (asked(platform, cast) for _ in range(3))
    do(cast.bob, ClaimDecision(reference=mine.reference, person=cast.bob.pk))
    do(cast.bella, ClaimDecision(reference=other.reference, person=cast.bella.pk))
    bob = signed_in(cast.bob)
    rows = listed(bob)
    assert "Bob, " in rows
    assert "Bella, " in rows
    for narrow, there in (("mine", mine), ("unassigned", free)):
        rows = listed(bob, claim=narrow)
        desk = bob.get(reverse("withdrawal_list"), {"claim": narrow}).content.decode()
        table = desk.partition("<tbody>")[2]
        for request in (mine, other, free):
            assert (request.reference in rows) is (request is there), narrow
            assert (request.reference in table) is (request is there), narrow


def test_a_payout_is_claimed_by_itself_and_not_by_whoever_decided(
    platform: Platform, cast: Cast
) -> None:
    request = asked(platform, cast)
    do(cast.bob, ClaimDecision(reference=request.reference, person=cast.bob.pk))
    approve_as(cast.bob, request)
    carry_out(request)
    page = reverse("withdrawal", args=(request.reference,))
    pia = payer()
    shown = signed_in(pia).get(page)
    assert "In hand nobody" in text_of(shown)
    assert signed_in(pia).post(page, {"step": "claim"}).status_code == 302
    assert holder(request, "pay") == "Petra"
    to_pay = signed_in(pia).get(reverse("withdrawal_stage", args=("to-pay",)))
    assert "Petra, " in text_of(to_pay)
    with pytest.raises(Denied, match="You asked for this withdrawal"):
        do(cast.olga, ClaimPayout(reference=request.reference, person=cast.olga.pk))
    with pytest.raises(Denied):
        do(cast.bob, ClaimPayout(reference=request.reference, person=cast.bob.pk))


@pytest.mark.postgres
def test_two_who_take_it_at_once_do_not_both_have_it(platform: Platform, cast: Cast) -> None:
    request = debited(platform, cast)
    first, second = payer(), make_user("Pia", "back-office")
    answers = at_once(
        *(
            lambda person=person: do(
                person, ClaimPayout(reference=request.reference, person=person.pk)
            )
            for person in (first, second)
        )
    )
    kinds = sorted(type(answer).__name__ for answer in answers)
    assert kinds in (["ChangeRequest", "Denied"], ["ChangeRequest", "Invalid"]), answers
    assert Claim.objects.filter(reference=request.reference).count() == 1
