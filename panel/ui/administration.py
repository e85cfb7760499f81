"""What the administrators' forms have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django import forms

from panel.models import Platform, Role


def role_choices() -> list[tuple[str, str]]:
    """Roles by slug and name."""
    return list(Role.objects.values_list("slug", "name"))


class ReasonForm(forms.Form):
    """Why: whoever decides on it and the audit log will read it."""

    reason = forms.CharField(
        label="Why",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Whoever decides on it reads this, and the audit log keeps it.",
    )

    last_fields: ClassVar[tuple[str, ...]] = ("reason",)

    def order_fields(self, field_order: Iterable[str] | None) -> None:
        """What a form adds comes first, then the fields of `last_fields`."""
        super().order_fields(field_order)
        for name in self.last_fields:
            if name in self.fields:
                self.fields[name] = self.fields.pop(name)


class RuleForm(ReasonForm):
    """A rule: for which accounts it holds, and whether it does."""

    platform = forms.ChoiceField(
        label="Platform",
        required=False,
        choices=lambda: [
            ("", "Every platform"),
            *Platform.objects.values_list("slug", "name"),
        ],
    )
    group_masks = forms.CharField(
        label="MT4 groups",
        initial="*",
        max_length=500,
        help_text="Comma-separated; * stands for any letters, ! takes groups out.",
    )
    active = forms.BooleanField(label="In force", required=False, initial=True)
    note = forms.CharField(label="Note", required=False, max_length=200)

    last_fields: ClassVar[tuple[str, ...]] = (
        "platform",
        "group_masks",
        "active",
        "note",
        "reason",
    )
