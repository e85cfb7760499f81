"""How many rows match: exact while that is cheap, an estimate that says so beyond."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.db import connections
from django.db.models import QuerySet

from panel.ui.figures import count_text

EXACT_UP_TO = 10_000


@dataclass(frozen=True, slots=True)
class Count:
    """A number of rows and how sure it is."""

    number: int
    exact: bool = True
    at_least: bool = False

    def __str__(self) -> str:
        text = count_text(self.number)
        if self.exact:
            return text
        return f"more than {text}" if self.at_least else f"about {text}"


def count_of(queryset: QuerySet[Any]) -> Count:
    """Count up to 10,000 rows; beyond, the planner's estimate on PostgreSQL, "more than" else."""
    plain = queryset.order_by()
    number = plain[: EXACT_UP_TO + 1].count()
    if number <= EXACT_UP_TO:
        return Count(number)
    if connections[plain.db].vendor == "postgresql":
        plan = json.loads(plain.explain(format="json"))
        estimate = int(plan[0]["Plan"]["Plan Rows"])
        if estimate > EXACT_UP_TO:
            return Count(_rounded(estimate), exact=False)
    return Count(EXACT_UP_TO, exact=False, at_least=True)


def _rounded(number: int) -> int:
    """Two figures are all an estimate is worth."""
    step: int = 10 ** (len(str(number)) - 2)
    return round(number / step) * step
