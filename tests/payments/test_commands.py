"""What each payment asks, refuses, says beforehand, and leaves behind."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from panel.commands.base import Invalid
from panel.commands.submit import live_reader, submit
from panel.models import ChangeRequest, Platform, Status, User
from panel.mt4.protocol.enums import TradeCommand, UsersGroupCommand
from panel.mt4.protocol.flags import EnableFlags
from panel.mt4.protocol.records import UsersGroupOp
from panel.mt4.read import reader
from panel.mt4.write import writer
from payments.commands import CreditIn, CreditOut, Deposit, Withdraw
from payments.models import MoneyRecord, Payment
from payments.operation import MoneyCommand
from tests.core.conftest import Cast
from tests.core.money import approve_as, balance_of, carry_out, new_account, records_with
from tests.factories import actor

pytestmark = pytest.mark.django_db(transaction=True)
NEXT_YEAR = timezone.localdate() + timedelta(days=365)


def enabled_account(platform: Platform, balance: str = "1000.00", **fields: Any) -> int:
    """A fresh account that may be used."""
    return new_account(platform, balance, enable_flags=EnableFlags.Enabled, **fields)


def ask(maker: User, command: MoneyCommand) -> ChangeRequest:
    """A request of a command."""
    return submit(
        command, actor=actor(maker), source="test", reason="client asked", key=str(uuid.uuid4())
    )


def make(kind: type[MoneyCommand], login: int, amount: str, **fields: Any) -> MoneyCommand:
    """A command on the demo platform."""
    return kind(platform="demo", login=login, amount=Decimal(amount), **fields)


def errors_of(maker: User, command: MoneyCommand) -> dict[str, list[str]]:
    """What a submission is refused for."""
    with pytest.raises(Invalid) as refused:
        ask(maker, command)
    return refused.value.errors


NOT_KEPT = "Not a kept beneficiary: nobody has confirmed where the money goes."


def levels(command: MoneyCommand) -> dict[str, str]:
    """The checks of a preview: text -> level."""
    return {check.text: check.level for check in command.preview(live_reader(command)).checks}


def credit_of(platform: Platform, login: int) -> Decimal:
    return Decimal(reader(platform.connection).account(login).credit)


def give_credit(platform: Platform, login: int, amount: str) -> None:
    """Credit that the panel did not book."""
    writer(platform.connection).balance(
        login,
        Decimal(amount),
        comment="promo",
        kind=TradeCommand.Credit,
        expiration=platform.server_time() + timedelta(days=300),
        key=str(uuid.uuid4()),
    )


def test_a_deposit_runs_at_once_and_leaves_payment_record_and_ticket(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform, "100.00")
    command = make(
        Deposit, login, "50.50", method="card", external_reference="PSP-1", comment="card 4242"
    )
    request = ask(cast.olga, command)
    assert request.status == Status.APPROVED
    payment = Payment.objects.get(request=request)
    assert (payment.status, payment.kind, payment.ticket) == ("approved", "deposit", None)

    assert carry_out(request).status == Status.DONE

    (record,) = records_with(platform, request)
    assert record.comment == f"{request.reference} card 4242"
    assert record.profit == Decimal("50.50")
    assert balance_of(platform, login) == Decimal("150.50")
    payment.refresh_from_db()
    assert (payment.status, payment.ticket) == ("done", record.order)
    assert payment.finished is not None
    mirrored = MoneyRecord.objects.get(platform=platform, ticket=record.order)
    assert (mirrored.reference, mirrored.amount) == (request.reference, Decimal("50.50"))
    assert (mirrored.currency, mirrored.mt4_group) == ("USD", "real-std-usd")


def test_a_large_deposit_waits_for_somebody_else(platform: Platform, cast: Cast) -> None:
    request = ask(cast.olga, make(Deposit, enabled_account(platform), "10000.01"))
    assert request.status == Status.PENDING
    assert Payment.objects.get(request=request).status == Status.PENDING


def test_a_withdrawal_says_in_one_sentence_what_it_does(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform, "1204.10", name="Anna Kowalska")
    preview = make(Withdraw, login, "500").preview(reader(platform.connection))
    assert preview.sentence == (
        f"Withdraw 500.00 USD from {login} Anna Kowalska; free margin falls from 1,204.10 to "
        "704.10; needs compliance"
    )
    assert preview.button == "Withdraw 500.00 USD"
    assert preview.figures["Can be withdrawn"] == "1,204.10 USD"


def test_a_withdrawal_over_ten_thousand_needs_two_of_compliance(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform, "30000.00")
    command = make(Withdraw, login, "10000.01")
    sentence = command.preview(reader(platform.connection)).sentence
    assert sentence.endswith("needs two of compliance")
    request = ask(cast.olga, command)
    assert approve_as(cast.bob, request).status == Status.PENDING
    assert approve_as(cast.bella, request).status == Status.APPROVED
    assert carry_out(request).status == Status.DONE
    assert balance_of(platform, login) == Decimal("19999.99")


def test_more_than_can_be_withdrawn_is_refused_when_asked_for(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform, "100.00")
    errors = errors_of(cast.olga, make(Withdraw, login, "100.01"))
    assert "At most 100.00 USD can be withdrawn now" in errors["amount"][0]
    assert not Payment.objects.exists()


def test_credit_cannot_be_withdrawn(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform, "100.00")
    give_credit(platform, login, "500.00")
    errors = errors_of(cast.olga, make(Withdraw, login, "100.01"))
    assert "credit 500.00 does not count" in errors["amount"][0]
    assert ask(cast.olga, make(Withdraw, login, "100.00")).status == Status.PENDING


def test_money_that_is_gone_by_the_time_fails_the_withdrawal_and_nothing_is_sent(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform, "100.00")
    request = ask(cast.olga, make(Withdraw, login, "80.00"))
    approve_as(cast.bob, request)
    writer(platform.connection).balance(
        login, Decimal("-50.00"), comment="elsewhere", key=str(uuid.uuid4())
    )
    failed = carry_out(request)
    assert failed.status == Status.FAILED
    assert "Nothing was sent" in failed.outcome_text
    assert "At most 50.00 USD can be withdrawn now" in failed.outcome_text
    assert records_with(platform, request) == []
    assert Payment.objects.get(request=request).status == Status.FAILED


def test_an_account_disabled_after_the_approval_is_not_paid_out(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform, "100.00")
    request = ask(cast.olga, make(Withdraw, login, "80.00"))
    approve_as(cast.bob, request)
    pen = writer(platform.connection)
    pen.group_op(
        UsersGroupOp(command=UsersGroupCommand.Disable, logins=(login,)), key=str(uuid.uuid4())
    )
    assert carry_out(request).status == Status.FAILED
    assert balance_of(platform, login) == Decimal("100.00")


@pytest.mark.parametrize(
    ("fields", "name", "says"),
    [
        ({"amount": "0"}, "amount", "more than zero"),
        ({"amount": "-5"}, "amount", "more than zero"),
        ({"amount": "1.005"}, "amount", "two decimals"),
        ({"amount": "NaN"}, "amount", "more than zero"),
        ({"amount": "100000000000"}, "amount", "must not exceed"),
        ({"method": "barter"}, "method", "Choose one"),
        ({"comment": "twenty letters long!"}, "comment", "at most 19"),
        ({"comment": "zażółć"}, "comment", "ASCII"),
        ({"external_reference": "x" * 65}, "external_reference", "64"),
    ],
)
def test_what_mt4_could_not_take_is_refused_beside_its_field(
    platform: Platform, cast: Cast, fields: dict[str, str], name: str, says: str
) -> None:
    login = enabled_account(platform, "0")
    errors = errors_of(cast.olga, make(Deposit, login, **{"amount": "1", **fields}))
    assert says in errors[name][0]


def test_an_account_that_does_not_exist_is_refused(platform: Platform, cast: Cast) -> None:
    errors = errors_of(cast.olga, make(Deposit, 99999999, "1"))
    assert "no account 99999999" in errors["login"][0]


def test_credit_comes_and_goes_with_an_approval_each(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform, "100.00")
    given = ask(cast.olga, make(CreditIn, login, "40.00", expiration=NEXT_YEAR))
    approve_as(cast.maya, given)
    assert carry_out(given).status == Status.DONE
    (record,) = records_with(platform, given)
    assert record.trade_command is TradeCommand.Credit
    assert record.expiration.date() == NEXT_YEAR
    assert (balance_of(platform, login), credit_of(platform, login)) == (
        Decimal("100.00"),
        Decimal("40.00"),
    )

    assert (
        "credit of 40.00 USD" in errors_of(cast.olga, make(CreditOut, login, "40.01"))["amount"][0]
    )
    taken = ask(cast.olga, make(CreditOut, login, "40.00"))
    approve_as(cast.maya, taken)
    assert carry_out(taken).status == Status.DONE
    assert credit_of(platform, login) == Decimal("0.00")
    assert [payment.kind for payment in Payment.objects.order_by("pk")] == [
        "credit_in",
        "credit_out",
    ]


def test_credit_cannot_end_on_a_day_that_is_over(platform: Platform, cast: Cast) -> None:
    yesterday = platform.server_time().date() - timedelta(days=1)
    for day in (yesterday, date(2038, 1, 1)):
        command = make(CreditIn, enabled_account(platform), "1", expiration=day)
        assert errors_of(cast.olga, command)["expiration"]


def test_the_preview_warns_of_what_a_decision_should_know(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform, "100.00")
    command = make(Withdraw, login, "60.00", external_reference="BANK-7")
    assert levels(command) == {
        "100.00 USD can be withdrawn, credit not counted.": "ok",
        NOT_KEPT: "warn",
    }
    request = ask(cast.olga, command)

    warnings = [text for text, level in levels(command).items() if level == "warn"]
    assert len(warnings) == 4
    assert any(f"within 24 hours: {request.reference}" in text for text in warnings)
    assert any("BANK-7 was used before" in text for text in warnings)
    assert any("1 other withdrawal or transfer of 60.00 USD" in text for text in warnings)


def test_a_request_does_not_warn_of_itself_when_it_is_decided(
    platform: Platform, cast: Cast
) -> None:
    from panel.commands.registry import load

    login = enabled_account(platform, "100.00")
    request = ask(cast.olga, make(Withdraw, login, "60.00", external_reference="BANK-7"))
    command = load(request)
    assert isinstance(command, Withdraw)
    assert {level for text, level in levels(command).items() if text != NOT_KEPT} == {"ok"}


def test_a_method_that_no_deposit_came_by_is_worth_a_warning(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform, "100.00")
    carry_out(ask(cast.olga, make(Deposit, login, "10.00", method="card")))
    text = "Nothing was deposited by bank transfer (deposits came by card)."
    assert levels(make(Withdraw, login, "5.00", method="bank"))[text] == "warn"
    assert text not in levels(make(Withdraw, login, "5.00", method="card"))


def test_a_second_payment_waits_while_the_first_is_unknown(
    platform: Platform, cast: Cast, sandbox: Any, settings: Any
) -> None:
    settings.MT4_DEADLINE_MARGIN = 1.0
    settings.MT4_CHANGE_DEADLINE = 1.0
    login = enabled_account(platform, "100.00")
    first = ask(cast.olga, make(Deposit, login, "10.00"))
    sandbox.fault("drop_after", "TradeTransaction", count=1)
    assert carry_out(first).status == Status.UNKNOWN
    command = make(Deposit, login, "20.00")
    assert any("is unknown" in text for text in levels(command))
    second = carry_out(ask(cast.olga, command))
    assert second.status == Status.APPROVED
    assert first.reference in second.waiting_for
