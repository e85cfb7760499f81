"""Transfers: two legs, both or none; what a form refuses; what goes wrong between the legs."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from panel import audit
from panel.commands import executor
from panel.commands.call import Call
from panel.commands.submit import live_reader, submit
from panel.models import AuditEntry, ChangeRequest, Hold, Platform, Status
from panel.mt4.errors import Rejected
from panel.mt4.write import writer
from payments.books import books
from payments.commands import Deposit
from payments.models import Kind, Payment
from tests.core.conftest import Cast
from tests.core.money import approve_as, balance_of, carry_out
from tests.core.test_reconcile import settle_down
from tests.factories import actor, make_user
from tests.harness.sandbox import SandboxProcess
from tests.payments.test_commands import ask, enabled_account, errors_of, levels, make
from tests.payments.test_pages import as_user
from tests.payments.transferring import (
    approved_transfer,
    balances,
    legs_in_mt4,
    run_again,
    states,
    transfer,
)

pytestmark = pytest.mark.django_db(transaction=True)
REFUSE = {"code": "TradeDisable"}


@pytest.fixture(autouse=True)
def short_waits(settings: Settings) -> None:
    """Seconds, not minutes."""
    settings.MT4_DEADLINE_MARGIN = 1.0
    settings.MT4_CHANGE_DEADLINE = 1.0
    settings.RECONCILE_PAUSE = 0.2
    settings.EXECUTION_LEASE = 2


@pytest.fixture
def pair(platform: Platform) -> tuple[int, int]:
    """Two accounts of one owner, 1,000.00 and nothing on them."""
    return (
        enabled_account(platform, "1000.00", name="Anna Kowalska"),
        enabled_account(platform, "0", name="Anna Kowalska"),
    )


def test_a_transfer_takes_from_one_account_and_brings_to_the_other(
    platform: Platform, cast: Cast, pair: tuple[int, int]
) -> None:
    request = ask(cast.olga, transfer(*pair, "250.50", comment="to savings"))
    assert request.status == Status.PENDING
    assert carry_out(approve_as(cast.bob, request)).status == Status.DONE
    assert balances(platform, *pair) == [Decimal("749.50"), Decimal("250.50")]
    assert legs_in_mt4(platform, request) == {
        "TR": [Decimal("-250.50")],
        "TI": [Decimal("250.50")],
    }
    out, into = request.payments.order_by("pk")
    assert (out.kind, into.kind) == (Kind.TRANSFER_OUT, Kind.TRANSFER_IN)
    assert (out.login, into.login) == pair
    assert into.reference == f"TI {request.reference[3:]}"
    assert into.origin == out
    assert out.ticket != into.ticket
    assert None not in (out.ticket, into.ticket, out.finished, into.finished)
    assert not Hold.objects.exists()
    for login in pair:
        assert books(platform, login).agree


def test_into_another_currency_the_rate_decides_what_arrives(
    platform: Platform, cast: Cast
) -> None:
    source = enabled_account(platform, "1000.00", name="Anna Kowalska")
    target = enabled_account(platform, "0", name="Anna Kowalska", group="real-std-eur")
    command = transfer(source, target, "100.00", rate=Decimal("0.92345"))
    preview = command.preview(live_reader(command))
    assert preview.sentence == (
        f"Transfer 100.00 USD from {source} Anna Kowalska to {target} Anna Kowalska, which gets "
        f"92.35 EUR at 0.92345 EUR for 1 USD; on {source} free margin falls from 1,000.00 to "
        "900.00; needs compliance or manager"
    )
    changes = {change.label: (change.before, change.after) for change in preview.changes}
    assert changes[f"{source} balance"] == ("1,000.00", "900.00")
    assert changes[f"{target} balance"] == ("0.00 EUR", "92.35 EUR")

    request = approve_as(cast.bob, ask(cast.olga, command))
    assert carry_out(request).status == Status.DONE
    assert balances(platform, source, target) == [Decimal("900.00"), Decimal("92.35")]
    into = request.payments.get(kind=Kind.TRANSFER_IN)
    assert (into.currency, into.paid_amount, into.paid_currency) == (
        "EUR",
        Decimal("100.00"),
        "USD",
    )
    assert into.rate == Decimal("0.92345")


@pytest.mark.parametrize(
    ("rate", "says", "level"),
    [
        ("0.92", "within 1", "ok"),
        ("0.80", "below the market", "warn"),
        ("1.0834", "the wrong way round", "warn"),
    ],
)
def test_a_rate_is_held_against_the_market(
    platform: Platform, sandbox: SandboxProcess, rate: str, says: str, level: str
) -> None:
    sandbox.price("EURUSD", 1.08340, 1.08344)
    source = enabled_account(platform, "1000.00")
    target = enabled_account(platform, "0", group="real-std-eur")
    found = levels(transfer(source, target, "100.00", rate=Decimal(rate)))
    assert [found[text] for text in found if says in text] == [level], found


@pytest.mark.parametrize(
    ("fields", "name", "says"),
    [
        ({"amount": "1000.01"}, "amount", "At most 1,000.00 USD can be withdrawn now"),
        ({"target": "source"}, "to_login", "another account"),
        ({"target": 99999999}, "to_login", "no account 99999999"),
        ({"rate": Decimal("0.9")}, "rate", "there is no rate"),
        ({"rate": Decimal("-1")}, "rate", "more than zero"),
        ({"target": "euros"}, "rate", "Enter how many EUR one USD is"),
        ({"target": "euros", "rate": Decimal("0.00001")}, "rate", "out of all bounds"),
        ({"comment": "twenty letters long!"}, "comment", "at most 19"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    platform: Platform,
    cast: Cast,
    pair: tuple[int, int],
    fields: dict[str, Any],
    name: str,
    says: str,
) -> None:
    euros = enabled_account(platform, "0", group="real-std-eur")
    places = {"source": pair[0], "euros": euros}
    wanted = {"amount": "10.00", "target": pair[1], **fields}
    target = wanted.pop("target")
    amount = wanted.pop("amount")
    if name == "rate" and target == "euros" and "rate" in wanted:
        amount = "0.05"
    command = transfer(pair[0], places.get(target, target), amount, **wanted)
    assert says in errors_of(cast.olga, command)[name][0]
    assert not Payment.objects.exists()


def test_an_account_outside_the_scopes_of_whoever_asks_is_not_there(
    platform: Platform, cast: Cast
) -> None:
    source = enabled_account(platform, "100.00")
    target = enabled_account(platform, "0", group="real-std-eur")
    erik = make_user("Erik", "back-office", groups="real-std-usd")
    errors = errors_of(erik, transfer(source, target, "10.00", rate=Decimal("0.9")))
    assert "not yours to see" in errors["to_login"][0]
    assert AuditEntry.objects.get(outcome="denied").code == "scope"


def test_whoever_decides_must_see_both_accounts(platform: Platform, cast: Cast) -> None:
    from panel.commands.decide import why_not

    source = enabled_account(platform, "100.00")
    target = enabled_account(platform, "0", group="real-std-eur")
    request = ask(cast.olga, transfer(source, target, "10.00", rate=Decimal("0.9")))
    zoe = make_user("Zoe", "compliance", groups="real-std-usd")
    assert "receiving account" in why_not(request, zoe)
    assert why_not(request, cast.bob) == ""


def test_another_owner_is_worth_a_warning(platform: Platform, pair: tuple[int, int]) -> None:
    other = enabled_account(platform, "0", name="Jan Nowak")
    text = "The accounts have different owners: Anna Kowalska and Jan Nowak."
    assert levels(transfer(pair[0], other, "10.00"))[text] == "warn"
    assert text not in levels(transfer(*pair, "10.00"))


def test_what_is_no_longer_free_fails_the_transfer_and_nothing_is_sent(
    platform: Platform, cast: Cast, pair: tuple[int, int]
) -> None:
    request = approved_transfer(cast, *pair, "900.00")
    writer(platform.connection).balance(
        pair[0], Decimal("-500.00"), comment="elsewhere", key=str(uuid.uuid4())
    )
    failed = carry_out(request)
    assert failed.status == Status.FAILED
    assert "Nothing was sent" in failed.outcome_text
    assert balances(platform, *pair) == [Decimal("500.00"), Decimal("0.00")]
    assert states(request) == {"TR": "failed", "TI": "failed"}


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


def run_with_fault_on_the_way_back(
    sandbox: SandboxProcess, request: ChangeRequest, source: int, fault: str, **rule: Any
) -> ChangeRequest:
    """Carry it out; bad luck comes over the source once the credit was refused."""

    class Unlucky(Call):
        def keep_refusal(self, name: str, rejected: Rejected) -> dict[str, str]:
            sandbox.fault(fault, "TradeTransaction", login=source, count=1, **rule)
            return super().keep_refusal(name, rejected)

    claimed = executor.claim(request.pk)
    assert claimed is not None
    command, call = executor.open_call(claimed)
    unlucky = Unlucky(request=claimed, reader=call.reader, writer=call.writer, attempt=call.attempt)
    executor.attempt(command, unlucky)
    return ChangeRequest.objects.get(pk=request.pk)


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


def test_money_that_can_neither_arrive_nor_go_back_waits_for_people(
    platform: Platform, cast: Cast, pair: tuple[int, int], sandbox: SandboxProcess
) -> None:
    request = approved_transfer(cast, *pair, "100.00")
    sandbox.fault("mt4_error", "TradeTransaction", login=pair[1], **REFUSE)
    stuck = run_with_fault_on_the_way_back(sandbox, request, pair[0], "mt4_error", **REFUSE)
    assert (stuck.status, stuck.needs_person) == (Status.UNKNOWN, True)
    assert "It is on neither account." in stuck.outcome_text
    assert audit.verify() is None


def settle(cast: Cast, request: ChangeRequest, *, happened: bool, goes_on: bool) -> ChangeRequest:
    """Two people who had no hand in it settle what is in doubt."""
    from panel.commands.settle import SettleUnknown

    proposal = submit(
        SettleUnknown(
            reference=request.reference, happened=happened, finding="Looked in the terminal."
        ),
        actor=actor(cast.maya),
        source="test",
        reason="",
        key=str(uuid.uuid4()),
    )
    assert ("goes on by itself" in proposal.preview["sentence"]) == goes_on
    approve_as(cast.bella, proposal)
    return ChangeRequest.objects.get(pk=request.pk)


def in_doubt(request: ChangeRequest) -> None:
    """As if the hour were over in which the panel looks by itself."""
    ChangeRequest.objects.filter(pk=request.pk).update(
        needs_person=True, unknown_since=timezone.now() - timedelta(hours=2)
    )


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


def test_opposite_transfers_of_two_accounts_wait_for_one_another(
    platform: Platform, cast: Cast, pair: tuple[int, int]
) -> None:
    there = approved_transfer(cast, *pair, "100.00")
    assert carry_out(there).status == Status.DONE
    back = approved_transfer(cast, pair[1], pair[0], "40.00")
    again = approved_transfer(cast, *pair, "10.00")
    assert run_again(back).status == Status.DONE
    assert run_again(again).status == Status.DONE
    assert balances(platform, *pair) == [Decimal("930.00"), Decimal("70.00")]


def test_nothing_is_left_over(platform: Platform, cast: Cast, pair: tuple[int, int]) -> None:
    request = approved_transfer(cast, *pair, "1000.00")
    assert carry_out(request).status == Status.DONE
    assert balance_of(platform, pair[0]) == Decimal("0.00")
