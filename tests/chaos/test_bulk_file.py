"""A file of 2,000 payments under random faults, its workers killed: each line once, to the cent."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from pytest_django import Settings

from panel import audit
from panel.commands.submit import submit
from panel.lib.money import ZERO
from panel.models import ChangeRequest, Hold, Status
from panel.mt4.read import reader
from payments.books import books
from payments.bulk.check import check
from payments.bulk.command import CarryOutFile
from payments.bulk.engine.finish import counts
from payments.models import BulkFile, BulkItem, Kind, Payment
from tests.chaos.conftest import KEY_MEMORY, demo, person
from tests.core.money import approve_as
from tests.factories import actor
from tests.harness.stack import Stack
from tests.harness.waiting import wait_until
from tests.payments.bulk.bulk import upload
from tests.payments.bulk.files import TO, csv_of

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]

ROWS = 2_000
# fault, seconds it lasts, how many lines it strikes
FAULTS = [
    ("delay_after", 0.3, 0.05),
    ("drop_after", 0, 0.01),
    ("drop_before", 0, 0.01),
    ("html_502", 0, 0.005),
    ("html_502_after", 0, 0.005),
    ("outcome_unknown_applied", 0, 0.01),
    ("outcome_unknown_late", 1, 0.01),
    ("delay", 2.5, 0.003),
    ("busy", 0, 0.02),
]
KINDS = [Kind.DEPOSIT] * 6 + [Kind.WITHDRAWAL] * 3 + [Kind.CREDIT_IN]

Purses = dict[int, tuple[Decimal, Decimal]]


def purses(logins: Sequence[int]) -> Purses:
    """Balance and credit of accounts on MT4, live."""
    users = reader(demo().connection).accounts_of(logins)
    return {user.login: (user.balance, user.credit) for user in users}


def rich(count: int) -> list[int]:
    """Accounts in USD from which a little can be taken out many times."""
    live = reader(demo().connection)
    groups = {group.group for group in live.groups() if group.currency == "USD"}
    users = [user for page in live.accounts() for user in page if user.group in groups]
    levels = {level.login: level for level in live.margin_levels()}
    able = [user for user in users if user.login in levels and user.balance > 2_000]
    able = [user for user in able if levels[user.login].free - user.credit > 2_000]
    return [user.login for user in able[:count]]


def lines_for(logins: Sequence[int], chance: random.Random) -> list[str]:
    """Payments of every kind, no two alike."""
    rows = []
    for number in range(ROWS):
        kind = chance.choice(KINDS)
        cents = chance.randint(1, 999)
        to = TO if kind == "withdrawal" else ""
        amount = f"{cents / 100:.2f}"
        rows.append(f"{chance.choice(logins)},{kind},{amount},USD,c{number},chaos{to}")
    return rows


def final(file: BulkFile) -> int:
    """How many lines have come to their end."""
    found = counts(file.pk)
    return found.get(BulkItem.State.DONE, 0) + found.get(BulkItem.State.REJECTED, 0)


@pytest.mark.parametrize("database", ["postgres", "sqlite"])
def test_each_line_of_a_file_is_booked_once_whatever_dies(
    make_stack: Callable[..., Stack], database: str, settings: Settings
) -> None:
    chance = random.Random(5)
    stack = make_stack(
        web=False,
        workers=2,
        database=database,
        broker="redis" if database == "postgres" else "valkey",
        sandbox={"accounts": 300, "key_memory": KEY_MEMORY},
    )
    settings.DATA_DIR = Path(stack.data)
    with stack.connected():
        logins = rich(100)
        before = purses(logins)
        file = upload(
            person("ops"), csv_of(*lines_for(logins, chance)), credit_expires="2037-01-31"
        )
        check(file.pk)
        request = submit(
            CarryOutFile.of(BulkFile.objects.get(pk=file.pk)),
            actor=actor(person("ops")),
            source="test",
            reason="payday",
            key=str(uuid.uuid4()),
        )
        for fault, seconds, share in FAULTS:
            stack.sandbox.fault(fault, "TradeTransaction", seconds=seconds, probability=share)
        for checker in ("compliance", "manager", "compliance2"):
            if ChangeRequest.objects.get(pk=request.pk).status == Status.PENDING:
                approve_as(person(checker), request)
        for share in (0.2, 0.5, 0.8):
            wait_until(_further(file, share), timeout=300, what="progress")
            chance.choice(stack.workers[-2:]).kill()
            stack.start_worker(wait=False)
        wait_until(
            lambda: ChangeRequest.objects.get(pk=request.pk).status in (Status.DONE, Status.FAILED),
            timeout=600,
            what=f"the end of the file: {counts(file.pk)}",
        )
        stack.sandbox.clear_faults()
        assert BulkFile.objects.get(pk=file.pk).state == BulkFile.State.FINISHED
        _books_agree(file, before, logins)
        assert not Hold.objects.exists()
        assert audit.verify() is None


def _further(file: BulkFile, share: float) -> Callable[[], bool]:
    return lambda: final(file) > share * ROWS


def _books_agree(file: BulkFile, before: Purses, logins: Sequence[int]) -> None:
    """Line by line against MT4's records, and the accounts against the sums."""
    live, platform = reader(demo().connection), demo()
    booked = {login: {False: ZERO, True: ZERO} for login in logins}
    for login in logins:
        history = live.history(login)
        assert books(platform, login, live).agree, login
        for item in BulkItem.objects.filter(file=file, login=login):
            found = [one.profit for one in history if one.comment.startswith(item.reference)]
            if item.state == BulkItem.State.DONE:
                assert found == [item.signed_amount], item.reference
                payment = Payment.objects.get(reference=item.reference)
                assert (payment.status, payment.signed_amount) == (Status.DONE, found[0])
                booked[login][Kind(item.kind).is_credit] += item.signed_amount
            else:
                assert item.state == BulkItem.State.REJECTED
                assert found == [], item.reference
    after = purses(logins)
    for login, (balance, credit) in before.items():
        assert after[login] == (balance + booked[login][False], credit + booked[login][True])
    assert counts(file.pk)[BulkItem.State.DONE] > ROWS * 0.95
