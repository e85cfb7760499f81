"""Writing what became of a chunk: lines, payments, holds and audit entries at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from panel import audit
from panel.access.actor import Actor
from panel.commands import holds
from panel.commands.executor import wake
from panel.commands.sending import Verdict
from panel.lib import rows
from panel.models import Status
from payments.bulk.engine.chunk import CLAIMED, Chunk, State
from payments.bulk.engine.unknown import fields_of, make_requests
from payments.desk.stages import debited
from payments.models import BulkItem, Kind, Payment

log = structlog.get_logger(__name__)
WORKER = Actor.system("worker")
PAUSE = 5
"""Seconds before a line is tried again that could not be sent."""
TRIES = 30
"""How often a line is tried while MT4 cannot be reached."""
AT_ONCE = ("Stopped", "Waiting", "LeaseLost")
"""Why a line was not sent that need not wait: nothing was wrong with MT4."""


def record(chunk: Chunk, verdicts: Mapping[int, Verdict]) -> bool:
    """Write the outcomes of a chunk's lines that still are this claim's; whether any came through.

    One transaction: a line is done together with its payment, its audit entry and its account's
    release. What was taken over meanwhile belongs to whoever took it over.
    """
    with transaction.atomic():
        lines = BulkItem.objects.filter(
            pk__in=verdicts, worker=chunk.token, state__in=CLAIMED
        ).select_for_update(no_key=True)
        ours = set(lines.values_list("pk", flat=True))
        if len(ours) != len(verdicts):
            log.warning("outcomes came too late", file=chunk.file.pk, lines=len(verdicts))
        by_name: dict[str, list[BulkItem]] = defaultdict(list)
        for item in chunk.items:
            if item.pk in ours:
                by_name[given_up(item, verdicts[item.pk]).name].append(item)
        doubts = {item.pk: verdicts[item.pk] for item in by_name["unknown"]}
        told = [
            *_done(chunk, by_name["done"], verdicts),
            *_rejected(chunk, by_name["rejected"], verdicts),
            *make_requests(chunk.file, chunk.run, by_name["unknown"], doubts),
        ]
        _back(by_name["unsent"], verdicts)
        if chunk.later:
            _come_sooner(chunk.later)
        kept = {item.login for item in by_name["unknown"]}
        free = {item.login for item in chunk.items if item.pk in ours} - kept
        holds.release_accounts(chunk.run, free)
        transaction.on_commit(lambda: wake(chunk.platform, free), robust=True)
        audit.record_many(told)
    return bool(by_name["done"] or by_name["rejected"])


def _come_sooner(items: list[int]) -> None:
    """Lines that waited for these may be claimed now. Whoever has one locked is claiming it, and
    may wait for an account that is given back here: so it is not waited for.
    """
    lines = BulkItem.objects.filter(pk__in=items, state=State.READY)
    free = lines.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)
    BulkItem.objects.filter(pk__in=list(free)).update(not_before=None)


def given_up(item: BulkItem, verdict: Verdict) -> Verdict:
    """A line that could not be sent so many times is not tried any more."""
    if verdict.name == "unsent" and verdict.code == "Unavailable" and item.attempt >= TRIES:
        return replace(verdict, name="rejected")
    return verdict


def _done(
    chunk: Chunk, items: list[BulkItem], verdicts: Mapping[int, Verdict]
) -> list[audit.Happening]:
    if not items:
        return []
    now = timezone.now()
    for verdict, lines in _alike(items, verdicts).items():
        BulkItem.objects.filter(pk__in=lines).update(
            state=State.DONE,
            code=verdict.code,
            text=verdict.text,
            finished=now,
            lease_until=None,
            call_until=None,
        )
    _book(chunk, items, now)
    return [_told(chunk, item, verdicts[item.pk]) for item in items]


def _book(chunk: Chunk, items: list[BulkItem], now: datetime) -> None:
    """The payments of lines that are done; those that went out come to the desk."""
    common = {
        "request_id": chunk.run.pk,
        "created": chunk.run.created,
        "status": Status.DONE,
        "finished": now,
    }
    rows.insert(Payment, [fields_of(item, chunk.file) | common for item in items])
    withdrawn = [item.reference for item in items if item.kind == Kind.WITHDRAWAL]
    if withdrawn:
        debited(Payment.objects.filter(reference__in=withdrawn))


def _alike(items: list[BulkItem], verdicts: Mapping[int, Verdict]) -> dict[Verdict, list[int]]:
    """Lines of which the same is written, so that each kind is one statement."""
    alike: dict[Verdict, list[int]] = defaultdict(list)
    for item in items:
        alike[replace(verdicts[item.pk], activity_id="")].append(item.pk)
    return alike


def _rejected(
    chunk: Chunk, items: list[BulkItem], verdicts: Mapping[int, Verdict]
) -> list[audit.Happening]:
    now = timezone.now()
    for verdict, lines in _alike(items, verdicts).items():
        BulkItem.objects.filter(pk__in=lines).update(
            state=State.REJECTED,
            code=verdict.code,
            text=verdict.text,
            finished=now,
            lease_until=None,
            call_until=None,
        )
    return [_told(chunk, item, verdicts[item.pk]) for item in items]


def _back(items: list[BulkItem], verdicts: Mapping[int, Verdict]) -> None:
    """What certainly was not sent waits again; after a failure with a pause."""
    later = timezone.now() + timedelta(seconds=PAUSE)
    by_pause: dict[datetime | None, list[int]] = defaultdict(list)
    for item in items:
        by_pause[None if verdicts[item.pk].code in AT_ONCE else later].append(item.pk)
    for not_before, lines in by_pause.items():
        BulkItem.objects.filter(pk__in=lines).update(
            state=State.READY, not_before=not_before, lease_until=None, call_until=None
        )


def _told(chunk: Chunk, item: BulkItem, verdict: Verdict) -> audit.Happening:
    return audit.Happening(
        actor=WORKER,
        action=f"bulk line {verdict.name}",
        source="worker",
        obj=("account", item.login, f"{item.login} {item.account_name}"),
        platform=chunk.platform,
        request=chunk.run,
        reference=item.reference,
        group=item.mt4_group,
        after={
            "file": chunk.file.pk,
            "line": item.line,
            "kind": item.kind,
            "amount": item.amount,
            "currency": item.currency,
        },
        activity_id=verdict.activity_id,
        code=verdict.code,
        outcome="failed" if verdict.name == "rejected" else "ok",
        detail=verdict.text,
    )
