"""What changes between two sendings: a repeat is checked as the first sending was.

The first sending of each payment is lost before it reaches MT4, and everything of the panel dies.
Meanwhile the account is moved to a group in yen, or two people stop its withdrawals. Sending again
would be right by MT4's records, and is wrong.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from pytest_django import Settings

from panel.commands.base import Invalid
from panel.commands.submit import submit
from panel.models import ChangeRequest, Status
from panel.mt4.protocol.enums import UsersGroupCommand
from panel.mt4.protocol.records import UsersGroupOp
from panel.mt4.read import reader
from panel.mt4.write import writer
from payments.bulk.command import CarryOutFile
from payments.commands import Deposit, Withdraw
from payments.models import BulkFile, BulkItem
from payments.stops import SetWithdrawals
from payments.transfers import Transfer
from tests.chaos.conftest import KEY_MEMORY, demo, person, proxied
from tests.chaos.plugged import approved, asked, settled_or_with_a_person
from tests.chaos.truth import booked
from tests.core.money import approve_as, new_account
from tests.factories import actor
from tests.harness.stack import Stack
from tests.harness.waiting import wait_until
from tests.payments.bulk.bulk import checked, submitted
from tests.sandbox.api import Api

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]
LONG = 60
LONGER = KEY_MEMORY + 8
YEN, MICRO = "real-std-jpy", "real-micro-usd"
Change = Callable[[Stack, int], None]


@contextmanager
def lost_on_the_way(stack: Stack, *logins: int) -> Iterator[None]:
    """What is asked for within is sent once and never arrives; then the whole panel dies."""
    rules = [stack.proxy.rule("drop_request", login=login, count=1) for login in logins]
    yield
    wait_until(lambda: all(rule.struck for rule in rules), LONG, "the first sendings")
    stack.kill_panel()


def to_yen(stack: Stack, login: int) -> None:
    """Somebody moves the account to a group in yen, in MT4's own terminal."""
    writer(demo().connection).group_op(
        UsersGroupOp(logins=(login,), command=UsersGroupCommand.SetGroup, new_group=YEN),
        key=str(uuid.uuid4()),
    )
    assert reader(demo().connection).account(login).group == YEN


def group_to_yen(stack: Stack, login: int) -> None:
    """Somebody changes the currency of the account's group."""
    group = reader(demo().connection).account(login).group
    assert Api(stack.sandbox).patch(f"GroupRecord/{group}", {"currency": "JPY"}).code == "Ok"


def stop_withdrawals(stack: Stack, login: int) -> None:
    """Two people stop what leaves the account."""
    request = submit(
        SetWithdrawals(platform="demo", login=login, allowed=False),
        actor=actor(person("compliance")),
        source="test",
        reason="fraud is looked into",
        key=str(uuid.uuid4()),
    )
    done = approve_as(person("compliance2"), request)
    assert ChangeRequest.objects.get(pk=done.pk).status == Status.DONE


def deposit(login: int) -> Deposit:
    return Deposit(platform="demo", login=login, amount=Decimal("5000.00"))


def withdrawal(login: int) -> Withdraw:
    return Withdraw(platform="demo", login=login, amount=Decimal("400.00"), method="internal")


def is_left_alone(stack: Stack, request: ChangeRequest, *logins: int) -> ChangeRequest:
    """The request once it does not go on by itself; nothing was sent again, nothing booked."""
    sent = len(stack.proxy.passed)
    stack.start_panel()
    wait_until(settled_or_with_a_person([request]), LONG, f"an end of {request.reference}")
    time.sleep(LONGER)
    assert len(stack.proxy.passed) == sent
    assert not {key for key in booked(stack, logins) if key[3:] == request.reference[3:]}
    request.refresh_from_db()
    assert request.status == Status.FAILED or request.needs_person, request.outcome_text
    return request


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
@pytest.mark.parametrize("change", [to_yen, group_to_yen])
def test_dollars_are_not_booked_on_an_account_that_is_in_yen_by_now(
    make_stack: Callable[..., Stack], database: str, change: Change
) -> None:
    stack = proxied(make_stack, database)
    with stack.connected():
        login = new_account(demo(), "0", group=MICRO)
        with lost_on_the_way(stack, login):
            request = asked(deposit(login))
        change(stack, login)
        request = is_left_alone(stack, request, login)
        assert "JPY" in request.outcome_text


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_withdrawal_does_not_go_out_after_two_people_have_stopped_it(
    make_stack: Callable[..., Stack], database: str
) -> None:
    stack = proxied(make_stack, database)
    with stack.connected():
        login = new_account(demo(), "1000.00")
        with lost_on_the_way(stack, login):
            request = asked(withdrawal(login))
        stop_withdrawals(stack, login)
        request = is_left_alone(stack, request, login)
        assert "stopped" in request.outcome_text


def test_a_transfer_goes_no_further_onto_an_account_that_is_in_yen_by_now(
    make_stack: Callable[..., Stack],
) -> None:
    stack = proxied(make_stack)
    with stack.connected():
        source, target = new_account(demo(), "1000.00"), new_account(demo(), "0")
        with lost_on_the_way(stack, target):
            request = asked(
                Transfer(platform="demo", login=source, to_login=target, amount=Decimal("300.00"))
            )
        to_yen(stack, target)
        stack.start_panel()
        wait_until(settled_or_with_a_person([request]), LONG, "an end of the transfer")
        time.sleep(LONGER)
        assert len(stack.proxy.sendings(login=target)) == 1
        assert booked(stack, [target]) == {}
        request.refresh_from_db()
        assert request.status != Status.DONE
        out = sum(amount for one in booked(stack, [source]).values() for each in one
                  for amount in each.amounts)  # fmt: skip
        # Back where it came from, or with a person who sees that it is on neither account.
        assert (request.status, out) == (Status.FAILED, 0) or request.needs_person


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_lines_of_a_file_are_checked_before_they_are_sent_again(
    make_stack: Callable[..., Stack], database: str, settings: Settings
) -> None:
    stack = proxied(make_stack, database)
    settings.DATA_DIR = stack.data
    with stack.connected():
        moved, stopped = new_account(demo(), "0", group=MICRO), new_account(demo(), "1000.00")
        lines = (f"{moved},deposit,5000.00,USD,a,", f"{stopped},withdrawal,400.00,USD,b,")
        file = checked(person("ops"), *lines, method="internal")
        with lost_on_the_way(stack, moved, stopped):
            asked(CarryOutFile.of(file))
        to_yen(stack, moved)
        stop_withdrawals(stack, stopped)
        sent = len(stack.proxy.passed)
        stack.start_panel()
        wait_until(lambda: _are_left_alone(file), LONG, "the end of both lines")
        time.sleep(LONGER)
        assert len(stack.proxy.passed) == sent
        assert booked(stack, [moved, stopped]) == {}


def _are_left_alone(file: BulkFile) -> bool:
    """Whether every line is refused, or waits for a person."""
    lines = list(BulkItem.objects.filter(file=file))
    with_a_person = ChangeRequest.objects.filter(
        reference__in=[line.reference for line in lines], needs_person=True
    )
    refused = sum(line.state == BulkItem.State.REJECTED for line in lines)
    return with_a_person.count() + refused == len(lines)


def test_a_file_reads_the_currency_of_an_account_anew(
    make_stack: Callable[..., Stack], settings: Settings
) -> None:
    """One file has just been booked on the accounts in dollars, and then they are in yen."""
    stack = proxied(make_stack)
    settings.DATA_DIR = stack.data
    with stack.connected():
        logins = [new_account(demo(), "0", group=MICRO) for _ in range(3)]
        files = [
            checked(
                person("ops"),
                *(f"{login},deposit,{number}0.00,USD,f{number}-{login}," for login in logins),
                name=f"file{number}.csv",
                method="internal",
            )
            for number in (1, 2)
        ]
        first, second = (submitted(person("ops"), file) for file in files)
        approved(first)
        wait_until(settled_or_with_a_person([first]), LONG, "the first file")
        assert sum(map(len, booked(stack, logins).values())) == len(logins)
        group_to_yen(stack, logins[0])
        with contextlib.suppress(Invalid):
            approved(second)
        time.sleep(LONGER)
        assert sum(map(len, booked(stack, logins).values())) == len(logins)
        for item in BulkItem.objects.filter(file=files[1]):
            assert item.state != BulkItem.State.DONE
