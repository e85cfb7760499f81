"""What the reviewer is told of an account's money: methods, pace, and what to mind."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from panel.commands import decide
from panel.models import ChangeRequest, Platform
from payments.adjustments import Chargeback
from payments.commands import Deposit, Withdraw
from payments.desk.history import decisions
from payments.desk.money import money_of, outside, paces, ways
from payments.desk.trading import trading_of
from payments.mirror import mirror_now
from payments.models import Payment, Withdrawal
from tests.core.conftest import Cast
from tests.core.money import approve_as, carry_out
from tests.factories import actor, make_user
from tests.payments.test_commands import ask, enabled_account, make
from tests.payments.test_desk import hold, payer
from tests.payments.test_pages import as_user
from tests.payments.test_returns import take_back
from tests.payments.transferring import transfer

# What every page asks: the session and its last sign of life (7), roles and scopes (2),
# the servers, the bell, the numbers beside the sidebar's entries (7), and whether a restored
# backup waits for an administrator.
FRAME = 17
pytestmark = pytest.mark.django_db(transaction=True)


def deposit(cast: Cast, login: int, amount: str, method: str) -> None:
    """Money that came through the panel."""
    carry_out(ask(cast.olga, make(Deposit, login, amount, method=method)))


def withdraw(cast: Cast, login: int, amount: str, method: str) -> ChangeRequest:
    """Money that MT4 has debited."""
    request = ask(cast.olga, make(Withdraw, login, amount, method=method))
    approve_as(cast.bob, request)
    return carry_out(request)


def row_of(request: ChangeRequest) -> Withdrawal:
    """The withdrawal as the desk has it."""
    rows = Withdrawal.objects.select_related("payment__request", "platform", "returned_by")
    return rows.get(payment__request=request)


def test_money_goes_back_the_narrowest_way_first(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform, "1000.00")
    mirror_now(platform)
    deposit(cast, login, "300.00", "card")
    deposit(cast, login, "200.00", "bank")
    gone = withdraw(cast, login, "100.00", "card")
    request = ask(cast.olga, make(Withdraw, login, "250.00", method="bank"))
    row = row_of(request)
    assert [(way.method, way.came, way.went, way.left) for way in ways(row)] == [
        ("bank", Decimal(200), Decimal(0), Decimal(200)),
        ("card", Decimal(300), Decimal(100), Decimal(200)),
    ]
    assert outside(row) == Decimal(1000)
    told = {check.text: check.level for check in money_of(row).checks}
    assert told == {
        "200.00 USD came by card and goes back there first.": "warn",
        "50.00 USD more than came by bank transfer and has not gone back.": "warn",
    }

    # What was credited back has not gone anywhere.
    back = take_back(payer(), gone)
    approve_as(cast.bob, back)
    carry_out(back)
    assert {way.method: way.left for way in ways(row)}["card"] == Decimal(300)


def test_what_the_provider_charged_back_is_not_there_to_go_back(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform, "1000.00")
    deposit(cast, login, "300.00", "card")
    payment = Payment.objects.get(login=login)
    ask(cast.olga, make(Chargeback, login, "120.00", deposit=payment.reference))
    row = row_of(ask(cast.olga, make(Withdraw, login, "50.00", method="bank")))
    assert {way.method: way.left for way in ways(row)} == {"card": Decimal(180)}


def test_the_pace_counts_what_moves_within_each_span(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform, "1000.00")
    for amount, hours in (("10.00", 1), ("20.00", 30), ("40.00", 24 * 8), ("80.00", 24 * 40)):
        request = ask(cast.olga, make(Withdraw, login, amount))
        Payment.objects.filter(request=request).update(
            created=timezone.now() - timedelta(hours=hours)
        )
    row = row_of(ask(cast.olga, make(Withdraw, login, "5.00")))
    assert [(pace.number, pace.total) for pace in paces(row)] == [
        (2, Decimal(15)),
        (3, Decimal(35)),
        (4, Decimal(75)),
    ]
    assert not money_of(row).checks
    ask(cast.olga, make(Withdraw, login, "1.00"))
    (many,) = money_of(row).checks
    assert many.text == "3 withdrawals of 16.00 USD in all within 24 hours."
    assert len(money_of(row).recent) == 5


def test_decisions_on_the_accounts_other_payments_are_told_with_their_reasons(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform, "1000.00")
    withdraw(cast, login, "10.00", "bank")
    held = ask(cast.olga, make(Withdraw, login, "20.00"))
    hold(cast.bella, held, "Waits for the passport.")
    row = row_of(ask(cast.olga, make(Withdraw, login, "30.00")))
    found = [(one.what, one.who, one.why) for one in decisions(row, cast.bob)]
    assert found == [("held", "Bella", "Waits for the passport."), ("approved", "Bob", "")]
    assert decisions(row_of(held), cast.bob)[0].what == "approved"


def test_a_deposit_that_nobody_traded_with_is_worth_a_warning(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform, "1000.00")
    row = row_of(ask(cast.olga, make(Withdraw, login, "30.00")))
    found, checks = trading_of(row, "USD")
    assert (found.positions, found.closed, found.trouble) == ([], 0, "")
    assert [check.level for check in checks] == ["warn"]
    assert checks[0].text.startswith("Deposit without trading: 1,000.00 USD on ")


def test_the_reviewers_page_asks_the_database_for_no_more_than_it_shows(
    platform: Platform, cast: Cast, django_assert_max_num_queries: Any
) -> None:
    login = enabled_account(platform, "1000.00", name="Anna Kowalska")
    deposit(cast, login, "500.00", "card")
    withdraw(cast, login, "20.00", "card")
    request = ask(cast.olga, make(Withdraw, login, "80.00", method="bank"))
    client = as_user(cast.bob)
    page = reverse("withdrawal", args=(request.reference,))
    client.get(page)
    # Beside money and trading: who has it in hand and who could (4), the open batch, the rule it
    # would stand under now, and the approvals that count, anew wherever they are told (3).
    with django_assert_max_num_queries(FRAME + 45):
        assert client.get(page).status_code == 200


def test_a_decision_on_a_transfer_to_an_account_out_of_sight_is_not_told(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform, "1000.00")
    other = enabled_account(platform, "0", group="real-std-eur")
    moved = ask(cast.olga, transfer(login, other, "10.00", rate=Decimal("0.9")))
    why = "That is his wife’s account."
    decide.reject(moved, actor=actor(cast.bob), source="test", reason=why)
    row = row_of(ask(cast.olga, make(Withdraw, login, "20.00")))
    erik = make_user("Erik", "compliance", groups="real-std-usd")
    assert [(one.reference, one.why) for one in decisions(row, cast.bella)] == [
        (moved.reference, why)
    ]
    assert decisions(row, erik) == []
    address = reverse("withdrawal", args=(row.payment.reference,))
    assert why in as_user(cast.bella).get(address).content.decode()
    page = as_user(erik).get(address)
    assert page.status_code == 200
    assert why not in page.content.decode()
