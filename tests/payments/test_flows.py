"""Sums of payments: in, out and net apart, by currency, done only, what waits beside it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from panel.models import Platform
from payments.adjustments import IN, Correction
from payments.commands import Deposit, Withdraw
from payments.desk.money import paces, ways
from payments.models import Withdrawal
from tests.core.conftest import Cast
from tests.core.money import approve_as, carry_out, new_account
from tests.pages.browsing import text_of
from tests.payments.bulk.bulk import checked
from tests.payments.bulk.files import TO
from tests.payments.test_commands import ask, enabled_account, give_credit, make
from tests.payments.test_pages import as_user

pytestmark = pytest.mark.django_db(transaction=True)


def foot_of(response: Any) -> dict[str, str]:
    """The rows of sums below a table: label to amount."""
    foot = response.content.decode().partition("<tfoot>")[2].partition("</tfoot>")[0]
    rows = {}
    for row in re.findall(r"<tr>(.*?)</tr>", foot, flags=re.S):
        label, *cells = [
            re.sub(r"<[^>]+>", "", cell).strip()
            for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, flags=re.S)
        ]
        rows[label] = " ".join(filter(None, cells))
    return rows


def deposit(cast: Cast, login: int, amount: str, *, done: bool) -> None:
    request = ask(cast.olga, make(Deposit, login, amount, method="bank"))
    if done:
        carry_out(request)


def withdraw(cast: Cast, login: int, amount: str, *, done: bool) -> Any:
    request = ask(cast.olga, make(Withdraw, login, amount, method="bank"))
    if done:
        approve_as(cast.bob, request)
        carry_out(request)
    return request


def test_the_list_of_payments_tells_in_out_and_net_apart_and_what_waits(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform, "1000.00")
    euro = new_account(platform, "0", group="real-std-eur", enable_flags=1)
    deposit(cast, login, "300.00", done=True)
    deposit(cast, login, "5000.00", done=False)
    withdraw(cast, login, "120.00", done=True)
    withdraw(cast, login, "77.00", done=False)
    ask(cast.olga, make(Correction, login, "9.00", direction=IN))
    deposit(cast, euro, "40.00", done=True)
    client = as_user(cast.carol)
    assert foot_of(client.get(reverse("payment_list"))) == {
        "In EUR": "40.00",
        "Out EUR": "0.00",
        "Net EUR": "40.00",
        "In USD": "300.00",
        "Out USD": "\u2212120.00",
        "Net USD": "180.00",
        "Waiting in USD": "5,009.00",
        "Waiting out USD": "\u221277.00",
        "Waiting net USD": "4,932.00",
    }
    # A filter by state changes which rows are there, never what a sum is called.
    waiting = foot_of(client.get(reverse("payment_list"), {"status": "pending"}))
    assert waiting["In USD"] == "0.00"
    assert waiting["Waiting out USD"] == "\u221277.00"


def test_a_file_in_and_out_is_not_one_sum(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform, "100000.00")
    file = checked(
        cast.olga, f"{login},deposit,25000.00,USD,,", f"{login},withdrawal,15000.00,USD,,{TO}"
    )
    page = as_user(cast.olga).get(reverse("bulk_lines", args=(file.pk,)))
    assert foot_of(page) == {
        "In USD": "0.00",
        "Out USD": "0.00",
        "Net USD": "0.00",
        "Waiting in USD": "25,000.00",
        "Waiting out USD": "\u221215,000.00",
        "Waiting net USD": "10,000.00",
    }


def test_an_account_tells_what_came_what_went_and_what_waits(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform, "1000.00")
    give_credit(platform, login, "50.00")
    deposit(cast, login, "300.00", done=True)
    deposit(cast, login, "5000.00", done=False)
    withdraw(cast, login, "120.00", done=True)
    withdraw(cast, login, "77.00", done=False)
    page = as_user(cast.carol).get(reverse("account_payments", args=("demo", login)))
    said = text_of(page)
    assert "In 300.00 USD done; 5,000.00 waiting" in said
    assert "Out 120.00 USD done; 77.00 waiting" in said
    assert "Net 180.00 USD besides: 0.00 within the house, 0.00 credit" in said


def test_the_pace_counts_no_deposit_that_has_not_come(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform, "1000.00")
    deposit(cast, login, "300.00", done=True)
    deposit(cast, login, "5000.00", done=False)
    withdraw(cast, login, "120.00", done=True)
    request = withdraw(cast, login, "77.00", done=False)
    withdraw(cast, login, "30.00", done=False)
    row = Withdrawal.objects.get(payment__request=request)
    day = paces(row)[0]
    assert (day.came, day.went, day.net) == (Decimal(300), Decimal(120), Decimal(180))
    assert (day.waiting_in, day.waiting_out, day.number) == (Decimal(5000), Decimal(107), 3)
    [way] = ways(row)
    assert (way.came, way.went, way.waiting, way.left) == (
        Decimal(300),
        Decimal(120),
        Decimal(30),
        Decimal(150),
    )
    said = text_of(as_user(cast.bob).get(reverse("withdrawal", args=(request.reference,))))
    assert "24 h 300.00 120.00 180.00 3 waiting 5,000.00 107.00" in said
