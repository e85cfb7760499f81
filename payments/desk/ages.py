"""How long a withdrawal waits against the targets: for its decision, then for its payout."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from panel.commands.ages import Wait, due_of, late_of, targets
from payments.desk.payout import PayOut
from payments.desk.stages import OWED
from payments.models import Stage, Withdrawal

DECISION = "payments.withdraw"
# Which stages wait for what, and since when.
WAITS = (
    (DECISION, (Stage.WAITING, Stage.ON_HOLD), "asked"),
    (PayOut.name, OWED, "stage_since"),
)


def _waits() -> list[Wait]:
    spans = targets()
    return [
        (Q(stage__in=stages), since, spans[command])
        for command, stages, since in WAITS
        if command in spans
    ]


def with_due(rows: QuerySet[Withdrawal]) -> QuerySet[Withdrawal]:
    """Rows with `due`: when each becomes late; None where nothing is waited for, or no target."""
    return rows.annotate(due=due_of(_waits()))


def late() -> Q:
    """Withdrawals that have waited longer than their target."""
    return late_of(_waits())
