"""What scheduled jobs ask for, and switching them on and off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils import timezone

from panel.access.policy import Needed
from panel.commands.administration import AdministrationCommand
from panel.commands.base import Change, Check, Invalid, Preview, Target
from panel.commands.registry import register
from panel.ui.figures import money_text
from payments.commands import CreditOut
from payments.jobs.expiry import COMMAND, live_due
from payments.models import Job, JobName

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.models import ChangeRequest
    from panel.mt4.read import Reader
    from payments.standing import Standing


@register
@dataclass(frozen=True, kw_only=True)
class ExpireCredit(CreditOut):
    """What is left of a credit is taken out once its day is over on the server's clock.

    `ticket` is MT4's number of the record with which it was given.
    """

    name: ClassVar[str] = COMMAND
    label: ClassVar[str] = "Expired credit"
    prefix: ClassVar[str] = "CX"
    permission: ClassVar[str] = "jobs.run"
    form_url: ClassVar[str | None] = None
    default_needed: ClassVar[Needed] = Needed(
        0, (), "Runs at once: two people have switched the job on."
    )
    verb: ClassVar[str] = "Take expired credit of"

    comment: str = "credit expired"
    ticket: int

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """The credit must have expired, and that much of it must be left."""
        super().validate(reader, actor)
        if reader is None:
            raise TypeError("Money is never decided on without a live reader.")
        left = live_due(reader, self.get_platform(), self.login).get(self.ticket)
        if left is None:
            raise Invalid.of(f"Nothing of credit {self.ticket} is left, or it is still good.")
        if self.amount > left:
            most = money_text(left, self._standing(reader).currency)
            raise Invalid.of(f"Only {most} of credit {self.ticket} is left.", "amount")

    def _opening(self, now: Standing) -> str:
        return f"{super()._opening(now)}, left of credit {self.ticket}, which has expired"


LABELS = {False: "off", True: "on"}
ABOUT = {
    JobName.CREDIT_EXPIRY: "MT4 keeps credit beyond its day. What is left of it is taken out, once "
    "for each credit, as soon as that day is over on the server’s clock.",
    JobName.NEGATIVE_RESET: "An account below zero without open positions goes back to zero: its "
    "credit first, then the broker’s money. Above the amount that the policies let run at once, "
    "and from the fourth time in 30 days, people are asked.",
}


@register
@dataclass(frozen=True, kw_only=True)
class SetJob(AdministrationCommand):
    """Switch a scheduled job on or off."""

    name: ClassVar[str] = "jobs.set"
    label: ClassVar[str] = "Scheduled job"
    prefix: ClassVar[str] = "JS"
    permission: ClassVar[str] = "jobs.change"
    form_url: ClassVar[str | None] = "job_change"

    job: str
    on: bool

    def _words(self) -> str:
        return JobName(self.job).label

    def target(self, reader: Reader | None) -> Target:
        """The job."""
        return Target("job", self.job, self._words())

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """A job that there is, and a change."""
        if self.job not in JobName.values:
            raise Invalid.of("There is no such job.", "job")
        if self._is_on() == self.on:
            raise Invalid.of(f"It is {LABELS[self.on]} already.")

    def _is_on(self) -> bool:
        return Job.objects.filter(name=self.job, on=True).exists()

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """Whether it is on."""
        return {"on": self._is_on()}

    def preview(self, reader: Reader | None) -> Preview:
        """What will happen without anybody asking for it."""
        effect = (
            "The panel moves money by itself, as far as the policies let it run at once."
            if self.on
            else "Nothing happens by itself any more; what was asked for goes on."
        )
        about = f" {ABOUT[JobName(self.job)]}" if self.on else ""
        return Preview(
            sentence=f"Switch {LABELS[self.on]}: {self._words()}.{about}",
            button=f"Switch {LABELS[self.on]}",
            changes=[Change("Job", LABELS[not self.on], LABELS[self.on])],
            checks=[Check("warn" if self.on else "ok", effect)],
        )

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Switch it; once on, it runs with the next beat."""
        Job.objects.update_or_create(
            name=self.job,
            defaults={"on": self.on, "next_run": timezone.now() if self.on else None},
        )
        return {"on": self.on}
