"""A request from submission to outcome, and everybody who may not touch it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from panel.commands.base import Invalid
from panel.commands.decide import approve, live_before, reject, why_not
from panel.commands.errors import AlreadyDecided, Denied, KeyReused, Stale
from panel.commands.submit import withdraw
from panel.lib.digest import sha256
from panel.models import Approval, AuditEntry, ChangeRequest, Platform, Status
from tests.core.conftest import Cast
from tests.core.money import (
    approve_as,
    ask_deposit,
    ask_withdrawal,
    balance_of,
    carry_out,
    new_account,
    records_with,
)
from tests.factories import actor, make_platform, make_user
from tests.harness.sandbox import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_withdrawal_waits_for_compliance_and_then_moves_the_money_once(
    platform: Platform, cast: Cast
) -> None:
    login = new_account(platform, "1000.00")
    request = ask_withdrawal(cast.olga, login, "250.00")
    assert request.status == Status.PENDING
    assert balance_of(platform, login) == Decimal("1000.00")

    assert approve_as(cast.bob, request).status == Status.APPROVED
    done = carry_out(request)

    assert done.status == Status.DONE
    assert balance_of(platform, login) == Decimal("750.00")
    assert [record.profit for record in records_with(platform, request)] == [Decimal("-250.00")]
    told = AuditEntry.objects.filter(reference=request.reference).order_by("seq")
    assert [entry.action for entry in told] == [
        "request payments.withdraw",
        "request approved",
        "request executing",
        "request done",
    ]


def test_maker_cannot_approve_own_withdrawal(platform: Platform, cast: Cast) -> None:
    both = make_user("Both", "back-office", "compliance")
    request = ask_withdrawal(both, new_account(platform), "10.00")
    with pytest.raises(Denied):
        approve_as(both, request)
    assert AuditEntry.objects.filter(reference=request.reference, outcome="denied").exists()


def test_the_database_itself_refuses_the_makers_approval(platform: Platform, cast: Cast) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform), "10.00")
    row: dict[str, Any] = {"request": request, "role": "compliance", "decision": "approve"}
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.create(**row, checker=cast.olga, maker=cast.olga)
    # Naming another maker on the row does not help: the trigger knows the request's authors.
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.create(**row, checker=cast.olga, maker=cast.bob)
    assert not Approval.objects.filter(request=request).exists()


def test_whoever_edited_a_request_cannot_approve_what_became_of_it(
    platform: Platform, cast: Cast
) -> None:
    from panel.commands.submit import submit
    from payments.commands import Withdraw

    both = make_user("Both", "back-office", "compliance")
    login = new_account(platform)
    first = ask_withdrawal(both, login, "10.00")
    edit = Withdraw(platform="demo", login=login, amount=Decimal("20.00"))
    second = submit(
        edit, actor=actor(cast.olga), source="test", reason="", key="edit", supersedes=first
    )
    first.refresh_from_db()
    assert first.status == Status.WITHDRAWN
    assert "made or edited" in why_not(second, both)
    with pytest.raises(Denied):
        approve_as(both, second)


@pytest.mark.parametrize("name", ["alice", "carol", "dave", "maya", "ada", "olga"])
def test_only_compliance_decides_on_withdrawals(platform: Platform, cast: Cast, name: str) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform), "10.00")
    person = getattr(cast, name)
    with pytest.raises(Denied):
        approve_as(person, request)
    with pytest.raises(Denied):
        reject(request, actor=actor(person), source="test", reason="no reason at all")
    request.refresh_from_db()
    assert request.status == Status.PENDING


@pytest.mark.parametrize("name", ["alice", "bob", "carol", "dave", "maya", "ada"])
def test_only_the_back_office_asks_for_withdrawals(
    platform: Platform, cast: Cast, name: str
) -> None:
    login = new_account(platform)
    with pytest.raises(Denied):
        ask_withdrawal(getattr(cast, name), login, "10.00")
    assert ChangeRequest.objects.count() == 0
    assert AuditEntry.objects.filter(outcome="denied", code="payments.withdraw").count() == 1


def test_over_ten_thousand_two_different_people_approve(platform: Platform, cast: Cast) -> None:
    login = new_account(platform, "50000.00")
    request = ask_withdrawal(cast.olga, login, "10000.01")
    assert approve_as(cast.bob, request).status == Status.PENDING
    with pytest.raises(Denied):
        approve_as(cast.bob, request)
    assert approve_as(cast.bella, request).status == Status.APPROVED
    assert carry_out(request).status == Status.DONE


def test_a_small_deposit_runs_at_once_and_a_large_one_waits(platform: Platform, cast: Cast) -> None:
    login = new_account(platform)
    assert ask_deposit(cast.olga, login, "10000.00").status == Status.APPROVED
    assert ask_deposit(cast.olga, login, "10000.01").status == Status.PENDING


def test_the_same_key_gives_the_same_request_and_another_payload_an_error(
    platform: Platform, cast: Cast
) -> None:
    login = new_account(platform)
    first = ask_deposit(cast.olga, login, "5.00", key="k1")
    assert ask_deposit(cast.olga, login, "5.00", key="k1").pk == first.pk
    with pytest.raises(KeyReused):
        ask_deposit(cast.olga, login, "6.00", key="k1")
    assert ChangeRequest.objects.count() == 1


def test_a_rejection_needs_a_reason_and_ends_the_request(platform: Platform, cast: Cast) -> None:
    login = new_account(platform)
    request = ask_withdrawal(cast.olga, login, "10.00")
    with pytest.raises(Invalid):
        reject(request, actor=actor(cast.bob), source="test", reason="  ")
    reject(request, actor=actor(cast.bob), source="test", reason="documents are missing")
    with pytest.raises(AlreadyDecided):
        approve_as(cast.bella, ChangeRequest.objects.get(pk=request.pk))
    assert carry_out(request).status == Status.REJECTED
    assert balance_of(platform, login) == Decimal("1000.00")


def test_figures_that_changed_since_the_page_was_opened_ask_again(
    platform: Platform, cast: Cast
) -> None:
    login = new_account(platform)
    request = ask_withdrawal(cast.olga, login, "100.00")
    _, seen = live_before(request)
    carry_out(ask_deposit(cast.olga, login, "7.00"))
    with pytest.raises(Stale) as stale:
        approve(request, actor=actor(cast.bob), source="test", seen=sha256(seen))
    approved = approve(request, actor=actor(cast.bob), source="test", seen=sha256(stale.value.live))
    assert approved.status == Status.APPROVED


def test_the_maker_withdraws_a_waiting_request_and_nobody_else_can(
    platform: Platform, cast: Cast
) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform), "10.00")
    with pytest.raises(Denied):
        withdraw(request, actor=actor(cast.bob), source="test", reason="")
    withdraw(request, actor=actor(cast.olga), source="test", reason="client changed his mind")
    with pytest.raises(AlreadyDecided):
        approve_as(cast.bob, ChangeRequest.objects.get(pk=request.pk))


def test_money_that_is_no_longer_there_at_execution_is_not_sent_for(
    platform: Platform, cast: Cast
) -> None:
    login = new_account(platform, "100.00")
    first = ask_withdrawal(cast.olga, login, "80.00")
    second = ask_withdrawal(cast.olga, login, "80.00")
    approve_as(cast.bob, first)
    approve_as(cast.bob, second)
    assert carry_out(first).status == Status.DONE
    failed = carry_out(second)
    assert failed.status == Status.FAILED
    assert "Nothing was sent" in failed.outcome_text
    assert records_with(platform, second) == []


def test_money_waits_while_the_accounts_last_operation_is_unknown(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    login = new_account(platform)
    first = ask_deposit(cast.olga, login, "10.00")
    second = ask_deposit(cast.olga, login, "20.00")
    sandbox.fault("drop_after", "TradeTransaction", count=1)
    assert carry_out(first).status == Status.UNKNOWN
    waiting = carry_out(second)
    assert waiting.status == Status.APPROVED
    assert first.reference in waiting.waiting_for
    assert records_with(platform, second) == []


def test_a_tampered_payload_is_never_carried_out(platform: Platform, cast: Cast) -> None:
    login = new_account(platform)
    request = ask_withdrawal(cast.olga, login, "10.00")
    ChangeRequest.objects.filter(pk=request.pk).update(
        payload={**request.payload, "amount": "900.00"}
    )
    with pytest.raises(ValueError, match="digest"):
        approve_as(cast.bob, ChangeRequest.objects.get(pk=request.pk))


def test_what_lies_outside_a_persons_scope_cannot_be_asked_for_or_decided(
    platform: Platform, cast: Cast
) -> None:
    login = new_account(platform)
    elsewhere = make_user("Eve", "back-office", groups="real-vip-*")
    with pytest.raises(Denied):
        ask_withdrawal(elsewhere, login, "1.00")
    request = ask_withdrawal(cast.olga, login, "1.00")
    checker = make_user("Ed", "compliance", groups="real-vip-*")
    assert "scopes" in why_not(request, checker)


def test_a_request_is_replaced_only_by_one_of_its_kind_while_it_waits(
    platform: Platform, cast: Cast
) -> None:
    from panel.commands.submit import submit
    from payments.commands import Withdraw

    login = new_account(platform)
    waiting = ask_withdrawal(cast.olga, login, "10.00")
    decided = ask_withdrawal(cast.olga, login, "11.00")
    approve_as(cast.bob, decided)
    elsewhere = Withdraw(platform="demo", login=new_account(platform), amount=Decimal("12.00"))
    here = Withdraw(platform="demo", login=login, amount=Decimal("12.00"))
    decided.refresh_from_db()
    for command, earlier in ((elsewhere, waiting), (here, decided)):
        with pytest.raises(Invalid):
            submit(
                command,
                actor=actor(cast.olga),
                source="test",
                reason="",
                key="other",
                supersedes=earlier,
            )
    waiting.refresh_from_db()
    assert waiting.status == Status.PENDING


def test_a_request_takes_the_place_of_none_on_another_server(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    from panel.commands.submit import submit
    from payments.commands import Withdraw

    login = new_account(platform)
    waiting = ask_withdrawal(cast.olga, login, "10.00")
    make_platform(sandbox.url, slug="other", name="Other")
    same_login = Withdraw(platform="other", login=login, amount=Decimal("12.00"))
    with pytest.raises(Invalid, match="something else"):
        submit(
            same_login,
            actor=actor(cast.olga),
            source="test",
            reason="",
            key="other",
            supersedes=waiting,
        )
    waiting.refresh_from_db()
    assert waiting.status == Status.PENDING
