"""What a person should know before money moves, from facts that are read already: pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from panel.access.policy import Asked, Needed, needed
from panel.commands.base import Check
from panel.lib.keys import key_of
from panel.models import ChangeRequest, Platform, Policy
from panel.ui.figures import money_text
from payments.facts import AccountFacts, Facts
from payments.models import Kind, Method, MoneyRecord, Topic


def on_mt4_already(platform: Platform, reference: str) -> Iterator[Check]:
    """Records of MT4 with the reference of a request that still waits: this database was put back
    from a backup, and the request was carried out since that was made.
    """
    records = MoneyRecord.objects.filter(platform=platform, reference=reference)
    for ticket, login in records.order_by("ticket").values_list("ticket", "login"):
        yield Check(
            "stop", f"MT4 has a record with this reference already: ticket {ticket} on {login}."
        )


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
    """The same amount within a day, or the same external reference, however it is spelt, at any
    time."""
    other = facts.of(login).lately.get((str(kind), amount))
    if other:
        yield Check(
            "warn",
            f"The same amount was asked for within 24 hours: {other.reference}, {other.where}.",
            Topic.SAME_AMOUNT,
        )
    used = facts.used.get((str(kind), key_of(external_reference)))
    if used:
        spelt = used.external_reference
        there = "" if spelt == external_reference else f" (written “{spelt}” there)"
        yield Check(
            "warn",
            # Not on which account: it may lie outside the reader's scopes.
            f"External reference {external_reference} was used before: {used.reference}, "
            f"{used.where}{there}.",
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
    reference: str,
) -> Needed:
    """What the policies ask for a payment, as `submit` will ask them.

    A request that is there already, by its reference, stands under the rule it was asked under.
    """
    request = ChangeRequest.objects.filter(reference=reference).first() if reference else None
    if request is not None:
        roles = tuple(request.approver_roles)
        return Needed(request.approvals_needed, roles, request.policy_text)
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
