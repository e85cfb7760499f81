"""Names, contact details and notes of an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.commands.base import AccountCommand
from panel.commands.base import Change, Invalid, Preview
from panel.commands.registry import register
from panel.mt4.limits import check_field

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.commands.call import Call
    from panel.mt4.read import Reader

LABELS = {
    "name": "Name",
    "email": "E-mail",
    "phone": "Telephone",
    "country": "Country",
    "state": "State or region",
    "city": "City",
    "zip_code": "Postal code",
    "address": "Address",
    "status": "Status",
    "comment": "Comment",
}


def profile_errors(values: dict[str, str]) -> dict[str, list[str]]:
    """What is wrong with profile fields, by field: MT4's limits, a name, a plausible e-mail."""
    errors = {
        name: problems for name, text in values.items() if (problems := check_field(name, text))
    }
    if "name" in values and not values["name"].strip():
        errors.setdefault("name", []).append("An account needs a name.")
    if values.get("email"):
        try:
            validate_email(values["email"])
        except ValidationError:
            errors.setdefault("email", []).append("This is not an e-mail address.")
    return errors


@register
@dataclass(frozen=True, kw_only=True)
class ChangeProfile(AccountCommand):
    """Set some profile fields of an account; the others stay as they are."""

    name: ClassVar[str] = "accounts.change_profile"
    label: ClassVar[str] = "Change of profile"
    prefix: ClassVar[str] = "PR"
    permission: ClassVar[str] = "accounts.change_profile"
    form_url: ClassVar[str | None] = "account_change_profile"

    changes: dict[str, str]

    def aims(self) -> dict[str, Any]:
        """The fields that are set."""
        return dict(self.changes)

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Known fields, within MT4's limits, and something that differs."""
        if unknown := self.changes.keys() - LABELS.keys():
            raise Invalid.of(f"A profile has no {', '.join(sorted(unknown))}.")
        if errors := profile_errors(self.changes):
            raise Invalid(errors)
        self.refuse_empty(self.user(reader))

    def preview(self, reader: Reader | None) -> Preview:
        """Each field before and after."""
        user = self.user(reader)
        changes = [
            Change(LABELS[name], getattr(user, name) or "–", text or "–")
            for name, text in self.changes.items()
            if getattr(user, name) != text
        ]
        fields = ", ".join(change.label.lower() for change in changes)
        return Preview(
            sentence=f"Change the {fields} of {self.login} {user.name}.",
            button=f"Change {len(changes)} field{'s' if len(changes) != 1 else ''}",
            changes=changes,
        )

    def execute(self, call: Call) -> None:
        """One patch with the fields that are set."""
        self.patch(call, lambda: self.changes)
