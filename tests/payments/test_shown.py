"""What the checker had before them is kept with the decision; what holds now stands beside it."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.core import signing
from django.urls import reverse

from panel.models import Approval, ChangeRequest, Platform, Status
from panel.mt4.write import writer
from panel.ui.shown import SALT
from payments.commands import Deposit, Withdraw
from tests.core.conftest import Cast
from tests.core.money import carry_out
from tests.factories import make_user
from tests.pages.browsing import page_url, seen_on, signed_in, text_of
from tests.payments.test_commands import ask, enabled_account, make

pytestmark = pytest.mark.django_db(transaction=True)
WARNING = "Deposit without trading: 1,000.00 USD"


def waiting(platform: Platform, cast: Cast) -> ChangeRequest:
    """A withdrawal that waits."""
    login = enabled_account(platform, "1000.00", name="Anna Kowalska")
    carry_out(ask(cast.olga, make(Deposit, login, "20.00", method="card")))
    return ask(cast.olga, make(Withdraw, login, "30.00", beneficiary="Zbigniew Nowak"))


def desk(request: ChangeRequest) -> str:
    """The desk's page."""
    return reverse("withdrawal", args=(request.reference,))


def test_figures_checks_and_tables_of_the_desk_are_kept_with_the_approval(
    platform: Platform, cast: Cast
) -> None:
    request = waiting(platform, cast)
    bob = signed_in(cast.bob)
    seen = seen_on(bob.get(desk(request)))
    # Meanwhile something comes in that the reviewer has not seen; the account's figures stay.
    answer = bob.post(desk(request), {"step": "approve", "seen": seen, "note": "Called her."})
    assert answer.status_code == 302
    approval = Approval.objects.get(request=request)
    shown = approval.shown
    assert shown is not None
    assert approval.reason == "Called her."
    assert "Withdraw 30.00 USD from" in shown["sentence"]
    texts = {check["text"]: check["level"] for check in shown["checks"]}
    assert any("Deposit without trading: 1,020.00 USD in 2 deposits" in text for text in texts)
    assert any("The beneficiary is Zbigniew Nowak" in text for text in texts)
    balance = next(line for line in shown["lines"] if line["label"] == "Balance")
    assert (balance["now"], balance["after"]) == ("1,020.00", "990.00")
    tables = {table["heading"]: table["rows"] for table in shown["tables"]}
    assert tables["Money in and back, by method (USD)"][0][0] == "card"
    day = tables["Velocity (USD)"][0]
    assert (day[0], day[4], day[6]) == ("24 h", "1", "30.00")
    assert "Open positions: 0, floating 0.00" in tables


def test_afterwards_the_pages_show_it_as_decided_with_now_beside(
    platform: Platform, cast: Cast
) -> None:
    request = waiting(platform, cast)
    bob = signed_in(cast.bob)
    seen = seen_on(bob.get(desk(request)))
    bob.post(desk(request), {"step": "approve", "seen": seen, "note": "Called her."})
    pen = writer(platform.connection)
    pen.balance(request.login or 0, Decimal("500.00"), comment="later", key=str(uuid.uuid4()))
    for url in (desk(request), page_url(request)):
        text = text_of(signed_in(cast.bella).get(url))
        assert "As decided approved by Bob" in text
        assert "“Called her.”" in text
        assert "Balance changed since 1,020.00 1,020.00 1,520.00" in text
        then, _, now = text.partition("Checks as decided")[2].partition("Checks now")
        assert "The beneficiary is Zbigniew Nowak" in then
        assert now
    text = text_of(signed_in(cast.bella).get(desk(request)))
    then, _, now = text.partition("Checks as decided")[2].partition("Checks now")
    assert "1,020.00 USD in 2 deposits" in then
    assert "1,520.00 USD in 3 deposits" in now
    # And once it is done.
    assert carry_out(request).status == Status.DONE
    text = text_of(signed_in(cast.bella).get(page_url(request)))
    assert "Balance changed since 1,020.00 1,020.00 1,490.00" in text


def test_any_request_keeps_what_its_checkers_saw_rejections_too(
    platform: Platform, cast: Cast
) -> None:
    request = waiting(platform, cast)
    bob = signed_in(cast.bob)
    seen = seen_on(bob.get(page_url(request)))
    page = text_of(bob.get(page_url(request)))
    assert "Deposit without trading: 1,020.00 USD in 2 deposits" in page, "as on the desk"
    bob.post(page_url(request), {"step": "reject", "seen": seen, "reason": "Fraud."})
    approval = Approval.objects.get(request=request)
    assert approval.decision == "reject"
    assert approval.shown is not None
    assert "Withdraw 30.00 USD from" in approval.shown["sentence"]
    kept = [check["text"] for check in approval.shown["checks"]]
    assert any("1,020.00 USD in 2 deposits" in text for text in kept)
    assert "Velocity (USD)" in [table["heading"] for table in approval.shown["tables"]]
    assert "As decided rejected by Bob" in text_of(signed_in(cast.bella).get(page_url(request)))


def test_what_was_shown_cannot_be_made_up_or_taken_from_another_page(
    platform: Platform, cast: Cast
) -> None:
    request, other = waiting(platform, cast), waiting(platform, cast)
    bob, bella = signed_in(cast.bob), signed_in(cast.bella)
    own = seen_on(bob.get(page_url(request)))
    made_up = signing.loads(own, salt=SALT)
    made_up["shown"]["checks"] = []
    forged = signing.dumps(made_up, salt="another", compress=True)
    for client, seen in (
        (bob, forged),
        (bob, own[:-2] + ("AA" if not own.endswith("AA") else "BB")),
        (bob, seen_on(bob.get(page_url(other)))),
        (bella, own),
        (bob, ""),
    ):
        answer = client.post(page_url(request), {"step": "approve", "seen": seen})
        assert answer.status_code == 409
        assert "It changed while you looked" in text_of(answer)
    assert not Approval.objects.exists()


def test_a_note_that_is_too_long_is_refused_and_kept(platform: Platform, cast: Cast) -> None:
    request = waiting(platform, cast)
    bob = signed_in(cast.bob)
    for url in (page_url(request), desk(request)):
        seen = seen_on(bob.get(url))
        long = "x" * 501
        answer = bob.post(url, {"step": "approve", "seen": seen, "note": long})
        assert answer.status_code == 409
        assert "at most 500 characters" in text_of(answer)
        assert f'value="{long}"' in answer.content.decode()
    assert not Approval.objects.exists()


def test_contact_details_stay_hidden_from_those_who_may_not_read_them(
    platform: Platform, cast: Cast
) -> None:
    request = waiting(platform, cast)
    reader = make_user("Rita", "dealer")
    Approval.objects.create(
        request=request,
        checker=cast.bob,
        maker=cast.olga,
        decision="approve",
        shown={
            "at": "2026-11-02T12:00:00+00:00",
            "sentence": "Change the profile",
            "lines": [{"label": "E-mail", "asked": "a@b.test", "now": "a@b.test", "after": ""}],
            "checks": [],
            "tables": [],
        },
    )
    assert "a@b.test" in text_of(signed_in(cast.bella).get(page_url(request)))
    assert "a@b.test" not in text_of(signed_in(reader).get(page_url(request)))
