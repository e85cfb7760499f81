"""Reasons are chosen from a list, and the list can be added to."""

from __future__ import annotations

import pytest
from django.urls import reverse

from panel.commands.reasons import AddReason, RetireReason
from panel.models import Approval, AuditEntry, Platform, Purpose, Reason, Status
from panel.ui.reasons import OTHER, offered
from tests.core.conftest import Cast
from tests.core.money import ask_withdrawal, new_account
from tests.pages.browsing import signed_in

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/reasons/"
WORDS = "The card has expired."


def test_a_new_panel_offers_reasons_for_every_purpose(cast: Cast) -> None:
    page = signed_in(cast.bob).get(PAGE).content.decode()
    for purpose in Purpose:
        assert len(offered(purpose)) > 3
        assert offered(purpose)[-1] == OTHER
        assert purpose.label.capitalize() in page


def test_a_reason_is_added_once_retired_and_offered_again(cast: Cast) -> None:
    client = signed_in(cast.bob)
    sent = {"purpose": "hold", "text": WORDS}
    assert client.post(PAGE, sent).status_code == 302
    assert WORDS in offered(Purpose.HOLD)
    again = client.post(PAGE, sent)
    assert again.status_code == 422
    assert "in the list already" in again.content.decode()
    client.post(PAGE, {**sent, "step": "retire"})
    assert WORDS not in offered(Purpose.HOLD)
    assert Reason.objects.filter(text=WORDS).exists()
    client.post(PAGE, sent)
    assert WORDS in offered(Purpose.HOLD)
    done = AuditEntry.objects.filter(action="request done", object_text=WORDS)
    assert done.count() == 3
    asked = AuditEntry.objects.filter(object_text=WORDS, action__startswith="request reasons")
    assert {entry.action for entry in asked} == {
        f"request {AddReason.name}",
        f"request {RetireReason.name}",
    }


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"purpose": "hold", "text": ""}, "required"),
        ({"purpose": "hold", "text": "x" * 201}, "200"),
        ({"purpose": "lunch", "text": "Hungry."}, "lunch"),
        ({"purpose": "hold", "text": "Never there.", "step": "retire"}, "not in the list"),
    ],
)
def test_what_cannot_be_a_reason_is_refused(cast: Cast, sent: dict[str, str], says: str) -> None:
    answer = signed_in(cast.bob).post(PAGE, sent)
    assert answer.status_code == 422
    assert says in answer.content.decode()


def test_words_of_ones_own_are_kept_for_the_next_time(platform: Platform, cast: Cast) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform, "50.00"), "10.00")
    client = signed_in(cast.bob)
    page = reverse("request_detail", args=(request.reference,))
    assert "Offer these words" in client.get(page).content.decode()
    silent = client.post(page, {"step": "reject", "reason": OTHER, "words": " "})
    assert "Say why" in silent.content.decode()
    long = client.post(page, {"step": "reject", "reason": OTHER, "words": "x" * 201, "keep": "1"})
    assert "at most 200 characters" in long.content.decode()
    client.post(page, {"step": "reject", "reason": OTHER, "words": WORDS, "keep": "1"})
    request.refresh_from_db()
    assert request.status == Status.REJECTED
    assert Approval.objects.get(request=request).reason == WORDS
    assert WORDS in offered(Purpose.REJECT)
