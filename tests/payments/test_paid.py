"""Money paid in another currency, or with a fee: what is booked, kept and shown."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from panel.commands.submit import live_reader
from panel.models import ChangeRequest, Platform, Status
from payments.commands import Deposit, Withdraw
from payments.conversion import booked, plain_number, worth
from payments.models import Payment
from tests.core.conftest import Cast
from tests.core.money import balance_of, carry_out
from tests.harness.sandbox import SandboxProcess
from tests.payments.test_commands import ask, enabled_account, errors_of, levels, make
from tests.payments.test_pages import as_user

pytestmark = pytest.mark.django_db(transaction=True)
EUROS = {"paid_amount": Decimal("100"), "paid_currency": "EUR", "rate": Decimal("1.08345")}


@pytest.mark.parametrize(
    ("paid", "rate", "fee", "out", "amount", "currency"),
    [
        ("100", "1.08345", "0", False, "108.35", "USD"),  # halves go up
        ("100", "1.08344", "0", False, "108.34", "USD"),
        ("100", "1.08345", "1.35", False, "107.00", "USD"),  # kept of what came
        ("100", "1.08345", "1.35", True, "109.70", "USD"),  # on top of what goes
        ("0.00012345", "65000.5", "0", False, "8.02", "USD"),
        ("1", "1", "0", True, "1.00", "USD"),
        ("100", "158.125", "0", False, "15813", "JPY"),
        ("100", "158.125", "3", True, "15816", "JPY"),
    ],
)
def test_what_is_booked_is_worked_out_in_the_decimals_of_the_currency(
    paid: str, rate: str, fee: str, out: bool, amount: str, currency: str
) -> None:
    result = booked(Decimal(paid), Decimal(rate), Decimal(fee), currency, out=out)
    assert result == Decimal(amount)


def test_worth_rounds_half_away_from_zero() -> None:
    assert worth(Decimal("2.5"), Decimal("0.002"), "USD") == Decimal("0.01")
    assert worth(Decimal("2.4"), Decimal("0.002"), "USD") == Decimal("0.00")
    assert worth(Decimal("2.5"), Decimal("0.2"), "JPY") == Decimal("1")


def test_a_rate_is_shown_without_idle_zeros() -> None:
    assert plain_number(Decimal("1.0800")) == "1.08"
    assert plain_number(Decimal("1500.0")) == "1,500"
    assert plain_number(Decimal("1500")) == "1,500"


def test_a_deposit_in_euros_keeps_amount_rate_fee_and_result(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    sandbox.price("EURUSD", 1.08340, 1.08344)
    login = enabled_account(platform, "0", name="Anna Kowalska")
    command = make(Deposit, login, "106.85", fee=Decimal("1.50"), **EUROS)
    preview = command.preview(live_reader(command))
    assert preview.sentence.startswith(
        f"Deposit 106.85 USD to {login} Anna Kowalska for 100.00 EUR paid in at 1.08345 USD for "
        "1 EUR, fee 1.50 USD"
    )
    assert [check.level for check in preview.checks if "market" in check.text] == ["ok"]
    request = ask(cast.olga, command)
    assert carry_out(request).status == Status.DONE
    assert balance_of(platform, login) == Decimal("106.85")
    payment = Payment.objects.get(request=request)
    assert (payment.amount, payment.currency) == (Decimal("106.85"), "USD")
    assert (payment.paid_amount, payment.paid_currency) == (Decimal("100"), "EUR")
    assert (payment.rate, payment.fee) == (Decimal("1.08345"), Decimal("1.50"))


def test_a_rate_far_off_the_market_is_worth_a_warning(
    platform: Platform, sandbox: SandboxProcess
) -> None:
    sandbox.price("EURUSD", 1.08340, 1.08344)
    login = enabled_account(platform, "0")
    found = levels(
        make(Deposit, login, "92.30", **{**EUROS, "rate": Decimal("0.923")})  # the inverse
    )
    assert any("wrong way round" in text for text, level in found.items() if level == "warn")
    unknown = {**EUROS, "paid_currency": "XYZ"}
    found = levels(make(Deposit, login, "108.35", **unknown))
    assert any("no price of 1 XYZ" in text for text, level in found.items() if level == "warn")


@pytest.mark.parametrize(
    ("fields", "name", "says"),
    [
        ({"amount": "108.34"}, "amount", "works out to 108.35"),
        ({"rate": None}, "rate", "More than zero"),
        ({"rate": Decimal("0")}, "rate", "More than zero"),
        ({"paid_amount": None}, "paid_amount", "Enter what was paid"),
        ({"paid_amount": Decimal("-1")}, "paid_amount", "More than zero"),
        ({"paid_currency": "euro!"}, "paid_currency", "short name"),
        ({"paid_currency": "USD"}, "rate", "the rate is 1"),
        ({"fee": Decimal("-1")}, "fee", "Nothing or more"),
        ({"fee": Decimal("0.005")}, "fee", "two decimals"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    platform: Platform, cast: Cast, fields: dict[str, Any], name: str, says: str
) -> None:
    wanted = {"amount": "108.35", **EUROS, **fields}
    command = make(Deposit, enabled_account(platform, "0"), wanted.pop("amount"), **wanted)
    assert says in errors_of(cast.olga, command)[name][0]


def test_the_form_works_the_amount_out(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform, "1000.00")
    client = as_user(cast.olga)
    form = {
        "key": "k",
        "amount": "",
        "method": "bank",
        "beneficiary": "Anna",
        "paid_amount": "100",
        "paid_currency": "eur",
        "rate": "1.08345",
        "fee": "1.50",
    }
    address = reverse("payment_withdraw", args=("demo", login))
    preview = client.post(address, {**form, "step": "preview"}).content.decode()
    assert "Withdraw 109.85 USD" in preview
    assert "100.00 EUR paid out at 1.08345 USD for 1 EUR, fee 1.50 USD" in preview
    assert client.post(address, {**form, "step": "send"}).status_code == 302
    request = ChangeRequest.objects.get()
    assert request.amount == Decimal("109.85")
    again = client.get(f"{address}?supersedes={request.reference}").content.decode()
    assert 'value="1.08345"' in again


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"paid_amount": "100", "paid_currency": "EUR"}, "rate", "Enter how many USD"),
        ({"fee": "1"}, "paid_amount", "required"),
        ({"paid_amount": "100", "fee": "100"}, "fee", "Nothing would be left"),
        ({"paid_amount": "1,00"}, "paid_amount", "with a point"),
        ({"paid_amount": "0,125", "paid_currency": "BTC"}, "paid_amount", "write 0.125"),
        ({"paid_amount": "9", "paid_currency": "EUR", "rate": "1,084"}, "rate", "1.084 or 1084"),
        ({"paid_amount": "9" * 29, "rate": "9" * 29}, "paid_amount", "must not exceed"),
        ({"paid_amount": "9", "paid_currency": "EUR", "rate": "9" * 29}, "rate", "must not exceed"),
        ({"amount": "1", "paid_amount": "2"}, "amount", "works out to 2.00"),
        ({}, "amount", "required"),
    ],
)
def test_the_form_says_beside_the_field_what_is_missing(
    platform: Platform, cast: Cast, fields: dict[str, str], field: str, says: str
) -> None:
    address = reverse("payment_deposit", args=("demo", enabled_account(platform)))
    answer = as_user(cast.olga).post(
        address, {"key": "k", "method": "bank", "step": "preview", **fields}
    )
    assert answer.status_code == 422
    page = answer.content.decode()
    assert f'id="id_{field}_error"' in page
    assert says in page


def test_a_fee_in_the_accounts_own_currency_needs_no_rate(platform: Platform, cast: Cast) -> None:
    address = reverse("payment_deposit", args=("demo", enabled_account(platform, "0")))
    fields = {"key": "k", "method": "card", "paid_amount": "100", "fee": "2.50", "step": "preview"}
    page = as_user(cast.olga).post(address, fields).content.decode()
    assert "Deposit 97.50 USD" in page
    assert "for 100.00 USD paid in, fee 2.50 USD" in page


def test_withdrawals_are_debited_with_their_fee(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform, "100.00")
    paid = {"paid_amount": Decimal("99"), "paid_currency": "USD", "rate": Decimal(1)}
    over = make(Withdraw, login, "101.00", fee=Decimal(2), **paid)
    assert "At most 100.00 USD" in errors_of(cast.olga, over)["amount"][0]
