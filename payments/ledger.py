"""An account's ledger for people: the panel's payments beside MT4's records, line by line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from panel.models import Platform, Status
from panel.mt4.errors import MT4Error
from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.protocol.records import Trade
from panel.mt4.read import Reader
from payments import books
from payments.attribution import MONEY, references_of
from payments.books import Books
from payments.flows import Flow
from payments.models import Kind, MoneyMirror, MoneyRecord, Payment


@dataclass(frozen=True, slots=True)
class Entry:
    """A money record of MT4, live or mirrored; amount signed, time UTC."""

    ticket: int
    reference: str
    is_credit: bool
    amount: Decimal
    comment: str
    time: datetime
    currency: str


@dataclass(frozen=True, slots=True)
class Line:
    """A payment, an MT4 record, or both. `trouble` is what does not fit, in words."""

    time: datetime
    payment: Payment | None
    entries: tuple[Entry, ...]
    trouble: str = ""
    # The account's, once it is to be shown.
    currency: str = ""

    @property
    def reference(self) -> str:
        """Ours; empty for what was booked past the panel."""
        return self.payment.reference if self.payment else self.entries[0].reference

    @property
    def what(self) -> str:
        """Deposit, withdrawal, credit in, credit out."""
        if self.payment:
            return self.payment.get_kind_display()
        entry = self.entries[0]
        if entry.is_credit:
            return "credit in" if entry.amount > 0 else "credit out"
        return "deposit" if entry.amount > 0 else "withdrawal"

    @property
    def ours(self) -> Decimal | None:
        """The panel's amount, signed; None when the panel does not know of it."""
        return self.payment.signed_amount if self.payment else None

    @property
    def theirs(self) -> Decimal | None:
        """MT4's amount, signed; None when MT4 does not have it."""
        return sum((entry.amount for entry in self.entries), Decimal(0)) if self.entries else None


@dataclass(frozen=True)
class Ledger:
    """Both sides of one account, and what they add up to.

    `as_of` is None when MT4 was read for this page. `difference` is MT4's own check: its stored
    balance less what its records add up to; None when it could not be asked.
    """

    lines: list[Line]
    books: Books
    as_of: datetime | None
    live: bool
    difference: Decimal | None

    @property
    def done(self) -> int:
        """How many of our payments are done."""
        return sum(1 for line in self.lines if line.payment and line.payment.status == Status.DONE)

    @cached_property
    def flow(self) -> Flow:
        """What came, what went, and what waits, of the panel's payments."""
        return Flow.of(line.payment for line in self.lines if line.payment)

    @cached_property
    def troubles(self) -> list[Line]:
        """The lines that do not fit."""
        return [line for line in self.lines if line.trouble]


def ledger(platform: Platform, login: int, reading: Reader | None) -> Ledger:
    """The ledger of an account; with a reader live, else (or if MT4 is away) from the mirror."""
    payments = list(
        Payment.objects.filter(platform=platform, login=login).select_related(
            "platform", "request__maker"
        )
    )
    entries, live, difference = None, False, None
    if reading is not None:
        try:
            currency = reading.group(reading.account(login).group).currency
            entries = _entries(platform, reading.history(login), currency)
            live = True
            difference = reading.balance_check(login).diff
        except MT4Error:
            # What was not read is told on the page: the mirror's age, or no check.
            live = entries is not None
    if entries is None:
        entries = _mirrored(platform, login)
    since = books.began(platform)
    mirror = MoneyMirror.objects.filter(platform=platform).first()
    return Ledger(
        lines=lines(payments, entries, since),
        books=books.compare(
            books.ours(platform, login),
            [
                books.Theirs(e.ticket, e.reference, e.is_credit, e.amount, e.time, e.currency)
                for e in entries
            ],
            since=since,
        ),
        as_of=None if live else mirror.read_at if mirror else None,
        live=live,
        difference=difference,
    )


def lines(payments: Iterable[Payment], entries: Iterable[Entry], since: datetime) -> list[Line]:
    """Payments and records side by side, by reference, the latest first.

    Records from before `since` that the panel does not know are somebody else's.
    """
    payments = list(payments)
    known = {payment.reference for payment in payments}
    by_reference: dict[str, list[Entry]] = {}
    found = []
    for entry in entries:
        if books.is_ours(entry.reference, entry.time, known, since):
            by_reference.setdefault(entry.reference, []).append(entry)
        else:
            found.append(Line(entry.time, None, (entry,)))
    for payment in payments:
        mine = tuple(by_reference.pop(payment.reference, ()))
        time = mine[0].time if mine else payment.finished or payment.created
        found.append(Line(time, payment, mine, _trouble(payment, mine)))
    for others in by_reference.values():
        trouble = "The panel knows no payment with this reference on this account."
        found.append(Line(others[0].time, None, tuple(others), trouble))
    return sorted(found, key=lambda line: line.time, reverse=True)


def _trouble(payment: Payment, mine: tuple[Entry, ...]) -> str:
    if payment.status != Status.DONE:
        if mine and payment.status not in (Status.EXECUTING, Status.UNKNOWN):
            return f"The panel holds it to be {payment.get_status_display()}, MT4 has it."
        return ""
    if not mine:
        return "Done in the panel, and not in MT4's history."
    if len(mine) > 1:
        return f"MT4 has it {len(mine)} times."
    if mine[0].currency != payment.currency:
        return f"MT4 has it in {mine[0].currency or 'an unknown currency'}."
    if mine[0].amount != payment.signed_amount:
        return "MT4 has another amount."
    if mine[0].is_credit != Kind(payment.kind).is_credit:
        return "Balance and credit are mixed up."
    return ""


def _entries(platform: Platform, history: Iterable[Trade], currency: str) -> list[Entry]:
    records = [trade for trade in history if trade.trade_command in MONEY]
    references = references_of(platform, records)
    currencies = books.currencies_of(platform, records, currency)
    return [
        Entry(
            trade.order,
            references.get(trade.order, ""),
            trade.trade_command is TradeCommand.Credit,
            trade.profit,
            trade.comment,
            platform.from_server_time(trade.close_time),
            currencies[trade.order],
        )
        for trade in records
    ]


def _mirrored(platform: Platform, login: int) -> list[Entry]:
    return [
        Entry(
            row.ticket,
            row.reference,
            row.kind == MoneyRecord.Kind.CREDIT,
            row.amount,
            row.comment,
            row.time,
            row.currency,
        )
        for row in MoneyRecord.objects.filter(platform=platform, login=login)
    ]
