"""Forms of limits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from panel.models import User
from panel.ui.administration import RuleForm, role_choices
from panel.ui.amounts import AmountField
from payments.limits.counting import COUNTED

WHO_HELP = "Each person is counted by themselves."


def _people() -> list[tuple[str, str]]:
    rows = User.objects.order_by("name", "email").values_list("email", "name")
    return [("", "Nobody by name"), *((email, f"{name} ({email})") for email, name in rows)]


def _amount(label: str, help_text: str) -> AmountField:
    return AmountField(label=label, required=False, least=Decimal(0), help_text=help_text)


class LimitForm(RuleForm):
    """A limit. Neither a person nor a role: it holds everybody."""

    role = forms.ChoiceField(
        label="Role",
        required=False,
        choices=lambda: [("", "Everybody"), *role_choices()],
        help_text=WHO_HELP,
    )
    person = forms.ChoiceField(
        label="Or one person", required=False, choices=_people, help_text="Instead of a role."
    )
    per_operation = _amount("At once", "One payment, or one line of a file. Empty: no limit.")
    per_day = _amount("In 24 hours", "The last 24 hours up to now, UTC; not a calendar day.")
    per_30_days = _amount("In 30 days", "The last 30 × 24 hours up to now.")
    currency = forms.CharField(
        label="Only accounts in",
        required=False,
        max_length=12,
        help_text="Such as USD. Empty: each currency is counted by itself.",
    )
    kinds = forms.MultipleChoiceField(
        label="Kinds",
        required=False,
        choices=[(kind.value, kind.label) for kind in COUNTED],
        widget=forms.CheckboxSelectMultiple,
        help_text="Those ticked are counted together; none ticked: all kinds together.",
    )

    def clean(self) -> dict[str, Any]:
        """Words as the command wants them."""
        cleaned: dict[str, Any] = super().clean() or {}
        cleaned["currency"] = cleaned.get("currency", "").strip().upper()
        return cleaned
