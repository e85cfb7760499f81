"""Forms of payments: one field for each rule, with the error beside it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from panel.lib import money
from panel.mt4.limits import check_trade_comment
from payments.commands import BENEFICIARY, LAST_DAY
from payments.models import Method
from payments.operation import COMMENT


class AmountField(forms.CharField):
    """An amount as people type it: `1234.5`, `1,234.50`; never a guess about a comma."""

    def clean(self, value: Any) -> Decimal:
        """More than zero, to the cent."""
        text = super().clean(value)
        try:
            amount = money.parse(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        if amount <= 0:
            raise forms.ValidationError("The amount must be more than zero.")
        return amount


class PaymentForm(forms.Form):
    """What every payment is told."""

    amount = AmountField(
        max_length=24,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    method = forms.ChoiceField(choices=Method.choices)
    external_reference = forms.CharField(
        max_length=64,
        required=False,
        label="External reference",
        help_text="The number that the bank or the payment provider gave it.",
    )
    comment = forms.CharField(
        max_length=COMMENT,
        required=False,
        help_text=f"Stands in MT4 after the reference; plain letters, at most {COMMENT}.",
    )

    reason = forms.CharField(
        max_length=500,
        required=False,
        help_text="Why: whoever decides on it reads this, and the audit log keeps it.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def clean_comment(self) -> str:
        """What MT4 can store."""
        comment: str = self.cleaned_data["comment"].strip()
        problems = check_trade_comment(comment)
        if problems:
            raise forms.ValidationError(problems)
        return comment


class WithdrawForm(PaymentForm):
    """To whom it goes: the account's own name, unless the client named somebody else."""

    beneficiary = forms.CharField(
        max_length=BENEFICIARY,
        required=False,
        help_text="The name on the bank account, card or wallet that is paid.",
    )

    field_order = (*("amount", "method", "beneficiary", "external_reference", "comment", "reason"),)

    def clean(self) -> dict[str, Any]:
        """Only what stays within the house goes to nobody."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("method") == Method.INTERNAL:
            cleaned["beneficiary"] = ""
        elif cleaned.get("method") and not cleaned.get("beneficiary", "").strip():
            self.add_error("beneficiary", "Enter the name of whoever is paid.")
        return cleaned


class CreditForm(PaymentForm):
    """Credit comes from the broker itself, unless somebody says otherwise."""

    method = forms.ChoiceField(choices=Method.choices, initial=Method.INTERNAL)


class CreditInForm(CreditForm):
    """Credit ends on a day."""

    expiration = forms.DateField(
        label="Expires",
        widget=forms.DateInput(attrs={"type": "date", "max": LAST_DAY.isoformat()}),
        help_text="At the end of this day, on the trade server's clock.",
    )

    field_order = ("amount", "expiration", "method", "external_reference", "comment", "reason")
