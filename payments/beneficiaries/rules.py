"""When a kept beneficiary may be used, and by whose approval."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from panel.commands.base import Check, Invalid
from panel.models import Approval, Platform, RequestAuthor
from panel.ui.figures import when_whole
from payments.beneficiaries import details
from payments.models import (
    Beneficiary,
    BeneficiaryChange,
    Method,
    PayoutRules,
    Stage,
    Topic,
    Withdrawal,
)

if TYPE_CHECKING:
    from panel.models import User

WAITING = (Stage.WAITING, Stage.ON_HOLD, Stage.DEBITING, Stage.TO_PAY, Stage.BOUNCED)


def kept_of(platform: Platform, login: int) -> QuerySet[Beneficiary]:
    """The beneficiaries of an account that are in use."""
    return Beneficiary.objects.filter(platform=platform, login=login, active=True)


def find(platform: Platform, login: int, pk: int) -> Beneficiary:
    """A beneficiary of this very account; raises `Invalid` beside `kept`."""
    found = Beneficiary.objects.filter(platform=platform, login=login, pk=pk).first()
    if found is None:
        raise Invalid.of("This beneficiary is not kept for this account.", "kept")
    return found


def check_usable(row: Beneficiary, method: str, currency: str) -> None:
    """Raise `Invalid` beside `kept` unless money may be sent there now."""
    if not row.active:
        raise Invalid.of("This beneficiary is no longer in use: choose another one.", "kept")
    if row.kind != method:
        raise Invalid.of(
            f"This beneficiary is paid by {row.get_kind_display()}: choose that method.", "kept"
        )
    if row.currency and currency and row.currency != currency:
        raise Invalid.of(f"This beneficiary takes {row.currency}, not {currency}.", "kept")
    if row.usable_from > timezone.now():
        hours = PayoutRules.current().cooling_off_hours
        raise Invalid.of(
            f"It was added or changed {when_whole(row.changed)} and may be used from "
            f"{when_whole(row.usable_from)} on ({hours} hours of cooling off).",
            "kept",
        )


def checks(kept: int | None, paid_to: dict[str, Any], method: str) -> Iterator[Check]:
    """What whoever decides has to know of the beneficiary, as it stands now."""
    if method == Method.INTERNAL:
        return
    row = Beneficiary.objects.filter(pk=kept).first() if kept else None
    if row is None:
        text = "Not a kept beneficiary: nobody has confirmed where the money goes."
        yield Check("warn", text, Topic.NOT_KEPT)
        return
    if not row.active:
        yield Check("stop", "The beneficiary was ended since: it is no longer in use.")
    elif row.details != paid_to:
        yield Check(
            "warn",
            f"The beneficiary was changed {when_whole(row.changed)}, after this was asked for: it "
            f"would still go to {details.short(paid_to)}.",
        )
    else:
        yield Check("ok", f"A kept beneficiary, unchanged since {when_whole(row.changed)}.")


def involved(kept: int) -> frozenset[int]:
    """Whoever asked for, edited or approved a recent change of the beneficiary."""
    days = PayoutRules.current().separation_days
    since = timezone.now() - timedelta(days=days)
    recent = BeneficiaryChange.objects.filter(beneficiary=kept, made__gte=since).values("request")
    authors = RequestAuthor.objects.filter(request__in=recent).values_list("user", flat=True)
    checkers = Approval.objects.filter(request__in=recent, decision=Approval.Decision.APPROVE)
    return frozenset(authors) | frozenset(checkers.values_list("checker", flat=True))


def may_decide(kept: int | None, person: User) -> str:
    """Why this person may not approve a withdrawal to the beneficiary; empty if they may."""
    if kept is None or person.pk not in involved(kept):
        return ""
    days = PayoutRules.current().separation_days
    return (
        f"You changed or confirmed its beneficiary within the last {days} days, so somebody else "
        "has to decide."
    )


def waiting_on(row: Beneficiary) -> QuerySet[Withdrawal]:
    """Withdrawals to the beneficiary of which the money has not gone yet."""
    return Withdrawal.objects.filter(kept=row, stage__in=WAITING)


def elsewhere(platform: Platform, login: int, wanted: dict[str, str]) -> int:
    """For how many other accounts the same number or address is kept."""
    same = Q(pk__in=[])
    for name in details.NUMBERS:
        if wanted[name]:
            same |= Q(**{name: wanted[name]})
    rows = Beneficiary.objects.filter(same, active=True, kind=wanted["kind"])
    if wanted["account_number"]:
        rows = rows.filter(bank_code=wanted["bank_code"], country=wanted["country"])
    return (
        rows.exclude(platform=platform, login=login).values("platform", "login").distinct().count()
    )
