"""What of the desk a person may see, and how much of it there is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from panel.access.masks import visible
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


def tab_of(slug: str) -> Tab | None:
    """The tab of an address."""
    return next((tab for tab in TABS if tab.slug == slug), None)


def withdrawals_of(person: User, platform: Platform | None) -> QuerySet[Withdrawal]:
    """The withdrawals of a platform within a person's scopes."""
    rows = Withdrawal.objects.filter(visible(person.scope_rows, "mt4_group"))
    return rows.filter(platform=platform)


def counts(person: User, platform: Platform | None) -> dict[str, int]:
    """How many stand under each tab, by its slug; one query."""
    rows = withdrawals_of(person, platform).order_by().values("stage").annotate(number=Count("pk"))
    by_stage = Counter({row["stage"]: row["number"] for row in rows})
    return {tab.slug: sum(by_stage[stage] for stage in tab.stages) for tab in TABS}
