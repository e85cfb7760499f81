"""How far a job has come: rows done, failed and left, speed, and the time that is left.

Source of the two polling rules: htmx stops when the part that polled is swapped for one that no
longer asks, and `progress-ended` lets the rest of the page fetch what the end has changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django_htmx.http import trigger_client_event

from panel.ui.figures import count_text, span_text

WIDTH = 1000
"""The bar's own units: what is drawn is a share of it."""
LEAST = 8
"""One failed row among 100,000 is still seen."""
ENOUGH = 3
"""Seconds before which a speed would be a guess."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the bar, in thousandths of its width."""

    look: str
    start: int
    width: int


@dataclass(frozen=True, slots=True)
class Progress:
    """A job's state, counted by its rows.

    `name` is unique on the page ([a-z0-9-]), `url` answers with `progress_answer`. `unknown` are
    rows that were sent and not answered: neither done nor failed. `state` is a word of
    `panel.ui.states`. `ended` stops the polling; rows still left then were not sent.
    """

    name: str
    url: str
    total: int
    done: int
    failed: int = 0
    unknown: int = 0
    state: str = "running"
    started: datetime | None = None
    ended: datetime | None = None
    label: str = "Progress"

    @property
    def settled(self) -> int:
        """Rows whose turn is over."""
        return self.done + self.failed + self.unknown

    @property
    def left(self) -> int:
        """Rows whose turn has not come."""
        return max(0, self.total - self.settled)

    @property
    def percent(self) -> int:
        """Whole percents; 100 only when nothing is left."""
        if not self.total:
            return 100 if self.ended else 0
        return min(100, self.settled * 100 // self.total)

    @property
    def seconds(self) -> int:
        """How long it has run, or ran."""
        if self.started is None:
            return 0
        return max(0, int(((self.ended or timezone.now()) - self.started).total_seconds()))

    @property
    def speed(self) -> str:
        """`120 rows a second`, `40 rows a minute`; nothing before it can be told."""
        if not self.settled or self.seconds < (1 if self.ended else ENOUGH):
            return ""
        per_second = self.settled / self.seconds
        if per_second >= 2:
            return f"{count_text(round(per_second))} rows a second"
        return f"{count_text(max(1, round(per_second * 60)))} rows a minute"

    @property
    def time_left(self) -> str:
        """`about 3 min`, at the speed so far; nothing at the end, or before it can be told."""
        if self.ended or not self.speed or not self.left:
            return ""
        return f"about {span_text(max(1, round(self.left * self.seconds / self.settled)))}"

    @property
    def took(self) -> str:
        """How long it has run, or ran: `4 min`."""
        return span_text(self.seconds) if self.started else ""

    @property
    def segments(self) -> list[Segment]:
        """The bar from the left: done, outcome unknown, failed."""
        parts: list[Segment] = []
        start = 0
        for look, rows in (
            ("done", self.done),
            ("unknown", self.unknown),
            ("failed", self.failed),
        ):
            if rows and self.total:
                width = max(LEAST, min(rows, self.total) * WIDTH // self.total)
                parts.append(Segment(look, start, width))
                start += width
        return fit(parts, full=not self.left)

    @property
    def said(self) -> str:
        """What is read aloud: every tenth part, and the end."""
        if not self.ended:
            trouble = ", not all of them done" if self.failed or self.unknown else ""
            return f"{self.label}: {self.percent // 10 * 10} % of the rows{trouble}."
        rest = ((self.failed, "failed"), (self.unknown, "of unknown outcome"))
        counts = [f"{count_text(self.done)} done"]
        counts += [f"{count_text(rows)} {word}" for rows, word in rest if rows]
        counts += [f"{count_text(self.left)} not sent"] if self.left else []
        return f"{self.label} ended: {', '.join(counts)}."


def fit(parts: list[Segment], *, full: bool) -> list[Segment]:
    """The parts within the bar: the longest gives way to what was widened to be seen."""
    spare = WIDTH - sum(part.width for part in parts)
    if not parts or (spare >= 0 and not full):
        return parts
    longest = max(parts, key=lambda part: part.width)
    fitted: list[Segment] = []
    start = 0
    for part in parts:
        width = part.width + spare if part is longest else part.width
        fitted.append(Segment(part.look, start, width))
        start += width
    return fitted


def progress_answer(request: HttpRequest, progress: Progress) -> HttpResponse:
    """The polled part alone. At the job's end the page hears the event `progress-ended`."""
    html = render_to_string("ui/progress_part.html", {"progress": progress}, request)
    response = HttpResponse(html, headers={"Cache-Control": "no-store"})
    if progress.ended:
        trigger_client_event(response, "progress-ended", {"name": progress.name}, after="settle")
    return response
