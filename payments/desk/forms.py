"""The desk's form of its own: why a withdrawal goes back."""

from __future__ import annotations

from typing import Any

from django import forms

from panel.models import Purpose
from panel.mt4.limits import check_trade_comment
from panel.ui.reasons import OTHER, offered
from payments.desk.holding import BECAUSE
from payments.operation import COMMENT


class ReturnForm(forms.Form):
    """A reason from the list, words of one's own, or both."""

    choice = forms.ChoiceField(label="Reason")
    words = forms.CharField(
        label="In your words",
        required=False,
        max_length=BECAUSE,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    comment = forms.CharField(
        max_length=COMMENT,
        required=False,
        help_text=f"Stands in MT4 after the reference; plain letters, at most {COMMENT}.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "Choose one"), *((text, text) for text in offered(Purpose.RETURN))]
        self.fields["choice"].choices = choices  # type: ignore[attr-defined]  # a choice field

    def clean_comment(self) -> str:
        """What MT4 can store."""
        comment: str = self.cleaned_data["comment"].strip()
        problems = check_trade_comment(comment)
        if problems:
            raise forms.ValidationError(problems)
        return comment

    def clean(self) -> dict[str, Any]:
        """Both parts make the reason that is kept."""
        cleaned = super().clean() or self.cleaned_data
        choice, words = cleaned.get("choice", ""), cleaned.get("words", "").strip()
        if choice == OTHER and not words:
            self.add_error("words", "Say why: whoever decides on it reads this.")
        parts = ("" if choice == OTHER else choice, words)
        cleaned["reason"] = " ".join(part for part in parts if part)
        if len(cleaned["reason"]) > BECAUSE:
            self.add_error("words", f"Both together are longer than {BECAUSE} characters.")
        return cleaned
