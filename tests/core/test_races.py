"""Races between real transactions: each has one winner.

On PostgreSQL these are two sessions at once; on SQLite the write lock lets them in one by one, and
the outcome has to be the same.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from panel import audit
from panel.commands import decide
from panel.commands.decide import approve, live_before
from panel.commands.errors import AlreadyDecided
from panel.commands.executor import claim, run
from panel.commands.happenings import happened
from panel.lib.digest import sha256
from panel.models import Approval, AuditEntry, ChangeRequest, Happening, Platform, Status
from tests.core.conftest import Cast
from tests.core.money import (
    approve_as,
    ask_deposit,
    ask_withdrawal,
    balance_of,
    new_account,
    records_with,
)
from tests.factories import actor
from tests.harness.at_once import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.mark.parametrize("again", range(5))
def test_two_approvers_at_once_have_one_winner_and_the_other_is_told(
    platform: Platform, cast: Cast, again: int
) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform), "10.00")
    seen = sha256(live_before(request)[1])

    def by(person: Any) -> Callable[[], Any]:
        fresh = ChangeRequest.objects.get(pk=request.pk)
        return lambda: approve(fresh, actor=actor(person), source="test", seen=seen)

    answers = at_once(by(cast.bob), by(cast.bella))
    won = [answer for answer in answers if isinstance(answer, ChangeRequest)]
    told = [answer for answer in answers if isinstance(answer, AlreadyDecided)]
    assert (len(won), len(told)) == (1, 1), answers
    assert Approval.objects.filter(request=request).count() == 1
    assert AuditEntry.objects.filter(action="request approved").count() == 1


@pytest.mark.parametrize("again", range(3))
def test_two_needed_approvals_given_at_once_both_count(
    platform: Platform, cast: Cast, again: int
) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform, "90000.00"), "20000.00")
    seen = sha256(live_before(request)[1])

    def by(person: Any) -> Callable[[], Any]:
        fresh = ChangeRequest.objects.get(pk=request.pk)
        return lambda: approve(fresh, actor=actor(person), source="test", seen=seen)

    answers = at_once(by(cast.bob), by(cast.bella))
    assert all(isinstance(answer, ChangeRequest) for answer in answers), answers
    request.refresh_from_db()
    assert request.status == Status.APPROVED


@pytest.mark.parametrize("again", range(5))
def test_the_same_key_sent_twice_at_once_makes_one_request(
    platform: Platform, cast: Cast, again: int
) -> None:
    login = new_account(platform)

    def send() -> ChangeRequest:
        return ask_deposit(cast.olga, login, "10.00", key="same")

    answers = at_once(send, send, send)
    assert all(isinstance(answer, ChangeRequest) for answer in answers), answers
    assert len({answer.pk for answer in answers}) == 1
    assert ChangeRequest.objects.count() == 1


@pytest.mark.parametrize("again", range(5))
def test_two_workers_that_claim_the_same_request_have_one_winner(
    platform: Platform, cast: Cast, again: int
) -> None:
    request = ask_deposit(cast.olga, new_account(platform), "10.00")
    answers = at_once(lambda: claim(request.pk), lambda: claim(request.pk))
    assert sorted(answer is None for answer in answers) == [False, True], answers
    assert ChangeRequest.objects.get(pk=request.pk).attempt == 1


@pytest.mark.parametrize("again", range(3))
def test_two_workers_on_two_payments_of_one_account_take_one_at_a_time(
    platform: Platform, cast: Cast, again: int
) -> None:
    login = new_account(platform)
    requests = [ask_deposit(cast.olga, login, "10.00"), ask_deposit(cast.olga, login, "20.00")]
    answers = at_once(*(lambda pk=request.pk: claim(pk) for request in requests))
    assert sorted(answer is None for answer in answers) == [False, True], answers


def test_two_workers_on_one_message_pay_once(platform: Platform, cast: Cast) -> None:
    login = new_account(platform, "1000.00")
    request = ask_withdrawal(cast.olga, login, "100.00")
    approve_as(cast.bob, request)
    at_once(lambda: run(request.pk), lambda: run(request.pk), lambda: run(request.pk))
    assert ChangeRequest.objects.get(pk=request.pk).status == Status.DONE
    assert len(records_with(platform, request)) == 1
    assert balance_of(platform, login) == Decimal("900.00")


def test_the_audit_chain_holds_when_many_write_at_once(platform: Platform, cast: Cast) -> None:
    from panel.access.actor import Actor

    def write() -> None:
        for number in range(10):
            audit.record(Actor.system("race"), f"thing {number}", source="test")

    assert at_once(write, write, write, write) == [None] * 4
    assert audit.verify() is None
    assert AuditEntry.objects.filter(actor="panel: race").count() == 40


def test_a_locked_row_does_not_keep_the_audit_log_from_what_points_to_it(
    platform: Platform, cast: Cast
) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform), "10.00")
    locked, written = threading.Event(), threading.Event()

    def decides() -> str:
        with transaction.atomic():
            decide._lock(request)
            locked.set()
            written.wait(10)
            audit.record(actor(cast.bob), "decided", source="test", request=request)
        return "decided"

    def tells() -> str:
        locked.wait(10)
        with transaction.atomic():
            happened(request, Happening.Event.STUCK)
            audit.record(actor(cast.bella), "told", source="test", request=request)
            written.set()
            time.sleep(0.5)  # the other one now waits for the log's head
        return "told"

    assert at_once(decides, tells) == ["decided", "told"]
    assert audit.verify() is None
