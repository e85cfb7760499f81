"""What a busy day stands on: accounts with money that the panel did not book, files, bad luck."""

from __future__ import annotations

import random
import uuid
from datetime import timedelta

from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.write import writer
from payments.bulk.check import check
from payments.bulk.command import CarryOutFile
from payments.models import BulkFile
from tests.chaos.conftest import demo
from tests.chaos.crew import Crew
from tests.chaos.wishes import (
    OPENING,
    POOR_OPENING,
    Accounts,
    Move,
    Plan,
    Wish,
    in_a_year,
)
from tests.core.money import new_account
from tests.payments.bulk.bulk import checked

# Fault, operation, seconds it lasts, chance.
FAULTS = [
    ("drop_before", "TradeTransaction", 0, 0.015),
    ("drop_after", "TradeTransaction", 0, 0.015),
    ("html_502", "TradeTransaction", 0, 0.01),
    ("html_502_after", "TradeTransaction", 0, 0.015),
    ("busy", "TradeTransaction", 0, 0.01),
    ("outcome_unknown_applied", "TradeTransaction", 0, 0.015),
    ("outcome_unknown_late", "TradeTransaction", 4, 0.01),
    ("delay", "TradeTransaction", 0.4, 0.02),
    ("delay_after", "TradeTransaction", 1.0, 0.01),
    ("delay_after", "TradeTransaction", 2.5, 0.005),
    ("html_502", "TradesUserHistory", 0, 0.02),
    ("drop_after", "TradesUserHistory", 0, 0.02),
    ("read_timeout", "TradesUserHistory", 0.5, 0.01),
    ("drop_before", "*", 0, 0.0005),
    ("drop_after", "*", 0, 0.0005),
    ("html_502", "*", 0, 0.0005),
    ("busy", "*", 0, 0.0005),
]
CHECKS = 5


def open_accounts(chance: random.Random, count: int, *, losing: int = 0) -> Accounts:
    """Accounts with money and credit that the panel did not book; so many of them are to lose an
    operation."""
    currencies = ["USD", "USD", "EUR"]
    rich = {_rich(currencies[number % 3]): currencies[number % 3] for number in range(count)}
    poor = {new_account(demo(), str(POOR_OPENING)): "USD" for _ in range(max(2, count // 20))}
    refusing = {_rich(currency): currency for currency in ("USD", "EUR")}
    losers = chance.sample(sorted(rich), losing)
    return Accounts(
        tuple(rich), tuple(poor), tuple(refusing), tuple(losers), {**rich, **poor, **refusing}
    )


def _rich(currency: str) -> int:
    login = new_account(demo(), str(OPENING), group=f"real-std-{currency.lower()}")
    writer(demo().connection).balance(
        login,
        OPENING,
        "promo",
        kind=TradeCommand.Credit,
        expiration=demo().server_time() + timedelta(days=300),
        key=str(uuid.uuid4()),
    )
    return login


def file_of(plan: Plan, crew: Crew, lines: int, name: str) -> tuple[Wish, list[Move]]:
    """A checked bulk file as a wish, with what each of its lines does."""
    rows, moves = plan.bulk_lines(lines, name)
    maker = crew.chance.choice(crew.makers)
    file = checked(maker, *rows, credit_expires=in_a_year())
    for _ in range(CHECKS):
        # What MT4 could not be asked about is asked again, as a person would.
        if file.state == BulkFile.State.READY:
            break
        BulkFile.objects.filter(pk=file.pk).update(
            state=BulkFile.State.CHECKING, checking_until=None
        )
        check(file.pk)
        file.refresh_from_db()
    assert file.state == BulkFile.State.READY, list(file.problems.values_list("message"))
    return Wish("file", command=CarryOutFile.of(file)), moves
