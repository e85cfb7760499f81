"""Forms of payments: one field for each rule, with the error beside it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from panel.lib.money import ZERO
from panel.mt4.limits import check_trade_comment
from panel.ui.amounts import MoneyField, PaidField, RateField
from payments.commands import BENEFICIARY, LAST_DAY
from payments.conversion import booked
from payments.models import Method
from payments.operation import COMMENT


class PaymentForm(forms.Form):
    """What every payment is told. `currency` is the account's: an amount has its decimals."""

    amount = MoneyField()
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

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        self.currency = currency
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, MoneyField):
                field.currency = currency

    def clean_comment(self) -> str:
        """What MT4 can store."""
        comment: str = self.cleaned_data["comment"].strip()
        problems = check_trade_comment(comment)
        if problems:
            raise forms.ValidationError(problems)
        return comment


class PaidForm(PaymentForm):
    """Money that changes hands, perhaps in another currency, perhaps with a fee.

    `out` tells a withdrawal. The amount is typed, or worked out.
    """

    paid_amount = PaidField(
        required=False,
        label="Paid",
        help_text="What changes hands, in its own currency. Leave the amount above empty: it is "
        "worked out.",
    )
    paid_currency = forms.CharField(max_length=12, required=False, label="Currency")
    rate = RateField(required=False)
    fee = MoneyField(required=False)

    def __init__(self, *args: Any, currency: str, out: bool, **kwargs: Any) -> None:
        self.out = out
        super().__init__(*args, currency=currency, **kwargs)
        # Worked out where something of the second part is told.
        self.fields["amount"].required = not self.is_paid
        self.fields["paid_currency"].help_text = f"Such as EUR; {currency} if left empty."
        self.fields["rate"].help_text = f"How many {currency} one unit of it is."
        self.fields["fee"].help_text = f"In {currency}: " + (
            "put on what is debited." if out else "taken off what is booked."
        )

    @property
    def is_paid(self) -> bool:
        """Whether the part for other currencies and fees is in use."""
        names = ("paid_amount", "paid_currency", "rate", "fee")
        return any(self[name].value() for name in names)

    def clean(self) -> dict[str, Any]:
        """Work the amount out where it was not typed."""
        cleaned = super().clean() or self.cleaned_data
        cleaned["paid_currency"] = cleaned.get("paid_currency", "").strip().upper()
        paid = cleaned.get("paid_amount")
        if paid is None:
            if self.is_paid and "paid_amount" not in self.errors:
                self.add_error("paid_amount", self.fields["amount"].error_messages["required"])
            return cleaned
        cleaned["paid_currency"] = cleaned["paid_currency"] or self.currency
        if cleaned["paid_currency"] == self.currency and cleaned.get("rate") is None:
            cleaned["rate"] = Decimal(1)
        rate, fee = cleaned.get("rate"), cleaned.get("fee") or ZERO
        if rate is None:
            if "rate" not in self.errors:
                self.add_error("rate", f"Enter how many {self.currency} one unit of it is.")
        elif cleaned.get("amount") is None and "amount" not in self.errors:
            cleaned["amount"] = booked(paid, rate, fee, self.currency, out=self.out)
            if cleaned["amount"] <= 0:
                self.add_error("fee", "Nothing would be left of what was paid.")
        return cleaned


class WithdrawForm(PaidForm):
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
