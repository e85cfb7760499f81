"""What the administrators' commands have in common."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from panel.access import masks
from panel.access.policy import Needed
from panel.commands.base import Change, Invalid, PanelCommand, Risk
from panel.models import Role, User

if TYPE_CHECKING:
    from collections.abc import Mapping

ADMINISTRATOR = "administrator"
EVERY_PLATFORM = ""
MASKS_LENGTH = 500
_MASK = re.compile(r"!?[^\s,!]{1,16}\Z")


@dataclass(frozen=True, kw_only=True)
class AdministrationCommand(PanelCommand):
    """A change that one administrator makes and another one confirms."""

    approve_permission: ClassVar[str] = "admin.approve"
    risk: ClassVar[Risk] = Risk.CRITICAL
    default_needed: ClassVar[Needed] = Needed(
        1, (ADMINISTRATOR,), "A second administrator confirms every change of the panel itself."
    )


class Problems:
    """Gathers what is wrong, field by field, to be raised at once."""

    def __init__(self) -> None:
        self._by_field: dict[str, list[str]] = {}

    def add(self, field: str, text: str) -> None:
        """One more; the field `""` stands for the whole."""
        self._by_field.setdefault(field, []).append(text)

    def raise_if_any(self) -> None:
        """Raise `Invalid` with all of them."""
        if self._by_field:
            raise Invalid(self._by_field)


def check_masks(text: str, field: str, problems: Problems) -> None:
    """MT4 group masks: at least one that takes groups in, each a plausible name."""
    single = masks.parts(text)
    if not any(not mask.startswith("!") for mask in single):
        problems.add(field, "Name at least one group, or * for all of them.")
    if len(text) > MASKS_LENGTH:
        problems.add(field, f"At most {MASKS_LENGTH} characters.")
    for mask in single:
        if not _MASK.match(mask):
            problems.add(field, f"“{mask}” is no group name: at most 16 characters, no blanks.")


def check_roles(slugs: Iterable[str], field: str, problems: Problems) -> None:
    """Every role must exist."""
    wanted = set(slugs)
    known = set(Role.objects.filter(slug__in=wanted).values_list("slug", flat=True))
    for slug in sorted(wanted - known):
        problems.add(field, f"There is no role “{slug}”.")


def role_names(slugs: Iterable[str]) -> str:
    """Roles as people call them."""
    names = Role.objects.filter(slug__in=list(slugs)).values_list("name", flat=True)
    return ", ".join(names) or "none"


def active_administrators() -> int:
    """How many people can make or confirm changes of the panel."""
    people = User.objects.filter(is_active=True, roles__slug=ADMINISTRATOR)
    return people.distinct().count()


def differences(
    labels: Mapping[str, str], before: Mapping[str, str], after: Mapping[str, str]
) -> list[Change]:
    """Before and after in words, only what differs."""
    return [
        Change(label, before.get(name, ""), after.get(name, ""))
        for name, label in labels.items()
        if before.get(name, "") != after.get(name, "")
    ]
