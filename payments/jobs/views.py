"""The page of scheduled jobs, and the form that switches one on or off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.http import Http404, HttpResponse
from django.urls import reverse

from panel.access.request import PanelRequest
from panel.commands.base import Command
from panel.commands.inbox import visible_requests
from panel.models import ChangeRequest, Status
from panel.ui.administration import ReasonForm
from panel.ui.commands import CommandView
from panel.ui.links import Link
from panel.ui.views import PanelView
from payments.jobs.commands import ABOUT, SetJob
from payments.models import Job, JobName, JobRun

RECENT = 20


@dataclass(frozen=True, slots=True)
class JobCard:
    """A job as its page shows it; `job` is None until it was switched on for the first time."""

    name: JobName
    about: str
    job: Job | None
    waiting: list[ChangeRequest]

    @property
    def on(self) -> bool:
        """Whether it runs."""
        return self.job is not None and self.job.on


def cards() -> list[JobCard]:
    """Every job, with the changes of it that wait for a second person."""
    jobs = {job.name: job for job in Job.objects.all()}
    waiting = ChangeRequest.objects.filter(command=SetJob.name, status=Status.PENDING)
    found = list(waiting.select_related("maker"))
    return [
        JobCard(
            name,
            ABOUT[name],
            jobs.get(name),
            [change for change in found if change.object_key == name],
        )
        for name in JobName
    ]


class JobListView(PanelView):
    """What runs by itself, when, and what came of it. The page follows while it is open."""

    permission: ClassVar[str] = "jobs.view"
    title = "Scheduled jobs"
    template_name = "payments/jobs/list.html"

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The jobs, their runs, and their last requests as far as the person may see them."""
        person = request.actor.person_or_fail()
        made = visible_requests(person).filter(maker__is_machine=True)
        return self.render(
            template="payments/jobs/list.html#live" if request.htmx else "",
            cards=cards(),
            # Lines of a run name accounts of any group.
            sees_everything=person.sees_everything,
            runs=JobRun.objects.select_related("job")[:RECENT],
            made=made.order_by("-created", "-pk")[:RECENT],
        )


class JobChangeView(CommandView):
    """Switching a job on where it is off, and off where it is on."""

    permission: ClassVar[str] = "jobs.change"
    form_class = ReasonForm

    def get_name(self) -> JobName:
        """The job of the address."""
        try:
            return JobName(self.kwargs["name"])
        except ValueError as error:
            raise Http404 from error

    def is_on(self) -> bool:
        """Whether it is on now."""
        return Job.objects.filter(name=self.get_name(), on=True).exists()

    def get_title(self) -> str:
        """What is about to happen."""
        return f"{self.get_name().label}: switch {'off' if self.is_on() else 'on'}"

    def get_crumbs(self) -> Sequence[Link]:
        """Below the list."""
        return [Link("Scheduled jobs", reverse("job_list"))]

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The other state."""
        return SetJob(job=self.get_name().value, on=not self.is_on())
