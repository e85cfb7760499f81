"""The forms of payouts: which withdrawals, from which account; the provider's answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from panel.ui.administration import ReasonForm
from payments.beneficiaries.details import KINDS
from payments.bulk.forms import FileOrRowsForm
from payments.models import PayingAccount
from payments.payouts.reading import COLUMNS

MOST_BYTES = 2 * 1024 * 1024


def _accounts() -> list[tuple[str, str]]:
    rows = PayingAccount.objects.filter(active=True)
    labels = [
        (str(row.pk), f"{row.name} ({row.get_method_display()}, {row.currency})") for row in rows
    ]
    return [("", "Choose one" if labels else "None is in use"), *labels]


class BatchForm(forms.Form):
    """The withdrawals that were ticked, each of which can be left out, and who pays."""

    # Read by the view: the form acts on the server that it was opened for.
    server = forms.CharField(required=False, widget=forms.HiddenInput)
    account = forms.TypedChoiceField(
        label="Paid from",
        choices=_accounts,
        coerce=int,
        help_text="One account pays in one currency and one way: what does not fit is named.",
    )
    withdrawals = forms.MultipleChoiceField(
        label="Withdrawals", widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(
        label="Note",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Kept with the batch and in the audit log.",
    )

    def __init__(self, *args: Any, offered: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["withdrawals"].choices = offered  # type: ignore[attr-defined]  # of choices


class PayingAccountForm(ReasonForm):
    """An account of the house."""

    title = forms.CharField(label="Name", max_length=80)
    method = forms.ChoiceField(
        label="Pays by", choices=[("", "Choose one"), *((kind.value, kind.label) for kind in KINDS)]
    )
    currency = forms.CharField(label="Currency", max_length=12)
    holder = forms.CharField(
        label="Holder", max_length=70, help_text="As the bank knows the house; stands in its file."
    )
    iban = forms.CharField(label="IBAN", max_length=42, required=False)
    bic = forms.CharField(
        label="BIC", max_length=14, required=False, help_text="Needed for an ISO 20022 file."
    )
    number = forms.CharField(
        label="Other number",
        max_length=64,
        required=False,
        help_text="Of an account without IBAN: with a card provider, an e-wallet, on a chain.",
    )
    active = forms.BooleanField(label="In use", required=False)


class AnswerForm(FileOrRowsForm):
    """The provider's answer."""

    most_bytes = MOST_BYTES
    too_large = "The file is larger than 2 MiB."
    file_help = "CSV (UTF-8) or a workbook (.xlsx), at most 2,000 rows and 2 MiB."
    rows_help = f"The first line names the columns: {', '.join(COLUMNS)}."
