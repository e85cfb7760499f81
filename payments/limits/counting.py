"""Counting: whether what is asked for still fits every limit of the person who asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from django.db.models import Q

from panel.access.masks import matches
from panel.commands.base import Invalid
from panel.lib.money import ZERO
from panel.models import ChangeRequest, User
from panel.ui.figures import money_text
from payments.limits.spent import Spent, spent
from payments.models import Kind, Limit, LimitTurn

# A transfer is counted as what it takes out; the rest of it follows from that.
COUNTED = tuple(kind for kind in Kind if kind not in (Kind.TRANSFER_IN, Kind.TRANSFER_RETURN))

Period = Literal["operation", "day", "month"]
_PERIODS: dict[Period, str] = {
    "operation": "at once",
    "day": "in 24 hours",
    "month": "in 30 days",
}


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that is to move on one account, or has moved; positive, in the account's currency."""

    platform_id: int
    group: str
    kind: str
    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Used:
    """What one person has used of a limit in one currency."""

    day: Decimal = ZERO
    month: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that a movement goes past. `index` counts the movements that were asked about."""

    index: int
    limit: Limit
    period: Period
    most: Decimal
    used: Decimal
    asked: Decimal
    currency: str

    @property
    def left(self) -> Decimal:
        """What may still be moved."""
        return max(ZERO, self.most - self.used)

    @property
    def text(self) -> str:
        """The limit, what is used of it, what is left."""
        most = f"{money_text(self.most, self.currency)} {_PERIODS[self.period]}"
        if self.period == "operation":
            return f"Your limit is {most}."
        return (
            f"Your limit is {most}: {money_text(self.used, self.currency, named=False)} is used, "
            f"{money_text(self.left, self.currency)} is left."
        )


def limits_of(person: User) -> list[Limit]:
    """The limits that hold a person. Scheduled jobs are held only by those that name them."""
    own = Q(person=person)
    if not person.is_machine:
        own |= Q(role__slug__in=person.role_slugs) | Q(person__isnull=True, role__isnull=True)
    rows = Limit.objects.filter(own, active=True)
    return list(rows.select_related("person", "role", "platform").order_by("pk"))


def fits(limit: Limit, on: Movement | Spent) -> bool:
    """Whether a limit speaks of a movement, whoever made it."""
    return (
        (not limit.kinds or on.kind in limit.kinds)
        and limit.platform_id in (None, on.platform_id)
        and limit.currency in ("", on.currency)
        and matches(limit.group_masks, on.group)
    )


def count(limit: Limit, rows: Iterable[Spent]) -> dict[tuple[int, str], Used]:
    """What each person has used of a limit, by (person, currency)."""
    used: dict[tuple[int, str], Used] = defaultdict(Used)
    for row in rows:
        if fits(limit, row):
            place = (row.person_id, row.currency)
            used[place] = Used(used[place].day + row.day, used[place].month + row.month)
    return dict(used)


def check_many(
    person: User,
    movements: Sequence[Movement],
    *,
    but: ChangeRequest | None = None,
    lock: bool = False,
) -> list[Breach]:
    """Every limit that the movements, one after the other, would go past; by their order.

    A sum over several movements is reported once, at the movement that goes past it. With `lock`
    (inside a transaction, before its audit entry) the person's other requests wait until this one
    is written or given up.
    """
    limits = [one for one in limits_of(person) if any(fits(one, each) for each in movements)]
    windowed = any((limit.per_day, limit.per_30_days) != (None, None) for limit in limits)
    if lock and windowed:
        take_turn(person)
    before = spent([person.pk], but=but) if windowed else []
    found = [
        breach
        for limit in limits
        for breach in _breaches(limit, movements, count(limit, before), person)
    ]
    return sorted(found, key=lambda breach: breach.index)


def _breaches(
    limit: Limit,
    movements: Sequence[Movement],
    counted: dict[tuple[int, str], Used],
    person: User,
) -> Iterator[Breach]:
    asked: dict[str, Decimal] = defaultdict(Decimal)
    told: set[tuple[str, str]] = set()
    for index, movement in enumerate(movements):
        if not fits(limit, movement):
            continue
        currency = movement.currency
        asked[currency] += movement.amount
        used = counted.get((person.pk, currency), Used())
        if limit.per_operation is not None and movement.amount > limit.per_operation:
            yield Breach(
                index, limit, "operation", limit.per_operation, ZERO, movement.amount, currency
            )
        sums: tuple[tuple[Period, Decimal | None, Decimal], ...] = (
            ("day", limit.per_day, used.day),
            ("month", limit.per_30_days, used.month),
        )
        for period, most, before in sums:
            past = most is not None and before + asked[currency] > most
            if past and most is not None and (period, currency) not in told:
                told.add((period, currency))
                yield Breach(index, limit, period, most, before, asked[currency], currency)


def room(person: User, movement: Movement) -> str:
    """What the person's tightest limit leaves for such a movement, whatever its amount; empty
    without a limit."""
    limits = [limit for limit in limits_of(person) if fits(limit, movement)]
    rows = spent([person.pk]) if limits else []
    leaves: list[tuple[Decimal, Decimal, Period]] = []
    for limit in limits:
        used = count(limit, rows).get((person.pk, movement.currency), Used())
        periods: tuple[tuple[Decimal | None, Decimal, Period], ...] = (
            (limit.per_operation, ZERO, "operation"),
            (limit.per_day, used.day, "day"),
            (limit.per_30_days, used.month, "month"),
        )
        leaves += [
            (max(ZERO, most - before), most, period)
            for most, before, period in periods
            if most is not None
        ]
    if not leaves:
        return ""
    left, most, period = min(leaves, key=lambda one: one[0])
    limit_text = f"{money_text(most, movement.currency)} {_PERIODS[period]}"
    if period == "operation":
        return f"Your limit is {limit_text}."
    return f"Your limit leaves {money_text(left, movement.currency)} of {limit_text}."


def take_turn(person: User) -> None:
    """Wait until no other request of the person is being counted; held to the end of the
    transaction."""
    LimitTurn.objects.get_or_create(person=person)
    LimitTurn.objects.select_for_update(no_key=True).get(person=person)


def hold(
    person: User,
    movements: Sequence[Movement],
    *,
    but: ChangeRequest | None = None,
    lock: bool,
    field: str = "amount",
) -> None:
    """Raise `Invalid`, beside a field, if the movements go past a limit of the person."""
    found = check_many(person, movements, but=but, lock=lock)
    if found:
        raise Invalid({field: list(dict.fromkeys(breach.text for breach in found))})
