"""Forms of what is not simply money in or out: transfers and what puts an account right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from panel.mt4.limits import INT32_MAX
from panel.ui.amounts import RateField
from payments.adjustments import IN, OUT
from payments.forms import PaymentForm
from payments.models import Method

# Reasons are asked for in full where nobody outside asked for the money to move.
WHY = "Why: whoever decides on it reads this, and the audit log keeps it."


class _InternalForm(PaymentForm):
    """Money that does not leave the house."""

    method = forms.ChoiceField(
        choices=Method.choices, initial=Method.INTERNAL, widget=forms.HiddenInput
    )


class TransferForm(_InternalForm):
    """Where to, and at which rate."""

    to_login = forms.IntegerField(
        min_value=1,
        max_value=INT32_MAX,
        label="To account",
        help_text="The login of the account that gets it, on the same platform.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    rate = RateField(
        required=False, help_text="Only into another currency: how much of it one unit is there."
    )

    field_order = ("amount", "to_login", "rate", "comment", "external_reference", "reason")


class CorrectionForm(_InternalForm):
    """In or out, and why."""

    direction = forms.ChoiceField(
        choices=((IN, "Put money in"), (OUT, "Take money out")),
        widget=forms.RadioSelect,
        label="What is done",
    )
    corrects = forms.CharField(
        max_length=20,
        required=False,
        label="Payment that is put right",
        help_text="Its reference, if it is one of the panel's.",
    )
    reason = forms.CharField(
        max_length=500, help_text=WHY, widget=forms.Textarea(attrs={"rows": 2})
    )

    field_order = ("direction", "amount", "corrects", "external_reference", "comment", "reason")


class ChargebackForm(_InternalForm):
    """Which deposit, and how much of it."""

    deposit = forms.ChoiceField(help_text="Deposits that are done, and what is left of each.")
    external_reference = forms.CharField(
        max_length=64, required=False, label="Case", help_text="The provider's number of the case."
    )
    reason = forms.CharField(
        max_length=500, help_text=WHY, widget=forms.Textarea(attrs={"rows": 2})
    )

    field_order = ("deposit", "amount", "external_reference", "comment", "reason")

    def __init__(self, *args: Any, deposits: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["deposit"]
        if isinstance(field, forms.ChoiceField):
            field.choices = list(deposits)


class ResetForm(forms.Form):
    """Nothing to choose: the account says how much."""

    reason = forms.CharField(
        max_length=500, required=False, help_text=WHY, widget=forms.Textarea(attrs={"rows": 2})
    )
