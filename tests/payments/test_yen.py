"""Accounts in yen: whole yen in every command, form, file, limit and figure."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from panel.commands.base import Invalid
from panel.commands.submit import live_reader
from panel.models import ChangeRequest, Platform, Status
from panel.pages.commands.policies import SetPolicy
from payments.adjustments import IN, Chargeback, Correction, NegativeReset
from payments.bulk import downloads, sums
from payments.commands import CreditIn, CreditOut, Deposit, Withdraw
from payments.limits.commands import SetLimit
from payments.models import Kind, Payment
from payments.operation import MoneyCommand
from payments.transfers import Transfer
from tests.core.conftest import Cast
from tests.core.money import approve_as, balance_of, carry_out
from tests.factories import actor
from tests.harness.sandbox import SandboxProcess
from tests.pages.browsing import signed_in, text_of
from tests.payments.bulk.files import TO, csv_of, found
from tests.payments.bulk.test_engine import by_hand, running, through
from tests.payments.test_commands import ask, enabled_account, errors_of, make
from tests.payments.transferring import transfer

pytestmark = pytest.mark.django_db(transaction=True)
YEN = "real-std-jpy"
NO_DECIMALS = "JPY has no decimals: use a whole amount."


@pytest.fixture
def login(platform: Platform) -> int:
    """An account with 100,000 yen."""
    return enabled_account(platform, "100000", name="Yuki Tanaka", group=YEN)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (Deposit, {}),
        (Withdraw, {"beneficiary": "Yuki Tanaka"}),
        (CreditIn, {"expiration": date(2036, 1, 31)}),
        (CreditOut, {}),
        (Transfer, {"to_login": 1}),
        (Correction, {"direction": IN}),
        (Chargeback, {"deposit": "DP 7Q2K9F31"}),
        (NegativeReset, {}),
    ],
)
def test_part_of_a_yen_is_refused_beside_the_amount(
    platform: Platform, cast: Cast, login: int, kind: type[MoneyCommand], fields: dict[str, Any]
) -> None:
    command = make(kind, login, "100.55", **fields)
    with pytest.raises(Invalid) as refused:
        command.validate(live_reader(command), actor(cast.olga))
    assert refused.value.errors == {"amount": [NO_DECIMALS]}
    assert not Payment.objects.exists()


def test_the_form_refuses_part_of_a_yen_beside_its_field_and_keeps_it(
    platform: Platform, cast: Cast, login: int
) -> None:
    address = reverse("payment_deposit", args=("demo", login))
    fields = {"key": "k", "amount": "100.55", "method": "bank", "step": "send"}
    answer = signed_in(cast.olga).post(address, fields)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert NO_DECIMALS in page
    assert 'id="id_amount_error"' in page
    assert 'value="100.55"' in page
    assert not ChangeRequest.objects.exists()


def test_whole_yen_are_booked_and_shown_without_decimals(
    platform: Platform, cast: Cast, login: int
) -> None:
    command = make(Deposit, login, "1234.00")
    preview = command.preview(live_reader(command))
    assert preview.sentence.startswith(
        f"Deposit 1,234 JPY to {login} Yuki Tanaka; balance rises from 100,000 to 101,234"
    )
    assert preview.button == "Deposit 1,234 JPY"
    assert preview.figures["Balance"] == "100,000 JPY"
    request = carry_out(ask(cast.olga, command))
    assert request.status == Status.DONE
    assert balance_of(platform, login) == 101_234
    client = signed_in(cast.olga)
    for address in (
        reverse("request_detail", args=(request.reference,)),
        reverse("payment_detail", args=(request.reference,)),
        reverse("account_payments", args=("demo", login)),
        reverse("payment_list"),
    ):
        page = text_of(client.get(address))
        assert "1,234" in page, address
        assert "1,234.00" not in page, address


def test_what_was_read_again_does_not_differ_by_idle_decimals(
    platform: Platform, cast: Cast, login: int
) -> None:
    request = carry_out(ask(cast.olga, make(Deposit, login, "1")))
    page = text_of(signed_in(cast.olga).get(reverse("request_detail", args=(request.reference,))))
    assert "100,001" in page
    assert "100,001.00" not in page


def test_the_most_that_can_be_withdrawn_is_whole(
    platform: Platform, cast: Cast, login: int
) -> None:
    errors = errors_of(cast.olga, make(Withdraw, login, "100001", beneficiary="Yuki Tanaka"))
    assert errors["amount"] == ["At most 100,000 JPY can be withdrawn now: balance 100,000."]


# --- Other currencies ------------------------------------------------------------------------


def paid(login: int, amount: str, **fields: Any) -> MoneyCommand:
    """A deposit of 20 EUR at 158.125 on an account in yen: 3,162.5, so 3,163."""
    usual = {
        "paid_amount": Decimal(20),
        "paid_currency": "EUR",
        "rate": Decimal("158.125"),
        "fee": Decimal(0),
    }
    return make(Deposit, login, amount, **{**usual, **fields})


def test_what_arrives_in_yen_is_rounded_half_up_to_whole_yen(
    platform: Platform, cast: Cast, login: int
) -> None:
    assert errors_of(cast.olga, paid(login, "3162")) == {"amount": ["It works out to 3,163."]}
    request = carry_out(ask(cast.olga, paid(login, "3163")))
    assert request.status == Status.DONE
    assert balance_of(platform, login) == 103_163


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"fee": Decimal("1.50")}, "fee"),
        (
            {"paid_amount": Decimal("100.55"), "paid_currency": "JPY", "rate": Decimal(1)},
            "paid_amount",
        ),
    ],
)
def test_part_of_a_yen_is_refused_beside_fee_and_paid_amount(
    platform: Platform, cast: Cast, login: int, fields: dict[str, Any], field: str
) -> None:
    assert errors_of(cast.olga, paid(login, "3163", **fields))[field] == [NO_DECIMALS]


def test_the_form_works_out_whole_yen(platform: Platform, cast: Cast, login: int) -> None:
    address = reverse("payment_deposit", args=("demo", login))
    fields = {
        "key": "k", "amount": "", "method": "bank", "step": "preview", "paid_amount": "20",
        "paid_currency": "EUR", "rate": "158.125",
    }  # fmt: skip
    page = text_of(signed_in(cast.olga).post(address, fields))
    assert "Deposit 3,163 JPY" in page


def test_a_transfer_brings_whole_yen(
    platform: Platform, cast: Cast, sandbox: SandboxProcess, login: int
) -> None:
    source = enabled_account(platform, "1000.00", name="Yuki Tanaka")
    rate = Decimal("149.125")
    command = transfer(source, login, "100.10", rate=rate, to_currency="JPY")
    preview = command.preview(live_reader(command))
    assert "which gets 14,927 JPY at 149.125 JPY for 1 USD" in preview.sentence  # 14,927.4125
    changes = {change.label: (change.before, change.after) for change in preview.changes}
    assert changes[f"{source} balance"] == ("1,000.00", "899.90")
    assert changes[f"{login} balance"] == ("100,000 JPY", "114,927 JPY")
    request = carry_out(approve_as(cast.bob, ask(cast.olga, command)))
    assert request.status == Status.DONE, request.outcome_text
    assert balance_of(platform, login) == 114_927
    assert request.payments.get(kind=Kind.TRANSFER_IN).amount == 14_927


def test_a_transfer_that_does_not_know_of_the_yen_is_refused(
    platform: Platform, cast: Cast, login: int
) -> None:
    source = enabled_account(platform, "1000.00", name="Yuki Tanaka")
    rate = Decimal("149.125")
    errors = errors_of(cast.olga, transfer(source, login, "100.10", rate=rate))
    assert errors == {"amount": [f"14,927.41 JPY would arrive. {NO_DECIMALS}"]}
    errors = errors_of(cast.olga, transfer(source, login, "100.10", rate=rate, to_currency="EUR"))
    assert errors == {"to_login": ["The receiving account is in JPY by now."]}


def test_the_form_of_a_transfer_knows_the_other_currency(
    platform: Platform, cast: Cast, login: int
) -> None:
    source = enabled_account(platform, "1000.00", name="Yuki Tanaka")
    fields = {
        "key": "k", "amount": "100.10", "to_login": str(login), "rate": "149.125",
        "method": "internal", "reason": "client asked", "step": "preview",
    }  # fmt: skip
    address = reverse("payment_transfer", args=("demo", source))
    assert "gets 14,927 JPY" in text_of(signed_in(cast.olga).post(address, fields))


# --- Files, limits, policies -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "fine"),
    [
        ("1,deposit,100.55,JPY", False),
        ("1,deposit,100.5,jpy", False),
        ("1,correction,-100.55,JPY", False),
        ("1,deposit,100.00,JPY", True),
        ("1,deposit,100,JPY", True),
        ("1,deposit,100.55,USD", True),
    ],
)
def test_a_line_of_a_file_with_part_of_a_yen_is_a_fault_of_its_amount(
    cells: str, fine: bool
) -> None:
    entries, faults = found(csv_of(cells))
    assert len(entries) == int(fine)
    assert [(fault.column, fault.message) for fault in faults] == (
        [] if fine else [("amount", NO_DECIMALS)]
    )


def test_totals_of_a_file_stand_each_in_its_currency() -> None:
    totals = [
        {"kind": "deposit", "currency": "JPY", "count": 2, "amount": "1234.00", "largest": "1000"},
        {"kind": "withdrawal", "currency": "USD", "count": 1, "amount": "5.50", "largest": "5.50"},
    ]
    assert sums.in_words(totals) == "2 deposits of 1,234 JPY in all, 1 withdrawal of 5.50 USD"


def test_limits_and_policies_take_whole_yen_only(platform: Platform, cast: Cast) -> None:
    limit = SetLimit(role="back-office", currency="jpy", per_day=Decimal("100.55"))
    with pytest.raises(Invalid) as refused:
        limit.validate(None, actor(cast.ada))
    assert refused.value.errors["per_day"] == [NO_DECIMALS]
    policy = SetPolicy(
        about="payments.deposit", approvals=1, over_amount=Decimal("100.55"), currency="JPY"
    )
    with pytest.raises(Invalid) as refused:
        policy.validate(None, actor(cast.ada))
    assert refused.value.errors["over_amount"] == [NO_DECIMALS]


def test_a_file_books_whole_yen_and_tells_each_amount_in_its_currency(
    platform: Platform, cast: Cast, login: int
) -> None:
    dollars, poor = enabled_account(platform, "0"), enabled_account(platform, "500", group=YEN)
    file = running(
        cast,
        f"{login},deposit,1234.00,JPY,A,",
        f"{dollars},deposit,5.5,USD,B,",
        f"{poor},withdrawal,500,JPY,C,{TO}",
    )
    by_hand(platform, poor, "-400")
    through(file)
    assert balance_of(platform, login) == 101_234
    rows = list(downloads.result_rows(file, clear=True))
    assert [str(row[3]) for row in rows] == ["1234", "5.50", "500"]
    told = rows[2][downloads.RESULT.index("message")]
    assert told == "Nothing was sent: only 100 JPY can be withdrawn now."
