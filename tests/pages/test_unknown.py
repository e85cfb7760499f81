"""Unknown outcomes: the evidence on the page, another look, settling by two."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from panel.models import AuditEntry, ChangeRequest, Platform, Status
from panel.mt4.read import reader
from tests.core.money import approve_as, ask_withdrawal, carry_out, new_account
from tests.factories import make_user
from tests.harness.sandbox import SandboxProcess
from tests.pages.browsing import page_url, seen_on, signed_in, text_of
from tests.pages.conftest import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def unknown(platform: Platform, cast: Cast) -> ChangeRequest:
    """A withdrawal that MT4 carried out, but of which the panel does not know it."""
    request = ask_withdrawal(cast.olga, new_account(platform, "1000.00"), "250.00")
    approve_as(cast.bob, request)
    carry_out(request)
    ChangeRequest.objects.filter(pk=request.pk).update(
        status=Status.UNKNOWN,
        needs_person=True,
        unknown_since=timezone.now(),
        outcome_text="No answer came.",
    )
    request.refresh_from_db()
    return request


def test_the_page_reads_the_evidence_live(unknown: ChangeRequest, cast: Cast) -> None:
    address = reverse("unknown_detail", args=[unknown.reference])
    text = text_of(signed_in(cast.maya).get(address))
    ours, others = text.split("Records with this reference")[1].split("Other money records")
    assert "−250.00" in ours
    assert unknown.reference in ours
    assert "1,000.00" in others


def test_the_list_leads_to_the_evidence(unknown: ChangeRequest, cast: Cast) -> None:
    page = signed_in(cast.maya).get(reverse("unknown_list")).content.decode()
    assert reverse("unknown_detail", args=[unknown.reference]) in page
    assert "waiting" not in page.split("<tbody>")[1].split("</tbody>")[0]


def test_another_look_is_made_due_and_written_down(unknown: ChangeRequest, cast: Cast) -> None:
    signed_in(cast.maya).post(reverse("unknown_look", args=[unknown.reference]))
    unknown.refresh_from_db()
    assert unknown.next_check is not None
    assert unknown.next_check <= timezone.now()
    assert AuditEntry.objects.filter(action="request looked at again").count() == 1


def test_two_people_settle_it_and_none_had_a_hand_in_it(unknown: ChangeRequest, cast: Cast) -> None:
    address = reverse("unknown_settle", args=[unknown.reference])
    fields = {"happened": "yes", "finding": "The ticket is in the history.", "key": "k"}
    maya = signed_in(cast.maya)
    assert "it happened on MT4" in text_of(maya.post(address, {**fields, "step": "preview"}))
    maya.post(address, {**fields, "step": "send"})
    settling = ChangeRequest.objects.get(command="requests.settle")
    assert settling.status == Status.PENDING

    # Bob approved the withdrawal that is settled here, Maya proposed it.
    for person in (cast.bob, cast.maya):
        signed_in(person).post(page_url(settling), {"step": "approve", "seen": "0" * 64})
        settling.refresh_from_db()
        assert settling.status == Status.PENDING

    bella = signed_in(cast.bella)
    seen = seen_on(bella.get(page_url(settling)))
    bella.post(page_url(settling), {"step": "approve", "seen": seen})

    unknown.refresh_from_db()
    assert unknown.status == Status.DONE
    assert "Settled by" in unknown.outcome_text


def test_two_buttons_lead_to_a_settlement_with_its_answer_chosen(
    unknown: ChangeRequest, cast: Cast
) -> None:
    ChangeRequest.objects.filter(pk=unknown.pk).update(
        needs_person=True, evidence={"text": "Another amount.", "records": [{"ticket": 7}]}
    )
    maya = signed_in(cast.maya)
    page = maya.get(reverse("unknown_detail", args=[unknown.reference]))
    assert "Records ticket 7" in text_of(page)
    address = reverse("unknown_settle", args=[unknown.reference])
    for answer, words in (("yes", "It happened…"), ("no", "It did not happen…")):
        assert f'href="{address}?happened={answer}">{words}' in page.content.decode()
        form = maya.get(f"{address}?happened={answer}").context["form"]
        assert form["happened"].value() == answer


def test_who_may_not_settle_sees_no_button(unknown: ChangeRequest, cast: Cast) -> None:
    address = reverse("unknown_detail", args=[unknown.reference])
    assert "happen…" not in text_of(signed_in(cast.olga).get(address))
    assert signed_in(make_user("Out", "manager", groups="x*")).get(address).status_code == 404


def test_when_it_is_known_the_page_leads_to_the_request(unknown: ChangeRequest, cast: Cast) -> None:
    ChangeRequest.objects.update(status=Status.DONE)
    answer = signed_in(cast.maya).get(reverse("unknown_detail", args=[unknown.reference]))
    assert answer["Location"] == page_url(unknown)


def test_nothing_is_told_of_an_outcome_outside_the_scopes(
    unknown: ChangeRequest, cast: Cast
) -> None:
    narrow = signed_in(make_user("Nora", "manager", groups="demo*"))
    assert narrow.get(reverse("unknown_detail", args=[unknown.reference])).status_code == 404
    answer = narrow.post(
        reverse("unknown_settle", args=[unknown.reference]),
        {"happened": "yes", "finding": "The ticket is there.", "key": "k", "step": "preview"},
    )
    # It does not exist for her, as on the page above; that she tried is written down.
    assert answer.status_code == 404
    assert "it happened on MT4" not in text_of(answer)
    assert AuditEntry.objects.filter(action="request requests.settle", outcome="denied").exists()


def test_the_page_says_where_and_how_often_it_was_sent_and_what_was_known_then(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    Platform.objects.filter(pk=platform.pk).update(identity=reader(platform.connection).identity())
    platform.refresh_from_db()
    request = ask_withdrawal(cast.olga, new_account(platform, "1000.00"), "250.00")
    approve_as(cast.bob, request)
    sandbox.fault("outcome_unknown_not_applied", "TradeTransaction", count=1)
    assert carry_out(request).status == Status.UNKNOWN

    page = signed_in(cast.maya).get(reverse("unknown_detail", args=[request.reference]))
    sent = text_of(page).split("Where it was sent")[1].split("Steps")[0]
    assert "Sent once" in sent
    assert f"To server {platform.identity}" in sent
    assert f"Address {platform.api_base}" in sent
    assert "Its clock then 20" in sent
    assert f"on {request.login}" in sent.split("Newest ticket then")[1]
    assert "Balance then 1,000.00 USD" in sent
    assert "Credit then 0.00 USD" in sent

    request.refresh_from_db()
    steps = {name: {**step, "sendings": 2} for name, step in request.progress.items()}
    ChangeRequest.objects.filter(pk=request.pk).update(progress=steps)
    page = signed_in(cast.maya).get(reverse("unknown_detail", args=[request.reference]))
    assert "Sent 2 times, with the same key" in text_of(page)


def test_what_an_older_version_sent_has_no_mark_and_the_page_says_what_there_is(
    unknown: ChangeRequest, cast: Cast
) -> None:
    started = timezone.now().isoformat()
    ChangeRequest.objects.filter(pk=unknown.pk).update(progress={"balance": {"started": started}})
    page = signed_in(cast.maya).get(reverse("unknown_detail", args=[unknown.reference]))
    sent = text_of(page).split("Where it was sent")[1].split("Steps")[0]
    assert "Sent once" in sent
    assert "To server" not in sent
