"""What is left of each credit that was given: worked out from the account's records alone.

MT4 knows one credit figure per account. Which credit a credit-out took back is a matter of rule:
one that names its credit took back that one; any other took back what expires first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from panel.lib.money import ZERO

NEVER = datetime(9999, 12, 31)  # noqa: DTZ001 - the server's clock has no zone


@dataclass(frozen=True, slots=True)
class CreditRecord:
    """A credit record of MT4: signed amount, times on the server's clock; no expiration is None."""

    ticket: int
    amount: Decimal
    time: datetime
    reference: str
    expires: datetime | None


@dataclass(slots=True)
class Lot:
    """A credit that was given, and what is left of it."""

    ticket: int
    given: Decimal
    left: Decimal
    expires: datetime | None


def lots(records: Iterable[CreditRecord], named: Mapping[str, int]) -> list[Lot]:
    """Every credit given, with what is left of it now.

    `named` says which ticket a credit-out of the panel, by its reference, took back.
    """
    found: dict[int, Lot] = {}
    for record in sorted(records, key=lambda one: (one.time, one.ticket)):
        if record.amount > 0:
            lot = Lot(record.ticket, record.amount, record.amount, record.expires)
            found[record.ticket] = lot
            continue
        out = -record.amount
        first = found.get(named.get(record.reference, 0))
        rest = sorted(found.values(), key=lambda lot: (lot.expires or NEVER, lot.ticket))
        for lot in [first, *rest] if first else rest:
            taken = min(out, lot.left)
            lot.left -= taken
            out -= taken
    return list(found.values())


def due(found: Iterable[Lot], credit: Decimal, now: datetime) -> dict[int, Decimal]:
    """What is to be taken out for each expired credit, by ticket. `now` is the server's clock.

    Never more than the account's `credit` holds beyond what is still good: somebody may have
    corrected it past its records.
    """
    taken: dict[int, Decimal] = {}
    every = sorted(found, key=lambda lot: (lot.expires or NEVER, lot.ticket))
    good = [lot for lot in every if lot.expires is None or lot.expires > now]
    room = credit - sum((lot.left for lot in good), ZERO)
    for lot in every:
        amount = min(lot.left, room)
        if lot not in good and amount > 0:
            taken[lot.ticket] = amount
            room -= amount
    return taken
