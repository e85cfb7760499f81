"""Lines that are decided one by one: which they are, who decided what, and what is left to do.

A line that a reviewer would stop at if it came alone is approved by each approver of its file, or
left out by any one of them: then it is not paid, and the others go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from panel import audit
from panel.access.actor import Actor
from panel.commands import decide
from panel.commands.base import Invalid
from panel.commands.errors import AlreadyDecided, Denied
from panel.lib.digest import sha256
from panel.models import ChangeRequest, Status
from payments.bulk import readings
from payments.models import BulkFile, BulkItem, BulkWarning, LineDecision, WarningCheck

Decision = LineDecision.Decision
PER_QUERY = 500
SAY_WHY = "Say why it is left out: the maker will read it."


@dataclass(slots=True)
class Flagged:
    """A line that has to be decided by itself, with everything that is to be known of it."""

    item: BulkItem
    warnings: list[BulkWarning] = field(default_factory=list)
    decisions: list[LineDecision] = field(default_factory=list)

    @property
    def is_stopped(self) -> bool:
        """Whether it cannot be approved as it stands."""
        return any(one.level == "stop" for one in self.warnings)

    @property
    def shown(self) -> dict[str, Any]:
        """What a person is shown of it: kept with their decision. Whole, also for those who see the
        end of `destination` alone; whoever reads it later is shown what they may see."""
        item = self.item
        return {
            "line": item.line,
            "login": item.login,
            "name": item.account_name,
            "kind": item.kind,
            "amount": str(item.amount),
            "currency": item.currency,
            "reference": item.reference,
            "beneficiary": item.beneficiary,
            "destination": item.destination,
            "warnings": [
                {"level": one.level, "topic": one.topic, "text": one.text} for one in self.warnings
            ],
        }

    @property
    def digest(self) -> str:
        """Over the line and the words that it is decided on; figures that float are left out."""
        words = [[one.topic, one.text] for one in self.warnings if one.decide]
        return sha256([self.shown | {"warnings": words}])

    @property
    def left_out(self) -> LineDecision | None:
        """By whom it is left out."""
        return next((one for one in self.decisions if one.decision == Decision.LEAVE_OUT), None)

    def of(self, person_id: int) -> LineDecision | None:
        """What a person decided of it, on the words as they are now."""
        for one in self.decisions:
            if one.checker_id == person_id and one.decision == Decision.APPROVE:
                return one if one.shown_sha256 == self.digest else None
        return None

    def is_open_for(self, person_id: int) -> bool:
        """Whether this person has still to decide on it."""
        return self.left_out is None and (self.is_stopped or self.of(person_id) is None)


def latest_decisions(request: ChangeRequest) -> dict[int, list[LineDecision]]:
    """By line: of each person the decision that counts, the newest first."""
    rows = LineDecision.objects.filter(request=request).select_related("checker").order_by("-pk")
    found: dict[int, list[LineDecision]] = {}
    seen: set[tuple[int, int]] = set()
    for row in rows:
        if (row.line, row.checker_id) not in seen:
            seen.add((row.line, row.checker_id))
            found.setdefault(row.line, []).append(row)
    return found


def left_out_of(request: ChangeRequest) -> dict[int, LineDecision]:
    """The lines that somebody left out, each with that decision."""
    return {
        line: one
        for line, decisions in latest_decisions(request).items()
        for one in decisions
        if one.decision == Decision.LEAVE_OUT
    }


def flagged(request: ChangeRequest, file: BulkFile, check: WarningCheck) -> list[Flagged]:
    """The lines of a reading that are decided one by one, in the order of the file."""
    lines = check.warnings.filter(decide=True).order_by("line").values_list("line", flat=True)
    return _flagged(request, file, check, list(dict.fromkeys(lines)))


def flagged_line(
    request: ChangeRequest, file: BulkFile, check: WarningCheck, line: int
) -> Flagged | None:
    """One of them; None if it is not to be decided by itself."""
    found = _flagged(request, file, check, [line])
    return found[0] if found and any(one.decide for one in found[0].warnings) else None


def _flagged(
    request: ChangeRequest, file: BulkFile, check: WarningCheck, lines: list[int]
) -> list[Flagged]:
    decisions = latest_decisions(request)
    found: dict[int, Flagged] = {}
    for start in range(0, len(lines), PER_QUERY):
        some = lines[start : start + PER_QUERY]
        for item in BulkItem.objects.filter(file=file, line__in=some):
            found[item.line] = Flagged(item, [], decisions.get(item.line, []))
        for warning in check.warnings.filter(line__in=some).order_by("line", "-decide", "pk"):
            if warning.line in found:
                found[warning.line].warnings.append(warning)
    return [found[line] for line in sorted(found)]


def to_do(request: ChangeRequest, person_id: int) -> list[str]:
    """What keeps this person from approving the file, in words."""
    file = BulkFile.objects.get(pk=request.payload["file"])
    check = readings.latest(file, request)
    if check is None:
        return ["The warnings of its lines have not been read yet."]
    if not readings.is_fresh(check, request):
        return ["The warnings of its lines have to be read anew first."]
    return [*_open(flagged(request, file, check), person_id), *_nothing_left(request)]


def _open(lines: Iterable[Flagged], person_id: int) -> list[str]:
    stopped = number = 0
    for one in lines:
        if one.is_open_for(person_id):
            number += 1
            stopped += one.is_stopped
    if not number:
        return []
    words = "1 line has" if number == 1 else f"{number:,} lines have"
    text = f"{words} to be decided one by one first"
    return [f"{text}; {stopped:,} of them can only be left out." if stopped else f"{text}."]


def _nothing_left(request: ChangeRequest) -> list[str]:
    if len(left_out_of(request)) < request.payload["rows"]:
        return []
    return ["Every line is left out: reject the file instead."]


def decide_line(
    request: ChangeRequest,
    line: int,
    decision: LineDecision.Decision,
    *,
    actor: Actor,
    source: str,
    seen: str,
    reason: str = "",
) -> LineDecision:
    """Approve a line, or leave it out. `seen` is the digest of what the person was shown.

    Raises `Denied` (and records it) for whoever may not decide on the file, `AlreadyDecided` when
    the file is, and `Invalid` where the line is another one by now, or a reason is missing.
    """
    with transaction.atomic():
        locked, why = _lock(request, actor)
        if not why:
            found = _to_be_decided(locked, line)
            _look_at(found, decision, seen, reason)
            return _write(locked, [found], decision, actor, source, reason)[0]
    raise _denied(request, actor, source, why)


def leave_open_out(request: ChangeRequest, *, actor: Actor, source: str, reason: str) -> int:
    """Leave out every line that this person has not decided on; how many. Raises as `decide_line`.

    Many lines may be kept from being paid at once; none is approved but by itself.
    """
    with transaction.atomic():
        locked, why = _lock(request, actor)
        if not why:
            if not reason.strip():
                raise Invalid.of(SAY_WHY, "reason")
            file = BulkFile.objects.get(pk=locked.payload["file"])
            check = readings.latest(file, locked)
            lines = flagged(locked, file, check) if check else []
            mine = [one for one in lines if one.is_open_for(actor.person_or_fail().pk)]
            return len(_write(locked, mine, Decision.LEAVE_OUT, actor, source, reason))
    raise _denied(request, actor, source, why)


def _lock(request: ChangeRequest, actor: Actor) -> tuple[ChangeRequest, str]:
    """The request, locked, and why this person may not decide on it."""
    locked = ChangeRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
    if locked.status != Status.PENDING:
        raise AlreadyDecided(f"{locked.reference} is already {locked.get_status_display()}.")
    return locked, decide.why_not(locked, actor.person_or_fail())


def _denied(request: ChangeRequest, actor: Actor, source: str, why: str) -> Denied:
    audit.record(
        actor, "bulk line decision", source=source, request=request, outcome="denied", detail=why
    )
    return Denied(why)


def _to_be_decided(request: ChangeRequest, line: int) -> Flagged:
    file = BulkFile.objects.get(pk=request.payload["file"])
    check = readings.latest(file, request)
    found = flagged_line(request, file, check, line) if check else None
    if found is None:
        raise Invalid.of(f"Line {line} is not one that is decided by itself.")
    return found


def _look_at(found: Flagged, decision: LineDecision.Decision, seen: str, reason: str) -> None:
    if decision == Decision.LEAVE_OUT:
        if not reason.strip():
            raise Invalid.of(SAY_WHY, "reason")
        return
    if found.is_stopped:
        raise Invalid.of("It cannot be carried out as it stands: leave it out.")
    if seen != found.digest:
        raise Invalid.of("It changed while you looked: look again.")


def _write(
    request: ChangeRequest,
    lines: list[Flagged],
    decision: LineDecision.Decision,
    actor: Actor,
    source: str,
    reason: str,
) -> list[LineDecision]:
    rows = LineDecision.objects.bulk_create(
        LineDecision(
            request=request,
            line=one.item.line,
            checker=actor.person_or_fail(),
            maker_id=request.maker_id,
            decision=decision,
            reason=reason.strip()[:500],
            shown=one.shown,
            shown_sha256=one.digest,
        )
        for one in lines
    )
    audit.record_many(
        [
            audit.Happening(
                actor=actor,
                action=f"bulk line {decision.label}",
                source=source,
                request=request,
                # The line's own: the file's history would be unreadable with thousands of them.
                reference=one.item.reference,
                obj=("account", one.item.login, f"{one.item.login} {one.item.account_name}"),
                group=one.item.mt4_group,
                after=row.shown,
                reason=row.reason,
                detail=f"Line {row.line} of {request.object_text}, {request.reference}.",
            )
            for one, row in zip(lines, rows, strict=True)
        ]
    )
    return rows


def not_to_be_paid(request: ChangeRequest) -> Mapping[int, str]:
    """Lines that do not run although their file does, with the reason: what somebody left out,
    and whatever one of its approvers did not approve by itself though they were shown why.
    """
    held = {
        line: f"Left out by {one.checker.name}: {one.reason}"
        for line, one in left_out_of(request).items()
    }
    decisions = latest_decisions(request)
    for shown in request.warnings_shown.select_related("check_shown"):
        lines = shown.check_shown.warnings.filter(decide=True).values_list("line", flat=True)
        for line in set(lines) - held.keys():
            if not any(
                one.checker_id == shown.checker_id and one.decision == Decision.APPROVE
                for one in decisions.get(line, [])
            ):
                held[line] = "It was not approved by itself."
    return held
