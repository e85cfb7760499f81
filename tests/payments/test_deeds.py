"""The forms of transfers, corrections, chargebacks and resets, and the page of a payment."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from panel.models import ChangeRequest, Platform, Status
from payments.commands import Deposit
from payments.models import Kind, Payment
from tests.core.conftest import Cast
from tests.core.money import approve_as, carry_out
from tests.factories import make_user
from tests.harness.sandbox import SandboxProcess
from tests.payments.test_commands import ask, enabled_account, make
from tests.payments.test_pages import as_user, key_in
from tests.payments.transferring import approved_transfer

pytestmark = pytest.mark.django_db(transaction=True)
DEEDS = ("transfer", "correction", "chargeback", "negative_reset")


def page_of(payment: Payment) -> str:
    return reverse("payment_detail", args=(payment.reference,))


def test_a_transfer_goes_from_form_over_preview_to_its_request(
    platform: Platform, cast: Cast
) -> None:
    source = enabled_account(platform, "1000.00", name="Anna Kowalska")
    target = enabled_account(platform, "0", name="Jan Nowak", group="real-std-eur")
    client = as_user(cast.olga)
    address = reverse("payment_transfer", args=("demo", source))
    page = client.get(address).content.decode()
    assert "At most 1,000.00 USD can leave the account now." in page
    form = {
        "key": key_in(page),
        "amount": "100",
        "method": "internal",
        "to_login": str(target),
        "rate": "0.92",
        "reason": "client asked",
    }
    preview = client.post(address, {**form, "step": "preview"}).content.decode()
    assert "which gets 92.00 EUR at 0.92 EUR for 1 USD" in preview
    assert "different owners: Anna Kowalska and Jan Nowak" in preview
    assert f"{target} balance" in preview
    assert client.post(address, {**form, "step": "send"}).status_code == 302
    request = ChangeRequest.objects.get()
    assert (request.amount, request.status) == (Decimal("100.00"), Status.PENDING)
    decision = as_user(cast.bob).get(reverse("request_detail", args=(request.reference,)))
    text = decision.content.decode()
    assert "Approve 100.00 USD" in text
    assert "92.00 EUR" in text


def test_the_form_names_what_is_wrong_with_the_other_account(
    platform: Platform, cast: Cast
) -> None:
    source = enabled_account(platform, "100.00")
    client = as_user(cast.olga)
    address = reverse("payment_transfer", args=("demo", source))
    fields = {"key": "k", "amount": "1", "method": "internal", "step": "preview"}
    for given, says in (
        ("", "required"),
        (str(source), "another account"),
        ("99999999", "no account"),
    ):
        page = client.post(address, {**fields, "to_login": given}).content.decode()
        assert 'id="id_to_login_error"' in page
        assert says in page


def test_a_correction_asks_for_direction_and_reason(platform: Platform, cast: Cast) -> None:
    address = reverse("payment_correction", args=("demo", enabled_account(platform)))
    client = as_user(cast.olga)
    fields = {"key": "k", "amount": "5", "method": "internal", "step": "preview"}
    page = client.post(address, fields).content.decode()
    assert 'id="id_direction_error"' in page
    assert 'id="id_reason_error"' in page
    good = {**fields, "direction": "out", "reason": "booked twice"}
    assert "Take out 5.00 USD" in client.post(address, good).content.decode()


def test_a_chargeback_begins_at_its_deposit(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform, "0")
    request = carry_out(ask(cast.olga, make(Deposit, login, "100.00", method="card")))
    deposit = Payment.objects.get(request=request)
    client = as_user(cast.olga)
    address = reverse("payment_chargeback", args=("demo", login))
    page = client.get(page_of(deposit)).content.decode()
    assert f"{address}?deposit={deposit.reference}" in page.replace("%20", " ")
    form = client.get(address, {"deposit": deposit.reference}).content.decode()
    assert f"{deposit.reference}: 100.00 USD, card" in form
    fields = {
        "key": key_in(form),
        "deposit": deposit.reference,
        "amount": "60",
        "method": "internal",
        "external_reference": "CASE-7",
        "reason": "the bank took it back",
    }
    assert client.post(address, {**fields, "step": "send"}).status_code == 302
    again = client.get(address).content.decode()
    assert f"{deposit.reference}: 40.00 USD of 100.00, card" in again
    chargeback = Payment.objects.get(kind=Kind.CHARGEBACK)
    assert chargeback.reference in client.get(page_of(deposit)).content.decode()
    assert deposit.reference in client.get(page_of(chargeback)).content.decode()


def test_an_account_without_deposits_has_nothing_to_charge_back(
    platform: Platform, cast: Cast
) -> None:
    address = reverse("payment_chargeback", args=("demo", enabled_account(platform)))
    assert "knows no deposit of this account" in as_user(cast.olga).get(address).content.decode()


def test_a_balance_that_is_not_below_zero_is_not_reset(platform: Platform, cast: Cast) -> None:
    address = reverse("payment_negative_reset", args=("demo", enabled_account(platform)))
    client = as_user(cast.olga)
    page = client.get(address).content.decode()
    assert "there is nothing to reset" in page
    answer = client.post(address, {"key": key_in(page), "step": "preview"})
    assert answer.status_code == 422


def test_the_page_of_a_payment_shows_its_legs_and_mt4s_records(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    source = enabled_account(platform, "1000.00", name="Anna Kowalska")
    target = enabled_account(platform, "0", name="Anna Kowalska")
    request = approved_transfer(cast, source, target, "100.00", comment="to savings")
    sandbox.fault("mt4_error", "TradeTransaction", login=target, count=1, code="TradeDisable")
    assert carry_out(request).status == Status.FAILED
    out = request.payments.get(kind=Kind.TRANSFER_OUT)
    page = as_user(cast.carol).get(page_of(out)).content.decode()
    for payment in request.payments.all():
        assert payment.reference in page
    assert str(out.ticket) in page
    assert "were put back" in page
    assert f"{request.reference} to savings" in page
    assert "Asked for" in page


def test_the_page_of_a_payment_shows_what_changed_hands(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform, "0")
    paid = {"paid_amount": Decimal("100"), "paid_currency": "EUR", "rate": Decimal("1.08345")}
    request = ask(cast.olga, make(Deposit, login, "106.85", fee=Decimal("1.50"), **paid))
    page = as_user(cast.carol).get(page_of(Payment.objects.get(request=request)))
    text = page.content.decode()
    for words in ("100.00 EUR", "1.08345 USD for 1 EUR", "1.50 USD", "106.85 USD"):
        assert words in text
    listed = as_user(cast.carol).get(reverse("payment_list"), {"paid_currency": "EUR"})
    assert request.reference in listed.content.decode()
    other = as_user(cast.carol).get(reverse("payment_list"), {"kind": "chargeback"})
    assert request.reference not in other.content.decode()


def test_a_payment_outside_the_scopes_is_not_there(platform: Platform, cast: Cast) -> None:
    request = ask(cast.olga, make(Deposit, enabled_account(platform), "1.00"))
    address = page_of(Payment.objects.get(request=request))
    assert as_user(cast.carol).get(address).status_code == 200
    erik = make_user("Erik", "auditor", groups="real-std-eur")
    assert as_user(erik).get(address).status_code == 404
    assert as_user(cast.dave).get(address).status_code == 403


def test_of_a_transfer_one_sees_the_leg_within_ones_scopes(platform: Platform, cast: Cast) -> None:
    source = enabled_account(platform, "100.00")
    target = enabled_account(platform, "0", group="real-std-eur")
    request = approved_transfer(cast, source, target, "10.00", rate=Decimal("0.9"))
    erik = as_user(make_user("Erik", "auditor", groups="real-std-eur"))
    out, into = request.payments.order_by("pk")
    assert erik.get(page_of(out)).status_code == 404
    page = erik.get(page_of(into)).content.decode()
    assert into.reference in page
    assert out.reference not in page
    assert str(source) not in page


@pytest.mark.parametrize("deed", DEEDS)
def test_nobody_opens_a_form_without_its_right(platform: Platform, cast: Cast, deed: str) -> None:
    address = reverse(f"payment_{deed}", args=("demo", enabled_account(platform)))
    assert as_user(cast.olga).get(address).status_code == 200
    for person in (cast.bob, cast.alice, cast.maya, cast.ada):
        assert as_user(person).get(address).status_code == 403


def test_a_waiting_transfer_can_be_changed(platform: Platform, cast: Cast) -> None:
    source, target = enabled_account(platform, "100.00"), enabled_account(platform, "0")
    from tests.payments.transferring import transfer

    request = ask(cast.olga, transfer(source, target, "10.00"))
    form = as_user(cast.olga).get(
        reverse("payment_transfer", args=("demo", source)), {"supersedes": request.reference}
    )
    assert f'value="{target}"' in form.content.decode()
    assert approve_as(cast.bob, request).status == Status.APPROVED
