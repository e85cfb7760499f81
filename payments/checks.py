"""What a person should know before money moves, from facts that are read already: pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from panel.access.policy import Asked, Needed, needed
from panel.commands.base import Check
from panel.models import Platform, Policy
from panel.ui.figures import money_text
from payments.facts import AccountFacts, Facts
from payments.models import Kind, Method, Topic


def unsettled(account: AccountFacts) -> Iterator[Check]:
    """An operation of unknown outcome, behind which this one has to wait."""
    for reference in account.unsettled:
        yield Check(
            "warn",
            f"The outcome of {reference} on this account is unknown: this one waits until it is "
            "settled.",
            Topic.UNSETTLED,
        )


def duplicates(
    facts: Facts, login: int, kind: Kind, amount: Decimal, external_reference: str
) -> Iterator[Check]:
    """The same amount within a day, or the same external reference at any time."""
    other = facts.of(login).lately.get((str(kind), amount))
    if other:
        yield Check(
            "warn",
            f"The same amount was asked for within 24 hours: {other.reference}, {other.where}.",
            Topic.SAME_AMOUNT,
        )
    used = facts.used.get((str(kind), external_reference))
    if used:
        yield Check(
            "warn",
            # Not on which account: it may lie outside the reader's scopes.
            f"External reference {external_reference} was used before: {used.reference}, "
            f"{used.where}.",
            Topic.REFERENCE,
        )


def asked_already(account: AccountFacts, currency: str, withdrawable: Decimal) -> Iterator[Check]:
    """Other withdrawals and transfers that still wait for the same money."""
    number, total = account.leaving.number, account.leaving.total
    if number:
        what = "withdrawal or transfer" if number == 1 else "withdrawals or transfers"
        yield Check(
            "warn",
            f"{number} other {what} of {money_text(total, currency)} in all "
            f"{'is' if number == 1 else 'are'} still open; "
            f"{money_text(withdrawable, currency)} can be withdrawn now.",
            Topic.OPEN,
        )


def way_back(account: AccountFacts, method: str) -> Iterator[Check]:
    """Money goes back the way it came: whether it ever came that way."""
    if method == Method.INTERNAL:
        return
    if account.came_by and method not in account.came_by:
        ways = ", ".join(sorted(Method(way).label for way in account.came_by))
        yield Check(
            "warn",
            f"Nothing was deposited by {Method(method).label} (deposits came by {ways}).",
            Topic.METHOD,
        )


def rule_for(
    command: str,
    platform: Platform,
    group: str,
    currency: str,
    amount: Decimal,
    *,
    at_least: Needed,
) -> Needed:
    """What the policies ask for a payment, as `submit` will ask them."""
    return needed(
        Policy.objects.filter(command=command, active=True),
        Asked(command, platform.pk, group, currency, amount),
        at_least=at_least,
    )


def rule_text(rule: Needed) -> str:
    """`needs compliance`, `needs two of compliance`, `runs at once`."""
    if not rule.approvals:
        return "runs at once"
    roles = " or ".join(role.replace("-", " ") for role in rule.roles)
    if rule.approvals == 1:
        return f"needs {roles or 'one approval'}"
    count = {2: "two", 3: "three"}.get(rule.approvals, str(rule.approvals))
    return f"needs {count} of {roles}" if roles else f"needs {count} approvals"
