"""The form that puts a rule of separated duties in force, or out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.http import Http404
from django.urls import reverse

from panel.access.separation import RULES, SeparationRule, holds
from panel.commands.base import Command
from panel.pages.commands.separation import SetSeparation
from panel.ui.administration import ReasonForm
from panel.ui.commands import CommandView
from panel.ui.links import Link


@dataclass(frozen=True, slots=True)
class ShownRule:
    """A rule as the page of policies shows it."""

    rule: SeparationRule
    active: bool


def shown_rules() -> list[ShownRule]:
    """Every rule, and whether it is in force."""
    return [ShownRule(rule, holds(rule)) for rule in RULES.values()]


class SeparationView(CommandView):
    """The other state of one rule."""

    permission: ClassVar[str] = "policies.change"
    form_class = ReasonForm

    def get_rule(self) -> SeparationRule:
        """The rule of the address; raises `Http404`."""
        found = RULES.get(self.kwargs["name"])
        if found is None:
            raise Http404("There is no such rule.")
        return found

    def get_title(self) -> str:
        """What is about to change."""
        rule = self.get_rule()
        return f"{rule.label}: put {'out of force' if holds(rule) else 'in force'}"

    def get_crumbs(self) -> Sequence[Link]:
        """Below the policies."""
        return [Link("Policies", reverse("policy_list"))]

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The other state."""
        rule = self.get_rule()
        return SetSeparation(rule=rule.name, active=not holds(rule))
