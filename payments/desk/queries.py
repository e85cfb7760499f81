"""What of the desk a person may see, and how much of it there is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import Case, Count, QuerySet, When

from panel.access.masks import visible
from panel.commands import inbox
from panel.models import Platform, User
from payments.models import Stage, Withdrawal


@dataclass(frozen=True, slots=True)
class Tab:
    """Stages that are looked at together, under one address; `slug` is empty for the first."""

    slug: str
    label: str
    stages: tuple[Stage, ...]


TABS = (
    Tab("", "To decide", (Stage.WAITING,)),
    Tab("on-hold", "On hold", (Stage.ON_HOLD,)),
    Tab("debiting", "Being debited", (Stage.DEBITING,)),
    Tab("to-pay", "To pay out", (Stage.TO_PAY,)),
    Tab("failed-payouts", "Payout failed", (Stage.BOUNCED,)),
    Tab("returning", "Being returned", (Stage.RETURNING,)),
    Tab("done", "Done", (Stage.PAID, Stage.DONE)),
    Tab("returned", "Returned", (Stage.RETURNED,)),
    Tab(
        "not-carried-out",
        "Not carried out",
        (Stage.REJECTED, Stage.FAILED, Stage.WITHDRAWN, Stage.EXPIRED),
    ),
)
# Where nothing more happens by itself: the newest is looked for first.
CLOSED = frozenset({"done", "returned", "not-carried-out"})

# Where somebody has something to do, and where whose work lies, by right.
OPEN = frozenset({"", "on-hold", "to-pay", "failed-payouts", "returning"})
WORK = {
    "": "payments.approve_withdrawal",
    "to-pay": "payments.payout",
    "failed-payouts": "payments.payout",
}


def tab_of(slug: str) -> Tab | None:
    """The tab of an address."""
    return next((tab for tab in TABS if tab.slug == slug), None)


def withdrawals_of(person: User) -> QuerySet[Withdrawal]:
    """The withdrawals within a person's scopes."""
    return Withdrawal.objects.filter(visible(person.scope_rows, "mt4_group"))


def counts(person: User, platform: Platform | None) -> dict[str, int]:
    """How many stand under each tab, by its slug; one query."""
    rows = withdrawals_of(person).filter(platform=platform).order_by()
    found = rows.values_list("stage").annotate(number=Count("pk"))
    by_stage = Counter(dict(found))
    return {tab.slug: sum(by_stage[stage] for stage in tab.stages) for tab in TABS}


def next_after(person: User, row: Withdrawal) -> Withdrawal | None:
    """The next one to work on: under the same tab, else where this person's own work lies.

    Oldest first, around the end to the start. What waits for a decision is only offered to those
    who may take it.
    """
    here = next(tab for tab in TABS if row.stage in tab.stages)
    own = [slug for slug, right in WORK.items() if person.may(right)]
    for slug in dict.fromkeys([*([here.slug] if here.slug in OPEN else []), *own]):
        later_first = Case(When(asked__gte=row.asked, then=0), default=1)
        found = _under(slug, person, row).order_by(later_first, "asked", "pk").first()
        if found:
            return found
    return None


def _under(slug: str, person: User, row: Withdrawal) -> QuerySet[Withdrawal]:
    tab = tab_of(slug) or TABS[0]
    rows = withdrawals_of(person).filter(platform=row.platform, stage__in=tab.stages)
    if tab is TABS[0] and person.may(WORK[""]):
        rows = rows.filter(payment__request__in=inbox.waiting_for(person).values("pk"))
    return rows.exclude(pk=row.pk).select_related("payment")
