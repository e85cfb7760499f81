"""Our books beside MT4's: every payment that is done, against every record with a reference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Min
from django.utils import timezone

from panel.lib.money import ZERO
from panel.models import Platform, Status
from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.protocol.records import Trade
from panel.mt4.read import Reader
from payments.attribution import MONEY, references_of
from payments.models import Kind, MoneyRecord, Payment


@dataclass(frozen=True, slots=True)
class Ours:
    """A payment that the panel holds to be done; the amount is signed."""

    reference: str
    is_credit: bool
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Theirs:
    """A balance or credit record of MT4: signed amount, UTC, reference or empty."""

    ticket: int
    reference: str
    is_credit: bool
    amount: Decimal
    time: datetime
    currency: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A reference that both sides know."""

    ours: Ours
    theirs: tuple[Theirs, ...]

    @property
    def agrees(self) -> bool:
        """One record, of the same amount and currency; both balance or both credit."""
        return [(self.ours.is_credit, self.ours.amount, self.ours.currency)] == [
            (record.is_credit, record.amount, record.currency) for record in self.theirs
        ]


@dataclass(frozen=True, slots=True)
class Books:
    """What a comparison found."""

    matched: tuple[Pair, ...]
    different: tuple[Pair, ...]
    ours_alone: tuple[Ours, ...]
    theirs_alone: tuple[Theirs, ...]
    # Booked past the panel: without a reference, or before the panel began.
    outside: tuple[Theirs, ...]

    @property
    def agree(self) -> bool:
        """Whether each of our payments stands in MT4 once, and nothing else in our name."""
        return not (self.different or self.ours_alone or self.theirs_alone)

    @property
    def our_total(self) -> Decimal:
        """What our done payments add up to: deposits and credit in, less what went out."""
        pairs = (*self.matched, *self.different)
        return sum((one.amount for one in (*(p.ours for p in pairs), *self.ours_alone)), ZERO)

    @property
    def their_total(self) -> Decimal:
        """What MT4's records with a reference of ours add up to."""
        pairs = (*self.matched, *self.different)
        paired = [record.amount for pair in pairs for record in pair.theirs]
        return sum([*paired, *(record.amount for record in self.theirs_alone)], ZERO)

    @property
    def outside_total(self) -> Decimal:
        """What was booked past the panel."""
        return sum((record.amount for record in self.outside), ZERO)


def compare(
    ours: Iterable[Ours], theirs: Iterable[Theirs], *, since: datetime | None = None
) -> Books:
    """Lay both sides of one account beside each other, by reference.

    Records from before `since`, the panel's first payment, that it does not know are somebody
    else's. Later ones in the panel's manner are its own, and missing here.
    """
    payments = list(ours)
    known = {payment.reference for payment in payments}
    by_reference: dict[str, list[Theirs]] = defaultdict(list)
    outside = []
    for record in theirs:
        if is_ours(record.reference, record.time, known, since):
            by_reference[record.reference].append(record)
        else:
            outside.append(record)
    pairs, alone = [], []
    for payment in payments:
        records = by_reference.pop(payment.reference, None)
        if records is None:
            alone.append(payment)
        else:
            pairs.append(Pair(payment, tuple(records)))
    return Books(
        matched=tuple(pair for pair in pairs if pair.agrees),
        different=tuple(pair for pair in pairs if not pair.agrees),
        ours_alone=tuple(alone),
        theirs_alone=tuple(record for some in by_reference.values() for record in some),
        outside=tuple(outside),
    )


def is_ours(reference: str, time: datetime, known: Collection[str], since: datetime | None) -> bool:
    """Whether a record must have come from this panel."""
    return bool(reference) and (reference in known or since is None or time >= since)


def began(platform: Platform) -> datetime:
    """When the panel's first payment on a platform was asked for; now, if there is none."""
    first = Payment.objects.filter(platform=platform).aggregate(first=Min("created"))["first"]
    return first or timezone.now()


def ours(platform: Platform, login: int) -> list[Ours]:
    """The payments of an account that are done."""
    rows = Payment.objects.filter(platform=platform, login=login, status=Status.DONE)
    return [
        Ours(
            payment.reference,
            Kind(payment.kind).is_credit,
            payment.signed_amount,
            payment.currency,
        )
        for payment in rows.order_by("created", "pk")
    ]


def of_history(platform: Platform, history: Iterable[Trade], currency: str) -> list[Theirs]:
    """The money records among an account's closed records, as just read from MT4 with the currency
    that it has now."""
    records = [trade for trade in history if trade.trade_command in MONEY]
    references = references_of(platform, records)
    currencies = currencies_of(platform, records, currency)
    return [
        Theirs(
            trade.order,
            references.get(trade.order, ""),
            trade.trade_command is TradeCommand.Credit,
            trade.profit,
            platform.from_server_time(trade.close_time),
            currencies[trade.order],
        )
        for trade in records
    ]


def currencies_of(platform: Platform, records: Sequence[Trade], now: str) -> dict[int, str]:
    """The currency of each record of an account, by ticket: the one that the account had when the
    record was first seen, else `now`."""
    tickets = [trade.order for trade in records]
    rows = MoneyRecord.objects.filter(platform=platform, ticket__in=tickets)
    seen = dict(rows.values_list("ticket", "currency"))
    return {ticket: seen.get(ticket, now) for ticket in tickets}


def of_mirror(platform: Platform, login: int) -> list[Theirs]:
    """The money records of an account as last mirrored."""
    rows = MoneyRecord.objects.filter(platform=platform, login=login).order_by("time", "ticket")
    return [
        Theirs(
            row.ticket,
            row.reference,
            row.kind == MoneyRecord.Kind.CREDIT,
            row.amount,
            row.time,
            row.currency,
        )
        for row in rows
    ]


def books(platform: Platform, login: int, reading: Reader | None = None) -> Books:
    """An account's books: with a reader against MT4 itself, else against the mirror.

    Raises the errors of `panel.mt4.errors`.
    """
    if reading is None:
        theirs = of_mirror(platform, login)
    else:
        currency = reading.group(reading.account(login).group).currency
        theirs = of_history(platform, reading.history(login), currency)
    return compare(ours(platform, login), theirs, since=began(platform))
