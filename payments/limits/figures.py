"""What is used of the limits, for their pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from panel.lib.money import ZERO
from panel.models import User
from payments.limits import words
from payments.limits.counting import Used, count
from payments.limits.spent import Spent, spent
from payments.models import Limit


@dataclass(frozen=True, slots=True)
class Share:
    """What one person has used of one limit, in one currency."""

    person: User
    currency: str
    used: Used
    limit: Limit

    @property
    def day_left(self) -> Decimal | None:
        """Left for the next 24 hours; None where they are not limited."""
        return _left(self.limit.per_day, self.used.day)

    @property
    def month_left(self) -> Decimal | None:
        """Left for the next 30 days; None where they are not limited."""
        return _left(self.limit.per_30_days, self.used.month)

    @property
    def part(self) -> int:
        """The larger of both shares, in percent; 100 where the limit is nothing at all."""
        pairs = ((self.limit.per_day, self.used.day), (self.limit.per_30_days, self.used.month))
        parts = [
            int(used * 100 / most) if most else 100 for most, used in pairs if most is not None
        ]
        return max(parts, default=0)


def _left(most: Decimal | None, used: Decimal) -> Decimal | None:
    return None if most is None else max(ZERO, most - used)


@dataclass(frozen=True, slots=True)
class LimitLine:
    """A limit as it is read, with what is used of it, the fullest first."""

    limit: Limit
    who: str
    what: str
    where: str
    shares: tuple[Share, ...]

    @property
    def fullest(self) -> Share | None:
        """Who has used most of it."""
        return self.shares[0] if self.shares else None


def lines(limits: Iterable[Limit]) -> list[LimitLine]:
    """Limits with what is used of each; one query over the payments for all of them."""
    rows = spent()
    people = {
        person.pk: person
        for person in User.objects.filter(pk__in={row.person_id for row in rows}).prefetch_related(
            "roles"
        )
    }
    return [_line(limit, rows, people) for limit in limits]


def _line(limit: Limit, rows: list[Spent], people: dict[int, User]) -> LimitLine:
    if limit.per_day is None and limit.per_30_days is None:
        rows = []  # what is limited only at once is never used up
    shares = [
        Share(people[pk], currency, used, limit)
        for (pk, currency), used in count(limit, rows).items()
        if holds(limit, people[pk])
    ]
    shares.sort(key=lambda share: (-share.part, share.person.name, share.currency))
    return LimitLine(limit, words.who(limit), words.what(limit), words.where(limit), tuple(shares))


def holds(limit: Limit, person: User) -> bool:
    """Whether a limit holds a person; from what was prefetched."""
    if limit.person_id is not None:
        return limit.person_id == person.pk
    if person.is_machine:
        return False
    return limit.role_id is None or any(role.pk == limit.role_id for role in person.roles.all())
