"""The decision page: who may decide, on what they saw, and who is told."""

from __future__ import annotations

import re
import uuid
from decimal import Decimal

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.commands import CreateAccount
from panel.commands.decide import reject
from panel.commands.submit import submit
from panel.models import Approval, AuditEntry, Platform, Role, Status
from panel.mt4.write import writer
from tests.core.money import approve_as, ask_deposit, ask_withdrawal, carry_out, new_account
from tests.factories import actor, make_user
from tests.pages.browsing import page_url, poll, seen_on, signed_in, text_of, version_on
from tests.pages.conftest import Cast

pytestmark = pytest.mark.django_db


def test_compliance_gets_the_buttons_and_the_maker_does_not(platform: Platform, cast: Cast) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform), "250.00")

    for_bob = signed_in(cast.bob).get(page_url(request))
    for_olga = signed_in(cast.olga).get(page_url(request))
    for_alice = signed_in(cast.alice).get(page_url(request))

    assert "Approve 250.00 USD" in text_of(for_bob)
    assert 'value="approve"' not in for_olga.content.decode()
    assert "somebody else has to decide" in text_of(for_olga)
    assert "Withdraw request" in text_of(for_olga)
    assert 'value="approve"' not in for_alice.content.decode()


def test_the_page_shows_what_is_asked_what_it_stands_on_and_the_checks(
    platform: Platform, cast: Cast
) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform, "1000.00"), "250.00")
    text = text_of(signed_in(cast.bob).get(page_url(request)))
    assert "Withdraw 250.00 USD from" in text
    assert "Balance 1,000.00 1,000.00 750.00" in text
    assert "can be withdrawn" in text
    assert "client asked" in text


def test_approving_what_was_seen_pays(platform: Platform, cast: Cast) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform, "1000.00"), "250.00")
    bob = signed_in(cast.bob)
    seen = seen_on(bob.get(page_url(request)))

    answer = bob.post(page_url(request), {"step": "approve", "seen": seen})

    assert answer.status_code == 302
    assert carry_out(request).status == Status.DONE
    done = bob.get(page_url(request))
    assert "hx-trigger" not in done.content.decode().split('id="request"')[1].split(">")[0]
    assert "Balance 1,000.00 750.00" in text_of(done).split("What came of it")[1]


def test_maker_cannot_approve_by_posting_to_the_page(platform: Platform, cast: Cast) -> None:
    both = make_user("Both", "back-office", "compliance")
    request = ask_withdrawal(both, new_account(platform), "10.00")

    answer = signed_in(both).post(page_url(request), {"step": "approve", "seen": "0" * 64})

    request.refresh_from_db()
    assert answer.status_code == 409
    assert request.status == Status.PENDING
    denied = AuditEntry.objects.get(reference=request.reference, outcome="denied")
    assert denied.actor_id == both.pk


def test_a_page_that_has_gone_stale_asks_again(platform: Platform, cast: Cast) -> None:
    login = new_account(platform, "1000.00")
    request = ask_withdrawal(cast.olga, login, "250.00")
    bob = signed_in(cast.bob)
    seen = seen_on(bob.get(page_url(request)))
    pen = writer(platform.connection)
    pen.balance(login, Decimal("-100.00"), comment="elsewhere", key=str(uuid.uuid4()))

    again = bob.post(page_url(request), {"step": "approve", "seen": seen})

    request.refresh_from_db()
    assert again.status_code == 409
    assert request.status == Status.PENDING
    assert not Approval.objects.exists()
    assert "It changed while you looked" in text_of(again)
    assert "Balance changed 1,000.00 900.00 650.00" in text_of(again)
    bob.post(page_url(request), {"step": "approve", "seen": seen_on(again)})
    request.refresh_from_db()
    assert request.status == Status.APPROVED


def test_what_would_not_go_through_any_more_cannot_be_approved(
    platform: Platform, cast: Cast
) -> None:
    login = new_account(platform, "1000.00")
    request = ask_withdrawal(cast.olga, login, "800.00")
    pen = writer(platform.connection)
    pen.balance(login, Decimal("-500.00"), comment="elsewhere", key=str(uuid.uuid4()))

    page = signed_in(cast.bob).get(page_url(request))

    assert "It would not go through" in text_of(page)
    assert "disabled" in page.content.decode().split('value="approve"')[1].split(">")[0]


def test_the_second_checker_is_told_by_the_page_itself(platform: Platform, cast: Cast) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform), "10.00")
    bella = signed_in(cast.bella)
    page = bella.get(page_url(request))
    version = version_on(page)
    assert poll(bella, page_url(request), version).status_code == 204

    approve_as(cast.bob, request)

    told = poll(bella, page_url(request), version)
    assert told.status_code == 200
    assert 'value="approve"' not in told.content.decode()
    assert "<html" not in told.content.decode()


def test_the_second_checker_who_presses_the_button_is_told_too(
    platform: Platform, cast: Cast
) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform), "10.00")
    bella = signed_in(cast.bella)
    seen = seen_on(bella.get(page_url(request)))
    reject(request, actor=actor(cast.bob), source="test", reason="No papers.")

    answer = bella.post(page_url(request), {"step": "approve", "seen": seen}, follow=True)

    assert "Somebody else was first: it is rejected now." in text_of(answer)
    assert "No papers." in text_of(answer)


def test_rejecting_asks_for_a_reason_and_the_maker_reads_it(platform: Platform, cast: Cast) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform), "10.00")
    bob = signed_in(cast.bob)

    without = bob.post(page_url(request), {"step": "reject", "reason": "", "words": " "})
    other = bob.post(page_url(request), {"step": "reject", "reason": "Another reason"})
    request.refresh_from_db()
    assert (without.status_code, other.status_code) == (409, 409)
    assert request.status == Status.PENDING

    bob.post(
        page_url(request),
        {
            "step": "reject",
            "reason": "Documents are missing or have expired.",
            "words": "Passport.",
        },
    )

    text = text_of(signed_in(cast.olga).get(page_url(request)))
    assert "Rejected by Bob. Documents are missing or have expired. Passport." in text


def test_only_the_maker_takes_a_request_back(platform: Platform, cast: Cast) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform), "10.00")

    assert signed_in(cast.bob).post(page_url(request), {"step": "withdraw"}).status_code == 409
    signed_in(cast.olga).post(page_url(request), {"step": "withdraw", "words": "Wrong account."})

    request.refresh_from_db()
    assert request.status == Status.WITHDRAWN


def test_with_mt4_away_one_can_reject_but_not_approve(platform: Platform, cast: Cast) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform), "10.00")
    dead = "http://127.0.0.1:9"
    Platform.objects.update(authority=dead, api_base=dead)
    bob = signed_in(cast.bob)

    page = bob.get(page_url(request))
    assert "Approving waits until it is back" in text_of(page)
    assert "disabled" in page.content.decode().split('value="approve"')[1].split(">")[0]
    failed = bob.post(page_url(request), {"step": "approve", "seen": "0" * 64})
    assert failed.status_code == 409
    assert "Your decision was not recorded" in text_of(failed)

    bob.post(page_url(request), {"step": "reject", "reason": "", "words": "Not now."})
    request.refresh_from_db()
    assert request.status == Status.REJECTED


def test_the_button_comes_back_by_itself_when_mt4_does(platform: Platform, cast: Cast) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform), "10.00")
    alive = platform.api_base
    dead = "http://127.0.0.1:9"
    Platform.objects.update(authority=dead, api_base=dead)
    bob = signed_in(cast.bob)
    page = bob.get(page_url(request)).content.decode()
    assert 'version="' in page
    assert "every 10s" in page

    Platform.objects.update(authority=alive, api_base=alive)

    part = poll(bob, page_url(request), "")
    assert seen_on(part)
    assert "disabled" not in part.content.decode().split('value="approve"')[1].split(">")[0]


def test_what_runs_at_once_is_nobodys_approval(platform: Platform, cast: Cast) -> None:
    request = ask_deposit(cast.olga, new_account(platform), "10.00")
    text = text_of(signed_in(cast.olga).get(page_url(request)))
    steps = text.split("Steps")[1]
    assert "Needed no approval" in steps
    assert "Approved" not in steps


def test_outside_ones_scopes_a_request_does_not_exist(platform: Platform, cast: Cast) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform), "10.00")
    narrow = make_user("Narrow", "compliance", groups="demo*")
    assert signed_in(narrow).get(page_url(request)).status_code == 404
    assert signed_in(cast.dave).get(page_url(request)).status_code == 403


def test_the_page_needs_few_queries(
    platform: Platform,
    cast: Cast,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    login = new_account(platform)
    request = ask_withdrawal(cast.olga, login, "10.00")
    for amount in range(11, 25):
        ask_withdrawal(cast.olga, login, f"{amount}.00")
    bob = signed_in(cast.bob)
    bob.get(page_url(request))
    with django_assert_max_num_queries(60):
        bob.get(page_url(request))


def test_contact_details_are_dotted_out_for_those_without_the_right(
    platform: Platform, cast: Cast
) -> None:
    from accounts.commands import CreateAccount
    from panel.commands.submit import submit
    from panel.models import AuditEntry
    from tests.factories import actor

    profile = {"name": "Anna Kowalska", "email": "anna@example.com", "phone": "+48 555 0199"}
    command = CreateAccount(platform="demo", group="real-std-usd", leverage=100, profile=profile)
    request = submit(command, actor=actor(cast.olga), source="test", reason="", key="contact")
    entry = AuditEntry.objects.get(reference=request.reference, action="request accounts.create")
    pages = {
        cast.alice: page_url(request),  # a dealer sees requests, not contact details
        cast.ada: reverse("audit_entry", args=[entry.seq]),
    }
    for person, address in pages.items():
        text = text_of(signed_in(person).get(address))
        assert "Anna Kowalska" in text
        assert "anna@example.com" not in text
        assert "555 0199" not in text
    assert "anna@example.com" in text_of(signed_in(cast.bob).get(page_url(request)))


def test_a_waiting_payment_is_changed_by_one_that_takes_its_place(
    platform: Platform, cast: Cast
) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform), "10.00")
    olga = signed_in(cast.olga)
    found = re.search(
        r'href="([^"]+supersedes[^"]+)"', olga.get(page_url(request)).content.decode()
    )
    assert found
    form = olga.get(found[1])
    assert 'value="10.00"' in form.content.decode()
    fields = {"amount": "12.00", "method": "internal", "key": "edit"}
    fields["supersedes"] = request.reference
    address = found[1].partition("?")[0]
    assert request.reference in text_of(olga.post(address, {**fields, "step": "preview"}))
    olga.post(address, {**fields, "step": "send"})
    request.refresh_from_db()
    assert request.status == Status.WITHDRAWN
    assert str(request.superseded_by.amount) == "12.00"
    # Whoever may not make payments is not offered to change one.
    other = ask_withdrawal(cast.olga, new_account(platform), "10.00")
    assert "supersedes" not in signed_in(cast.bob).get(page_url(other)).content.decode()


def test_a_form_tells_nothing_of_a_request_outside_the_scopes(
    platform: Platform, cast: Cast
) -> None:
    theirs = new_account(platform, group="retail-eu")
    request = ask_withdrawal(cast.olga, new_account(platform), "77.00", comment="for Anna")
    narrow = signed_in(make_user("Nora", "back-office", groups="retail*"))
    form = reverse("payment_withdraw", args=("demo", theirs))
    assert narrow.get(form).status_code == 200
    assert narrow.get(form, {"supersedes": request.reference}).status_code == 404
    fields = {"amount": "1.00", "method": "internal", "key": "k", "supersedes": request.reference}
    assert narrow.post(form, {**fields, "step": "send"}).status_code == 404
    request.refresh_from_db()
    assert request.status == Status.PENDING


def test_a_form_that_changes_a_request_shows_no_contact_details_without_the_right(
    platform: Platform, cast: Cast
) -> None:
    opening = submit(
        CreateAccount(
            platform="demo",
            group="real-std-usd",
            leverage=100,
            profile={"name": "Anna Kowalska", "email": "anna@example.com"},
        ),
        actor=actor(cast.olga),
        source="test",
        reason="",
        key="open",
    )
    Role.objects.create(
        slug="opener",
        name="Opener",
        permissions=["home.view", "requests.view", "accounts.view", "accounts.create"],
    )
    form = reverse("account_create", args=("demo",))
    shown = signed_in(make_user("Otto", "opener")).get(form, {"supersedes": opening.reference})
    assert "Anna Kowalska" in shown.content.decode()
    assert "anna@example.com" not in shown.content.decode()
    for_olga = signed_in(cast.olga).get(form, {"supersedes": opening.reference})
    assert "anna@example.com" in for_olga.content.decode()
