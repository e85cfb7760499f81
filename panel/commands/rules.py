"""The rule a waiting request stands under, beside the one that would hold it were it asked now.

A request keeps the rule that it was asked under. Where the policies have changed since, both the
request's page and the policies' page say so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from panel.access.policy import Asked, Needed, needed
from panel.commands.base import Invalid
from panel.commands.registry import load
from panel.models import ChangeRequest, Policy, Status


@dataclass(frozen=True, slots=True)
class EarlierRule:
    """A waiting request whose rule has changed since it was asked for."""

    request: ChangeRequest
    now: Needed

    @property
    def text(self) -> str:
        """What holds it, and what would."""
        return (
            f"The policies have changed since it was asked for. It stands under the rule of then: "
            f"{self.request.policy_text or 'none.'} Asked for now: {self.now.text}"
        )


def earlier_rule(
    request: ChangeRequest, policies: Iterable[Policy] | None = None
) -> EarlierRule | None:
    """The rule that a waiting request stands under, if it would be another one now; else None.

    `policies` are those in force, for whoever asks about many requests.
    """
    if request.status != Status.PENDING:
        return None
    if policies is None:
        policies = Policy.objects.filter(command=request.command, active=True)
    try:
        floor = load(request).least_needed
    except Invalid:
        # Its platform was switched off, or what it is about is gone: it cannot be asked for now.
        return None
    now = needed(
        policies,
        Asked(
            request.command,
            request.platform_id,
            request.mt4_group,
            request.currency,
            request.amount,
        ),
        at_least=floor,
    )
    if (now.approvals, set(now.roles)) == (request.approvals_needed, set(request.approver_roles)):
        return None
    return EarlierRule(request, now)


def under_earlier_rules(requests: Iterable[ChangeRequest]) -> list[EarlierRule]:
    """Those of the waiting requests whose rule has changed since."""
    policies = list(Policy.objects.filter(active=True))
    found = (earlier_rule(request, policies) for request in requests)
    return [one for one in found if one is not None]
