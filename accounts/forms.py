"""Forms of this app: the same limits as the commands', so that errors stand beside the fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from accounts.commands.base import LEVERAGE_MOST
from accounts.commands.create import COMMENT_MOST
from accounts.commands.password import INVESTOR, MAIN
from accounts.commands.profile import LABELS, profile_errors
from panel.mt4.protocol.records import Group

CONTACT = ("email", "phone", "country", "state", "city", "zip_code", "address")
LONG = ("address", "comment")


class ReasonMixin(forms.Form):
    """A reason, kept with the request."""

    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Kept with the request, for whoever decides and for the audit log.",
    )


def profile_fields(*, without: Iterable[str] = ()) -> dict[str, forms.CharField]:
    """The profile's fields, by their names in MT4's record."""
    return {
        name: forms.CharField(
            label=label,
            required=name == "name",
            widget=forms.EmailInput if name == "email" else forms.TextInput,
        )
        for name, label in LABELS.items()
        if name not in set(without)
    }


class ProfileMixin(forms.Form):
    """Checks profile fields as MT4 would."""

    def clean(self) -> dict[str, Any]:
        """Put what MT4 would not take beside its field."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        values = {name: cleaned[name] for name in LABELS if name in cleaned}
        for name, problems in profile_errors(values).items():
            for problem in problems:
                self.add_error(name, problem)
        return cleaned


def leverage_field(initial: int | None = None) -> forms.IntegerField:
    """A leverage, as the number after `1:`."""
    return forms.IntegerField(
        label="Leverage",
        min_value=1,
        max_value=LEVERAGE_MOST,
        initial=initial,
        help_text="100 stands for 1:100.",
    )


def group_choices(groups: Iterable[Group]) -> list[tuple[str, str]]:
    """Groups as choices, with currency and usual leverage."""
    return [
        (group.group, f"{group.group} ({group.currency}, 1:{group.default_leverage})")
        for group in sorted(groups, key=lambda group: group.group)
    ]


class OpenAccountForm(ProfileMixin):
    """A new account."""

    field_order = ["name", "group", "leverage", *LABELS, "reason"]

    def __init__(self, *args: Any, groups: Iterable[Group], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["group"] = forms.ChoiceField(
            label="Group", choices=[("", "Choose a group"), *group_choices(groups)]
        )
        self.fields["leverage"] = leverage_field(100)
        self.fields.update(profile_fields(without=("status",)))
        self.fields[
            "comment"
        ].help_text = (
            f"At most {COMMENT_MOST} characters; the request's reference is put before it."
        )
        self.fields["reason"] = ReasonMixin.base_fields["reason"]
        self.order_fields(self.field_order)


class ProfileForm(ProfileMixin):
    """The profile of an account; contact details only for those who may see them.

    `seen` is the digest of the profile that the form was filled with.
    """

    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, contact: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(profile_fields(without=() if contact else CONTACT))
        self.fields["reason"] = ReasonMixin.base_fields["reason"]


class LeverageForm(ReasonMixin):
    """Another leverage."""

    leverage = leverage_field()
    field_order = ["leverage", "reason"]


class GroupForm(ReasonMixin):
    """Another group."""

    field_order = ["group", "reason"]

    def __init__(self, *args: Any, groups: Iterable[Group], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["group"] = forms.ChoiceField(label="New group", choices=group_choices(groups))
        self.order_fields(self.field_order)


class AccessForm(ReasonMixin):
    """The two flags."""

    enabled = forms.BooleanField(
        label="Enabled", required=False, help_text="A disabled account cannot be signed in to."
    )
    read_only = forms.BooleanField(
        label="Read-only", required=False, help_text="The client sees everything and cannot trade."
    )
    field_order = ["enabled", "read_only", "reason"]


class PasswordForm(ReasonMixin):
    """Which of the two passwords."""

    which = forms.ChoiceField(
        label="Password",
        choices=(
            (MAIN, "Main password: trades"),
            (INVESTOR, "Investor password: only looks"),
        ),
        widget=forms.RadioSelect,
        initial=MAIN,
    )
    field_order = ["which", "reason"]


def changed_fields(cleaned: Mapping[str, Any], record: Any) -> dict[str, str]:
    """The profile fields whose value is not the record's."""
    return {
        name: cleaned[name]
        for name in LABELS
        if name in cleaned and cleaned[name] != getattr(record, name)
    }
