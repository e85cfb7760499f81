"""How long requests wait against the target of their kind, and changing such a target."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import (
    Case,
    DateTimeField,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
    Value,
    When,
)
from django.utils import timezone

from panel.commands.administration import AdministrationCommand
from panel.commands.base import Change, Check, Invalid, Preview, Target
from panel.commands.registry import COMMANDS, register
from panel.models import AgeTarget

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.models import ChangeRequest
    from panel.mt4.read import Reader

LONGEST = 24 * 90


def targets() -> dict[str, timedelta]:
    """How long the requests of each command may wait; those without a target are left out."""
    rows = AgeTarget.objects.values_list("command", "hours")
    return {command: timedelta(hours=hours) for command, hours in rows}


# Rows by a condition, the path of the moment since when they wait, and how long they may.
Wait = tuple[Q, str, timedelta]


def due_of(waits: Iterable[Wait]) -> Case:
    """The moment at which rows become late; None for those that no wait is about."""
    moment = DateTimeField()
    return Case(
        *(
            When(rows, then=ExpressionWrapper(F(since) + Value(span), output_field=moment))
            for rows, since, span in waits
        ),
        default=Value(None, output_field=moment),
        output_field=moment,
    )


def late_of(waits: Iterable[Wait]) -> Q:
    """Rows that have waited longer than they may."""
    found, now = Q(pk__in=[]), timezone.now()
    for rows, since, span in waits:
        found |= rows & Q(**{f"{since}__lt": now - span})
    return found


def _waits() -> list[Wait]:
    return [(Q(command=name), "created", span) for name, span in targets().items()]


def with_due(rows: QuerySet[ChangeRequest]) -> QuerySet[ChangeRequest]:
    """Requests with `due`: when each becomes late; None for a kind without a target."""
    return rows.annotate(due=due_of(_waits()))


def late() -> Q:
    """Requests that have waited longer than the target of their kind."""
    return late_of(_waits())


@register
@dataclass(frozen=True, kw_only=True)
class SetAgeTarget(AdministrationCommand):
    """Set how many hours requests of one kind may wait; None takes the target away."""

    name: ClassVar[str] = "policies.age_target"
    label: ClassVar[str] = "Age target"
    prefix: ClassVar[str] = "AG"
    permission: ClassVar[str] = "policies.change"
    form_url: ClassVar[str | None] = "age_target_change"

    about: str
    hours: int | None = None

    def _was(self) -> int | None:
        found = AgeTarget.objects.filter(command=self.about).first()
        return found.hours if found else None

    def target(self, reader: Reader | None) -> Target:
        """The kind of request."""
        command = COMMANDS.get(self.about)
        return Target("age target", self.about, command.label if command else self.about)

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """A kind that there is, a sensible time, and a change."""
        if self.about not in COMMANDS:
            raise Invalid.of("Choose what the target is about.", "about")
        if self.hours is not None and not 1 <= self.hours <= LONGEST:
            raise Invalid.of(f"From 1 to {LONGEST} hours, or nothing for no target.", "hours")
        if self.hours == self._was():
            raise Invalid.of("Nothing would change.")

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """The target as it is."""
        return {"hours": self._was()}

    def preview(self, reader: Reader | None) -> Preview:
        """The target, and what it replaces."""
        label = COMMANDS[self.about].label
        until = f"within {self.hours} h" if self.hours else "without a target"
        return Preview(
            sentence=f"{label}: {until}",
            button="Set target" if self.hours else "Remove target",
            changes=[Change("Target", words(self._was()), words(self.hours))],
            checks=[Check("ok", "Nothing expires or runs by it: lists say what is over it.")],
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Write it."""
        if self.hours is None:
            AgeTarget.objects.filter(command=self.about).delete()
        else:
            AgeTarget.objects.update_or_create(command=self.about, defaults={"hours": self.hours})
        return {"hours": self.hours}


def words(hours: int | None) -> str:
    """`4 h`, or that there is none."""
    return "no target" if hours is None else f"{hours} h"
