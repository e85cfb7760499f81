"""The inbox: what waits for this person, by the rules of deciding and no others."""

from __future__ import annotations

from dataclasses import fields

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from panel.commands.decide import why_not
from panel.commands.inbox import visible_requests, waiting_for
from panel.models import ChangeRequest, Platform
from tests.core.money import approve_as, ask_deposit, ask_withdrawal, new_account
from tests.factories import make_user
from tests.pages.browsing import signed_in, text_of
from tests.pages.conftest import Cast

pytestmark = pytest.mark.django_db


def test_the_inbox_and_the_decision_agree_on_everybody(platform: Platform, cast: Cast) -> None:
    login = new_account(platform, "50000.00")
    ask_withdrawal(cast.olga, login, "10.00")
    ask_deposit(cast.olga, login, "20000.00")
    approve_as(cast.bob, ask_withdrawal(cast.olga, login, "11000.00"))
    both = make_user("Both", "back-office", "compliance")
    ask_withdrawal(both, login, "12.00")
    narrow = make_user("Narrow", "compliance", groups="demo*")

    people = [getattr(cast, field.name) for field in fields(cast)] + [both, narrow]
    for person in people:
        if not person.may("requests.view"):
            continue
        may = {row.pk for row in ChangeRequest.objects.all() if not why_not(row, person)}
        assert {row.pk for row in waiting_for(person)} == may, person


def test_it_shows_mine_first_and_others_below(platform: Platform, cast: Cast) -> None:
    login = new_account(platform, "50000.00")
    mine = ask_withdrawal(cast.olga, login, "10.00")
    other = ask_withdrawal(cast.bob, login, "11.00") if cast.bob.may("payments.withdraw") else None
    both = make_user("Both", "back-office", "compliance")
    theirs = ask_withdrawal(both, login, "12.00")

    text = text_of(signed_in(both).get(reverse("approval_list")))

    assert other is None
    assert "Waits for you" in text
    assert text.index(mine.reference) < text.index("Waits for others")
    assert text.index(theirs.reference) > text.index("Waits for others")


def test_an_empty_inbox_says_so(platform: Platform, cast: Cast) -> None:
    text = text_of(signed_in(cast.bob).get(reverse("approval_list")))
    assert "Nothing waits for you" in text


def test_changes_of_the_panel_are_not_everybodys_to_read(platform: Platform, cast: Cast) -> None:
    ChangeRequest.objects.create(
        reference="PS 00000000",
        command="policies.set",
        payload={},
        payload_digest="",
        object_kind="policy",
        object_key="new",
        maker=cast.ada,
        source="test",
        idempotency_key="x",
        expires="2099-01-01T00:00:00Z",
    )
    readers = {
        person.name
        for person in (cast.ada, cast.adam, cast.carol, cast.bob, cast.alice, cast.olga)
        if visible_requests(person).exists()
    }
    assert readers == {"Ada", "Adam", "Carol", "Bob"}


def test_more_rows_need_no_more_queries(
    platform: Platform, cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    login = new_account(platform, "50000.00")
    for amount in range(10, 30):
        ask_withdrawal(cast.olga, login, f"{amount}.00")
    bob = signed_in(cast.bob)
    for name in ("approval_list", "request_list", "dashboard"):
        bob.get(reverse(name))
        with django_assert_max_num_queries(36):
            bob.get(reverse(name))
