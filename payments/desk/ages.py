"""How long a withdrawal waits against the targets: for its decision, then for its payout."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils import timezone

from panel.commands.ages import due_of, targets
from payments.desk.payout import PayOut
from payments.desk.stages import OWED
from payments.models import Stage, Withdrawal

DECISION = "payments.withdraw"
# Which stages wait for what, and since when.
WAITS = (
    (DECISION, (Stage.WAITING, Stage.ON_HOLD), "asked"),
    (PayOut.name, OWED, "stage_since"),
)


def with_due(rows: QuerySet[Withdrawal]) -> QuerySet[Withdrawal]:
    """Rows with `due`: when each becomes late; None where nothing is waited for, or no target."""
    spans = targets()
    cases = [
        (Q(stage__in=stages), since, spans[command])
        for command, stages, since in WAITS
        if command in spans
    ]
    return rows.annotate(due=due_of(cases))


def late() -> Q:
    """Withdrawals that have waited longer than their target."""
    spans, now = targets(), timezone.now()
    found = Q(pk__in=[])
    for command, stages, since in WAITS:
        if command in spans:
            found |= Q(stage__in=stages, **{f"{since}__lt": now - spans[command]})
    return found
