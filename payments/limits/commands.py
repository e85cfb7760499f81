"""Changing limits: always by two people, neither of whom the limit holds."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from panel.access.policy import Needed
from panel.commands.administration import Problems, check_masks, check_roles, differences
from panel.commands.base import Check, Invalid, PanelCommand, Preview, Risk, Target
from panel.commands.registry import register
from panel.lib.money import LARGEST, decimals_problem
from panel.models import Platform, Role, User
from panel.ui.figures import money_text
from payments.limits import words
from payments.limits.counting import COUNTED
from payments.models import Limit

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.models import ChangeRequest
    from panel.mt4.read import Reader

LABELS = {
    "who": "Holds",
    "what": "Kinds",
    "where": "Where",
    "per_operation": "At once",
    "per_day": "In 24 hours",
    "per_30_days": "In 30 days",
    "active": "In force",
    "note": "Note",
}
AMOUNTS = ("per_operation", "per_day", "per_30_days")
_CURRENCY = re.compile(r"[A-Z]{3,12}\Z")


def held(limit: Limit, person: User) -> bool:
    """Whether the limit names this person, or a role of theirs."""
    named = limit.person_id is not None and limit.person_id == person.pk
    return named or (limit.role is not None and limit.role.slug in person.role_slugs)


def state(limit: Limit) -> dict[str, Any]:
    """The limit's fields as they stand."""
    return {
        "person": limit.person.email if limit.person else "",
        "role": limit.role.slug if limit.role else "",
        "kinds": list(limit.kinds),
        "platform": limit.platform.slug if limit.platform else "",
        "group_masks": limit.group_masks,
        "currency": limit.currency,
        **{name: getattr(limit, name) for name in AMOUNTS},
        "active": limit.active,
        "note": limit.note,
    }


def _words(limit: Limit) -> dict[str, str]:
    def amount(name: str) -> str:
        value = getattr(limit, name)
        return "no limit" if value is None else money_text(value, limit.currency)

    return {
        "who": words.who(limit),
        "what": words.what(limit),
        "where": words.where(limit),
        **{name: amount(name) for name in AMOUNTS},
        "active": "yes" if limit.active else "no",
        "note": limit.note,
    }


def _existing(pk: int) -> Limit:
    rows = Limit.objects.select_related("person", "role", "platform")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Invalid.of("This limit has been removed in the meantime.")
    return found


def _looser(was: Limit, wanted: Limit) -> bool:
    """Whether an amount is higher than before, or gone."""
    return any(
        getattr(was, name) is not None
        and (getattr(wanted, name) is None or getattr(wanted, name) > getattr(was, name))
        for name in AMOUNTS
    )


@dataclass(frozen=True, kw_only=True)
class LimitCommand(PanelCommand):
    """What both commands have in common."""

    permission: ClassVar[str] = "limits.change"
    approve_permission: ClassVar[str] = "limits.approve"
    risk: ClassVar[Risk] = Risk.CRITICAL
    default_needed: ClassVar[Needed] = Needed(
        1, (), "A second person confirms every change of a limit."
    )

    @staticmethod
    def check_not_held(limit: Limit, actor: Actor | None) -> None:
        """Raise `Invalid` where the actor would change what holds themselves."""
        if actor and actor.user and held(limit, actor.user):
            raise Invalid.of("This limit holds you: somebody else has to change it.")

    @classmethod
    def may_decide(cls, request: ChangeRequest, person: User) -> str:
        """Nobody decides on what holds themselves, before or after the change."""
        before, payload = request.before, request.payload
        people = {before.get("person"), payload.get("person")}
        roles = {before.get("role"), payload.get("role")} - {None, ""}
        if person.email in people or roles & person.role_slugs:
            return "This limit holds you, so somebody else has to decide."
        return ""


@register
@dataclass(frozen=True, kw_only=True)
class SetLimit(LimitCommand):
    """Add a limit, or write an existing one anew.

    `person` is an e-mail address; empty words mean everybody, every platform, each currency by
    itself; no kinds mean all of them together. An amount that is None is not limited.
    """

    name: ClassVar[str] = "limits.set"
    label: ClassVar[str] = "Payment limit"
    prefix: ClassVar[str] = "LS"
    form_url: ClassVar[str | None] = "limit_add"

    limit: int | None = None
    person: str = ""
    role: str = ""
    kinds: tuple[str, ...] = ()
    platform: str = ""
    group_masks: str = "*"
    currency: str = ""
    per_operation: Decimal | None = None
    per_day: Decimal | None = None
    per_30_days: Decimal | None = None
    active: bool = True
    note: str = ""

    def _was(self) -> Limit | None:
        return None if self.limit is None else _existing(self.limit)

    def _wanted(self) -> Limit:
        """The limit as it would be; not saved."""
        return Limit(
            pk=self.limit,
            person=User.objects.filter(email=self.person).first() if self.person else None,
            role=Role.objects.filter(slug=self.role).first() if self.role else None,
            kinds=sorted(self.kinds),
            platform=Platform.objects.filter(slug=self.platform).first() if self.platform else None,
            group_masks=self.group_masks.strip(),
            currency=self.currency.strip().upper(),
            per_operation=self.per_operation,
            per_day=self.per_day,
            per_30_days=self.per_30_days,
            active=self.active,
            note=self.note.strip(),
        )

    def target(self, reader: Reader | None) -> Target:
        """The limit."""
        key = str(self.limit) if self.limit else f"{self.person or self.role}/new"[-100:]
        return Target("limit", key, f"Limit of {words.who(self._wanted())}")

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Known names, sensible amounts, and not by somebody whom it holds."""
        was = self._was()
        problems = Problems()
        if self.person and self.role:
            problems.add("role", "A limit holds a person or a role, not both.")
        if self.person and not User.objects.filter(email=self.person).exists():
            problems.add("person", "There is no such person.")
        check_roles([self.role] if self.role else [], "role", problems)
        for kind in self.kinds:
            if kind not in COUNTED:
                problems.add("kinds", f"There is no kind “{kind}”.")
        if self.platform and not Platform.objects.filter(slug=self.platform).exists():
            problems.add("platform", "There is no such platform.")
        check_masks(self.group_masks, "group_masks", problems)
        if self.currency and not _CURRENCY.match(self.currency.strip().upper()):
            problems.add("currency", "A currency such as USD, or nothing for each by itself.")
        self._check_amounts(problems)
        if len(self.note) > 200:
            problems.add("note", "At most 200 characters.")
        problems.raise_if_any()
        wanted = self._wanted()
        if was and state(was) == state(wanted):
            raise Invalid.of("Nothing would change.")
        for limit in filter(None, (was, wanted)):
            self.check_not_held(limit, actor)

    def _check_amounts(self, problems: Problems) -> None:
        amounts = {name: getattr(self, name) for name in AMOUNTS}
        given = {name: amount for name, amount in amounts.items() if amount is not None}
        if not given:
            problems.add("per_operation", "Give at least one of the three amounts.")
        for name, amount in given.items():
            if amount < 0 or amount > LARGEST:
                problems.add(name, "An amount from 0, with at most two decimals.")
            elif problem := decimals_problem(amount, self.currency.strip().upper()):
                problems.add(name, problem)
        rising = list(given.items())
        for (_, smaller), (name, larger) in itertools.pairwise(rising):
            if larger < smaller:
                problems.add(name, "Not less than the limit for the shorter time.")

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """The limit as it is; empty for a new one."""
        was = self._was()
        return state(was) if was else {}

    def preview(self, reader: Reader | None) -> Preview:
        """The limit in plain words, and what it replaces."""
        was, wanted = self._was(), self._wanted()
        checks = [
            Check("ok", "Counted for each person by themselves; every limit that fits must hold.")
        ]
        if was and (_looser(was, wanted) or (was.active and not wanted.active)):
            checks.append(Check("warn", "More can be moved than before."))
        return Preview(
            sentence=words.sentence(wanted),
            button="Change limit" if was else "Add limit",
            changes=differences(LABELS, _words(was) if was else {}, _words(wanted)),
            checks=checks,
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Write it."""
        wanted = self._wanted()
        wanted.save(force_insert=self.limit is None, force_update=self.limit is not None)
        return {"limit": wanted.pk}


@register
@dataclass(frozen=True, kw_only=True)
class RemoveLimit(LimitCommand):
    """Take a limit away."""

    name: ClassVar[str] = "limits.remove"
    label: ClassVar[str] = "Removal of a limit"
    prefix: ClassVar[str] = "LX"
    form_url: ClassVar[str | None] = "limit_remove"

    limit: int

    def target(self, reader: Reader | None) -> Target:
        """The limit."""
        found = _existing(self.limit)
        return Target("limit", str(self.limit), f"Limit of {words.who(found)}")

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """It must still be there, and not hold the actor."""
        self.check_not_held(_existing(self.limit), actor)

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """The limit as it is; empty once it is gone."""
        found = Limit.objects.select_related("person", "role", "platform").filter(pk=self.limit)
        return state(found[0]) if found else {}

    def preview(self, reader: Reader | None) -> Preview:
        """What falls away."""
        found = _existing(self.limit)
        return Preview(
            sentence=f"Remove the limit “{words.sentence(found)}”",
            button="Remove limit",
            changes=differences(LABELS, _words(found), {}),
            checks=[Check("warn", "What only this limit held back can be moved afterwards.")],
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Delete it."""
        _existing(self.limit).delete()
        return {"limit": self.limit}
