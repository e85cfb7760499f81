"""Running the jobs: each at its time, by one worker; what it asks for, it asks for once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

import structlog
from django.apps import apps
from django.utils import timezone

from panel.commands.base import Invalid
from panel.commands.errors import Denied
from panel.commands.machine import machine_actor
from panel.commands.submit import submit
from panel.models import ChangeRequest, Platform, Status
from panel.mt4.errors import MT4Error, Rejected
from panel.mt4.read import reader
from payments.adjustments import NegativeReset
from payments.jobs import expiry
from payments.jobs.commands import ExpireCredit
from payments.models import Job, JobName, JobRun
from payments.operation import MoneyCommand

log = structlog.get_logger(__name__)

EVERY = timedelta(minutes=5)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(hours=1), timedelta(hours=24)
"""Between two tries for the same thing, doubled after each failure."""
TRY_AGAIN = (Status.FAILED, Status.EXPIRED)
ENDED = (*TRY_AGAIN, Status.DONE)
KEPT_ERRORS = 50


@dataclass(slots=True)
class Report:
    """What one run did."""

    asked: int = 0
    # What has to wait for something that is no trouble: open positions.
    waiting: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """One line."""
        parts = [f"{self.asked} requests made" if self.asked != 1 else "1 request made"]
        if self.waiting:
            parts.append(f"{len(self.waiting)} left for later: {self.waiting[0]}")
        if self.errors:
            parts.append(f"{len(self.errors)} could not be: {self.errors[0]}")
        if len(parts) == 1 and not self.asked:
            return "Nothing to do."
        return (", ".join(parts).rstrip(".") + ".")[:300]


def due_jobs() -> Iterator[Job]:
    """The jobs whose time has come."""
    yield from Job.objects.filter(on=True, next_run__lte=timezone.now())


def run_if_due(job: Job) -> Report | None:
    """Run a job, unless another worker has taken this turn."""
    now = timezone.now()
    claimed = Job.objects.filter(pk=job.pk, on=True, next_run=job.next_run)
    if claimed.update(next_run=now + EVERY, last_run=now) != 1:
        return None
    report = Report()
    for platform in Platform.objects.filter(enabled=True):
        try:
            RUNS[JobName(job.name)](platform, report)
        except MT4Error as error:
            report.errors.append(f"{platform.name}: {error.explain()}")
    _keep(job, now, report)
    return report


def _keep(job: Job, started: datetime, report: Report) -> None:
    Job.objects.filter(pk=job.pk).update(last_text=report.text, last_failed=bool(report.errors))
    if report.asked or report.errors:
        JobRun.objects.create(
            job=job,
            started=started,
            finished=timezone.now(),
            asked=report.asked,
            errors=report.errors[:KEPT_ERRORS],
        )
    log.info("job ran", job=job.name, asked=report.asked, errors=len(report.errors))


def take_expired_credits(platform: Platform, report: Report) -> None:
    """Ask for what is left of every expired credit of a platform.

    Raises the errors of `panel.mt4.errors` when the server cannot be asked at all.
    """
    live = reader(platform.connection)
    for login in expiry.expired_logins(platform):
        earlier: dict[int, list[ChangeRequest]] = defaultdict(list)
        for request in expiry.requests_of(platform, login):
            earlier[request.payload["ticket"]].append(request)
        try:
            due = expiry.live_due(live, platform, login)
        except Rejected as refused:
            report.errors.append(f"{login}: {refused.explain()}")
            continue
        for ticket, amount in due.items():
            before = earlier[ticket]
            if may_ask(before):
                command = ExpireCredit(
                    platform=platform.slug, login=login, amount=amount, ticket=ticket
                )
                key = f"credit-expiry {platform.pk} {ticket} {len(before)}"
                ask(command, key, f"{login}, credit {ticket}", report)


def may_ask(before: list[ChangeRequest]) -> bool:
    """Whether a thing that was asked for before may be asked for again.

    Not while that is open, and never again once a person has rejected it. What failed, or expired
    because nobody decided, is asked for again after a pause that doubles.
    """
    if any(request.status not in ENDED for request in before):
        return False
    failed = [request.finished for request in before if request.status in TRY_AGAIN]
    ended = [moment for moment in failed if moment]
    if not ended:
        return True
    pause = min(FIRST_PAUSE * (1 << min(len(ended) - 1, 5)), LONGEST_PAUSE)
    return timezone.now() >= max(ended) + pause


def reset_negative_balances(platform: Platform, report: Report) -> None:
    """Ask for the reset of every account below zero of a platform on which nothing is open.

    Raises the errors of `panel.mt4.errors` when the server cannot be asked at all.
    """
    live = reader(platform.connection)
    accounts = apps.get_model("accounts", "Account").objects
    below = accounts.filter(platform=platform, gone__isnull=True, balance__lt=0)
    for login in below.order_by("login").values_list("login", flat=True):
        # Also those that people asked for: one reset of an account at a time.
        before = list(
            ChangeRequest.objects.filter(
                platform=platform, command=NegativeReset.name, login=login
            ).order_by("created", "pk")
        )
        try:
            command = NegativeReset.of(platform, login)
            if not may_ask([one for one in before if about_same(one, command.amount)]):
                continue
            command.validate(live, None)
        except Invalid as not_now:
            report.waiting.append(f"{login}: {not_now}")
        except Rejected as refused:
            report.errors.append(f"{login}: {refused.explain()}")
        else:
            key = f"negative-reset {platform.pk} {login} {len(before)}"
            ask(command, key, str(login), report)


def about_same(request: ChangeRequest, owed: Decimal) -> bool:
    """Whether an earlier request speaks of what is owed now: it is open, or of the same amount
    and came to nothing. Another amount is another day's trouble."""
    return request.is_open or (request.amount == owed and request.status != Status.DONE)


def ask(command: MoneyCommand, key: str, about: str, report: Report) -> None:
    """Submit one command of a job; what is in its way is told, and holds up nothing else."""
    try:
        submit(
            command,
            actor=machine_actor(command.name),
            source="job",
            reason="Scheduled job",
            key=key,
        )
    except (Invalid, Denied, MT4Error) as error:
        report.errors.append(f"{about}: {error}")
    else:
        report.asked += 1


RUNS: dict[JobName, Callable[[Platform, Report], None]] = {
    JobName.CREDIT_EXPIRY: take_expired_credits,
    JobName.NEGATIVE_RESET: reset_negative_balances,
}
