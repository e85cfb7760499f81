"""The panel's database is put back from a copy of yesterday, MT4 is not: nothing is paid again.

The copy is made in the middle: some payments wait for a decision, some are approved, one is under
way. All of them are paid afterwards, and then the copy is put back. MT4 forgot the keys long ago.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connections
from django.db.models import F
from pytest_django import Settings

from panel import audit
from panel.commands import restoration
from panel.commands.base import Invalid
from panel.commands.submit import submit
from panel.models import ChangeRequest, Policy, Restoration, Status
from panel.pages.commands.restorations import AcknowledgeRestoration
from payments.bulk.command import CarryOutFile
from payments.commands import Deposit, Withdraw
from payments.models import BulkFile, BulkItem, Payment
from payments.transfers import Transfer
from tests.chaos.conftest import KEY_MEMORY, demo, person, proxied
from tests.chaos.plugged import approved, settled_or_with_a_person
from tests.chaos.truth import booked
from tests.core.money import approve_as, new_account
from tests.factories import actor
from tests.harness import copies
from tests.harness.stack import Stack
from tests.harness.waiting import wait_until
from tests.payments.bulk.bulk import checked

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]
LONG = 120
LINES = 12


@dataclass
class Day:
    """What the broker's staff had asked for when the copy was made, and all accounts."""

    waiting: list[ChangeRequest] = field(default_factory=list)
    approved: list[ChangeRequest] = field(default_factory=list)
    logins: list[int] = field(default_factory=list)

    @property
    def requests(self) -> list[ChangeRequest]:
        return [*self.waiting, *self.approved]


def account(day: Day, balance: str = "1000.00") -> int:
    """A new account of this day."""
    day.logins.append(new_account(demo(), balance))
    return day.logins[-1]


def ask_all(day: Day) -> list[ChangeRequest]:
    """A large deposit, a withdrawal, a transfer and a file: each waits for a second person."""
    number = len(day.logins)
    lines = [
        f"{account(day)},{'deposit' if line % 2 else 'withdrawal'},{10 + line}.00,USD,"
        f"r{number}-{line},payday"
        for line in range(LINES)
    ]
    file = checked(person("ops"), *lines, name=f"file{number}.csv", method="internal")
    assert file.state == BulkFile.State.READY, list(file.problems.values_list("message"))
    commands = [
        Deposit(platform="demo", login=account(day, "0"), amount=Decimal("14969.00")),
        Withdraw(platform="demo", login=account(day), amount=Decimal("250.00"), method="internal"),
        Transfer(
            platform="demo",
            login=account(day),
            to_login=account(day, "0"),
            amount=Decimal("300.00"),
        ),
        CarryOutFile.of(file),
    ]
    return [
        submit(command, actor=actor(person("ops")), source="test", reason="payday", key=f"{n}{i}")
        for i, command in enumerate(commands)
        for n in [f"day {number} "]
    ]


def sums(stack: Stack, day: Day) -> dict[str, int]:
    """How often each reference is booked on the accounts of the day."""
    return {name: len(found) for name, found in booked(stack, day.logins).items()}


def age(days: int) -> None:
    """The rows of the copy as they were so many days ago."""
    by = timedelta(days=days)
    ChangeRequest.objects.update(created=F("created") - by, decided=F("decided") - by)
    ChangeRequest.objects.filter(status=Status.EXECUTING).update(
        lease_until=F("lease_until") - by, call_until=F("call_until") - by
    )
    Payment.objects.update(created=F("created") - by)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_what_was_paid_after_the_copy_was_made_is_not_paid_again(
    make_stack: Callable[..., Stack], database: str, settings: Settings, tmp_path: Path
) -> None:
    stack = proxied(make_stack, database, workers=2)
    settings.DATA_DIR = stack.data
    day = Day()
    with stack.connected():
        Policy.objects.create(
            command="payments.deposit", approvals=1, over_amount=Decimal("10000.00")
        )
        day.waiting = ask_all(day)
        # One whose worker has died over it: MT4 has it, and the copy does not know so.
        login = account(day, "0")
        stack.proxy.rule("delay_answer", login=login, seconds=3, count=1)
        day.approved = [
            submit(
                Deposit(platform="demo", login=login, amount=Decimal("500.00")),
                actor=actor(person("ops")), source="test", reason="", key="under way",
            )
        ]  # fmt: skip
        wait_until(lambda: sums(stack, day), LONG, "the deposit under way")
        stack.kill_panel()
        day.approved += [approved(request) for request in ask_all(day)]
        assert {one.status for one in day.approved[1:]} <= {Status.APPROVED, Status.EXECUTING}
        copy = copies.keep(stack.env["DATABASE_URL"], tmp_path / "copy")

        stack.start_panel()
        for request in day.waiting:
            approved(request)
        wait_until(settled_or_with_a_person(day.requests), LONG, "all payments of the day")
        for request in day.requests:
            request.refresh_from_db()
            assert request.status == Status.DONE, (request.reference, request.outcome_text)
        paid, sent = sums(stack, day), len(stack.proxy.passed)
        assert set(paid.values()) == {1}
        assert len(paid) == 2 * (LINES + 4) + 1

        stack.kill_panel()
        connections.close_all()
        copies.put_back(stack.env["DATABASE_URL"], copy)
        time.sleep(KEY_MEMORY)
        age(1)
        stack.start_panel()
        for request in day.waiting:
            # Approving may be refused until an administrator has seen that the panel was restored.
            with contextlib.suppress(Invalid):
                approved(request)
        time.sleep(15)
        assert sums(stack, day) == paid
        assert len(stack.proxy.passed) == sent, "Something was sent before anybody had seen it."
        assert restoration.present() is not None
        acknowledge()
        for request in day.waiting:
            # What MT4 has already may be refused at this point, or be found before it is sent.
            with contextlib.suppress(Invalid):
                approved(request)
        wait_until(settled_or_with_a_person(day.approved), LONG, "the restored payments")
        wait_until(lambda: not _on_its_way(day), LONG, "what was approved again")
        time.sleep(5)

        assert sums(stack, day) == paid
        assert len(stack.proxy.passed) == sent
        for request in day.requests:
            request.refresh_from_db()
            told = (request.reference, request.status, request.outcome_text)
            waits = request in day.waiting and request.status == Status.PENDING
            assert waits or request.status == Status.DONE, told
        for item in BulkItem.objects.filter(file__request__status=Status.DONE):
            assert item.state == BulkItem.State.DONE, (item.reference, item.text)
        assert audit.verify() is None
        # The panel works as before.
        after = submit(
            Deposit(platform="demo", login=login, amount=Decimal("1.00")),
            actor=actor(person("ops")), source="test", reason="", key="afterwards",
        )  # fmt: skip
        wait_until(settled_or_with_a_person([after]), LONG, "a payment afterwards")
        assert len(stack.proxy.passed) == sent + 1


def _on_its_way(day: Day) -> bool:
    """Whether a worker has something of the day yet to do."""
    rows = ChangeRequest.objects.filter(pk__in=[request.pk for request in day.requests])
    return rows.filter(status__in=(Status.APPROVED, Status.EXECUTING)).exists()


def acknowledge() -> None:
    """An administrator has seen what was found of the open operations."""

    def looked() -> Restoration | None:
        row = restoration.present()
        return row if row is not None and row.looked else None

    row = wait_until(looked, LONG, "the look for every open operation")
    assert row is not None
    found = {finding["reference"] for finding in row.findings}
    assert len(found) > LINES, row.findings
    request = submit(
        AcknowledgeRestoration(restoration=row.pk, finding="The copy of last night was put back."),
        actor=actor(person("admin")),
        source="test",
        reason="",
        key=str(uuid.uuid4()),
    )
    if request.status == Status.PENDING:
        approve_as(person("admin2"), request)
    assert not restoration.is_open()
