"""Paying accounts, and the pages of payout batches."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from panel.commands.base import Invalid
from panel.commands.errors import Denied
from panel.models import Platform, Policy, Status
from payments.models import (
    PayingAccount,
    PayoutBatch,
    Withdrawal,
)
from payments.payouts.accounts import SetPayingAccount
from tests.core.conftest import Cast
from tests.core.money import approve_as
from tests.factories import make_user
from tests.payments.paying import (
    HOUSE_BIC,
    HOUSE_IBAN,
    batch_of,
    owed,
    payer,
    paying_account,
    refusal,
    request_of,
)
from tests.payments.test_pages import as_user, key_in

pytestmark = pytest.mark.django_db(transaction=True)


# --- Paying accounts ------------------------------------------------------------------------


def account(**fields: Any) -> SetPayingAccount:
    """A new paying account."""
    usual = {
        "title": "Main",
        "method": "bank",
        "currency": "EUR",
        "holder": "Broker Ltd",
        "iban": HOUSE_IBAN,
        "bic": HOUSE_BIC,
    }
    return SetPayingAccount(**{**usual, **fields})


def test_a_paying_account_takes_two_administrators(cast: Cast) -> None:
    Policy.objects.create(command=SetPayingAccount.name, approvals=0)
    for person in (cast.olga, cast.bob, cast.maya):
        with pytest.raises(Denied):
            request_of(person, account())
    request = request_of(cast.ada, account())
    assert (request.status, PayingAccount.objects.count()) == (Status.PENDING, 0)
    with pytest.raises(Denied):
        approve_as(cast.ada, request)
    approve_as(cast.adam, request)
    row = PayingAccount.objects.get()
    assert (row.name, row.iban, row.active) == ("Main", HOUSE_IBAN, True)
    change = request_of(cast.ada, account(account=row.pk, active=False))
    approve_as(cast.adam, change)
    row.refresh_from_db()
    assert not row.active
    assert "Nothing would change" in refusal(cast.ada, account(account=row.pk, active=False))
    assert "another one of this name" in refusal(cast.ada, account(title="main"))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"iban": "NL00ABNA0417164300"}, "iban"),
        ({"iban": ""}, "iban"),
        ({"number": "7"}, "number"),
        ({"bic": "X"}, "bic"),
        ({"currency": "euro"}, None),
        ({"currency": "E"}, "currency"),
        ({"method": "internal"}, "method"),
        ({"holder": ""}, "holder"),
    ],
)
def test_a_paying_account_is_checked(cast: Cast, fields: dict[str, str], field: str | None) -> None:
    if field is None:
        assert request_of(cast.ada, account(**fields)).payload["currency"] == "euro"
        return
    with pytest.raises(Invalid) as invalid:
        request_of(cast.ada, account(**fields))
    assert set(invalid.value.errors) == {field}


# --- Pages ----------------------------------------------------------------------------------


def test_rows_are_ticked_on_the_desk_and_become_a_batch(platform: Platform, cast: Cast) -> None:
    request, untouched = owed(platform, cast, "80.00"), owed(platform, cast, "5.00")
    house, person = paying_account(), payer()
    client = as_user(person)
    desk = client.get(reverse("withdrawal_stage", args=("to-pay",))).content.decode()
    assert "Make a payout batch" in desk
    address = reverse("payout_batch_add")
    row = Withdrawal.objects.get(payment__reference=request.reference)
    page = client.post(address, {"ids": [str(row.pk)]}).content.decode()
    assert request.reference in page
    assert untouched.reference not in page
    form = {"key": key_in(page), "account": str(house.pk), "withdrawals": [request.reference]}
    preview = client.post(address, {**form, "step": "preview"}).content.decode()
    assert "Pay 1 withdrawals, 80.00 USD in all" in preview
    sent = [client.post(address, {**form, "step": "send"}) for _ in range(2)]
    batch = PayoutBatch.objects.get()
    page_of = reverse("payout_batch", args=(batch.reference,))
    assert [answer["Location"] for answer in sent] == [page_of, page_of]
    shown = client.get(page_of).content.decode()
    assert "80.00" in shown
    assert "Make the ISO 20022 file" in shown
    assert batch.reference in client.get(reverse("payout_batch_list")).content.decode()
    assert (
        batch.reference
        in client.get(reverse("withdrawal", args=(request.reference,))).content.decode()
    )


def test_all_that_match_are_those_of_the_tab_and_its_filters(
    platform: Platform, cast: Cast
) -> None:
    small, large = owed(platform, cast, "10.00"), owed(platform, cast, "200.00")
    client = as_user(payer())
    address = reverse("payout_batch_add") + "?amount_min=100"
    page = client.post(address, {"all": "1"}).content.decode()
    assert large.reference in page
    assert small.reference not in page


def test_what_cannot_be_paid_is_told_beside_the_list(platform: Platform, cast: Cast) -> None:
    request = owed(platform, cast)
    client = as_user(cast.olga)
    row = Withdrawal.objects.get()
    address, house = reverse("payout_batch_add"), paying_account()
    page = client.post(address, {"ids": [str(row.pk)]}).content.decode()
    assert "(was asked for by you)" in page
    form = {"key": key_in(page), "account": str(house.pk), "withdrawals": [request.reference]}
    answer = client.post(address, {**form, "step": "send"})
    assert answer.status_code == 422
    assert f"{request.reference} was asked for by you" in answer.content.decode()
    assert not PayoutBatch.objects.exists()


def test_a_batch_outside_ones_scopes_does_not_exist(platform: Platform, cast: Cast) -> None:
    batch = batch_of(payer(), owed(platform, cast))
    outsider = as_user(make_user("Oskar", "back-office", groups="real-std-eur"))
    assert outsider.get(reverse("payout_batch", args=(batch.reference,))).status_code == 404
    assert batch.reference not in outsider.get(reverse("payout_batch_list")).content.decode()
    file = reverse("payout_batch_file", args=(batch.reference,))
    assert outsider.post(file, {"form": "csv"}).status_code == 404


def test_the_pages_of_accounts_and_rules_lead_to_requests(cast: Cast) -> None:
    client = as_user(cast.ada)
    page = client.get(reverse("paying_account_add")).content.decode()
    form = {"key": key_in(page), "title": "Main", "method": "bank", "currency": "EUR",
            "holder": "Broker Ltd", "iban": HOUSE_IBAN, "bic": HOUSE_BIC, "active": "on",
            "reason": "new", "step": "send"}  # fmt: skip
    assert client.post(reverse("paying_account_add"), form).status_code == 302
    page = client.get(reverse("payout_rules")).content.decode()
    rules = {"key": key_in(page), "cooling_off_hours": "12", "separation_days": "30",
             "reason": "faster", "step": "send"}  # fmt: skip
    assert client.post(reverse("payout_rules"), rules).status_code == 302
    assert client.get(reverse("paying_account_list")).content.decode().count("second person") == 2
