"""Each piece of bad luck: the right state first, then exactly one record or none."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from panel.models import ChangeRequest, Platform, Status
from panel.mt4.protocol.enums import TradeCommand
from payments.books import books
from payments.commands import CreditIn, CreditOut, Withdraw
from payments.models import Payment
from payments.operation import MoneyCommand
from tests.core.conftest import Cast
from tests.core.money import approve_as, balance_of, carry_out, records_with
from tests.core.test_reconcile import settle_down
from tests.harness.sandbox import SandboxProcess
from tests.payments.test_commands import ask, enabled_account, give_credit, make

pytestmark = pytest.mark.django_db(transaction=True)

LOST = ["drop_before", "drop_after", "html_502", "html_502_after", "outcome_unknown_applied"]


@pytest.fixture(autouse=True)
def short_waits(settings: Settings) -> None:
    """Seconds, not minutes."""
    settings.MT4_DEADLINE_MARGIN = 1.0
    settings.MT4_CHANGE_DEADLINE = 1.0
    settings.RECONCILE_PAUSE = 0.2
    settings.EXECUTION_LEASE = 2


def approved(cast: Cast, command: MoneyCommand) -> ChangeRequest:
    """A request that only waits for a worker."""
    return approve_as(cast.bob, ask(cast.olga, command))


@pytest.mark.parametrize("fault", LOST)
def test_a_withdrawal_whose_answer_is_lost_is_unknown_then_paid_out_once(
    platform: Platform, cast: Cast, sandbox: SandboxProcess, fault: str
) -> None:
    login = enabled_account(platform, "100.00")
    request = approved(cast, make(Withdraw, login, "40.00"))
    sandbox.fault(fault, "TradeTransaction", count=1)
    assert carry_out(request).status == Status.UNKNOWN
    assert Payment.objects.get(request=request).status == Status.UNKNOWN

    assert settle_down(request).status == Status.DONE

    (record,) = records_with(platform, request)
    assert record.profit == Decimal("-40.00")
    assert balance_of(platform, login) == Decimal("60.00")
    payment = Payment.objects.get(request=request)
    assert (payment.status, payment.ticket) == (Status.DONE, record.order)


def test_a_withdrawal_that_was_applied_late_is_waited_for(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    login = enabled_account(platform, "100.00")
    request = approved(cast, make(Withdraw, login, "40.00"))
    sandbox.fault("outcome_unknown_late", "TradeTransaction", count=1, seconds=1.5)
    assert carry_out(request).status == Status.UNKNOWN
    assert settle_down(request).status == Status.DONE
    assert balance_of(platform, login) == Decimal("60.00")


def test_what_was_never_applied_stays_unknown_and_moves_nothing(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    login = enabled_account(platform, "100.00")
    request = approved(cast, make(Withdraw, login, "40.00"))
    sandbox.fault("outcome_unknown_not_applied", "TradeTransaction", count=1)
    assert carry_out(request).status == Status.UNKNOWN
    assert records_with(platform, request) == []
    assert balance_of(platform, login) == Decimal("100.00")


def test_a_busy_server_leaves_the_withdrawal_approved(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    login = enabled_account(platform, "100.00")
    request = approved(cast, make(Withdraw, login, "40.00"))
    sandbox.fault("busy", "TradeTransaction", count=1)
    waiting = carry_out(request)
    assert waiting.status == Status.APPROVED
    assert Payment.objects.get(request=request).status == Status.APPROVED
    assert balance_of(platform, login) == Decimal("100.00")
    ChangeRequest.objects.filter(pk=request.pk).update(not_before=None)
    assert carry_out(request).status == Status.DONE


@pytest.mark.parametrize("fault", ["drop_after", "html_502"])
def test_credit_is_found_again_by_kind_and_amount(
    platform: Platform, cast: Cast, sandbox: SandboxProcess, fault: str
) -> None:
    login = enabled_account(platform, "100.00")
    give_credit(platform, login, "50.00")
    for command in (
        make(CreditIn, login, "10.00", expiration=timezone.localdate() + timedelta(days=9)),
        make(CreditOut, login, "60.00"),
    ):
        request = approved(cast, command)
        sandbox.fault(fault, "TradeTransaction", count=1)
        assert carry_out(request).status == Status.UNKNOWN
        assert settle_down(request).status == Status.DONE
        (record,) = records_with(platform, request)
        assert record.trade_command is TradeCommand.Credit
    assert balance_of(platform, login) == Decimal("100.00")
    found = books(platform, login)
    assert found.agree
    assert found.our_total == found.their_total == Decimal("-50.00")
