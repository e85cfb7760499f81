"""The pages of payments: who sees what, what a form refuses, and that nothing is sent twice."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from panel.models import ChangeRequest, Platform, Status, User
from payments.commands import Deposit, Withdraw
from payments.mirror import mirror_now
from payments.models import Payment
from tests.core.conftest import Cast
from tests.core.money import approve_as, carry_out
from tests.factories import make_platform, make_user
from tests.payments.test_commands import ask, enabled_account, make

pytestmark = pytest.mark.django_db(transaction=True)


def as_user(user: User) -> Client:
    """A browser in which somebody has signed in."""
    client = Client()
    client.force_login(user)
    return client


def key_in(page: str) -> str:
    """The key that the form carries."""
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_a_withdrawal_goes_from_form_over_preview_to_its_request(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform, "1204.10", name="Anna Kowalska")
    client = as_user(cast.olga)
    address = reverse("payment_withdraw", args=("demo", login))

    page = client.get(address).content.decode()
    assert "Anna Kowalska" in page
    assert "At most 1,204.10 USD can be withdrawn now." in page
    assert 'name="beneficiary" value="Anna Kowalska"' in page
    form = {"key": key_in(page), "amount": "500", "method": "bank", "reason": "client asked"}
    unnamed = client.post(address, {**form, "step": "preview"})
    assert "name of whoever is paid" in unnamed.content.decode()
    form["beneficiary"] = "Anna Kowalska"

    preview = client.post(address, {**form, "step": "preview"}).content.decode()
    assert "free margin falls from 1,204.10 to 704.10; needs compliance" in preview
    assert "Withdraw 500.00 USD" in preview
    assert not Payment.objects.exists()

    sent = [client.post(address, {**form, "step": "send"}) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [302, 302]
    request = ChangeRequest.objects.get()
    assert {answer["Location"] for answer in sent} == {
        reverse("request_detail", args=(request.reference,))
    }
    assert (request.amount, request.reason) == (Decimal("500.00"), "client asked")
    assert Payment.objects.get().request_id == request.pk


@pytest.mark.parametrize(
    ("amount", "says"),
    [
        ("12,5", "comma is a decimal sign, write 12.5"),
        ("1,234", "write 1234 or 1,234.00"),
        ("0,125", "write 0.125"),
        ("1 234,567 890", "with a point before the cents"),
        ("0", "more than zero"),
        ("1.001", "two decimals"),
        ("2000", "At most 1,000.00 USD can be withdrawn now"),
        ("", "required"),
    ],
)
def test_a_form_says_beside_the_field_what_is_wrong(
    platform: Platform, cast: Cast, amount: str, says: str
) -> None:
    address = reverse("payment_withdraw", args=("demo", enabled_account(platform)))
    fields = {"key": "k", "amount": amount, "method": "bank", "step": "preview"}
    fields["beneficiary"] = "Anna Kowalska"
    answer = as_user(cast.olga).post(address, fields)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert says in page
    assert 'id="id_amount_error"' in page


def test_credit_in_asks_for_its_last_day(platform: Platform, cast: Cast) -> None:
    address = reverse("payment_credit_in", args=("demo", enabled_account(platform)))
    client = as_user(cast.olga)
    fields = {"key": "k", "amount": "5", "method": "internal", "step": "preview"}
    assert 'id="id_expiration_error"' in client.post(address, fields).content.decode()
    late = client.post(address, {**fields, "expiration": "2020-01-31"})
    assert "must not be over" in late.content.decode()
    good = client.post(address, {**fields, "expiration": "2036-01-31"})
    assert "until 31 Jan 2036, server time" in good.content.decode()


def test_nobody_opens_a_form_without_the_right(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform)
    for name in ("deposit", "withdraw", "credit_in", "credit_out"):
        address = reverse(f"payment_{name}", args=("demo", login))
        assert as_user(cast.olga).get(address).status_code == 200
        for person in (cast.bob, cast.alice, cast.carol, cast.dave, cast.ada):
            assert as_user(person).get(address).status_code == 403
    assert as_user(cast.carol).get(reverse("payment_new")).status_code == 403


def test_an_account_outside_the_scopes_is_not_there(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform)
    erik = make_user("Erik", "back-office", groups="real-std-eur")
    for name in ("payment_withdraw", "account_payments"):
        assert as_user(erik).get(reverse(name, args=("demo", login))).status_code == 404
    ask(cast.olga, make(Withdraw, login, "10.00"))
    assert "No payments yet" in as_user(erik).get(reverse("payment_list")).content.decode()


def test_the_list_finds_narrows_and_adds_up(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform, "100.00", name="Anna Kowalska")
    out = ask(cast.olga, make(Withdraw, login, "30.00", external_reference="SEPA-9"))
    come = ask(cast.olga, make(Deposit, login, "12.50", method="card"))
    client = as_user(cast.carol)

    def listed(query: str) -> str:
        return client.get(f"{reverse('payment_list')}?{query}").content.decode()

    page = listed("")
    assert out.reference in page
    assert come.reference in page
    assert "−17.50" in page
    for query in (f"q={out.reference}", "q=sepa-9", "kind=withdrawal", "status=pending"):
        assert out.reference in listed(query), query
        assert come.reference not in listed(query), query
    for query in ("method=card", "currency=USD", f"q={login}", "q=kowalska", "amount_max=13"):
        assert come.reference in listed(query), query
    assert come.reference not in listed("created_before=2020-01-01")


def test_what_came_to_nothing_does_not_add_up(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform, "100.00")
    request = ask(cast.olga, make(Withdraw, login, "30.00"))
    Payment.objects.filter(request=request).update(status=Status.REJECTED)
    client = as_user(cast.carol)
    foot = client.get(reverse("payment_list")).content.decode().partition("<tfoot>")[2]
    assert "−30.00" not in foot
    chosen = client.get(reverse("payment_list") + "?status=rejected").content.decode()
    assert "−30.00" in chosen.partition("<tfoot>")[2]


def test_the_ledger_lays_both_sides_beside_each_other(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform, "100.00")
    done = approve_as(cast.bob, ask(cast.olga, make(Withdraw, login, "30.00")))
    carry_out(done)
    page = as_user(cast.carol).get(reverse("account_payments", args=("demo", login)))
    text = page.content.decode()
    assert done.reference in text
    assert "booked outside the panel" in text
    assert "balance is the sum of its records" in text
    assert "do not agree" not in text


def test_the_ledger_goes_on_from_the_mirror_when_mt4_is_away(
    platform: Platform, cast: Cast
) -> None:
    from accounts.mirror import mirror_now as mirror_accounts

    login = enabled_account(platform, "100.00")
    mirror_accounts(platform)
    mirror_now(platform)
    Platform.objects.update(authority="http://127.0.0.1:9", api_base="http://127.0.0.1:9")
    page = as_user(cast.carol).get(reverse("account_payments", args=("demo", login)))
    assert page.status_code == 200
    text = page.content.decode()
    assert "as of" in text
    assert "opening" in text
    assert "could not be asked" in text


def test_a_form_says_so_when_mt4_is_away(platform: Platform, cast: Cast) -> None:
    from accounts.mirror import mirror_now as mirror_accounts

    login = enabled_account(platform, "100.00")
    mirror_accounts(platform)
    Platform.objects.update(authority="http://127.0.0.1:9", api_base="http://127.0.0.1:9")
    address = reverse("payment_deposit", args=("demo", login))
    fields = {"key": "k", "amount": "5", "method": "bank", "step": "send"}
    answer = as_user(cast.olga).post(address, fields)
    assert answer.status_code == 503
    assert "Nothing was changed" in answer.content.decode()
    assert not ChangeRequest.objects.exists()


def test_a_new_payment_begins_with_finding_the_account(platform: Platform, cast: Cast) -> None:
    from accounts.mirror import mirror_now as mirror_accounts

    login = enabled_account(platform, "100.00", name="Zbigniew Wrzos")
    mirror_accounts(platform)
    client = as_user(cast.olga)
    for words in (str(login), "wrzos"):
        page = client.get(reverse("payment_new"), {"kind": "payment_withdraw", "q": words})
        assert reverse("payment_withdraw", args=("demo", login)) in page.content.decode()
    part = client.get(reverse("payment_new"), {"q": "nobody here"}, headers={"HX-Target": "found"})
    assert "No account matches" in part.content.decode()
    assert "<html" not in part.content.decode()


def test_the_chart_of_net_deposits_has_every_day(platform: Platform, cast: Cast) -> None:
    enabled_account(platform, "100.00")
    mirror_now(platform)
    client = as_user(cast.maya)
    data = client.get(reverse("payments_net_deposits"), {"currency": "USD"}).json()
    assert len(data["labels"]) == 30
    assert [line["name"] for line in data["series"]] == ["Deposits", "Withdrawals", "Net"]
    assert data["unit"] == "USD"
    assert data["series"][0]["values"][-1] >= 100
    assert as_user(cast.dave).get(reverse("payments_net_deposits")).status_code == 403


def test_an_empty_panel_says_what_would_be_here(db: None, cast: Cast) -> None:
    make_platform()
    page = as_user(cast.olga).get(reverse("payment_list")).content.decode()
    assert "No payments yet" in page
    assert "New payment" in page
    data = as_user(cast.olga).get(reverse("payments_net_deposits")).json()
    assert data["labels"] == []
