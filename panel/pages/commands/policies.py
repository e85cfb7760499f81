"""Policies: who must approve what. Setting and removing one takes two administrators."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from panel.access.policy import describe
from panel.commands.administration import (
    AdministrationCommand,
    Problems,
    check_masks,
    check_roles,
    differences,
    role_names,
)
from panel.commands.base import Check, Invalid, Preview, Target
from panel.commands.registry import COMMANDS, register
from panel.lib.money import decimals_problem
from panel.models import ChangeRequest, Platform, Policy, Status, User

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.mt4.read import Reader

MOST_APPROVALS = 3
LABELS = {
    "rule": "Rule",
    "platform": "Platform",
    "groups": "MT4 groups",
    "roles": "Approved by",
    "active": "In force",
    "note": "Note",
}
_CURRENCY = re.compile(r"[A-Z]{3,12}\Z")


def label_of(command: str) -> str:
    """The words for a command; its name if it is gone."""
    return COMMANDS[command].label if command in COMMANDS else command


def approvers(command: str, roles: tuple[str, ...] | list[str]) -> int:
    """How many active people could approve such a request."""
    right = COMMANDS[command].approve_permission
    people = User.objects.filter(is_active=True).prefetch_related("roles")
    wanted = set(roles)
    return sum(
        any(right in role.permissions for role in person.roles.all())
        and (not wanted or any(role.slug in wanted for role in person.roles.all()))
        for person in people
    )


def _words(policy: Policy) -> dict[str, str]:
    return {
        "rule": f"{label_of(policy.command)}: {describe(policy)}",
        "platform": policy.platform.name if policy.platform else "every platform",
        "groups": policy.group_masks,
        "roles": role_names(policy.roles) if policy.roles else "anybody with the right",
        "active": "yes" if policy.active else "no",
        "note": policy.note,
    }


def _state(policy: Policy) -> dict[str, Any]:
    return {
        "command": policy.command,
        "platform": policy.platform.slug if policy.platform else "",
        "group_masks": policy.group_masks,
        "currency": policy.currency,
        "over_amount": policy.over_amount,
        "approvals": policy.approvals,
        "roles": list(policy.roles),
        "active": policy.active,
        "note": policy.note,
    }


def _waiting(command: str) -> list[Check]:
    """What waits already keeps the rule it was asked under: said before the rule is changed."""
    number = ChangeRequest.objects.filter(command=command, status=Status.PENDING).count()
    if not number:
        return []
    if number == 1:
        return [Check("ok", "1 request that waits keeps the rule under which it was asked for.")]
    text = f"{number} requests that wait keep the rules under which they were asked for."
    return [Check("ok", text)]


@register
@dataclass(frozen=True, kw_only=True)
class SetPolicy(AdministrationCommand):
    """Add a policy, or write an existing one anew. An empty platform means every platform."""

    name: ClassVar[str] = "policies.set"
    label: ClassVar[str] = "Approval policy"
    prefix: ClassVar[str] = "PS"
    permission: ClassVar[str] = "policies.change"
    form_url: ClassVar[str | None] = "policy_add"

    policy: int | None = None
    about: str
    platform: str = ""
    group_masks: str = "*"
    currency: str = ""
    over_amount: Decimal | None = None
    approvals: int
    roles: tuple[str, ...] = ()
    active: bool = True
    note: str = ""

    def _existing(self) -> Policy | None:
        if self.policy is None:
            return None
        found = Policy.objects.select_related("platform").filter(pk=self.policy).first()
        if found is None:
            raise Invalid.of("This policy has been removed in the meantime.")
        return found

    def _wanted(self) -> Policy:
        """The policy as it would be; not saved."""
        return Policy(
            pk=self.policy,
            command=self.about,
            platform=Platform.objects.filter(slug=self.platform).first(),
            group_masks=self.group_masks.strip(),
            currency=self.currency.strip().upper(),
            over_amount=self.over_amount,
            approvals=self.approvals,
            roles=list(self.roles),
            active=self.active,
            note=self.note.strip(),
        )

    def target(self, reader: Reader | None) -> Target:
        """The policy."""
        key = str(self.policy) if self.policy else f"{self.about}/new"
        return Target("policy", key, f"Policy on {label_of(self.about)}")

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """A known command, good masks and amounts, enough people to approve."""
        existing = self._existing()
        problems = Problems()
        if self.about not in COMMANDS:
            problems.add("about", "Choose what the policy is about.")
        if self.platform and not Platform.objects.filter(slug=self.platform).exists():
            problems.add("platform", "There is no such platform.")
        check_masks(self.group_masks, "group_masks", problems)
        if self.currency and not _CURRENCY.match(self.currency.strip().upper()):
            problems.add("currency", "A currency such as USD, or nothing for all of them.")
        if self.over_amount is not None and self.over_amount < 0:
            problems.add("over_amount", "Not less than zero.")
        elif self.over_amount is not None:
            problem = decimals_problem(self.over_amount, self.currency.strip().upper())
            if problem:
                problems.add("over_amount", problem)
        if not 0 <= self.approvals <= MOST_APPROVALS:
            problems.add("approvals", f"From 0 to {MOST_APPROVALS}.")
        if len(self.note) > 200:
            problems.add("note", "At most 200 characters.")
        check_roles(self.roles, "roles", problems)
        problems.raise_if_any()
        if existing and _state(existing) == _state(self._wanted()):
            raise Invalid.of("Nothing would change.")
        least = COMMANDS[self.about].default_needed.approvals
        if self.approvals < least:
            raise Invalid.of(
                f"This always needs at least {least}: no policy lowers it.", "approvals"
            )
        able = approvers(self.about, self.roles)
        if self.approvals > able:
            raise Invalid.of(
                f"Only {able} active {'person' if able == 1 else 'people'} could approve: "
                "such requests would never go through.",
                "approvals",
            )

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """The policy as it is; empty for a new one."""
        existing = self._existing()
        return _state(existing) if existing else {}

    def preview(self, reader: Reader | None) -> Preview:
        """The rule in plain words, and what it replaces."""
        existing, wanted = self._existing(), self._wanted()
        able = approvers(self.about, self.roles)
        checks = [Check("ok", f"{able} active people could approve.")]
        if self.approvals == able and self.approvals:
            checks = [Check("warn", "No more people can approve than are needed; a maker cannot.")]
        if existing and self.approvals < existing.approvals:
            checks.append(Check("warn", "Fewer approvals than before."))
        if self.approvals == 0:
            checks.append(Check("warn", "Such requests would run without a second person."))
        checks += _waiting(self.about)
        return Preview(
            sentence=f"{label_of(self.about)}: {describe(wanted)}",
            button="Change policy" if existing else "Add policy",
            changes=differences(LABELS, _words(existing) if existing else {}, _words(wanted)),
            checks=checks,
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Write it."""
        wanted = self._wanted()
        wanted.save(force_insert=self.policy is None, force_update=self.policy is not None)
        return {"policy": wanted.pk}


@register
@dataclass(frozen=True, kw_only=True)
class RemovePolicy(AdministrationCommand):
    """Take a policy away."""

    name: ClassVar[str] = "policies.remove"
    label: ClassVar[str] = "Removal of a policy"
    prefix: ClassVar[str] = "PX"
    permission: ClassVar[str] = "policies.change"
    form_url: ClassVar[str | None] = "policy_remove"

    policy: int

    def _policy(self) -> Policy:
        found = Policy.objects.select_related("platform").filter(pk=self.policy).first()
        if found is None:
            raise Invalid.of("This policy has been removed already.")
        return found

    def target(self, reader: Reader | None) -> Target:
        """The policy."""
        return Target("policy", str(self.policy), f"Policy on {label_of(self._policy().command)}")

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """It must still be there."""
        self._policy()

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """The policy as it is; empty once it is gone."""
        found = Policy.objects.select_related("platform").filter(pk=self.policy).first()
        return _state(found) if found else {}

    def preview(self, reader: Reader | None) -> Preview:
        """What falls away."""
        policy = self._policy()
        words = _words(policy)
        return Preview(
            sentence=f"Remove the policy “{words['rule']}”",
            button="Remove policy",
            changes=differences(LABELS, words, {}),
            checks=[
                Check("warn", "Whatever only this policy held back runs at once afterwards."),
                *_waiting(policy.command),
            ],
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Delete it."""
        policy = self._policy()
        policy.delete()
        return {"policy": self.policy}
