"""Corrections, chargebacks and resets of negative balances: who, how much, and with how many."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from panel.commands.base import Invalid
from panel.commands.submit import live_reader, submit
from panel.models import ChangeRequest, Platform, Status
from panel.mt4.read import reader
from panel.mt4.write import writer
from payments import owed
from payments.adjustments import Chargeback, Correction, NegativeReset
from payments.books import books
from payments.commands import Deposit, Withdraw
from payments.models import Kind, Payment
from payments.operation import MoneyCommand
from tests.core.conftest import Cast
from tests.core.money import approve_as, balance_of, carry_out
from tests.factories import actor
from tests.harness.sandbox import SandboxProcess
from tests.pages.browsing import signed_in, text_of
from tests.payments.test_commands import (
    ask,
    credit_of,
    enabled_account,
    errors_of,
    give_credit,
    levels,
    make,
)
from tests.payments.transferring import REFUSE, legs_in_mt4, run_with_fault_at, states

pytestmark = pytest.mark.django_db(transaction=True)


def deposited(cast: Cast, login: int, amount: str, **fields: Any) -> Payment:
    """A deposit that is done."""
    request = carry_out(ask(cast.olga, make(Deposit, login, amount, **fields)))
    assert request.status == Status.DONE
    return Payment.objects.get(request=request)


def book(platform: Platform, login: int, amount: str) -> None:
    """What somebody else did to the balance."""
    writer(platform.connection).balance(
        login, Decimal(amount), comment="elsewhere", key=str(uuid.uuid4())
    )


def owing(platform: Platform, owed: str, credit: str = "") -> int:
    """An account below zero; with so much credit."""
    login = enabled_account(platform, "0")
    if credit:
        give_credit(platform, login, credit)
    book(platform, login, f"-{owed}")
    return login


@pytest.fixture(scope="module")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A sandbox that lets a balance fall below zero, as some servers do."""
    with SandboxProcess(
        tmp_path_factory.mktemp("sandbox"), accounts=60, balance_check="lenient"
    ) as process:
        yield process


# --- Corrections --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("direction", "kind", "after"),
    [("in", Kind.CORRECTION_IN, "130.00"), ("out", Kind.CORRECTION_OUT, "70.00")],
)
def test_a_correction_puts_in_or_takes_out_with_an_approval(
    platform: Platform, cast: Cast, direction: str, kind: Kind, after: str
) -> None:
    login = enabled_account(platform, "100.00")
    request = ask(cast.olga, make(Correction, login, "30.00", direction=direction))
    assert request.status == Status.PENDING
    assert carry_out(approve_as(cast.maya, request)).status == Status.DONE
    assert balance_of(platform, login) == Decimal(after)
    payment = Payment.objects.get(request=request)
    assert (payment.kind, payment.status) == (kind, Status.DONE)
    assert books(platform, login).agree


def test_a_correction_without_a_reason_is_not_taken(platform: Platform, cast: Cast) -> None:
    command = make(Correction, enabled_account(platform), "1.00", direction="in")
    with pytest.raises(Invalid) as refused:
        submit(command, actor=actor(cast.olga), source="test", reason="  ", key="k")
    assert "Say why" in refused.value.errors["reason"][0]
    assert not ChangeRequest.objects.exists()


def test_a_correction_is_linked_to_what_it_puts_right(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform, "0")
    wrong = deposited(cast, login, "100.00")
    command = make(Correction, login, "90.00", direction="out", corrects=wrong.reference)
    request = ask(cast.olga, command)
    assert Payment.objects.get(request=request).origin == wrong
    elsewhere = make(
        Correction, enabled_account(platform), "1.00", direction="in", corrects=wrong.reference
    )
    assert "no payment" in errors_of(cast.olga, elsewhere)["corrects"][0]


def test_a_correction_leaves_no_negative_balance(platform: Platform, cast: Cast) -> None:
    command = make(Correction, enabled_account(platform, "10.00"), "10.01", direction="out")
    assert "The balance is 10.00 USD" in errors_of(cast.olga, command)["amount"][0]
    sideways = make(Correction, enabled_account(platform), "1.00", direction="sideways")
    assert errors_of(cast.olga, sideways)["direction"]


# --- Chargebacks --------------------------------------------------------------------------------


def test_a_chargeback_needs_two_people_and_is_linked_to_its_deposit(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform, "0")
    deposit = deposited(cast, login, "100.00", method="card")
    request = ask(cast.olga, make(Chargeback, login, "60.00", deposit=deposit.reference))
    assert approve_as(cast.bob, request).status == Status.PENDING
    assert approve_as(cast.maya, request).status == Status.APPROVED
    assert carry_out(request).status == Status.DONE
    assert balance_of(platform, login) == Decimal("40.00")
    payment = Payment.objects.get(request=request)
    assert (payment.origin, payment.method) == (deposit, "card")
    assert legs_in_mt4(platform, request) == {"CB": [Decimal("-60.00")]}


def test_no_more_than_the_deposit_is_charged_back(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform, "500.00")
    deposit = deposited(cast, login, "100.00")
    over = make(Chargeback, login, "100.01", deposit=deposit.reference)
    assert "100.00 USD is left" in errors_of(cast.olga, over)["amount"][0]
    ask(cast.olga, make(Chargeback, login, "60.00", deposit=deposit.reference))
    again = make(Chargeback, login, "40.01", deposit=deposit.reference)
    says = errors_of(cast.olga, again)["amount"][0]
    assert "40.00 USD is left: 60.00 USD is charged back already" in says
    assert (
        ask(cast.olga, make(Chargeback, login, "40.00", deposit=deposit.reference)).status
        == Status.PENDING
    )


def test_only_a_deposit_that_is_done_on_this_account_is_charged_back(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform, "500.00")
    waiting = ask(cast.olga, make(Deposit, login, "50000.00"))
    out = ask(cast.olga, make(Withdraw, login, "10.00"))
    other = deposited(cast, enabled_account(platform), "10.00")
    for reference, says in (
        (waiting.reference, "is waiting"),
        (out.reference, "is no deposit"),
        (other.reference, "no payment"),
        ("DP 00000000", "no payment"),
    ):
        command = make(Chargeback, login, "1.00", deposit=reference)
        assert says in errors_of(cast.olga, command)["deposit"][0]


def test_two_chargebacks_asked_for_at_once_do_not_take_more_than_the_deposit(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform, "500.00")
    deposit = deposited(cast, login, "100.00")
    first = ask(cast.olga, make(Chargeback, login, "60.00", deposit=deposit.reference))
    # As the second request saw it: the first one's row was not committed yet.
    Payment.objects.filter(request=first).update(status=Status.FAILED)
    second = ask(cast.olga, make(Chargeback, login, "60.00", deposit=deposit.reference))
    Payment.objects.filter(request=first).update(status=Status.PENDING)
    for request in (first, second):
        for checker in (cast.bob, cast.bella):
            approve_as(checker, request)
    assert carry_out(first).status == Status.DONE
    refused = carry_out(second)
    assert refused.status == Status.FAILED
    assert "40.00 USD is left" in refused.outcome_text
    assert balance_of(platform, login) == Decimal("540.00")


def test_a_chargeback_warns_of_what_it_does_and_goes_through_nevertheless(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform, "0")
    deposit = deposited(cast, login, "100.00")
    book(platform, login, "-80.00")
    command = make(Chargeback, login, "100.00", deposit=deposit.reference)
    found = levels(command)
    assert found["The balance falls to −80.00 USD, below 0."] == "warn"
    assert "stop" not in found.values()
    request = ask(cast.olga, command)
    approve_as(cast.bob, request)
    approve_as(cast.bella, request)
    assert carry_out(request).status == Status.DONE
    assert balance_of(platform, login) == Decimal("-80.00")


# --- Resets of negative balances ----------------------------------------------------------------


def test_a_negative_balance_goes_back_to_zero(platform: Platform, cast: Cast) -> None:
    login = owing(platform, "80.00")
    request = ask(cast.olga, NegativeReset.of(platform, login))
    assert request.status == Status.APPROVED
    assert carry_out(request).status == Status.DONE
    assert balance_of(platform, login) == Decimal("0.00")
    payment = Payment.objects.get(request=request)
    assert (payment.kind, payment.amount, payment.comment) == (
        Kind.NEGATIVE_RESET,
        Decimal("80.00"),
        "NBP",
    )
    assert books(platform, login).agree


def test_credit_is_taken_before_the_brokers_own_money(platform: Platform, cast: Cast) -> None:
    login = owing(platform, "80.00", credit="100.00")
    command = NegativeReset.of(platform, login)
    sentence = command.preview(live_reader(command)).sentence
    assert "80.00 USD of it is taken out of the credit, 0.00 USD is the broker's" in sentence
    request = ask(cast.olga, command)
    assert carry_out(request).status == Status.DONE
    assert (balance_of(platform, login), credit_of(platform, login)) == (
        Decimal("0.00"),
        Decimal("20.00"),
    )
    assert legs_in_mt4(platform, request) == {
        "NC": [Decimal("-80.00")],
        "NR": [Decimal("80.00")],
    }
    assert states(request) == {"NC": "done", "NR": "done"}
    assert books(platform, login).agree


def test_credit_that_is_gone_for_a_reset_that_was_refused_is_owed(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    login = owing(platform, "80.00", credit="100.00")
    request = ask(cast.olga, NegativeReset.of(platform, login))
    failed = run_with_fault_at(sandbox, request, "balance", login, "mt4_error", **REFUSE)
    assert failed.status == Status.FAILED
    assert credit_of(platform, login) == Decimal("20.00")
    assert states(request) == {"NC": "done", "NR": "failed"}
    row = owed.open_owed().get()
    assert (row.login, row.our_amount, row.is_credit) == (login, Decimal("80.00"), True)
    assert f"Credit owed to {login}: 80.00 USD" in row.text
    page = signed_in(cast.olga).get(reverse("difference_detail", args=(row.pk,)))
    assert f"Give 80.00 USD of credit back to {login}…" in text_of(page)


def test_a_large_reset_waits_for_somebody_else(platform: Platform, cast: Cast) -> None:
    request = ask(cast.olga, NegativeReset.of(platform, owing(platform, "500.01")))
    assert request.status == Status.PENDING


def test_nothing_is_reset_that_is_not_below_zero_or_has_changed(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform, "1.00")
    with pytest.raises(Invalid, match="nothing to reset"):
        NegativeReset.of(platform, login)
    owed = owing(platform, "80.00")
    command = NegativeReset.of(platform, owed)
    request = ask(cast.olga, command)
    book(platform, owed, "10.00")
    failed = carry_out(request)
    assert failed.status == Status.FAILED
    assert "ask for it anew" in failed.outcome_text
    assert balance_of(platform, owed) == Decimal("-70.00")


def test_nothing_is_reset_while_a_position_is_open(platform: Platform, cast: Cast) -> None:
    reading = reader(platform.connection)
    state = next(level for level in reading.margin_levels() if level.margin)
    balance = balance_of(platform, state.login)
    book(platform, state.login, str(-balance - 80))
    command = NegativeReset.of(platform, state.login)
    assert "Positions are open" in errors_of(cast.olga, command)[""][0]


def test_each_of_them_is_refused_to_whoever_has_no_right(platform: Platform, cast: Cast) -> None:
    from panel.commands.errors import Denied

    login = enabled_account(platform)
    commands: list[MoneyCommand] = [
        make(Correction, login, "1.00", direction="in"),
        make(Chargeback, login, "1.00", deposit="DP 00000000"),
        make(NegativeReset, login, "1.00"),
    ]
    for command in commands:
        with pytest.raises(Denied):
            ask(cast.bob, command)
