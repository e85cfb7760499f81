"""What goes wrong between the legs of a transfer, and what the accounts hold then."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from panel import audit
from panel.commands import reconcile
from panel.models import Hold, Platform, Status
from payments.books import books
from payments.commands import Deposit
from payments.models import Kind
from tests.core.conftest import Cast
from tests.core.money import carry_out
from tests.core.test_reconcile import settle_down
from tests.harness.sandbox import SandboxProcess
from tests.payments.test_commands import ask, make
from tests.payments.test_pages import as_user
from tests.payments.transferring import (
    REFUSE,
    approved_transfer,
    balances,
    in_doubt,
    legs_in_mt4,
    run_with_fault_on_the_way_back,
    settle,
    states,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("short_waits")]


def test_both_accounts_are_held_while_money_is_between_them(
    platform: Platform, cast: Cast, pair: tuple[int, int], sandbox: SandboxProcess
) -> None:
    request = approved_transfer(cast, *pair, "100.00")
    sandbox.fault("drop_after", "TradeTransaction", login=pair[1], count=1)
    assert carry_out(request).status == Status.UNKNOWN
    assert states(request) == {"TR": "done", "TI": "unknown"}
    for login in pair:
        other = carry_out(ask(cast.olga, make(Deposit, login, "5.00")))
        assert other.waiting_for == f"Waits for {request.reference} on the same account."
    assert settle_down(request).status == Status.DONE
    assert balances(platform, *pair) == [Decimal("900.00"), Decimal("100.00")]
    assert not Hold.objects.exists()


def test_a_refused_debit_moves_nothing(
    platform: Platform, cast: Cast, pair: tuple[int, int], sandbox: SandboxProcess
) -> None:
    request = approved_transfer(cast, *pair, "100.00")
    sandbox.fault("mt4_error", "TradeTransaction", login=pair[0], count=1, **REFUSE)
    assert carry_out(request).status == Status.FAILED
    assert balances(platform, *pair) == [Decimal("1000.00"), Decimal("0.00")]
    assert states(request) == {"TR": "failed", "TI": "failed"}


def test_a_refused_credit_puts_everything_back(
    platform: Platform, cast: Cast, pair: tuple[int, int], sandbox: SandboxProcess
) -> None:
    request = approved_transfer(cast, *pair, "100.00")
    sandbox.fault("mt4_error", "TradeTransaction", login=pair[1], count=1, **REFUSE)
    failed = carry_out(request)
    assert failed.status == Status.FAILED
    assert failed.outcome_code == "TradeDisable"
    assert f"{pair[1]} could not be credited" in failed.outcome_text
    assert "were put back" in failed.outcome_text
    assert balances(platform, *pair) == [Decimal("1000.00"), Decimal("0.00")]
    assert legs_in_mt4(platform, request) == {
        "TR": [Decimal("-100.00")],
        "TI": [],
        "TB": [Decimal("100.00")],
    }
    assert states(request) == {"TR": "done", "TI": "failed", "TB": "done"}
    back = request.payments.get(kind=Kind.TRANSFER_RETURN)
    assert back.origin == request.payments.get(kind=Kind.TRANSFER_OUT)
    assert back.ticket is not None
    for login in pair:
        assert books(platform, login).agree
    assert not Hold.objects.exists()


@pytest.mark.parametrize(
    "fault", ["drop_before", "drop_after", "html_502_after", "outcome_unknown_applied"]
)
@pytest.mark.parametrize("leg", [0, 1])
def test_an_answer_that_is_lost_at_any_leg_is_unknown_and_goes_on_by_evidence(
    platform: Platform,
    cast: Cast,
    pair: tuple[int, int],
    sandbox: SandboxProcess,
    fault: str,
    leg: int,
) -> None:
    request = approved_transfer(cast, *pair, "100.00")
    sandbox.fault(fault, "TradeTransaction", login=pair[leg], count=1)
    assert carry_out(request).status == Status.UNKNOWN
    assert settle_down(request).status == Status.DONE
    assert balances(platform, *pair) == [Decimal("900.00"), Decimal("100.00")]
    assert legs_in_mt4(platform, request) == {
        "TR": [Decimal("-100.00")],
        "TI": [Decimal("100.00")],
    }


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "outcome_unknown_applied"])
def test_an_answer_that_is_lost_on_the_way_back_does_not_pay_back_twice(
    platform: Platform,
    cast: Cast,
    pair: tuple[int, int],
    sandbox: SandboxProcess,
    fault: str,
) -> None:
    request = approved_transfer(cast, *pair, "100.00")
    sandbox.fault("mt4_error", "TradeTransaction", login=pair[1], count=1, **REFUSE)
    claimed = run_with_fault_on_the_way_back(sandbox, request, pair[0], fault)
    assert claimed.status == Status.UNKNOWN
    assert states(request) == {"TR": "done", "TI": "failed", "TB": "unknown"}
    assert settle_down(request).status == Status.FAILED
    assert balances(platform, *pair) == [Decimal("1000.00"), Decimal("0.00")]
    assert legs_in_mt4(platform, request)["TB"] == [Decimal("100.00")]
    assert legs_in_mt4(platform, request)["TI"] == []


def test_a_credit_that_was_refused_is_not_sent_again_by_a_later_attempt(
    platform: Platform, cast: Cast, pair: tuple[int, int], sandbox: SandboxProcess
) -> None:
    request = approved_transfer(cast, *pair, "100.00")
    sandbox.fault("mt4_error", "TradeTransaction", login=pair[1], count=1, **REFUSE)
    assert run_with_fault_on_the_way_back(sandbox, request, pair[0], "drop_before").status == (
        Status.UNKNOWN
    )
    # From here on MT4 would take the credit: it must not be asked for it any more.
    sandbox.clear_faults()
    assert settle_down(request).status == Status.FAILED
    assert balances(platform, *pair) == [Decimal("1000.00"), Decimal("0.00")]
    sent = [call for call in sandbox.calls("TradeTransaction") if call["login"] == pair[1]]
    assert len(sent) == 1


def test_a_busy_server_between_the_legs_leaves_it_unknown_until_it_goes_on(
    platform: Platform, cast: Cast, pair: tuple[int, int], sandbox: SandboxProcess
) -> None:
    request = approved_transfer(cast, *pair, "100.00")
    sandbox.fault("busy", "TradeTransaction", login=pair[1], count=1)
    halfway = carry_out(request)
    assert halfway.status == Status.UNKNOWN
    assert "the rest goes on by itself" in halfway.outcome_text
    assert settle_down(request).status == Status.DONE
    assert balances(platform, *pair) == [Decimal("900.00"), Decimal("100.00")]


def test_records_that_mt4_does_not_show_say_nothing_of_the_credit(
    platform: Platform, cast: Cast, pair: tuple[int, int], sandbox: SandboxProcess
) -> None:
    request = approved_transfer(cast, *pair, "100.00")
    sandbox.fault("drop_after", "TradeTransaction", login=pair[1], count=1)
    assert carry_out(request).status == Status.UNKNOWN
    sandbox.fault("mt4_error", "TradesUserHistory", login=pair[1], count=2, code="NotEnoughRights")
    reconcile.look_again(request)
    reconcile.look_into(request.pk)
    request.refresh_from_db()
    assert request.status == Status.UNKNOWN
    assert settle_down(request).status == Status.DONE
    assert balances(platform, *pair) == [Decimal("900.00"), Decimal("100.00")]
    assert states(request) == {"TR": "done", "TI": "done"}


@pytest.mark.parametrize("happened", [True, False])
def test_people_settle_the_leg_in_doubt_and_the_rest_goes_on(
    platform: Platform,
    cast: Cast,
    pair: tuple[int, int],
    sandbox: SandboxProcess,
    happened: bool,
) -> None:
    request = approved_transfer(cast, *pair, "100.00")
    fault = "drop_after" if happened else "drop_before"
    sandbox.fault(fault, "TradeTransaction", login=pair[1], count=1)
    assert carry_out(request).status == Status.UNKNOWN
    in_doubt(request)
    page = as_user(cast.maya).get(reverse("unknown_detail", args=(request.reference,)))
    text = page.content.decode()
    assert f"Transfer in of 100.00 USD on {pair[1]} (TI {request.reference[3:]})" in text
    assert f"{request.reference}</" in text
    assert (f"TI {request.reference[3:]}</" in text) == happened
    settled = settle(cast, request, happened=happened, goes_on=not happened)
    if happened:
        assert settled.status == Status.DONE
        assert balances(platform, *pair) == [Decimal("900.00"), Decimal("100.00")]
        assert states(request) == {"TR": "done", "TI": "done"}
        return
    assert settled.status == Status.UNKNOWN
    assert settle_down(request).status == Status.FAILED
    assert balances(platform, *pair) == [Decimal("1000.00"), Decimal("0.00")]
    assert states(request) == {"TR": "done", "TI": "failed", "TB": "done"}
    assert audit.verify() is None


def test_a_debit_that_people_found_is_followed_by_the_credit(
    platform: Platform, cast: Cast, pair: tuple[int, int], sandbox: SandboxProcess
) -> None:
    request = approved_transfer(cast, *pair, "100.00")
    sandbox.fault("drop_after", "TradeTransaction", login=pair[0], count=1)
    assert carry_out(request).status == Status.UNKNOWN
    in_doubt(request)
    assert settle(cast, request, happened=True, goes_on=True).status == Status.UNKNOWN
    assert settle_down(request).status == Status.DONE
    assert balances(platform, *pair) == [Decimal("900.00"), Decimal("100.00")]
