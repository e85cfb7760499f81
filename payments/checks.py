"""What a person should know before money moves: looked up in the panel's own rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from panel.access.policy import Asked, Needed, needed
from panel.commands.base import Check
from panel.lib.keys import key_of
from panel.models import ChangeRequest, Hold, Platform, Policy, Status
from panel.ui.figures import money_text
from payments.models import Kind, Method, MoneyRecord, Payment

NOT_MOVED = (Status.REJECTED, Status.WITHDRAWN, Status.EXPIRED, Status.FAILED)
SAME_AMOUNT_WITHIN = timedelta(hours=24)


def on_mt4_already(platform: Platform, reference: str) -> Iterator[Check]:
    """Records of MT4 with the reference of a request that still waits: this database was put back
    from a backup, and the request was carried out since that was made.
    """
    records = MoneyRecord.objects.filter(platform=platform, reference=reference)
    for ticket, login in records.order_by("ticket").values_list("ticket", "login"):
        yield Check(
            "stop", f"MT4 has a record with this reference already: ticket {ticket} on {login}."
        )


def unsettled(platform: Platform, login: int) -> Iterator[Check]:
    """An operation of unknown outcome, behind which this one has to wait."""
    rows = Hold.objects.filter(platform=platform, login=login, request__status=Status.UNKNOWN)
    for reference in rows.values_list("request__reference", flat=True):
        yield Check(
            "warn",
            f"The outcome of {reference} on this account is unknown: this one waits until it is "
            "settled.",
        )


def duplicates(
    platform: Platform,
    login: int,
    kind: Kind,
    amount: Decimal,
    external_reference: str,
    *,
    but: str,
) -> Iterator[Check]:
    """The same amount within a day, or the same external reference, however it is spelt, at any
    time.

    `but` is the reference of the request that is looked at, if there is one already.
    """
    rows = Payment.objects.exclude(status__in=NOT_MOVED).exclude(request__reference=but)
    since = timezone.now() - SAME_AMOUNT_WITHIN
    same = rows.filter(
        platform=platform, login=login, kind=kind, amount=amount, created__gte=since
    ).first()
    if same:
        yield Check(
            "warn",
            f"The same amount was asked for within 24 hours: {same.reference}, "
            f"{same.get_status_display()}.",
        )
    if external_reference:
        key = key_of(external_reference)
        used = rows.filter(external_reference_key=key, kind=kind).first()
        if used:
            # Whoever reads this may not see another account: its payment's page knows who may.
            here = (used.platform_id, used.login) == (platform.pk, login)
            spelt = used.external_reference
            there = "" if spelt == external_reference else f" (written “{spelt}” there)"
            yield Check(
                "warn",
                f"External reference {external_reference} was used before: {used.reference} on "
                f"{'this' if here else 'another'} account, {used.get_status_display()}{there}.",
            )


def asked_already(
    platform: Platform, login: int, currency: str, withdrawable: Decimal, *, but: str
) -> Iterator[Check]:
    """Other withdrawals and transfers that still wait for the same money."""
    open_ones = (Status.PENDING, Status.APPROVED, Status.EXECUTING, Status.UNKNOWN)
    others = Payment.objects.filter(
        platform=platform,
        login=login,
        kind__in=[Kind.WITHDRAWAL, Kind.TRANSFER_OUT],
        status__in=open_ones,
    ).exclude(request__reference=but)
    amounts = list(others.values_list("amount", flat=True))
    if amounts:
        total = sum(amounts, Decimal(0))
        what = "withdrawal or transfer" if len(amounts) == 1 else "withdrawals or transfers"
        yield Check(
            "warn",
            f"{len(amounts)} other {what} of {money_text(total, currency)} in all "
            f"{'is' if len(amounts) == 1 else 'are'} still open; "
            f"{money_text(withdrawable, currency)} can be withdrawn now.",
        )


def way_back(platform: Platform, login: int, method: str) -> Iterator[Check]:
    """Money goes back the way it came: whether it ever came that way."""
    if method == Method.INTERNAL:
        return
    came = set(
        Payment.objects.filter(
            platform=platform, login=login, kind=Kind.DEPOSIT, status=Status.DONE
        ).values_list("method", flat=True)
    )
    if came and method not in came:
        ways = ", ".join(sorted(Method(way).label for way in came))
        yield Check(
            "warn",
            f"Nothing was deposited by {Method(method).label} (deposits came by {ways}).",
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
