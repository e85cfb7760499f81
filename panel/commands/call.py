"""Call: the execution context of one attempt at a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from panel.commands import restoration
from panel.commands.base import Evidence, Invalid
from panel.lib import vault
from panel.lib.clock import uptime
from panel.lib.digest import plain
from panel.models import ChangeRequest, Secret
from panel.mt4.errors import LeaseLost, OutcomeUnknown, Rejected, Unavailable

if TYPE_CHECKING:
    from panel.mt4.read import Reader
    from panel.mt4.write import Writer


# Seconds within which a step that was announced must begin to send.
SEND_WINDOW = 5.0
TOO_LATE = "It was sent too long ago to be sent again: two people have to settle it."
MOST_SENDINGS = 3
"""The first one and two repeats: after that a person decides, whatever the evidence says."""
OFTEN_ENOUGH = f"It was sent {MOST_SENDINGS} times: two people have to settle it."


NOT_LOOKED = Evidence("absent", "It was not sent yet.")


class Undecided(Exception):
    """MT4's records neither show nor exclude that a step happened."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        super().__init__(evidence.text)


class HandedOver(Exception):
    """The request goes on in other hands: whoever took it over writes its outcome.

    A command raises it once it has put the lease away, so that nobody takes the request for one
    whose worker fell silent.
    """


class NotAllowed(Exception):
    """The live check before a sending failed: what was approved is no longer possible.

    `sent_before` says whether an earlier sending of the same step may still have come through.
    """

    def __init__(self, invalid: Invalid, *, sent_before: bool) -> None:
        self.sent_before = sent_before
        super().__init__(str(invalid))


class Undone(Exception):
    """MT4 refused a later step, and what the earlier ones did has been put back: all is as it was.

    `code` is MT4's of the refusal; the words say what happened.
    """

    def __init__(self, text: str, *, code: str) -> None:
        self.code = code
        super().__init__(text)


class LeftOpen(Undone):
    """As `Undone`, but putting it back was refused too: the command keeps for people what is open.

    See `Command.left_open`.
    """


@dataclass(frozen=True, slots=True)
class Send:
    """What goes with every sending: the key, and the last moment at which it may begin."""

    key: str
    send_before: float
    deadline: float | None

    def options(self) -> dict[str, Any]:
        """As keyword arguments of the writer's methods."""
        return {"key": self.key, "send_before": self.send_before, "deadline": self.deadline}


@dataclass(slots=True)
class Call:
    """One attempt at a request, under a lease."""

    request: ChangeRequest
    reader: Reader
    writer: Writer
    attempt: int
    # Raises `Invalid` when what was approved is not possible any more, read live.
    precheck: Callable[[], None]
    activity_id: str = field(default="")
    # Whether a step of which MT4 shows no trace may be sent again, with its own key.
    repeats: bool = True

    @property
    def reference(self) -> str:
        """The reference that MT4's records carry."""
        return self.request.reference

    @property
    def has_begun(self) -> bool:
        """Whether a step of the request is done."""
        return any("done" in step for step in self.request.progress.values())

    def step(
        self,
        name: str,
        *,
        send: Callable[[Send], dict[str, Any]],
        evidence: Callable[[dict[str, Any] | None], Evidence],
        seconds: float,
        precheck: Callable[[], None] | None = None,
        twice_is_once: bool = False,
    ) -> dict[str, Any]:
        """Take one step exactly once, however often it is come back to.

        1. A step that is known to be done answers from the row.
        2. MT4 is asked first, before the first sending too: our own rows may be those of a restored
           backup. Found means done, unclear goes to a person, and so does absent once it is too
           late, or was sent too often, to be sent again. Only what does no more when it is sent
           twice than once (`twice_is_once`: a value that is set) is first sent without a look.
        3. What was approved is checked again, live, before every sending: by the whole request's
           check while nothing of it is done, and by the step's own `precheck`.
        4. The intent is committed, under the lease, with the time until which the call may run and
           the mark that the evidence of the first look left (see `Evidence.mark`).
        5. It is sent with the step's own key: the same in every attempt.
        6. What came back is committed.

        `evidence` is called with the mark of the first sending, with None before it, and with an
        empty one where that was sent by a version that kept none. `seconds` is
        the deadline asked of MT4. Raises the errors of `panel.mt4.errors`, `Undecided`,
        `NotAllowed`, and `LeaseLost` when another worker has taken over (then nothing was sent).
        """
        known: dict[str, Any] = self.request.progress.get(name, {})
        if "done" in known:
            return dict(known["done"])
        sendings = known.get("sendings", 1) if known else 0
        seen = NOT_LOOKED
        if known or not twice_is_once:
            seen = _look(evidence, known.get("mark", {}) if sendings else None)
        if seen.verdict == "unclear" and not known:
            # So that whoever settles it, and what follows from that, knows which step is in doubt.
            self._write({**self.request.progress, name: {"sendings": 0}})
        if seen.verdict != "absent":
            return self._keep_seen(name, seen)
        if sendings >= MOST_SENDINGS:
            raise Undecided(replace(seen, text=f"{seen.text} {OFTEN_ENOUGH}"))
        if known and not self.repeats:
            raise Undecided(replace(seen, text=f"{seen.text} {TOO_LATE}"))
        if restoration.is_open():
            raise Unavailable(restoration.WAITS)
        self.check(precheck, sent_before=sendings > 0, twice_is_once=twice_is_once)
        deadline = settings.MT4_CHANGE_DEADLINE or seconds
        mark: dict[str, Any] = known.get("mark") or seen.mark
        intent = {"mark": mark, "sendings": sendings + 1}
        begun = uptime()
        left = self._announce(name, intent, deadline)
        sending = Send(
            key=f"{self.request.mt4_key}:{name}",
            send_before=begun + left,
            deadline=deadline,
        )
        try:
            return self._keep(name, send(sending))
        except Rejected:
            # The refusal speaks of this sending; an earlier one may have come through since.
            if sendings and (seen := _look(evidence, mark)).verdict != "absent":
                return self._keep_seen(name, seen)
            raise
        except (Unavailable, OutcomeUnknown) as failure:
            # Certainly not carried out by this sending, so that it does not count: MT4 was away, or
            # it still holds the key of an earlier one.
            if isinstance(failure, OutcomeUnknown) and not (sendings and failure.in_progress):
                raise
            others = {other: step for other, step in self.request.progress.items() if other != name}
            self._write({**others, name: known} if known else others)
            raise

    def check(
        self,
        precheck: Callable[[], None] | None = None,
        *,
        sent_before: bool = False,
        twice_is_once: bool = False,
    ) -> None:
        """Check again, live, what was approved. Raises `NotAllowed`, `Rejected` if MT4 refuses to
        show what the check needs and nothing was sent, and `Unavailable`."""
        if self.has_begun and precheck is None:
            if twice_is_once:
                return
            raise TypeError("A step behind another one needs a check of its own.")
        try:
            if not self.has_begun:
                self.precheck()
            if precheck is not None:
                precheck()
        except Invalid as invalid:
            raise NotAllowed(invalid, sent_before=sent_before) from invalid
        except Rejected as refused:
            if not sent_before and not self.request.progress:
                raise
            raise Unavailable(refused.explain(), activity_id=refused.activity_id) from refused

    def refusal(self, name: str) -> dict[str, str]:
        """Why MT4 refused a step for good: its code and words; empty if it did not."""
        return dict(self.request.progress.get(name, {}).get("refused", {}))

    def keep_refusal(self, name: str, refusal: Rejected | NotAllowed) -> dict[str, str]:
        """Commit that a step was refused, by MT4 or by the check before it, so that no later
        attempt sends it (again)."""
        if isinstance(refusal, NotAllowed):
            refused = {"code": "Invalid", "text": str(refusal)}
        else:
            refused = {
                "code": refusal.manager_code or refusal.code,
                "text": refusal.explain(),
            }
        self._write({**self.request.progress, name: {"refused": refused}})
        return refused

    def _announce(self, name: str, intent: dict[str, Any], deadline: float) -> float:
        """Commit the intent of a sending; seconds for which the lease still holds."""
        now = timezone.now()
        # Renewed, if it still holds: looking and checking took a part of it.
        lease_until = now + timedelta(seconds=settings.EXECUTION_LEASE)
        left = min(SEND_WINDOW, settings.EXECUTION_LEASE)
        # The bytes leave within `left`; the client then waits for the deadline and the margin.
        call_until = now + timedelta(seconds=left + deadline + settings.MT4_DEADLINE_MARGIN)
        progress = {**self.request.progress, name: {"started": now.isoformat(), **intent}}
        held = ChangeRequest.objects.filter(
            pk=self.request.pk, attempt=self.attempt, lease_until__gt=now
        ).update(progress=progress, call_until=call_until, lease_until=lease_until)
        if held != 1:
            raise LeaseLost
        self.request.progress = progress
        self.request.lease_until = lease_until
        return left

    def _keep_seen(self, name: str, seen: Evidence) -> dict[str, Any]:
        """Commit a step that MT4's own records show; raise `Undecided` if they leave a doubt."""
        if seen.verdict == "unclear":
            raise Undecided(seen)
        return self._keep(name, {**seen.data, "evidence": seen.text})

    def _keep(self, name: str, data: dict[str, Any]) -> dict[str, Any]:
        """Commit what a step brought; raises `LeaseLost` if another attempt has begun."""
        known = self.request.progress.get(name, {})
        kept = {"mark": known["mark"]} if known.get("mark") else {}
        self._write({**self.request.progress, name: {**kept, "done": plain(data)}})
        return dict(self.request.progress[name]["done"])

    def _write(self, progress: dict[str, Any]) -> None:
        kept = ChangeRequest.objects.filter(pk=self.request.pk, attempt=self.attempt).update(
            progress=progress
        )
        if kept != 1:
            raise OutcomeUnknown(f"{self.reference} was taken over while its answer came.")
        self.request.progress = progress

    def keep_secret(self, name: str, make: Callable[[], str]) -> str:
        """A secret of this request, made once and sealed before it is used."""
        row, _ = Secret.objects.get_or_create(
            request=self.request, name=name, defaults={"sealed": vault.seal_text(make())}
        )
        return vault.open_text(row.sealed)


def _look(
    evidence: Callable[[dict[str, Any] | None], Evidence], mark: dict[str, Any] | None
) -> Evidence:
    """What MT4's records show. A refusal to show them is none of the step: it says nothing of it,
    so it counts as MT4 being away.
    """
    try:
        return evidence(mark)
    except Rejected as refused:
        raise Unavailable(
            f"MT4 does not show its records: {refused.explain()}", activity_id=refused.activity_id
        ) from refused
