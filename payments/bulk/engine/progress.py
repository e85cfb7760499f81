"""How far a file is: counted from its lines."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from payments.bulk.engine.chunk import OPEN
from payments.bulk.engine.finish import counts
from payments.models import BulkFile


@dataclass(frozen=True, slots=True)
class Progress:
    """Lines by state; lines a second since the present run began; seconds left, None if that
    cannot be said."""

    by_state: dict[str, int]
    rows: int
    final: int
    per_second: float
    seconds_left: float | None

    @property
    def share(self) -> float:
        """How much is final, from 0 to 1."""
        return self.final / self.rows if self.rows else 1.0


def progress(file: BulkFile) -> Progress:
    """One indexed count; cheap enough to be asked for every second."""
    found = counts(file.pk)
    rows = sum(found.values())
    final = rows - sum(found.get(state, 0) for state in OPEN)
    speed, left = 0.0, None
    if file.begun:
        seconds = ((file.finished or timezone.now()) - file.begun).total_seconds()
        speed = max(0, final - file.final_before) / max(seconds, 0.001)
        if file.finished is None and speed > 0:
            left = (rows - final) / speed
    return Progress(found, rows, final, speed, left)
