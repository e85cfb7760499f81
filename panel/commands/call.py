"""Call: what a command has in its hand while it is carried out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from panel.commands.base import Evidence
from panel.lib import vault
from panel.models import ChangeRequest, Secret
from panel.mt4.errors import LeaseLost, OutcomeUnknown, Rejected, Unavailable

if TYPE_CHECKING:
    from panel.mt4.read import Reader
    from panel.mt4.write import Writer


# Seconds within which a step that was announced must begin to send.
SEND_WINDOW = 5.0
TOO_LATE = "It was sent too long ago to be sent again: two people have to settle it."


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
    activity_id: str = field(default="")
    # Whether a step of which MT4 shows no trace may be sent again, with its own key.
    repeats: bool = True

    @property
    def reference(self) -> str:
        """The reference that MT4's records carry."""
        return self.request.reference

    def step(
        self,
        name: str,
        *,
        send: Callable[[Send], dict[str, Any]],
        evidence: Callable[[], Evidence],
        seconds: float,
    ) -> dict[str, Any]:
        """Take one step exactly once, however often it is come back to.

        1. A step that is known to be done answers from the row.
        2. After an earlier attempt MT4 is asked first: found means done, unclear goes to a person,
           and so does absent once it is too late to send again.
        3. The intent is committed, under the lease, with the time until which the call may run.
        4. It is sent with the step's own key: the same in every attempt.
        5. What came back is committed.

        `seconds` is the deadline asked of MT4. Raises the errors of `panel.mt4.errors`,
        `Undecided`, and `LeaseLost` when another worker has taken over (then nothing was sent).
        """
        progress: dict[str, Any] = self.request.progress
        known = progress.get(name, {})
        if "done" in known:
            return dict(known["done"])
        if known:
            seen = _look(evidence)
            if seen.verdict != "absent":
                return self._keep_seen(name, seen)
            if not self.repeats:
                raise Undecided(replace(seen, text=f"{seen.text} {TOO_LATE}"))
        deadline = settings.MT4_CHANGE_DEADLINE or seconds
        left = self._announce(name, deadline)
        parcel = Send(
            key=f"{self.request.mt4_key}:{name}",
            send_before=time.monotonic() + left,
            deadline=deadline,
        )
        try:
            return self._keep(name, send(parcel))
        except Rejected:
            # The refusal speaks of this sending; an earlier one may have come through since.
            if known and (seen := _look(evidence)).verdict != "absent":
                return self._keep_seen(name, seen)
            raise

    def refusal(self, name: str) -> dict[str, str]:
        """Why MT4 refused a step for good: its code and words; empty if it did not."""
        return dict(self.request.progress.get(name, {}).get("refused", {}))

    def keep_refusal(self, name: str, rejected: Rejected) -> dict[str, str]:
        """Commit that a step was refused, so that no later attempt sends it again."""
        refused = {
            "code": rejected.manager_code or rejected.code,
            "text": rejected.explain(),
        }
        self._write({**self.request.progress, name: {"refused": refused}})
        return refused

    def _announce(self, name: str, deadline: float) -> float:
        """Commit the intent of a step; seconds for which the lease still holds."""
        now = timezone.now()
        lease_until = self.request.lease_until or now
        left = min(SEND_WINDOW, (lease_until - now).total_seconds())
        # The bytes leave within `left`; the client then waits for the deadline and the margin.
        call_until = now + timedelta(seconds=left + deadline + settings.MT4_DEADLINE_MARGIN)
        progress = {**self.request.progress, name: {"started": now.isoformat()}}
        held = ChangeRequest.objects.filter(
            pk=self.request.pk, attempt=self.attempt, lease_until__gt=now
        ).update(progress=progress, call_until=call_until)
        if held != 1:
            raise LeaseLost
        self.request.progress = progress
        return left

    def _keep_seen(self, name: str, seen: Evidence) -> dict[str, Any]:
        """Commit a step that MT4's own records show; raise `Undecided` if they leave a doubt."""
        if seen.verdict == "unclear":
            raise Undecided(seen)
        return self._keep(name, {**seen.data, "evidence": seen.text})

    def _keep(self, name: str, data: dict[str, Any]) -> dict[str, Any]:
        """Commit what a step brought; raises `LeaseLost` if another attempt has begun."""
        from panel.lib.digest import plain

        self._write({**self.request.progress, name: {"done": plain(data)}})
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


def _look(evidence: Callable[[], Evidence]) -> Evidence:
    """What MT4's records show. A refusal to show them is none of the step: it says nothing of it,
    so it counts as MT4 being away.
    """
    try:
        return evidence()
    except Rejected as refused:
        raise Unavailable(
            f"MT4 does not show its records: {refused.explain()}", activity_id=refused.activity_id
        ) from refused
