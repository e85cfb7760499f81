"""Both sides of the books of one platform beside each other. Pure: rows in, differences out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from panel.lib.money import ZERO, show
from payments.models import Difference

Kind = Difference.Kind


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment of ours. The amount is signed; `time` is when it was done, or asked for (UTC)."""

    pk: int
    reference: str
    login: int
    group: str
    currency: str
    is_credit: bool
    amount: Decimal
    status: str
    done: bool
    # Under way, or its outcome unknown: nobody can say yet what MT4 must hold.
    open: bool
    time: datetime


@dataclass(frozen=True, slots=True)
class Booked:
    """A balance or credit record of MT4: signed amount, UTC, reference or empty."""

    ticket: int
    reference: str
    login: int
    group: str
    currency: str
    is_credit: bool
    amount: Decimal
    comment: str
    time: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """One difference, in figures and in words."""

    kind: Kind
    key: str
    text: str
    paid: Paid | None
    booked: tuple[Booked, ...]

    @property
    def side(self) -> Paid | Booked:
        """Whichever side there is, ours first."""
        return self.paid or self.booked[0]

    @property
    def our_amount(self) -> Decimal | None:
        """What we hold to be done."""
        return self.paid.amount if self.paid and self.paid.done else None

    @property
    def their_amount(self) -> Decimal | None:
        """What MT4 holds, all records together."""
        return sum((record.amount for record in self.booked), ZERO) if self.booked else None


@dataclass(slots=True)
class Outcome:
    """What a comparison found; totals by currency, ours and theirs."""

    matched: int = 0
    found: list[Found] = field(default_factory=list)
    ours: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    theirs: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))


def compare(
    payments: Iterable[Paid], records: Iterable[Booked], *, since: datetime, until: datetime
) -> Outcome:
    """Every payment and every record of the span, by account and reference.

    Either side may hold more than the span (a record is looked for somewhat around it, as clocks
    differ): what lies outside it counts as a partner only.
    """
    outcome = Outcome()
    by_reference: dict[tuple[int, str], list[Booked]] = defaultdict(list)
    for record in records:
        if record.reference:
            by_reference[record.login, record.reference].append(record)
        elif since <= record.time < until:
            outcome.theirs[record.currency] += record.amount
            outcome.found.append(
                Found(
                    Kind.THEIRS,
                    f"#{record.ticket}",
                    "Booked past the panel: the comment carries no reference of ours.",
                    None,
                    (record,),
                )
            )
    for paid in payments:
        booked = tuple(by_reference.pop((paid.login, paid.reference), ()))
        moments = [paid.time, *(record.time for record in booked)]
        if not paid.open and any(since <= moment < until for moment in moments):
            _judge(paid, booked, outcome)
    for (_, reference), rest in by_reference.items():
        if any(since <= record.time < until for record in rest):
            _add(rest, outcome)
            text = "It carries a reference in our manner that the panel does not know."
            outcome.found.append(Found(Kind.THEIRS, reference, text, None, tuple(rest)))
    return outcome


def _add(booked: Iterable[Booked], outcome: Outcome) -> None:
    """Each record counts in the currency that its own account had."""
    for record in booked:
        outcome.theirs[record.currency] += record.amount


def _judge(paid: Paid, booked: tuple[Booked, ...], outcome: Outcome) -> None:
    if not paid.done:
        if booked:
            _add(booked, outcome)
            text = f"MT4 has it; the panel holds it to be {paid.status}."
            outcome.found.append(Found(Kind.THEIRS, paid.reference, text, paid, booked))
        return
    outcome.ours[paid.currency] += paid.amount
    _add(booked, outcome)
    if not booked:
        text = "The panel holds it to be done; the account has no record of it."
        outcome.found.append(Found(Kind.OURS, paid.reference, text, paid, ()))
    elif [(paid.is_credit, paid.amount, paid.currency)] == [
        (one.is_credit, one.amount, one.currency) for one in booked
    ]:
        outcome.matched += 1
    else:
        seen = ", ".join(
            f"{'credit' if one.is_credit else 'balance'} {show(one.amount, one.currency)} "
            f"(ticket {one.ticket})"
            for one in booked
        )
        purse = "credit" if paid.is_credit else "balance"
        text = f"The panel booked {purse} {show(paid.amount, paid.currency)} once; MT4 has {seen}."
        outcome.found.append(Found(Kind.AMOUNT, paid.reference, text, paid, booked))
