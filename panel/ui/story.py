"""What a request asks and what became of it, as people read it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from panel.commands import restoration
from panel.commands.base import Change
from panel.commands.registry import COMMANDS
from panel.commands.states import NOT_HELD
from panel.commands.votes import given
from panel.lib.digest import sha256
from panel.lib.redact import is_secret
from panel.models import Approval, AuditEntry, ChangeRequest, Claim, Status
from panel.ui import figures

_WORDS = {
    "request approval": "Approved",
    f"request {Status.APPROVED}": "Approved",
    NOT_HELD: "Needed no approval",
    f"request {Status.PENDING}": "Sent back to be decided anew",
    f"request {Status.EXECUTING}": "Started",
    f"request {Status.DONE}": "Done",
    f"request {Status.FAILED}": "Failed",
    f"request {Status.UNKNOWN}": "Outcome unknown",
    f"request {Status.REJECTED}": "Rejected",
    f"request {Status.WITHDRAWN}": "Withdrawn",
    f"request {Status.EXPIRED}": "Expired",
    "request step settled": "The step in doubt was settled",
    "secret shown": "One-time secret shown",
    "request looked at again": "Another look asked for",
}
# Entries that carry a request's reference and are no steps of it.
_NO_STEPS = ("attachment downloaded",)
_LOOKS = {
    "request approval": "approved",
    NOT_HELD: "approved",
    f"request {Status.EXECUTING}": "running",
    "secret shown": "quiet",
    "claimed": "quiet",
    "assigned": "quiet",
    "claim released": "quiet",
    "put on hold": "hold",
    "released": "approved",
    "paid out": "done",
    "payout failed": "failed",
    "returned": "done",
}


# How the panel keeps amounts of money in JSON.
_AMOUNT = re.compile(r"-?\d+\.\d\d")
# What the answer of MT4 only repeats of the request.
_ECHO = frozenset({"amount", "comment", "evidence"})


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a request: what happened, by whom, when; `at` is None for one to come."""

    title: str
    state: str
    who: str = ""
    at: datetime | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A label and its value, in words."""

    label: str
    value: str


def label_of(request: ChangeRequest) -> str:
    """What kind of change it is."""
    command = COMMANDS.get(request.command)
    return command.label if command else request.command


def amount_of(request: ChangeRequest) -> Decimal | str | None:
    """Its amount, or in, out and net in words where one amount would mislead."""
    command = COMMANDS.get(request.command)
    return (command.moves_text(request) if command else "") or request.amount


def words_of(name: str) -> str:
    """`over_amount` as `Over amount`."""
    return name.replace("_", " ").strip().capitalize()


def currency_of(values: Mapping[str, Any], name: str, default: str) -> str:
    """The currency of the amount `name` among the values of a request or of an entry.

    `to_balance` is in `to_currency`, `paid_amount` in `paid_currency`, the rest in `currency`.
    """
    prefix = next((each for each in ("to_", "paid_") if name.startswith(each)), "")
    return str(values.get(f"{prefix}currency") or default)


def value_text(value: Any, currency: str = "") -> str:
    """A plain value for people; amounts of money in the decimals of their currency."""
    if value is None or value == "" or value == [] or value == {}:
        return figures.UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{key or 'all'}: {value_text(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(value_text(item) for item in value)
    text = str(value)
    if _AMOUNT.fullmatch(text):
        return figures.money_text(Decimal(text), currency, named=False)
    return text


def payload_rows(request: ChangeRequest) -> list[Row]:
    """What was asked, field by field; what the page's head says already is left out.

    A change of the panel itself is told by its words before and after, not by its fields.
    """
    if request.platform_id is None and request.preview.get("changes"):
        return []
    return [
        Row(words_of(name), _asked_text(request, name, value))
        for name, value in request.payload.items()
        if name not in {"platform", "login"}
        and not is_secret(name)
        and value not in (None, "", [])
        # The fields of a profile stand side by side before and after already.
        and not (request.platform_id and isinstance(value, dict))
    ]


def _asked_text(request: ChangeRequest, name: str, value: Any) -> str:
    if name == "amount" and value is not None:
        return figures.money_text(Decimal(str(value)), request.currency)
    return value_text(value, currency_of(request.payload, name, request.currency))


def result_rows(request: ChangeRequest) -> list[Row]:
    """What MT4 or the panel answered: tickets, logins."""
    return list(_flat(request.result, request.currency))


def _flat(value: dict[str, Any], currency: str) -> Iterator[Row]:
    for name, item in value.items():
        if is_secret(name):
            continue
        if isinstance(item, dict):
            yield from _flat(item, currency)
        elif item not in (None, "", [], 0) and name not in _ECHO:
            yield Row(words_of(name), value_text(item, currency))


def read_again(request: ChangeRequest) -> list[Change]:
    """What was read once it was done, beside what it was right before it was sent: only what
    differs. An older request, whose values were not kept then, shows those of when it was asked."""
    after = request.after or {}
    before = request.before if request.before_sending is None else request.before_sending
    return _differences(request, before, after)


def moved_meanwhile(request: ChangeRequest) -> list[Change]:
    """What was another value when it was sent than when it was asked for: that the preview's
    figures are of the request alone can be seen by it."""
    if request.before_sending is None:
        return []
    return _differences(request, request.before, request.before_sending)


def _differences(
    request: ChangeRequest, before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[Change]:
    """The values that differ among those of both, amounts in their currencies' decimals."""

    def text(name: str, value: Any) -> str:
        return value_text(value, currency_of(before, name, request.currency))

    return [
        Change(words_of(name), text(name, was), text(name, after[name]))
        for name, was in before.items()
        if name in after and after[name] != was
    ]


def decided(request: ChangeRequest) -> list[Approval]:
    """The decisions on it; read at once with the request by whoever needs them several times."""
    return list(request.approvals.all())


def rejection_of(request: ChangeRequest) -> Approval | None:
    """By whom it was rejected, and why; None if it was not."""
    rejected = (one for one in decided(request) if one.decision == Approval.Decision.REJECT)
    return next(rejected, None)


def superseded_by(request: ChangeRequest) -> ChangeRequest | None:
    """What has taken its place; None if nothing has."""
    later: ChangeRequest | None = getattr(request, "superseded_by", None)
    return later


def timeline(request: ChangeRequest) -> list[Step]:
    """Every step with person and time, from the audit log; then what is waited for."""
    entries = AuditEntry.objects.filter(reference=request.reference)
    entries = entries.exclude(outcome="denied").exclude(action__in=_NO_STEPS).order_by("seq")
    steps = [_step(entry, request) for entry in entries]
    to_come = _to_come(request)
    return [*steps, to_come] if to_come else steps


def _step(entry: AuditEntry, request: ChangeRequest) -> Step:
    who = entry.actor.partition(" <")[0].removeprefix("panel: ")
    title = _WORDS.get(entry.action, words_of(entry.action))
    detail, roles = entry.detail, entry.roles
    if entry.action == f"request {request.command}":
        title, detail = "Asked for", ""
    elif entry.action == NOT_HELD:
        detail = request.policy_text
    elif entry.action == f"request {Status.APPROVED}" and entry.code == "Unavailable":
        title = "Put back: the trade server did not answer"
    elif entry.action == f"request {Status.APPROVED}" and not request.approvals_needed:
        # As it was written down earlier: by the maker, though nobody approved anything.
        title, who, roles = "Needed no approval", "policy", ""
    said = f"“{entry.reason}”" if entry.reason else ""
    return Step(
        title=title,
        state=_LOOKS.get(entry.action, entry.action.removeprefix("request ")),
        who=f"{who}, {roles}" if roles else who,
        at=entry.at,
        detail=" ".join(part for part in (said, detail) if part),
    )


def _to_come(request: ChangeRequest) -> Step | None:
    match request.status:
        case _ if request.on_hold:
            return Step("On hold", "hold", detail=request.on_hold)
        case Status.PENDING:
            left = max(request.approvals_needed - given(request)[0], 1)
            by = " or ".join(request.approver_roles) or "somebody with the right"
            people = "one approval" if left == 1 else f"{left} approvals"
            return Step(f"Waits for {people}", "waiting", detail=f"By {by}.")
        case Status.APPROVED if request.platform_id and restoration.present():
            return Step("Waits: the database was restored", "hold", detail=restoration.WAITS)
        case Status.APPROVED:
            return Step("Waits for a worker", "waiting", detail=request.waiting_for)
        case Status.EXECUTING:
            return Step("Waits for the trade server’s answer", "waiting")
        case Status.UNKNOWN if request.needs_person:
            return Step("Waits for two people to settle it", "waiting")
        case Status.UNKNOWN:
            return Step("Waits for evidence", "waiting")
    return None


def version(request: ChangeRequest) -> str:
    """A short digest of everything that the page shows and that changes by itself."""
    return sha256(
        [
            request.status,
            request.attempt,
            given(request)[0],
            request.checks,
            request.needs_person,
            request.waiting_for,
            request.on_hold,
            request.platform.state if request.platform else "",
            restoration.present() is not None,
            request.outcome_text,
            list(Claim.objects.filter(reference=request.reference).values_list("task", "person")),
            request.secrets.filter(shown__isnull=True).count(),
        ]
    )[:16]
