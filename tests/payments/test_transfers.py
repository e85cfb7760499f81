"""Transfers: two legs; what a form refuses; what whoever decides is told."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from panel.commands.submit import live_reader
from panel.models import AuditEntry, Hold, Platform, Status, User
from panel.mt4.write import writer
from payments.books import books
from payments.models import Kind, Payment
from tests.core.conftest import Cast
from tests.core.money import approve_as, balance_of, carry_out
from tests.factories import make_user
from tests.harness.sandbox import SandboxProcess
from tests.pages.browsing import signed_in, text_of
from tests.payments.test_commands import ask, enabled_account, errors_of, levels
from tests.payments.transferring import (
    approved_transfer,
    balances,
    legs_in_mt4,
    run_again,
    states,
    transfer,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("short_waits")]


def test_a_transfer_takes_from_one_account_and_brings_to_the_other(
    platform: Platform, cast: Cast, pair: tuple[int, int]
) -> None:
    request = ask(cast.olga, transfer(*pair, "250.50", comment="to savings"))
    assert request.status == Status.PENDING
    assert carry_out(approve_as(cast.bob, request)).status == Status.DONE
    assert balances(platform, *pair) == [Decimal("749.50"), Decimal("250.50")]
    assert legs_in_mt4(platform, request) == {
        "TR": [Decimal("-250.50")],
        "TI": [Decimal("250.50")],
    }
    out, into = request.payments.order_by("pk")
    assert (out.kind, into.kind) == (Kind.TRANSFER_OUT, Kind.TRANSFER_IN)
    assert (out.login, into.login) == pair
    assert into.reference == f"TI {request.reference[3:]}"
    assert into.origin == out
    assert out.ticket != into.ticket
    assert None not in (out.ticket, into.ticket, out.finished, into.finished)
    assert not Hold.objects.exists()
    for login in pair:
        assert books(platform, login).agree


def test_into_another_currency_the_rate_decides_what_arrives(
    platform: Platform, cast: Cast
) -> None:
    source = enabled_account(platform, "1000.00", name="Anna Kowalska")
    target = enabled_account(platform, "0", name="Anna Kowalska", group="real-std-eur")
    command = transfer(source, target, "100.00", rate=Decimal("0.92345"))
    preview = command.preview(live_reader(command))
    assert preview.sentence == (
        f"Transfer 100.00 USD from {source} Anna Kowalska to {target} Anna Kowalska, which gets "
        f"92.35 EUR at 0.92345 EUR for 1 USD; on {source} free margin falls from 1,000.00 to "
        "900.00; needs compliance or manager"
    )
    changes = {change.label: (change.before, change.after) for change in preview.changes}
    assert changes[f"{source} balance"] == ("1,000.00", "900.00")
    assert changes[f"{target} balance"] == ("0.00 EUR", "92.35 EUR")

    request = approve_as(cast.bob, ask(cast.olga, command))
    assert carry_out(request).status == Status.DONE
    assert balances(platform, source, target) == [Decimal("900.00"), Decimal("92.35")]
    into = request.payments.get(kind=Kind.TRANSFER_IN)
    assert (into.currency, into.paid_amount, into.paid_currency) == (
        "EUR",
        Decimal("100.00"),
        "USD",
    )
    assert into.rate == Decimal("0.92345")


@pytest.mark.parametrize(
    ("rate", "says", "level"),
    [
        ("0.92", "within 1", "ok"),
        ("0.80", "below the market", "warn"),
        ("1.0834", "the wrong way round", "warn"),
    ],
)
def test_a_rate_is_held_against_the_market(
    platform: Platform, sandbox: SandboxProcess, rate: str, says: str, level: str
) -> None:
    sandbox.price("EURUSD", 1.08340, 1.08344)
    source = enabled_account(platform, "1000.00")
    target = enabled_account(platform, "0", group="real-std-eur")
    found = levels(transfer(source, target, "100.00", rate=Decimal(rate)))
    assert [found[text] for text in found if says in text] == [level], found


@pytest.mark.parametrize(
    ("fields", "name", "says"),
    [
        ({"amount": "1000.01"}, "amount", "At most 1,000.00 USD can be withdrawn now"),
        ({"target": "source"}, "to_login", "another account"),
        ({"target": 99999999}, "to_login", "no account 99999999"),
        ({"rate": Decimal("0.9")}, "rate", "there is no rate"),
        ({"rate": Decimal("-1")}, "rate", "more than zero"),
        ({"target": "euros"}, "rate", "Enter how many EUR one USD is"),
        ({"target": "euros", "rate": Decimal("0.00001")}, "rate", "out of all bounds"),
        ({"comment": "twenty letters long!"}, "comment", "at most 19"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    platform: Platform,
    cast: Cast,
    pair: tuple[int, int],
    fields: dict[str, Any],
    name: str,
    says: str,
) -> None:
    euros = enabled_account(platform, "0", group="real-std-eur")
    places = {"source": pair[0], "euros": euros}
    wanted = {"amount": "10.00", "target": pair[1], **fields}
    target = wanted.pop("target")
    amount = wanted.pop("amount")
    if name == "rate" and target == "euros" and "rate" in wanted:
        amount = "0.05"
    command = transfer(pair[0], places.get(target, target), amount, **wanted)
    assert says in errors_of(cast.olga, command)[name][0]
    assert not Payment.objects.exists()


def test_an_account_outside_the_scopes_of_whoever_asks_is_not_there(
    platform: Platform, cast: Cast
) -> None:
    source = enabled_account(platform, "100.00")
    target = enabled_account(platform, "0", group="real-std-eur")
    erik = make_user("Erik", "back-office", groups="real-std-usd")
    errors = errors_of(erik, transfer(source, target, "10.00", rate=Decimal("0.9")))
    assert "not yours to see" in errors["to_login"][0]
    assert AuditEntry.objects.get(outcome="denied").code == "scope"


def test_whoever_decides_must_see_both_accounts(platform: Platform, cast: Cast) -> None:
    from panel.commands.decide import why_not

    source = enabled_account(platform, "100.00")
    target = enabled_account(platform, "0", group="real-std-eur")
    request = ask(cast.olga, transfer(source, target, "10.00", rate=Decimal("0.9")))
    zoe = make_user("Zoe", "compliance", groups="real-std-usd")
    assert "receiving account" in why_not(request, zoe)
    assert why_not(request, cast.bob) == ""


def test_another_owner_is_worth_a_warning(platform: Platform, pair: tuple[int, int]) -> None:
    other = enabled_account(platform, "0", name="Jan Nowak")
    text = "The accounts have different owners: Anna Kowalska and Jan Nowak."
    assert levels(transfer(pair[0], other, "10.00"))[text] == "warn"
    assert text not in levels(transfer(*pair, "10.00"))


def test_what_is_no_longer_free_fails_the_transfer_and_nothing_is_sent(
    platform: Platform, cast: Cast, pair: tuple[int, int]
) -> None:
    request = approved_transfer(cast, *pair, "900.00")
    writer(platform.connection).balance(
        pair[0], Decimal("-500.00"), comment="elsewhere", key=str(uuid.uuid4())
    )
    failed = carry_out(request)
    assert failed.status == Status.FAILED
    assert "Nothing was sent" in failed.outcome_text
    assert balances(platform, *pair) == [Decimal("500.00"), Decimal("0.00")]
    assert states(request) == {"TR": "failed", "TI": "failed"}


def test_opposite_transfers_of_two_accounts_wait_for_one_another(
    platform: Platform, cast: Cast, pair: tuple[int, int]
) -> None:
    there = approved_transfer(cast, *pair, "100.00")
    assert carry_out(there).status == Status.DONE
    back = approved_transfer(cast, pair[1], pair[0], "40.00")
    again = approved_transfer(cast, *pair, "10.00")
    assert run_again(back).status == Status.DONE
    assert run_again(again).status == Status.DONE
    assert balances(platform, *pair) == [Decimal("930.00"), Decimal("70.00")]


def test_nothing_is_left_over(platform: Platform, cast: Cast, pair: tuple[int, int]) -> None:
    request = approved_transfer(cast, *pair, "1000.00")
    assert carry_out(request).status == Status.DONE
    assert balance_of(platform, pair[0]) == Decimal("0.00")


def test_what_is_under_way_stands_on_the_pages_of_both_accounts(
    platform: Platform, cast: Cast
) -> None:
    source = enabled_account(platform, "1000.00", name="Anna Kowalska")
    target = enabled_account(platform, "0", name="Anna Kowalska", group="real-std-eur")
    request = ask(cast.olga, transfer(source, target, "100.00", rate=Decimal("0.92345")))
    into = f"TI {request.reference[3:]} Transfer in of 92.35 EUR from {source}"
    near = make_user("Nora", "back-office", groups="real-std-eur")
    assert request.reference in overview(cast.olga, source)
    assert into in overview(cast.olga, target)
    assert into in overview(near, target), "who sees the account sees what comes to it"
    far = make_user("Dan", "dealer")
    assert (into in overview(far, target)) == far.may("payments.view")
    ledger = signed_in(cast.olga).get(reverse("account_payments", args=("demo", target)))
    assert f"TI {request.reference[3:]}" in text_of(ledger)

    assert carry_out(approve_as(cast.bob, request)).status == Status.DONE
    assert into not in overview(cast.olga, target)


def overview(person: User, login: int) -> str:
    """The account's page."""
    return text_of(signed_in(person).get(reverse("account", args=("demo", login))))
