"""References that people take for the same are the same, and are found however they are typed."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from panel.commands.submit import live_reader
from panel.lib import rows
from panel.models import ChangeRequest, Platform
from payments import migrations
from payments.bulk.check import check
from payments.commands import Deposit
from payments.models import BulkFile, BulkItem, Note, Payment, Withdrawal
from tests.core.conftest import Cast
from tests.payments.bulk.bulk import checked, problems, submitted
from tests.payments.test_commands import ask, enabled_account, make
from tests.payments.test_desk import asked, debited, payer
from tests.payments.test_pages import as_user

pytestmark = pytest.mark.django_db(transaction=True)

STORED = "Inv-Jos\u00e9 1001"
SPELLINGS = [
    "INV-JOS\u00c9 1001",
    "inv-jose\u0301 1001",
    "Inv\u200b-Jos\u00e9 10\u206001",
    "Inv\u2011Jos\u00e9\u00a01001",
    "\u202eInv\u2212Jos\u00e9 1001\u202c",
    "Inv Jos\u00e9 1001",
    "\u0406nv-J\u043es\u00e9 1001",
]


def deposit_form(client: Any, login: int, **fields: str) -> Any:
    """A deposit sent by its form."""
    values = {"key": "k", "step": "send", "amount": "10.00", "method": "bank", **fields}
    return client.post(reverse("payment_deposit", args=("demo", login)), values)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_payment_whose_reference_is_only_spelt_otherwise_is_a_duplicate(
    platform: Platform, cast: Cast, spelling: str
) -> None:
    first = ask(
        cast.olga, make(Deposit, enabled_account(platform), "10.00", external_reference=STORED)
    )
    other = make(Deposit, enabled_account(platform), "77.00", external_reference=spelling)
    said = [check.text for check in other.preview(live_reader(other)).checks]
    assert any(f"was used before: {first.reference}" in text for text in said), said
    file = checked(cast.olga, f"{enabled_account(platform)},deposit,12.00,USD,{spelling},")
    [(line, column, message)] = problems(file)
    assert (line, column) == (2, "reference")
    assert first.reference in message


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_two_lines_of_one_file_with_the_same_reference_are_duplicates(
    platform: Platform, cast: Cast, spelling: str
) -> None:
    one, two = enabled_account(platform), enabled_account(platform)
    file = checked(
        cast.olga, f"{one},deposit,1.00,USD,{STORED},", f"{two},deposit,2.00,USD,{spelling},"
    )
    [(line, column, message)] = problems(file)
    assert (line, column) == (3, "reference")
    assert "already that of line 2" in message


def test_a_line_of_another_file_is_a_duplicate_too(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform)
    submitted(cast.olga, checked(cast.olga, f"{login},deposit,1.00,USD,{STORED},"))
    file = checked(cast.olga, f"{login},deposit,2.00,USD,{SPELLINGS[3]},")
    assert [found[:2] for found in problems(file)] == [(2, "reference")]


def test_a_payout_is_not_noted_twice_under_one_reference_of_the_provider(
    platform: Platform, cast: Cast
) -> None:
    for _ in range(2):
        request = debited(platform, cast)
        page = reverse("withdrawal", args=(request.reference,))
        spelt = "PSP-77" if not Withdrawal.objects.exclude(provider_reference="") else "psp\u201177"
        answer = as_user(payer()).post(page, {"step": "pay", "provider_reference": spelt})
    assert "was already paid out under this reference" in answer.content.decode()
    assert Withdrawal.objects.exclude(provider_reference="").count() == 1


def test_what_is_stored_has_nothing_that_cannot_be_seen(platform: Platform, cast: Cast) -> None:
    client = as_user(cast.olga)
    answer = deposit_form(
        client,
        enabled_account(platform),
        external_reference="\u202eINV\u200b-1\u00a0e\u0301",
        reason="asked\u2028by \u2066Anna\u2069",
    )
    assert answer.status_code == 302
    payment = Payment.objects.get()
    assert payment.external_reference == "INV-1 \u00e9"
    assert payment.request.payload["external_reference"] == "INV-1 \u00e9"
    assert payment.request.reason == "asked by Anna"


def test_a_note_and_a_beneficiary_are_stored_clean(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform)
    values = {
        "key": "k",
        "step": "send",
        "amount": "10.00",
        "method": "bank",
        "beneficiary": "Jose\u0301\u202e \u200bDi\u0301az\u00a0",
        "reason": "r",
    }
    as_user(cast.olga).post(reverse("payment_withdraw", args=("demo", login)), values)
    row = Withdrawal.objects.get()
    assert row.beneficiary == "Jos\u00e9 D\u00edaz"
    page = reverse("withdrawal", args=(row.payment.reference,))
    as_user(cast.bob).post(page, {"step": "note", "text": "Called\u200b,\u202e said yes\r\nOk"})
    assert Note.objects.get().text == "Called, said yes\nOk"


def test_names_and_addresses_of_staff_are_stored_clean(cast: Cast) -> None:
    values = {
        "key": "k",
        "step": "send",
        "full_name": "Zoe\u0308\u202e \u200bBrandt\u2069",
        "email": "zoe\u200b@broker.test\u200f",
        "reason": "new",
        "scope_": "*",
        "time_zone": "UTC",
        "roles": ["back-office"],
    }
    answer = as_user(cast.ada).post(reverse("staff_invite"), values)
    assert answer.status_code == 302, answer.content.decode()
    payload = ChangeRequest.objects.get().payload
    assert payload["full_name"] == "Zo\u00eb Brandt"
    assert payload["email"] == "zoe@broker.test"


def test_the_name_of_a_file_cannot_be_turned_around(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform)
    data = f"login,kind,amount,currency\n{login},deposit,1.00,USD\n".encode()
    uploaded = SimpleUploadedFile("march\u202evsc.exe.csv", data)
    answer = as_user(cast.olga).post(
        reverse("bulk_upload"), {"file": uploaded, "method": "bank", "server": "demo"}
    )
    assert answer.status_code == 302
    assert BulkFile.objects.get().name == "marchvsc.exe.csv"


def test_passwords_stay_as_they_are_typed(cast: Cast) -> None:
    secret = "cafe\u0301\u00a0\u200bau lait and more"
    cast.olga.set_password(secret)
    cast.olga.save()
    client = as_user(cast.dave)
    client.logout()
    answer = client.post(reverse("account_login"), {"login": cast.olga.email, "password": secret})
    assert answer.status_code == 302


@pytest.mark.parametrize(
    "typed",
    [STORED, "inv-jos\u00e9", "INV\u2011JOS\u00c9 1001", "inv jose\u0301 1001", "jos\u00e9-1001"],
)
def test_a_payment_is_found_by_its_reference_however_it_is_typed(
    platform: Platform, cast: Cast, typed: str
) -> None:
    login = enabled_account(platform)
    made = ask(cast.olga, make(Deposit, login, "10.00", external_reference=STORED))
    other = ask(cast.olga, make(Deposit, login, "11.00", external_reference="INV-2"))
    page = as_user(cast.carol).get(reverse("payment_list"), {"q": typed}).content.decode()
    assert made.reference in page
    assert other.reference not in page


@pytest.mark.parametrize("place", ["payment_list", "withdrawal_list", "request_list", "search"])
def test_a_request_is_found_by_its_reference_however_it_is_typed(
    platform: Platform, cast: Cast, place: str
) -> None:
    request = asked(platform, cast)
    plain = request.reference.replace(" ", "")
    for typed in (
        request.reference,
        plain,
        plain.lower(),
        request.reference.lower().replace(" ", "-"),
        request.reference.replace(" ", "\u2013"),
        request.reference.replace(" ", "\u202f"),
    ):
        answer = as_user(cast.carol).get(reverse(place), {"q": typed}, follow=True)
        assert request.reference in answer.content.decode(), (place, typed)
    for typed in (plain[2:], plain[2:6].lower()):
        if place != "search":
            answer = as_user(cast.carol).get(reverse(place), {"q": typed})
            assert request.reference in answer.content.decode(), (place, typed)


def test_lines_of_a_file_carry_their_key_into_payments(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform)
    file = checked(cast.olga, f"{login},deposit,1.00,USD,{STORED},")
    check(file.pk)
    assert BulkItem.objects.get().external_reference_key == "inv jos\u00e9 1001"


def test_references_from_before_are_given_their_comparable_form(
    platform: Platform, cast: Cast
) -> None:
    ask(cast.olga, make(Deposit, enabled_account(platform), "10.00", external_reference=STORED))
    checked(cast.olga, f"{enabled_account(platform)},deposit,1.00,USD,INV\u20137,")
    Payment.objects.update(external_reference_key="")
    BulkItem.objects.update(external_reference_key="")
    [path] = Path(migrations.__file__ or "").parent.glob("*_fill_comparable_references.py")
    import_module(f"payments.migrations.{path.stem}").fill(apps, None)
    assert Payment.objects.get().external_reference_key == "inv jos\u00e9 1001"
    assert BulkItem.objects.get().external_reference_key == "inv 7"


def test_a_line_that_was_paid_carries_its_key_into_the_payment(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform)
    request = ask(cast.olga, make(Deposit, login, "10.00"))
    kept: dict[str, Any] = {**Payment.objects.values().get()}
    for worked_out in ("id", "external_reference_key"):
        del kept[worked_out]
    rows.insert(Payment, [kept | {"reference": "BD 00000000", "external_reference": STORED}])
    made = Payment.objects.get(reference="BD 00000000")
    assert made.external_reference_key == "inv jos\u00e9 1001"
    assert made.request_id == request.pk
