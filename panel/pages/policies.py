"""Policies in plain words, by what they are about; setting and removing takes two people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from panel.access.policy import describe
from panel.access.request import PanelRequest
from panel.commands import inbox
from panel.commands.administration import role_names
from panel.commands.base import Command
from panel.commands.registry import COMMANDS
from panel.commands.rules import EarlierRule, under_earlier_rules
from panel.models import ChangeRequest, Policy, Status
from panel.pages.commands.policies import MOST_APPROVALS, RemovePolicy, SetPolicy, label_of
from panel.pages.tables import command_choices
from panel.ui.administration import ReasonForm, RuleForm, role_choices
from panel.ui.amounts import AmountField
from panel.ui.commands import CommandView
from panel.ui.figures import money_text
from panel.ui.links import Link
from panel.ui.views import PanelView

# Waiting requests that are held against the present rules for the page, the oldest first.
MOST_WAITING = 500


@dataclass(frozen=True, slots=True)
class Rule:
    """A policy as it is read."""

    policy: Policy
    sentence: str
    where: str
    who: str


@dataclass(frozen=True, slots=True)
class RulesOf:
    """All rules about one kind of change, and what holds without any."""

    label: str
    otherwise: str
    rules: list[Rule]


def where_words(policy: Policy) -> str:
    """Platform, groups and currency of a rule."""
    parts = [policy.platform.name if policy.platform else "every platform"]
    if policy.group_masks != "*":
        parts.append(f"groups {policy.group_masks}")
    if policy.currency:
        parts.append(f"accounts in {policy.currency}")
    return ", ".join(parts)


def all_rules() -> list[RulesOf]:
    """Every kind of change with its rules; those without one too."""
    by_command: dict[str, list[Rule]] = {}
    for policy in Policy.objects.select_related("platform"):
        rule = Rule(
            policy,
            describe(policy),
            where_words(policy),
            role_names(policy.roles) if policy.roles else "anybody with the right",
        )
        by_command.setdefault(policy.command, []).append(rule)
    return [
        RulesOf(label, COMMANDS[name].default_needed.text, by_command.get(name, []))
        for name, label in command_choices()
    ]


def free_by_rule(groups: list[RulesOf]) -> list[tuple[str, list[str]]]:
    """What holds where no policy speaks, and for which kinds of change."""
    found: dict[str, list[str]] = {}
    for group in groups:
        if not group.rules:
            found.setdefault(group.otherwise, []).append(group.label)
    return list(found.items())


class PolicyListView(PanelView):
    """All policies."""

    permission: ClassVar[str] = "policies.view"
    title = "Policies"
    template_name = "pages/policies.html"

    def get_primary(self) -> Link | None:
        """A new one."""
        if not self.request.actor.may("policies.change"):
            return None
        return Link("Add a policy…", reverse("policy_add"), "plus")

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The rules, and the changes of them that wait for somebody."""
        waiting = ChangeRequest.objects.filter(
            command__in=[SetPolicy.name, RemovePolicy.name], status=Status.PENDING
        )
        groups = all_rules()
        return self.render(
            ruled=[group for group in groups if group.rules],
            free=free_by_rule(groups),
            waiting=list(waiting.select_related("maker")),
            earlier=self.earlier_rules(),
            most=MOST_WAITING,
        )

    def earlier_rules(self) -> list[EarlierRule]:
        """The waiting requests that stand under a rule which has been changed since."""
        person = self.request.actor.person_or_fail()
        rows = inbox.visible_requests(person).filter(status=Status.PENDING)
        oldest = rows.select_related("maker", "platform").order_by("created", "pk")
        return under_earlier_rules(oldest[:MOST_WAITING])


class PolicyForm(RuleForm):
    """A policy."""

    about = forms.ChoiceField(label="About", choices=command_choices)
    approvals = forms.IntegerField(
        label="Approvals needed",
        min_value=0,
        max_value=MOST_APPROVALS,
        help_text="0 lets it run at once, unless the change always needs somebody.",
    )
    over_amount = AmountField(
        label="Only over this amount",
        required=False,
        least=Decimal(0),
        help_text="In the account’s currency. Empty: every amount.",
    )
    currency = forms.CharField(
        label="Only accounts in", required=False, max_length=12, help_text="Such as USD."
    )
    roles = forms.MultipleChoiceField(
        label="Approved by",
        choices=role_choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="None ticked: anybody with the right to approve it.",
    )
    field_order = ("about", "approvals", "over_amount", "currency", "roles")


class PolicyView(CommandView):
    """What both forms have in common."""

    permission: ClassVar[str] = "policies.change"
    form_class = PolicyForm

    def get_crumbs(self) -> Sequence[Link]:
        """Below the list."""
        return [Link("Policies", reverse("policy_list"))]

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The policy as it is to be."""
        return SetPolicy(
            policy=self.kwargs.get("pk"),
            about=cleaned["about"],
            platform=cleaned["platform"],
            group_masks=cleaned["group_masks"].strip(),
            currency=cleaned["currency"].strip().upper(),
            over_amount=cleaned["over_amount"],
            approvals=cleaned["approvals"],
            roles=tuple(sorted(cleaned["roles"])),
            active=cleaned["active"],
            note=cleaned["note"].strip(),
        )


class PolicyAddView(PolicyView):
    """A new policy."""

    title = "Add a policy"

    def get_initial(self) -> dict[str, Any]:
        """One approval, everywhere."""
        return {"approvals": 1, "group_masks": "*", "active": True}


class PolicyChangeView(PolicyView):
    """An existing policy, written anew."""

    def get_policy(self) -> Policy:
        """The policy of the address."""
        return get_object_or_404(Policy.objects.select_related("platform"), pk=self.kwargs["pk"])

    def get_title(self) -> str:
        """Which one."""
        return f"Change the policy on {label_of(self.get_policy().command)}"

    def get_initial(self) -> dict[str, Any]:
        """As it is."""
        policy = self.get_policy()
        return {
            "about": policy.command,
            "platform": policy.platform.slug if policy.platform else "",
            "group_masks": policy.group_masks,
            "currency": policy.currency,
            "over_amount": policy.over_amount,
            "approvals": policy.approvals,
            "roles": policy.roles,
            "active": policy.active,
            "note": policy.note,
        }


class PolicyRemoveView(CommandView):
    """Taking a policy away."""

    permission: ClassVar[str] = "policies.change"
    form_class = ReasonForm
    dangerous = True

    def get_policy(self) -> Policy:
        """The policy of the address."""
        return get_object_or_404(Policy, pk=self.kwargs["pk"])

    def get_title(self) -> str:
        """Which one."""
        policy = self.get_policy()
        amount = ""
        if policy.over_amount is not None:
            amount = f" over {money_text(policy.over_amount, policy.currency)}"
        return f"Remove the policy on {label_of(policy.command)}{amount}"

    def get_crumbs(self) -> Sequence[Link]:
        """Below the list."""
        return [Link("Policies", reverse("policy_list"))]

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The removal."""
        return RemovePolicy(policy=self.get_policy().pk)
