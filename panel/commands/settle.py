"""Settling what nobody can reconcile: one person proposes, another confirms; neither touched it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from panel import audit
from panel.access.actor import Actor
from panel.access.policy import Needed
from panel.commands.base import Change, Invalid, MT4Command, PanelCommand, Preview, Risk, Target
from panel.commands.registry import command_class, register
from panel.commands.states import Moved, move
from panel.models import Approval, ChangeRequest, Platform, RequestAuthor, Status

if TYPE_CHECKING:
    from panel.models import User
    from panel.mt4.read import Reader


def hands(request: ChangeRequest) -> set[int]:
    """Everybody who made, edited or decided on a request."""
    authors = RequestAuthor.objects.filter(request=request).values_list("user_id", flat=True)
    checkers = Approval.objects.filter(request=request).values_list("checker_id", flat=True)
    return {*authors, *checkers}


def open_step(request: ChangeRequest) -> str:
    """The step whose outcome nobody knows, and how often it was sent; empty if there is none."""
    for name, step in request.progress.items():
        if "done" not in step and "refused" not in step:
            return f"{name}, sent {step.get('sendings', 1)} times"
    return ""


@register
@dataclass(frozen=True, kw_only=True)
class SettleUnknown(PanelCommand):
    """Write `done` or `failed` on a request whose outcome MT4's records do not decide."""

    name: ClassVar[str] = "requests.settle"
    label: ClassVar[str] = "Settlement of an unknown outcome"
    prefix: ClassVar[str] = "SU"
    permission: ClassVar[str] = "unknown.settle"
    approve_permission: ClassVar[str] = "unknown.approve"
    risk: ClassVar[Risk] = Risk.CRITICAL
    form_url: ClassVar[str | None] = "unknown_settle"
    default_needed: ClassVar[Needed] = Needed(1, (), "A second person confirms every settlement.")

    reference: str
    happened: bool
    finding: str

    def _request(self) -> ChangeRequest:
        found = ChangeRequest.objects.filter(reference=self.reference).first()
        if found is None:
            raise Invalid.of("There is no such request.", "reference")
        return found

    def get_platform(self) -> Platform | None:
        """The settled request's platform, so that scopes hold; it is not asked anything."""
        return self._request().platform

    def target(self, reader: Reader | None) -> Target:
        """The request that is settled."""
        request = self._request()
        further = request.further_groups.values_list("group", flat=True)
        return Target(
            "request",
            request.reference,
            request.object_text,
            group=request.mt4_group,
            further_groups=tuple(further),
        )

    def validate(self, reader: Reader | None, actor: Actor | None) -> None:
        """Only what waits for a person, by somebody who had no hand in it."""
        request = self._request()
        if request.status != Status.UNKNOWN:
            raise Invalid.of(f"It is already {request.get_status_display()}.")
        if not request.needs_person:
            raise Invalid.of("The panel is still looking for evidence itself.")
        if len(self.finding.strip()) < 10:
            raise Invalid.of("Say what you found, and where.", "finding")
        if actor and actor.user and actor.user.pk in hands(request):
            raise Invalid.of("You made or decided on this request, so somebody else settles it.")

    def before(self, reader: Reader | None) -> dict[str, Any]:
        """Where the request stands."""
        request = self._request()
        return {"status": request.status, "step": open_step(request)}

    def preview(self, reader: Reader | None) -> Preview:
        """The verdict, in words."""
        request = self._request()
        command = command_class(request.command)
        what, after = "it", "done" if self.happened else "failed"
        if issubclass(command, MT4Command):
            what = command.in_doubt(request) or what
            if command.goes_on(request, self.happened, {}) is not None:
                after = "outcome unknown, and going on"
        verdict = f"{what} {'happened' if self.happened else 'did not happen'} on MT4"
        if after not in ("done", "failed"):
            verdict += "; the rest goes on by itself"
        return Preview(
            sentence=f"Settle {request.reference}: {verdict}. Needs a second person.",
            button="Propose: it happened" if self.happened else "Propose: it did not happen",
            changes=[Change("Status", "outcome unknown", after)],
        )

    @classmethod
    def may_decide(cls, request: ChangeRequest, person: User) -> str:
        """Whoever had a hand in the settled request has none in its settlement."""
        settled = ChangeRequest.objects.filter(reference=request.payload["reference"]).first()
        if settled and person.pk in hands(settled):
            return "You made or decided on the request that is settled here."
        return ""

    def lock(self) -> None:
        """The settled request: a worker may be writing to it at this moment."""
        ChangeRequest.objects.select_for_update(no_key=True).filter(
            reference=self.reference
        ).first()

    def apply(self, request: ChangeRequest) -> dict[str, Any]:
        """Take the settled request out of `unknown`."""
        from panel.commands.executor import wake_waiting

        settled = self._request()
        if open_step(settled) != request.before.get("step", ""):
            raise Invalid.of("Another step is in doubt now, or it was sent again: look anew.")
        if self._goes_on(settled, request):
            return {"verdict": "goes on"}
        verdict = Status.DONE if self.happened else Status.FAILED
        done = [name for name, step in settled.progress.items() if "done" in step]
        text = f"Settled by {request.reference}: {self.finding}"
        if done and not self.happened:
            text = f"{text} Already done and not undone: {', '.join(done)}."
        try:
            with transaction.atomic():
                move(
                    settled,
                    verdict,
                    actor=Actor.system(f"settlement {request.reference}"),
                    source="settlement",
                    guard=Q(needs_person=True),
                    reason=self.finding,
                    detail=f"Settled by {request.reference}.",
                    outcome_code="Settled",
                    outcome_text=text,
                    needs_person=False,
                    lease_until=None,
                    call_until=None,
                )
                wake_waiting(settled)
        except Moved as moved:
            raise Invalid.of("Its outcome became known in the meantime.") from moved
        return {"verdict": str(verdict)}

    def _goes_on(self, settled: ChangeRequest, request: ChangeRequest) -> bool:
        """Settle only the step in doubt, where the request has others; whether it was so."""
        command = command_class(settled.command)
        if not issubclass(command, MT4Command):
            return False
        words = {"code": "Settled", "text": f"Settled by {request.reference}: {self.finding}"}
        progress = command.goes_on(settled, self.happened, words)
        if progress is None:
            return False
        now = timezone.now()
        went = ChangeRequest.objects.filter(
            pk=settled.pk, status=Status.UNKNOWN, needs_person=True
        ).update(
            progress=progress,
            needs_person=False,
            unknown_since=now,
            next_check=now,
            lease_until=None,
            call_until=None,
            outcome_text=f"{words['text']} The rest goes on by itself.",
        )
        if went != 1:
            raise Invalid.of("Its outcome became known in the meantime.")
        audit.record(
            Actor.system(f"settlement {request.reference}"),
            "request step settled",
            source="settlement",
            request=settled,
            after=progress,
            reason=self.finding,
            detail=f"Settled by {request.reference}; the rest goes on.",
        )
        return True
