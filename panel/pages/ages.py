"""The form that sets how long requests of a kind may wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.urls import reverse

from panel.commands.ages import LONGEST, SetAgeTarget
from panel.commands.base import Command
from panel.commands.registry import COMMANDS
from panel.models import AgeTarget
from panel.pages.tables import command_choices
from panel.ui.administration import ReasonForm
from panel.ui.commands import CommandView
from panel.ui.links import Link


@dataclass(frozen=True, slots=True)
class ShownTarget:
    """A target as the page of policies shows it."""

    command: str
    label: str
    hours: int


def shown_targets() -> list[ShownTarget]:
    """Every target, by the words of its kind."""
    rows = AgeTarget.objects.values_list("command", "hours")
    found = [
        ShownTarget(name, COMMANDS[name].label, hours) for name, hours in rows if name in COMMANDS
    ]
    return sorted(found, key=lambda one: one.label)


class AgeTargetForm(ReasonForm):
    """A kind of request and its hours."""

    about = forms.ChoiceField(label="About", choices=command_choices)
    hours = forms.IntegerField(
        label="Hours",
        required=False,
        min_value=1,
        max_value=LONGEST,
        help_text="What has waited longer is marked in lists. Empty: no target.",
    )
    field_order = ("about", "hours")


class AgeTargetView(CommandView):
    """A target, set anew or taken away."""

    permission: ClassVar[str] = "policies.change"
    title = "Age target"
    form_class = AgeTargetForm

    def get_crumbs(self) -> Sequence[Link]:
        """Below the policies."""
        return [Link("Policies", reverse("policy_list"))]

    def get_initial(self) -> dict[str, Any]:
        """The kind that the address names, with its target."""
        about = self.request.GET.get("about", "")
        found = AgeTarget.objects.filter(command=about).first()
        return {"about": about, "hours": found.hours if found else None}

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The target as it is to be."""
        return SetAgeTarget(about=cleaned["about"], hours=cleaned["hours"])
