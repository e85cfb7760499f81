"""Before and after are of the sending, and what was asked is called that."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.urls import reverse

from panel.models import AuditEntry, ChangeRequest, Platform, Status
from panel.mt4.write import writer
from tests.core.money import approve_as, ask_deposit, ask_withdrawal, carry_out, new_account
from tests.pages.browsing import page_url, signed_in, text_of
from tests.pages.conftest import Cast
from tests.pages.test_administration import PLATFORM, approve_on_page, send

pytestmark = pytest.mark.django_db


def move(platform: Platform, login: int, amount: str) -> None:
    """A balance operation past the panel."""
    pen = writer(platform.connection)
    pen.balance(login, Decimal(amount), comment="elsewhere", key=str(uuid.uuid4()))


@pytest.fixture
def deposit(platform: Platform, cast: Cast) -> ChangeRequest:
    """Asked for at a balance of 500.00, carried out at one of 300.00."""
    login = new_account(platform, "500.00")
    request = ask_deposit(cast.olga, login, "20000.00")
    if request.status == Status.PENDING:
        approve_as(cast.bob, request)
    move(platform, login, "-200.00")
    done = carry_out(request)
    assert done.status == Status.DONE
    return done


def test_the_log_says_what_the_sending_did(deposit: ChangeRequest) -> None:
    done = AuditEntry.objects.get(reference=deposit.reference, action="request done")
    assert (done.before or {})["balance"] == "300.00"
    assert (done.after or {})["balance"] == "20300.00"


@pytest.mark.parametrize("page", ["request_detail", "payment_detail"])
def test_pages_show_what_it_did_and_call_what_was_asked_so(
    deposit: ChangeRequest, cast: Cast, page: str
) -> None:
    text = text_of(signed_in(cast.olga).get(reverse(page, args=[deposit.reference])))
    assert "Before: read right before it was sent." in text
    assert "Balance 300.00 20,300.00" in text
    assert "500.00 20,300.00" not in text
    assert "As asked" in text


def test_what_was_asked_says_that_other_values_held_when_it_was_sent(
    deposit: ChangeRequest, cast: Cast
) -> None:
    text = text_of(signed_in(cast.olga).get(page_url(deposit)))
    asked = text.split("What was asked")[1].split("What came of it")[0]
    assert "other values held when it was sent" in asked
    assert "500.00 20,500.00" in asked


def test_an_approvals_entry_shows_what_was_asked_and_no_movement(
    platform: Platform, cast: Cast
) -> None:
    login = new_account(platform, "500.00")
    request = ask_withdrawal(cast.olga, login, "100.00")
    move(platform, login, "-200.00")
    approve_as(cast.bob, request)
    entry = AuditEntry.objects.get(reference=request.reference, action="request approved")
    assert entry.before is None
    assert entry.after == request.payload
    page = signed_in(cast.carol).get(reverse("audit_entry", args=[entry.seq]))
    assert "300.00" not in text_of(page)
    assert "100.00" in text_of(page)


def test_a_change_of_the_panel_is_held_against_what_was_there_when_it_was_applied(
    cast: Cast,
) -> None:
    approve_on_page(cast.adam, send(signed_in(cast.ada), reverse("platform_add"), PLATFORM))
    fields = {**PLATFORM, "title": "Third", "client_secret": ""}
    request = send(signed_in(cast.ada), reverse("platform_change", args=["second"]), fields)
    Platform.objects.filter(slug="second").update(name="Renamed meanwhile")
    approve_on_page(cast.adam, request)
    done = AuditEntry.objects.get(reference=request.reference, action="request done")
    assert (done.before or {})["title"] == "Renamed meanwhile"
    assert (done.after or {})["title"] == "Third"
