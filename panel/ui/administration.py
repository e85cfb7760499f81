"""What the administrators' forms have in common."""

from __future__ import annotations

from collections.abc import Iterable

from django import forms

from panel.models import Role


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

    def order_fields(self, field_order: Iterable[str] | None) -> None:
        """The reason comes last, whatever fields a form adds."""
        super().order_fields(field_order)
        if "reason" in self.fields:
            self.fields["reason"] = self.fields.pop("reason")
