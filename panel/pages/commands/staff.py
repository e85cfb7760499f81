"""Staff: inviting a person, and changing what they may do and see."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from panel.commands.administration import (
    ADMINISTRATOR,
    EVERY_PLATFORM,
    AdministrationCommand,
    Problems,
    active_administrators,
    check_masks,
    check_roles,
    differences,
    role_names,
)
from panel.commands.base import Check, Invalid, Preview, Target
from panel.commands.registry import register
from panel.models import Platform, Role, Scope, User
from panel.pages.invitation import send_invitation
from panel.pages.sessions import end_sessions

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.models import ChangeRequest
    from panel.mt4.read import Reader

LABELS = {
    "name": "Name",
    "active": "May sign in",
    "roles": "Roles",
    "scopes": "Sees",
    "time_zone": "Time zone",
}


def scopes_text(scopes: Mapping[str, str]) -> str:
    """Scopes in words: `Sandbox: demo*; every platform: *`."""
    names = dict(Platform.objects.filter(slug__in=list(scopes)).values_list("slug", "name"))
    return (
        "; ".join(
            f"{names.get(slug, slug) if slug else 'every platform'}: {groups}"
            for slug, groups in sorted(scopes.items())
        )
        or "nothing"
    )


def scopes_of(user: User) -> dict[str, str]:
    """A person's scopes by the platform's slug; `""` stands for every platform."""
    rows = user.scopes.select_related("platform")
    return {row.platform.slug if row.platform else EVERY_PLATFORM: row.group_masks for row in rows}


def write_grants(user: User, roles: Iterable[str], scopes: Mapping[str, str]) -> None:
    """Give exactly these roles and scopes."""
    user.roles.set(Role.objects.filter(slug__in=list(roles)))
    user.scopes.all().delete()
    platforms = {platform.slug: platform for platform in Platform.objects.all()}
    Scope.objects.bulk_create(
        Scope(user=user, platform=platforms.get(slug), group_masks=groups)
        for slug, groups in sorted(scopes.items())
    )


def in_words(
    *, name: str, active: bool, roles: Iterable[str], scopes: Mapping[str, str], time_zone: str
) -> dict[str, str]:
    """What is known of a person, as text to compare."""
    return {
        "name": name,
        "active": "yes" if active else "no",
        "roles": role_names(roles),
        "scopes": scopes_text(scopes),
        "time_zone": time_zone,
    }


@dataclass(frozen=True, kw_only=True)
class Grants(AdministrationCommand):
    """What both commands say about a person."""

    permission: ClassVar[str] = "staff.change"

    full_name: str
    roles: tuple[str, ...]
    scopes: dict[str, str] = field(default_factory=dict)
    time_zone: str = "UTC"

    def check_grants(self, problems: Problems) -> None:
        """Name, roles, scopes and time zone."""
        if not self.full_name.strip():
            problems.add("full_name", "Give the person's name: it stands in the audit log.")
        check_roles(self.roles, "roles", problems)
        known = set(Platform.objects.values_list("slug", flat=True)) | {EVERY_PLATFORM}
        for slug, groups in self.scopes.items():
            if slug not in known:
                problems.add("", f"There is no platform “{slug}”.")
            # The form has a field for each platform.
            check_masks(groups, f"scope_{slug}", problems)
        if self.time_zone not in zoneinfo.available_timezones():
            problems.add("time_zone", "Choose a time zone of the list.")

    def grant_checks(self) -> list[Check]:
        """What a second administrator should notice."""
        checks = []
        if ADMINISTRATOR in self.roles:
            checks.append(Check("warn", "An administrator can change staff, policies, platforms."))
        rights = {
            code
            for codes in Role.objects.filter(slug__in=list(self.roles)).values_list(
                "permissions", flat=True
            )
            for code in codes
        }
        if {"payments.withdraw", "payments.approve_withdrawal"} <= rights:
            checks.append(
                Check("warn", "These roles together ask for withdrawals and approve them.")
            )
        if not self.scopes:
            checks.append(Check("warn", "Without a scope the person sees no account."))
        if not self.roles:
            checks.append(Check("warn", "Without a role the person can do nothing."))
        return checks


@register
@dataclass(frozen=True, kw_only=True)
class InviteStaff(Grants):
    """Add a person; a link to set their password goes to their address, and nowhere else."""

    name: ClassVar[str] = "staff.invite"
    label: ClassVar[str] = "Invitation"
    prefix: ClassVar[str] = "SI"
    form_url: ClassVar[str | None] = "staff_invite"

    email: str

    @property
    def address(self) -> str:
        """The address as it is kept."""
        return self.email.strip().lower()

    def target(self, reader: Reader | None) -> Target:
        """The person to come."""
        return Target("staff", self.address, f"{self.full_name} <{self.address}>")

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """A good address that nobody has yet."""
        problems = Problems()
        self.check_grants(problems)
        try:
            validate_email(self.address)
        except ValidationError:
            problems.add("email", "This is no e-mail address.")
        if User.objects.filter(email=self.address).exists():
            problems.add("email", "Somebody with this address is already on the list.")
        problems.raise_if_any()

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """Whether the address is taken."""
        return {"exists": User.objects.filter(email=self.address).exists()}

    def preview(self, reader: Reader | None) -> Preview:
        """Who comes, with what."""
        after = in_words(
            name=self.full_name,
            active=True,
            roles=self.roles,
            scopes=self.scopes,
            time_zone=self.time_zone,
        )
        return Preview(
            sentence=f"Invite {self.full_name} <{self.address}> as {role_names(self.roles)}.",
            button=f"Invite {self.full_name}",
            changes=differences(LABELS, {}, after),
            checks=self.grant_checks(),
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Add the person without a usable password; the mail leaves once it is committed."""
        person = User.objects.create_user(
            self.address, name=self.full_name.strip(), time_zone=self.time_zone
        )
        write_grants(person, self.roles, self.scopes)
        transaction.on_commit(lambda: send_invitation(person), robust=True)
        return {"person": person.pk}


@register
@dataclass(frozen=True, kw_only=True)
class ChangeStaff(Grants):
    """Change a person's name, roles, scopes, time zone, or whether they may sign in."""

    name: ClassVar[str] = "staff.change"
    label: ClassVar[str] = "Change of staff"
    prefix: ClassVar[str] = "SC"
    form_url: ClassVar[str | None] = "staff_change"

    person: int
    active: bool

    def _person(self) -> User:
        found = User.objects.filter(pk=self.person, is_machine=False).first()
        if found is None:
            raise Invalid.of("There is no such person.", "person")
        return found

    def target(self, reader: Reader | None) -> Target:
        """The person."""
        person = self._person()
        return Target("staff", str(person.pk), f"{person.name} <{person.email}>")

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Something must change, and two administrators must be left."""
        person = self._person()
        problems = Problems()
        self.check_grants(problems)
        if self._after() == self._words(person):
            problems.add("", "Nothing would change.")
        was = person.is_active and ADMINISTRATOR in person.role_slugs
        stays = self.active and ADMINISTRATOR in self.roles
        if was and not stays and active_administrators() <= 2:
            problems.add(
                "",
                "Two active administrators must remain, or nobody could confirm a change any more."
                " Appoint another one first.",
            )
        problems.raise_if_any()

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """The person as they are."""
        person = self._person()
        return {
            "name": person.name,
            "active": person.is_active,
            "roles": sorted(person.roles.values_list("slug", flat=True)),
            "scopes": scopes_of(person),
            "time_zone": person.time_zone,
        }

    def _words(self, person: User) -> dict[str, str]:
        return in_words(
            name=person.name,
            active=person.is_active,
            roles=person.roles.values_list("slug", flat=True),
            scopes=scopes_of(person),
            time_zone=person.time_zone,
        )

    def _after(self) -> dict[str, str]:
        return in_words(
            name=self.full_name,
            active=self.active,
            roles=self.roles,
            scopes=self.scopes,
            time_zone=self.time_zone,
        )

    def preview(self, reader: Reader | None) -> Preview:
        """Only what differs."""
        person = self._person()
        ends = person.is_active and not self.active
        sentence = f"Change {person.name} <{person.email}>."
        if ends:
            sentence = f"Deactivate {person.name} <{person.email}> and end their sessions."
        return Preview(
            sentence=sentence,
            button=f"Deactivate {person.name}" if ends else f"Change {person.name}",
            changes=differences(LABELS, self._words(person), self._after()),
            checks=self.grant_checks(),
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Write it; whoever may not sign in any more is signed out everywhere."""
        person = self._person()
        person.name = self.full_name.strip()
        person.is_active = self.active
        person.time_zone = self.time_zone
        person.save(update_fields=["name", "is_active", "time_zone"])
        write_grants(person, self.roles, self.scopes)
        if not self.active:
            transaction.on_commit(lambda: end_sessions(person, request=request), robust=True)
        return {"person": person.pk}
