"""Roles: named sets of rights."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from panel.access.permissions import FACTOR_RIGHTS, GRANTABLE, PERMISSIONS
from panel.commands.administration import ADMINISTRATOR, AdministrationCommand, Problems
from panel.commands.base import Change, Check, Preview, Target
from panel.commands.registry import register
from panel.models import Role, User

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.models import ChangeRequest
    from panel.mt4.read import Reader

# Without these nobody could ever change a right again.
KEPT = frozenset({"staff.view", "staff.change", "requests.view", "admin.approve"})
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")


def _labels(codes: frozenset[str]) -> str:
    return ", ".join(PERMISSIONS[code].label for code in PERMISSIONS if code in codes) or "none"


def _factor_words(demanded: bool, rights: frozenset[str]) -> str:
    if not FACTOR_RIGHTS.isdisjoint(rights):
        return "needed, for its rights"
    return "needed" if demanded else "not needed"


@register
@dataclass(frozen=True, kw_only=True)
class ChangeRole(AdministrationCommand):
    """Write a role's name, description and rights; a slug that is not there yet makes a new one."""

    name: ClassVar[str] = "roles.change"
    label: ClassVar[str] = "Change of a role"
    prefix: ClassVar[str] = "RC"
    permission: ClassVar[str] = "staff.change"
    form_url: ClassVar[str | None] = "role_change"

    slug: str
    title: str
    description: str
    rights: tuple[str, ...]
    second_factor: bool = False

    def _role(self) -> Role | None:
        return Role.objects.filter(slug=self.slug).first()

    def target(self, reader: Reader | None) -> Target:
        """The role."""
        return Target("role", self.slug, self.title)

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """A free name, known rights, and administrators who remain administrators."""
        problems = Problems()
        if not _SLUG.match(self.slug) or len(self.slug) > 40:
            problems.add("slug", "Small letters, digits and dashes, at most 40.")
        if not self.title.strip() or len(self.title) > 60:
            problems.add("title", "Give a name of at most 60 characters.")
        if len(self.description) > 200:
            problems.add("description", "At most 200 characters.")
        if Role.objects.filter(name=self.title.strip()).exclude(slug=self.slug).exists():
            problems.add("title", "Another role has this name.")
        for code in self.rights:
            if code not in GRANTABLE:
                problems.add("rights", f"There is no right “{code}”.")
        missing = KEPT - set(self.rights)
        if self.slug == ADMINISTRATOR and missing:
            problems.add("rights", f"Administrators must keep: {_labels(frozenset(missing))}.")
        problems.raise_if_any()

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """The role as it is; empty for a new one."""
        role = self._role()
        if role is None:
            return {}
        return {
            "title": role.name,
            "description": role.description,
            "rights": sorted(role.permissions),
            "second_factor": role.second_factor,
        }

    def preview(self, reader: Reader | None) -> Preview:
        """Rights given and taken, and whom it touches."""
        role = self._role()
        had = frozenset(role.permissions) if role else frozenset()
        wanted = frozenset(self.rights)
        changes = [
            Change("Name", role.name if role else "", self.title),
            Change("Description", role.description if role else "", self.description),
            Change("Rights given", "", _labels(wanted - had)),
            Change("Rights taken", _labels(had - wanted), ""),
            Change(
                "Second factor",
                _factor_words(bool(role and role.second_factor), had),
                _factor_words(self.second_factor, wanted),
            ),
        ]
        people = User.objects.filter(is_active=True, roles__slug=self.slug).count()
        checks = [
            Check("ok", f"{people} active {'person has' if people == 1 else 'people have'} it")
        ]
        people_without = [
            person
            for person in User.objects.filter(is_active=True, roles__slug=self.slug)
            if not person.has_factor_now
        ]
        if _factor_words(self.second_factor, wanted) != "not needed" and people_without:
            names = ", ".join(person.name for person in people_without)
            text = f"No second factor yet, and led to set one up before anything else: {names}."
            checks.append(Check("warn", text))
        if {"payments.withdraw", "payments.approve_withdrawal"} <= wanted:
            checks.append(Check("warn", "One role would ask for withdrawals and approve them."))
        verb = "Change" if role else "Add"
        return Preview(
            sentence=f"{verb} the role {self.title}.",
            button=f"{verb} role {self.title}",
            changes=[
                change
                for change in changes
                if change.before != change.after and {change.before, change.after} != {"", "none"}
            ],
            checks=checks,
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Write it."""
        role, _ = Role.objects.update_or_create(
            slug=self.slug,
            defaults={
                "name": self.title.strip(),
                "description": self.description.strip(),
                "second_factor": self.second_factor,
                "permissions": [code for code in GRANTABLE if code in set(self.rights)],
            },
        )
        return {"role": role.pk}
