"""Plug-ins that change comments and amounts: nothing is booked twice, and nobody guesses.

Each plug-in is tried with an answer that comes in time and with one that is dropped. The sandbox
forgets keys after two seconds, so whatever is sent again is booked again; what was asked for with
each record is told by the sandbox, whatever comment a plug-in left on it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from decimal import Decimal

import pytest
from pytest_django import Settings

from panel import audit
from panel.models import ChangeRequest, Notice, Status
from payments.bulk.command import CarryOutFile
from payments.commands import Deposit, Withdraw
from payments.models import BulkFile, BulkItem
from payments.transfers import Transfer
from tests.chaos.conftest import KEY_MEMORY, demo, person, proxied
from tests.chaos.plugged import (
    FOUND,
    PERHAPS,
    WORDS,
    Case,
    asked,
    cases,
    count,
    settled_or_with_a_person,
)
from tests.core.money import new_account
from tests.harness.stack import Stack
from tests.harness.waiting import wait_until
from tests.payments.bulk.bulk import checked

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]
DATABASES = ["sqlite", "postgres"]
LONG = 180
# After all have come to an end: as long as the pauses of two more looks and a forgotten key.
LONGER = KEY_MEMORY + 4


def nothing_goes_on(stack: Stack, made: Sequence[Case]) -> dict[str, tuple[int, int]]:
    """Wait for the end of all of them and a little longer; how often each was sent and booked."""
    requests = [case.request for case in made if case.request is not None]
    try:
        wait_until(settled_or_with_a_person(requests), LONG, "the end of all")
    except AssertionError as late:
        raise AssertionError(f"{late} Sent and booked: {count(stack, made)}") from None
    time.sleep(LONGER)
    return count(stack, made)


def check_each(counted: dict[str, tuple[int, int]], made: Sequence[Case]) -> None:
    """Sent once and booked once; and what became of it is what the records allow to say."""
    assert counted == {case.name: (1, 1) for case in made}
    for case in made:
        assert case.request is not None
        request = ChangeRequest.objects.get(pk=case.request.pk)
        told = (case.name, request.status, request.needs_person, request.outcome_text)
        if not case.is_dropped:
            assert request.status == Status.DONE, told
            assert "applied differently" in request.outcome_text.lower(), told
            assert Notice.objects.filter(request=request, kind=Notice.Kind.DIFFERENT).exists(), told
        elif case.plugin in FOUND:
            assert request.status == Status.DONE, told
        elif case.plugin in PERHAPS and request.status == Status.DONE:
            continue
        else:
            assert (request.status, request.needs_person) == (Status.UNKNOWN, True), told


@pytest.mark.parametrize("database", DATABASES)
def test_single_payments_over_plugins_are_booked_once(
    make_stack: Callable[..., Stack], database: str
) -> None:
    stack = proxied(make_stack, database, workers=2)
    with stack.connected():
        made = [*cases(stack, "deposit", "0"), *cases(stack, "withdrawal")]
        for case in made:
            command = Deposit if case.kind == "deposit" else Withdraw
            amount = Decimal("777.00" if case.kind == "deposit" else "400.00")
            method = "bank" if case.kind == "deposit" else "internal"
            case.request = asked(
                command(
                    platform="demo", login=case.login, amount=amount, comment=WORDS, method=method
                )
            )
            case.reference = case.request.reference
        check_each(nothing_goes_on(stack, made), made)
        assert audit.verify() is None


@pytest.mark.parametrize("database", DATABASES)
def test_transfers_over_plugins_are_booked_once_on_either_side(
    make_stack: Callable[..., Stack], database: str
) -> None:
    stack = proxied(make_stack, database, workers=2)
    with stack.connected():
        made = [*cases(stack, "source"), *cases(stack, "target", "0")]
        for case in made:
            other = new_account(demo(), "1000.00")
            ends = (case.login, other) if case.kind == "source" else (other, case.login)
            case.request = asked(
                Transfer(
                    platform="demo",
                    login=ends[0],
                    to_login=ends[1],
                    amount=Decimal("300.00"),
                    comment=WORDS,
                )
            )
            prefix = "TR" if case.kind == "source" else "TI"
            case.reference = f"{prefix}{case.request.reference[2:]}"
        check_each(nothing_goes_on(stack, made), made)
        assert audit.verify() is None


@pytest.mark.parametrize("database", DATABASES)
def test_lines_of_a_file_over_plugins_are_booked_once(
    make_stack: Callable[..., Stack], database: str, settings: Settings
) -> None:
    stack = proxied(make_stack, database, workers=2)
    settings.DATA_DIR = stack.data
    with stack.connected():
        made = [*cases(stack, "deposit", "0"), *cases(stack, "withdrawal")]
        lines = [
            f"{case.login},{case.kind},{100 + number}.00,USD,ref-{number},{WORDS}"
            for number, case in enumerate(made)
        ]
        file = checked(person("ops"), *lines, method="internal")
        assert file.state == BulkFile.State.READY, list(file.problems.values_list("message"))
        asked(CarryOutFile.of(file))
        items = dict(zip([case.login for case in made], _items(file), strict=True))
        wait_until(lambda: all(_is_decided(item) for item in items.values()), LONG, "every line")
        for case in made:
            case.reference = items[case.login].reference
            case.request = ChangeRequest.objects.filter(reference=case.reference).first()
        counted = nothing_goes_on(stack, made)
        assert counted == {case.name: (1, 1) for case in made}
        for case in made:
            item = items[case.login]
            item.refresh_from_db()
            told = (case.name, item.state, item.text)
            if not case.is_dropped:
                assert item.state == BulkItem.State.DONE, told
                # Of a file the answers alone are read: they do not tell of two records, and many
                # servers leave the comment out of every answer.
                if case.plugin not in ("plugin_split", "plugin_empty"):
                    assert "applied differently" in item.text.lower(), told
            elif case.plugin in FOUND:
                assert item.state == BulkItem.State.DONE, told
            elif case.plugin not in PERHAPS or item.state != BulkItem.State.DONE:
                assert item.state == BulkItem.State.UNKNOWN, told
                assert ChangeRequest.objects.get(reference=case.reference).needs_person, told
        assert audit.verify() is None


def _items(file: BulkFile) -> list[BulkItem]:
    return list(BulkItem.objects.filter(file=file).order_by("line"))


def _is_decided(item: BulkItem) -> bool:
    """Whether a line has its outcome, or a request of its own that looks for it."""
    item.refresh_from_db()
    final = (BulkItem.State.DONE, BulkItem.State.REJECTED, BulkItem.State.UNKNOWN)
    return item.state in final


@pytest.mark.parametrize("fault", ["drop_request", "bad_gateway"])
def test_what_never_arrives_is_sent_three_times_at_the_most(
    make_stack: Callable[..., Stack], fault: str
) -> None:
    stack = proxied(make_stack, "sqlite", workers=2)
    with stack.connected():
        login = new_account(demo(), "0")
        stack.proxy.rule(fault, login=login)
        request = asked(
            Deposit(platform="demo", login=login, amount=Decimal("777.00"), method="bank")
        )
        case = Case("deposit", fault, True, login, request.reference, request)
        counted = nothing_goes_on(stack, [case])
        assert counted == {case.name: (3, 0)}
        request.refresh_from_db()
        assert (request.status, request.needs_person) == (Status.UNKNOWN, True)


def test_an_answer_that_differs_from_the_books_is_an_outcome(
    make_stack: Callable[..., Stack],
) -> None:
    """A gateway changes what the answer says, and nothing of what is booked."""
    stack = proxied(make_stack, "sqlite", workers=2)
    with stack.connected():
        made = []
        for fault in ("answer_comment", "answer_amount"):
            login = new_account(demo(), "0")
            stack.proxy.rule(fault, login=login)
            request = asked(
                Deposit(platform="demo", login=login, amount=Decimal("777.00"), comment=WORDS)
            )
            made.append(Case("deposit", fault, False, login, request.reference, request))
        assert nothing_goes_on(stack, made) == {case.name: (1, 1) for case in made}
        for case in made:
            assert case.request is not None
            # The books have it as it was asked for: they count.
            assert ChangeRequest.objects.get(pk=case.request.pk).status == Status.DONE


def test_an_amount_without_a_mark_beside_one_of_another_operation_is_left_to_a_person(
    make_stack: Callable[..., Stack],
) -> None:
    """Two deposits of one amount on one account: the first is known, the second has lost its mark.
    The first is no evidence of the second, and the second's is not proof enough.
    """
    stack = proxied(make_stack, "sqlite", workers=2)
    with stack.connected():
        login = new_account(demo(), "0")
        deposit = Deposit(platform="demo", login=login, amount=Decimal("777.00"), comment=WORDS)
        first = asked(deposit)
        wait_until(lambda: ChangeRequest.objects.get(pk=first.pk).status == Status.DONE, LONG)
        stack.sandbox.fault("plugin_empty", "TradeTransaction", login=login)
        stack.proxy.rule("drop_answer", login=login, count=1)
        second = asked(deposit)
        case = Case("deposit", "plugin_empty", True, login, second.reference, second)
        check_each(nothing_goes_on(stack, [case]), [case])
