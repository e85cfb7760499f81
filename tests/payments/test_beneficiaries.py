"""Kept beneficiaries: good details only, two people for each change, cooled off before use."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account
from panel.commands.base import Invalid
from panel.commands.decide import why_not
from panel.commands.errors import Denied
from panel.commands.inbox import waiting_for
from panel.commands.submit import submit
from panel.models import AuditEntry, ChangeRequest, Platform, Policy, Status
from payments.beneficiaries.commands import EndBeneficiary, SetBeneficiary
from payments.beneficiaries.settings import SetPayoutRules
from payments.commands import Withdraw
from payments.models import Beneficiary, BulkError, PayoutRules, Withdrawal
from tests.core.conftest import Cast
from tests.core.money import approve_as, carry_out
from tests.factories import actor, make_user
from tests.payments.paying import IBAN, OTHER_IBAN, bank, kept, request_of, to_kept
from tests.payments.test_commands import ask, enabled_account, errors_of, levels, make
from tests.payments.test_pages import as_user, key_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def login(platform: Platform) -> int:
    """An account of Anna Kowalska."""
    return enabled_account(platform, "1000.00", name="Anna Kowalska")


def refused(cast: Cast, command: SetBeneficiary | EndBeneficiary) -> dict[str, list[str]]:
    """What a change of a beneficiary is refused for, by field."""
    with pytest.raises(Invalid) as invalid:
        request_of(cast.olga, command)
    return invalid.value.errors


def test_a_beneficiary_is_kept_once_a_second_person_has_confirmed_it(
    cast: Cast, login: int
) -> None:
    request = request_of(cast.olga, bank(login, iban="de89 3704 0044 0532 0130 00"))
    assert request.status == Status.PENDING
    assert not Beneficiary.objects.exists()
    with pytest.raises(Denied):
        approve_as(cast.olga, request)
    assert approve_as(cast.bob, request).status == Status.DONE
    row = Beneficiary.objects.get()
    assert (row.login, row.iban, row.holder) == (login, IBAN, "Anna Kowalska")
    assert row.usable_from - row.changed == timedelta(hours=24)
    done = AuditEntry.objects.get(reference=request.reference, action="request done")
    assert done.before == {}
    assert done.after is not None
    assert done.after["iban"] == IBAN


def test_no_policy_lets_one_person_alone_change_a_beneficiary(cast: Cast, login: int) -> None:
    Policy.objects.create(command=SetBeneficiary.name, approvals=0)
    assert request_of(cast.olga, bank(login)).status == Status.PENDING
    row = kept(cast, login, iban=OTHER_IBAN)
    Policy.objects.create(command=EndBeneficiary.name, approvals=0)
    end = EndBeneficiary(platform="demo", login=login, beneficiary=row.pk)
    request = request_of(cast.olga, end)
    assert request.status == Status.PENDING
    approve_as(cast.bob, request)
    row.refresh_from_db()
    assert not row.active


def test_only_with_the_right_within_the_scopes_and_with_a_reason(cast: Cast, login: int) -> None:
    outsider = make_user("Otto", "back-office", groups="real-std-eur")
    for person in (cast.bob, cast.alice, cast.carol, cast.ada, outsider):
        with pytest.raises(Denied):
            request_of(person, bank(login))
    with pytest.raises(Invalid, match="Say why"):
        request_of(cast.olga, bank(login), reason=" ")


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"iban": "DE89370400440532013001"}, "iban", "no IBAN"),
        ({"iban": ""}, "iban", "Enter the IBAN"),
        ({"bic": "DEUT"}, "bic", "no BIC"),
        ({"country": "PL"}, "country", "The IBAN is of DE"),
        ({"account_number": "123456"}, "account_number", "an IBAN, or"),
        ({"iban": "", "account_number": "12345678"}, "country", "bank's country"),
        ({"iban": "", "account_number": "12345678", "country": "US"}, "bank_code", "bank's code"),
        ({"holder": " "}, "holder", "name of whoever"),
        ({"kind": "internal"}, "kind", "Choose what it is"),
        ({"currency": "EURO1"}, "currency", "such as EUR"),
        ({"kind": "card", "token": "4111 1111 1111 1111"}, "token", "6 to 64"),
        ({"kind": "card", "token": "4111111111111111"}, "token", "card number"),
        ({"kind": "crypto", "wallet": "0x12", "network": "ERC20"}, "wallet", "20 to 128"),
        (
            {"kind": "crypto", "wallet": "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "network": "BTC"},
            "wallet",
            "Bitcoin",
        ),
        ({"kind": "crypto", "wallet": "T" * 34, "network": ""}, "network", "network"),
        ({"kind": "wallet", "wallet": "anna@example.com"}, "network", "provider"),
        ({"kind": "wallet", "wallet": "@tag", "network": "Cash"}, "wallet", "like a formula"),
        ({"holder": "=1+1"}, "holder", "like a formula"),
        ({"holder": "-Anna"}, "holder", "like a formula"),
        ({"kind": "wallet", "wallet": "a\tb1", "network": "Cash"}, "wallet", "cannot be seen"),
    ],
)
def test_details_that_cannot_be_are_refused_beside_their_field(
    cast: Cast, login: int, fields: dict[str, Any], field: str, says: str
) -> None:
    assert says in " ".join(refused(cast, bank(login, **fields))[field])


@pytest.mark.parametrize(
    "fields",
    [
        {"iban": "", "account_number": "12345678", "country": "US", "bank_code": "021000021"},
        {"kind": "crypto", "wallet": "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "network": "btc"},
        {"kind": "wallet", "wallet": "anna@example.com", "network": "Skrill"},
        {"kind": "card", "token": "tok_7Q2K9F31"},
    ],
)
def test_each_kind_keeps_what_belongs_to_it(cast: Cast, login: int, fields: dict[str, Any]) -> None:
    row = kept(cast, login, **fields)
    assert (row.iban == "") or row.kind == "bank"
    assert row.details["kind"] == fields.get("kind", "bank")


def test_the_same_is_not_kept_twice_and_nothing_changes_for_nothing(cast: Cast, login: int) -> None:
    row = kept(cast, login)
    assert "already" in str(refused(cast, bank(login)))
    assert "Nothing would change" in str(refused(cast, bank(login, beneficiary=row.pk)))


def test_a_new_beneficiary_replaces_one_of_its_own_account_alone(
    platform: Platform, cast: Cast, login: int
) -> None:
    other = enabled_account(platform, "1000.00", name="Otto Other")
    waiting = request_of(cast.olga, bank(login))

    def instead(command: SetBeneficiary) -> ChangeRequest:
        return submit(
            command,
            actor=actor(cast.olga),
            source="test",
            reason="Typed wrong.",
            key=str(uuid.uuid4()),
            supersedes=ChangeRequest.objects.get(pk=waiting.pk),
        )

    with pytest.raises(Invalid, match="about something else"):
        instead(bank(other))
    waiting.refresh_from_db()
    assert waiting.status == Status.PENDING
    assert instead(bank(login, iban=OTHER_IBAN)).status == Status.PENDING
    waiting.refresh_from_db()
    assert waiting.status == Status.WITHDRAWN


def test_a_change_cools_off_anew_and_cannot_reach_another_account(
    platform: Platform, cast: Cast, login: int
) -> None:
    row = kept(cast, login)
    approve_as(cast.bob, request_of(cast.olga, bank(login, beneficiary=row.pk, iban=OTHER_IBAN)))
    row.refresh_from_db()
    assert row.iban == OTHER_IBAN
    assert row.usable_from > timezone.now() + timedelta(hours=23)
    other = enabled_account(platform, name="Anna Kowalska")
    assert "not kept for this account" in str(refused(cast, bank(other, beneficiary=row.pk)))


def test_a_number_that_another_client_has_is_a_warning(
    platform: Platform, cast: Cast, login: int
) -> None:
    kept(cast, enabled_account(platform, name="Boris Becker"), holder="Boris Becker")
    request = request_of(cast.olga, bank(login))
    texts = [check["text"] for check in request.preview["checks"] if check["level"] == "warn"]
    assert texts == ["The same number or address is kept for 1 other account."]


# --- Used by a withdrawal -------------------------------------------------------------------


def test_a_withdrawal_keeps_the_details_with_which_it_was_asked_for(cast: Cast, login: int) -> None:
    row = kept(cast, login)
    request = ask(cast.olga, to_kept(row))
    found = Withdrawal.objects.get(payment__request=request)
    assert (found.kept, found.beneficiary) == (row, "Anna Kowalska")
    assert found.paid_to["iban"] == IBAN
    approve_as(cast.maya, request_of(cast.olga, bank(login, beneficiary=row.pk, iban=OTHER_IBAN)))
    found.refresh_from_db()
    assert found.paid_to["iban"] == IBAN
    assert ChangeRequest.objects.get(pk=request.pk).payload["paid_to"]["iban"] == IBAN


def test_a_beneficiary_that_cools_off_is_refused_with_the_time_from_which_it_may_be_used(
    cast: Cast, login: int
) -> None:
    row = kept(cast, login, cooled=False)
    (text,) = errors_of(cast.olga, to_kept(row))["kept"]
    assert "may be used from" in text
    assert "24 hours of cooling off" in text
    Beneficiary.objects.filter(pk=row.pk).update(usable_from=timezone.now())
    assert ask(cast.olga, to_kept(row)).status == Status.PENDING


def test_a_beneficiary_is_used_for_its_own_account_kind_and_currency(
    platform: Platform, cast: Cast, login: int
) -> None:
    row = kept(cast, login, currency="EUR")
    assert "takes EUR, not USD" in errors_of(cast.olga, to_kept(row))["kept"][0]
    card = make(Withdraw, login, "10", method="card", beneficiary="Anna Kowalska", kept=row.pk,
                paid_to=row.details)  # fmt: skip
    assert "bank transfer" in errors_of(cast.olga, card)["kept"][0]
    other = enabled_account(platform, name="Anna Kowalska")
    foreign = make(Withdraw, other, "10", method="bank", beneficiary="Anna Kowalska", kept=row.pk,
                   paid_to=row.details)  # fmt: skip
    assert "not kept for this account" in errors_of(cast.olga, foreign)["kept"][0]


@pytest.mark.parametrize("what", ["iban", "holder"])
def test_details_other_than_the_kept_ones_cannot_be_slipped_in(
    cast: Cast, login: int, what: str
) -> None:
    row = kept(cast, login)
    paid_to = {**row.details, what: OTHER_IBAN}
    command = make(Withdraw, login, "10", method="bank", beneficiary=paid_to["holder"],
                   kept=row.pk, paid_to=paid_to)  # fmt: skip
    assert "changed just now" in errors_of(cast.olga, command)["kept"][0]
    without = make(Withdraw, login, "10", method="bank", beneficiary="Anna", paid_to=paid_to)
    assert "choose it" in errors_of(cast.olga, without)["kept"][0]


def test_the_approver_is_told_of_a_change_and_an_ended_one_is_not_paid(
    cast: Cast, login: int
) -> None:
    row = kept(cast, login)
    request = ask(cast.olga, to_kept(row))
    change = request_of(cast.olga, bank(login, beneficiary=row.pk, iban=OTHER_IBAN))
    assert any("1 withdrawal to it waits" in one["text"] for one in change.preview["checks"])
    approve_as(cast.maya, change)
    command = to_kept(row)
    object.__setattr__(command, "request_reference", request.reference)
    assert any("was changed" in text for text, level in levels(command).items() if level == "warn")
    page = as_user(cast.bob).get(reverse("withdrawal", args=(request.reference,)))
    assert "after this was asked for" in page.content.decode()

    end = EndBeneficiary(platform="demo", login=login, beneficiary=row.pk)
    approve_as(cast.maya, request_of(cast.olga, end))
    with pytest.raises(Invalid, match="was ended since"):
        approve_as(cast.bob, request)


def test_a_beneficiary_that_is_ended_after_the_approval_stops_the_debit(
    cast: Cast, login: int
) -> None:
    row = kept(cast, login)
    request = approve_as(cast.bob, ask(cast.olga, to_kept(row)))
    end = EndBeneficiary(platform="demo", login=login, beneficiary=row.pk)
    approve_as(cast.maya, request_of(cast.olga, end))
    done = carry_out(request)
    assert done.status == Status.FAILED
    assert "Nothing was sent" in done.outcome_text


def test_whoever_changed_or_confirmed_a_beneficiary_approves_no_withdrawal_to_it(
    cast: Cast, login: int
) -> None:
    both = make_user("Greta", "compliance", "back-office")
    approve_as(both, request_of(cast.olga, bank(login)))
    row = Beneficiary.objects.get()
    Beneficiary.objects.update(usable_from=timezone.now())
    request = ask(cast.olga, to_kept(row))
    assert "within the last 30 days" in why_not(request, both)
    with pytest.raises(Denied, match="changed or confirmed its beneficiary"):
        approve_as(both, request)
    assert request not in waiting_for(both)
    assert request in waiting_for(cast.bob)
    row.changes.update(made=timezone.now() - timedelta(days=31))
    assert approve_as(both, request).status == Status.APPROVED

    changed = request_of(both, bank(login, beneficiary=row.pk, iban=OTHER_IBAN))
    approve_as(cast.bob, changed)
    Beneficiary.objects.update(usable_from=timezone.now())
    row.refresh_from_db()
    second = ask(cast.olga, to_kept(row, "20.00"))
    for person in (both, cast.bob):
        assert why_not(second, person)
    assert approve_as(cast.bella, second).status == Status.APPROVED


# --- The rules ------------------------------------------------------------------------------


def test_a_typed_beneficiary_is_a_warning_and_refused_where_the_rules_demand_a_kept_one(
    cast: Cast, login: int
) -> None:
    typed = make(Withdraw, login, "10", method="bank", beneficiary="Anna Kowalska")
    assert any("Not a kept beneficiary" in text for text in levels(typed))
    waiting = ask(cast.olga, typed)
    command = SetPayoutRules(cooling_off_hours=48, separation_days=30, require_kept=True)
    change = request_of(cast.ada, command)
    assert change.status == Status.PENDING
    assert not PayoutRules.current().require_kept
    with pytest.raises(Denied):
        approve_as(cast.ada, change)
    approve_as(cast.adam, change)
    assert (PayoutRules.current().cooling_off_hours, PayoutRules.objects.count()) == (48, 1)
    assert "demand one" in errors_of(cast.olga, typed)["kept"][0]
    # What was asked for under the old rule goes on.
    assert approve_as(cast.bob, waiting).status == Status.APPROVED
    inside = make(Withdraw, login, "10", method="internal")
    assert ask(cast.olga, inside).status == Status.PENDING
    row = kept(cast, login, cooled=False)
    assert row.usable_from - row.changed == timedelta(hours=48)


def test_the_rules_are_the_administrators(cast: Cast) -> None:
    command = SetPayoutRules(cooling_off_hours=0, separation_days=0, require_kept=False)
    for person in (cast.olga, cast.bob, cast.maya):
        with pytest.raises(Denied):
            request_of(person, command)
    request = request_of(cast.ada, command)
    assert any("Less is held back" in one["text"] for one in request.preview["checks"])
    wild = SetPayoutRules(cooling_off_hours=-1, separation_days=1000, require_kept=False)
    with pytest.raises(Invalid) as invalid:
        request_of(cast.ada, wild)
    assert set(invalid.value.errors) == {"cooling_off_hours", "separation_days"}


@pytest.mark.parametrize(("method", "errors"), [("bank", 1), ("internal", 0)])
def test_a_file_is_no_way_around_kept_beneficiaries(
    cast: Cast, login: int, method: str, errors: int
) -> None:
    PayoutRules.objects.create(pk=1, require_kept=True)
    rows = f"login,kind,amount,currency\n{login},withdrawal,10.00,USD\n"
    client = as_user(cast.olga)
    assert client.post(reverse("bulk_upload"), {"rows": rows, "method": method}).status_code == 302
    found = list(BulkError.objects.values_list("message", flat=True))
    assert sum("kept beneficiaries alone" in message for message in found) == errors


# --- Pages ----------------------------------------------------------------------------------


def test_those_of_the_clients_other_accounts_are_shown_and_not_offered(
    platform: Platform, cast: Cast, login: int
) -> None:
    other, stranger = (enabled_account(platform, name="Anna Kowalska") for _ in range(2))
    for number, email in ((login, "anna@x.test"), (other, "anna@x.test"), (stranger, "")):
        Account.objects.create(
            platform=platform,
            login=number,
            group="real-std-usd",
            email=email,
            email_key=email,
            leverage=100,
            balance=0,
            credit=0,
            synced_at=timezone.now(),
        )
    row = kept(cast, other)
    kept(cast, stranger, iban=OTHER_IBAN)
    client, place = as_user(cast.olga), ("demo", login)
    page = client.get(reverse("account_beneficiaries", args=place)).content.decode()
    assert "DE89 3704 0044 0532 0130 00" in page
    assert "GB82 WEST" not in page
    form = client.get(reverse("payment_withdraw", args=place)).content.decode()
    assert "•••• 3000" not in form
    assert "not kept for this account" in errors_of(
        cast.olga,
        make(Withdraw, login, "10", method="bank", beneficiary=row.holder, kept=row.pk,
             paid_to=row.details),
    )["kept"][0]  # fmt: skip
    start = reverse("beneficiary_add", args=place) + f"?from={row.pk}"
    assert IBAN in client.get(start).content.decode()


def test_a_withdrawal_form_offers_the_kept_beneficiaries_of_its_account(
    cast: Cast, login: int
) -> None:
    row = kept(cast, login)
    client = as_user(cast.olga)
    address = reverse("payment_withdraw", args=("demo", login))
    page = client.get(address).content.decode()
    assert "bank transfer to Anna Kowalska, •••• 3000" in page
    assert IBAN not in page
    form = {"key": key_in(page), "amount": "50", "method": "bank", "kept": str(row.pk),
            "beneficiary": "Somebody Else", "reason": "asked", "step": "send"}  # fmt: skip
    preview = client.post(address, {**form, "step": "preview"}).content.decode()
    assert "A kept beneficiary, unchanged since" in preview
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', preview))
    hidden.pop("csrfmiddlewaretoken", "")
    assert client.post(address, {**hidden, "step": "send"}).status_code == 302
    found = Withdrawal.objects.get()
    assert (found.kept, found.beneficiary, found.paid_to) == (row, "Anna Kowalska", row.details)


def test_a_form_with_a_beneficiary_that_cools_off_says_so_beside_the_field(
    cast: Cast, login: int
) -> None:
    row = kept(cast, login, cooled=False)
    client = as_user(cast.olga)
    address = reverse("payment_withdraw", args=("demo", login))
    form = {"key": "k", "amount": "50", "method": "bank", "kept": str(row.pk), "step": "preview"}
    answer = client.post(address, form)
    assert answer.status_code == 422
    _, _, after = answer.content.decode().partition('id="id_kept_error"')
    assert "may be used from" in after[:400]
    assert not Withdrawal.objects.exists()


def test_a_beneficiary_is_added_changed_and_ended_on_its_pages(cast: Cast, login: int) -> None:
    client, place = as_user(cast.olga), ("demo", login)
    address = reverse("beneficiary_add", args=place)
    page = client.get(address).content.decode()
    assert 'value="Anna Kowalska"' in page
    form = {"key": key_in(page), "kind": "bank", "holder": "Anna Kowalska", "iban": "DE00",
            "reason": "asked", "step": "preview"}  # fmt: skip
    wrong = client.post(address, form)
    assert "This is no IBAN" in wrong.content.decode()
    form |= {"iban": "DE89 3704 0044 0532 0130 00", "step": "send"}
    assert client.post(address, form).status_code == 302
    request = ChangeRequest.objects.get()
    listing = reverse("account_beneficiaries", args=place)
    assert request.reference in client.get(listing).content.decode()
    approve_as(cast.bob, request)
    row = Beneficiary.objects.get()
    assert "DE89 3704 0044 0532 0130 00" in client.get(listing).content.decode()
    change = reverse("beneficiary_change", args=(*place, row.pk))
    assert IBAN in client.get(change).content.decode()
    end = reverse("beneficiary_end", args=(*place, row.pk))
    page = client.get(end).content.decode()
    sent = client.post(end, {"key": key_in(page), "reason": "closed", "step": "send"})
    assert sent.status_code == 302
    approve_as(cast.maya, ChangeRequest.objects.get(command=EndBeneficiary.name))
    assert "No longer in use" in client.get(listing).content.decode()


def test_numbers_are_masked_for_those_who_may_not_see_contact_details(
    cast: Cast, login: int
) -> None:
    row = kept(cast, login)
    change = request_of(cast.olga, bank(login, beneficiary=row.pk, iban=OTHER_IBAN))
    withdrawal = ask(cast.olga, to_kept(row))
    places = [
        reverse("account_beneficiaries", args=("demo", login)),
        reverse("request_detail", args=(change.reference,)),
        reverse("request_detail", args=(withdrawal.reference,)),
        reverse("withdrawal", args=(withdrawal.reference,)),
    ]
    hidden = (IBAN, OTHER_IBAN, "DE89 3704", "GB82 WEST")
    for place in places:
        page = as_user(cast.alice).get(place)
        assert page.status_code == 200
        assert not any(number in page.content.decode() for number in hidden), place
    seen = [as_user(cast.bob).get(place).content.decode() for place in places]
    assert "DE89 3704 0044 0532 0130 00" in seen[0]
    assert "GB82 WEST" in seen[1]
    assert "DE89 3704 0044 0532 0130 00" in seen[3]
