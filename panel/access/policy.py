"""Which rule decides how many approvals a request needs. Pure: rows in, a decision out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from panel.access.masks import matches
from panel.lib.money import show

if TYPE_CHECKING:
    from panel.models import Policy


@dataclass(frozen=True, slots=True)
class Asked:
    """What the rules are held against. The amount is in the account's currency."""

    command: str
    platform_id: int | None
    group: str
    currency: str
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Needed:
    """How many approvals, by people of which roles, and why in words."""

    approvals: int
    roles: tuple[str, ...]
    text: str


def fits(policy: Policy, asked: Asked) -> bool:
    """Whether one rule speaks of the request."""
    return (
        policy.active
        and policy.command == asked.command
        and policy.platform_id in (None, asked.platform_id)
        and (not asked.group or matches(policy.group_masks, asked.group))
        and policy.currency in ("", asked.currency)
        and (
            policy.over_amount is None
            or (asked.amount is not None and asked.amount > policy.over_amount)
        )
    )


def needed(policies: Iterable[Policy], asked: Asked, *, at_least: Needed) -> Needed:
    """The strictest rule that fits; without one, what the command itself demands."""
    strictest = max(
        (policy for policy in policies if fits(policy, asked)),
        key=lambda policy: (policy.approvals, policy.over_amount or Decimal(0)),
        default=None,
    )
    if strictest is None or strictest.approvals < at_least.approvals:
        return at_least
    return Needed(strictest.approvals, tuple(strictest.roles), describe(strictest))


def describe(policy: Policy) -> str:
    """A rule in one sentence."""
    over = ""
    if policy.over_amount is not None:
        over = f" over {show(policy.over_amount, policy.currency)}"
        over += "" if policy.currency else " in account currency"
    if policy.approvals == 0:
        return f"Runs at once{over}."
    people = "one approval" if policy.approvals == 1 else f"{policy.approvals} approvals"
    return f"Needs {people}{over} by {' or '.join(policy.roles) or 'anyone with the right'}."
