"""The forms of beneficiaries and of the rules that hold for them."""

from __future__ import annotations

from django import forms

from panel.ui.administration import ReasonForm
from payments.beneficiaries.details import KINDS

TEXT = {"autocomplete": "off", "spellcheck": "false"}


def _text(label: str, most: int, help_text: str = "", *, required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=most,
        required=required,
        help_text=help_text,
        widget=forms.TextInput(attrs=TEXT),
    )


class BeneficiaryForm(ReasonForm):
    """Where the money goes. What belongs to another kind is left out when it is kept."""

    kind = forms.ChoiceField(
        label="Kind", choices=[("", "Choose one"), *((kind.value, kind.label) for kind in KINDS)]
    )
    holder = _text("Name", 128, "Of whoever is paid, as their bank or wallet knows them.",
                   required=True)  # fmt: skip
    country = _text("Country", 2, "Of the bank: two letters, such as DE.")
    currency = _text("Currency", 12, "The only one it takes, such as EUR. Empty: any.")
    iban = _text("IBAN", 42)
    bic = _text("BIC", 14)
    account_number = _text("Account number", 34, "Where there is no IBAN.")
    bank_code = _text("Bank code", 35, "Sort code, routing number or the like.")
    wallet = _text("Wallet address", 128, "An address on a chain, or the client’s with a provider.")
    network = _text("Network or provider", 40, "Such as BTC, ERC20, TRC20; or Skrill.")
    token = _text(
        "Card reference", 64, "What the card provider calls the card. Never a card number."
    )


class PayoutRulesForm(ReasonForm):
    """The three rules."""

    cooling_off_hours = forms.IntegerField(
        label="Cooling off, hours",
        help_text="So long after it was added or changed a beneficiary cannot be used.",
    )
    separation_days = forms.IntegerField(
        label="Separation, days",
        help_text="So long whoever changed or confirmed a beneficiary approves no withdrawal to "
        "it.",
    )
    require_kept = forms.BooleanField(
        label="Withdrawals go to kept beneficiaries alone",
        required=False,
        help_text="Otherwise another name may be typed, with a warning to whoever decides.",
    )
