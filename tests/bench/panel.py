"""A whole panel under measurement: files of deposits, approved, through Celery."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from django.db.models import Count
from django.utils import timezone

from panel import audit
from panel.commands.decide import approve, live_before
from panel.commands.submit import submit
from panel.lib.digest import sha256
from panel.models import AuditEntry, ChangeRequest, Platform, Status, User
from payments.bulk import store
from payments.bulk.command import CarryOutFile
from payments.bulk.engine.tasks import sweep_bulk_files
from payments.bulk.tasks import check_soon
from payments.models import BulkFile, BulkItem, Payment
from tests.core.money import approve_lines
from tests.factories import actor
from tests.harness.stack import Stack

SWEEP = 5
"""Seconds between two looks at what no worker is at any more."""
HEADER = "login,kind,amount,currency,reference,comment"


def approved(logins: Sequence[int]) -> ChangeRequest:
    """The request of a file with a deposit for each login, checked by a worker and approved.

    Workers take it up from the moment in which this returns.
    """
    mark = uuid.uuid4().hex[:8]
    lines = [
        f"{login},deposit,{(number % 90_000 + 100) / 100:.2f},USD,{mark}-{number},"
        for number, login in enumerate(logins)
    ]
    kept = store.keep([("\n".join([HEADER, *lines, ""])).encode()])
    ops = _person("ops")
    file = BulkFile.objects.create(
        platform=Platform.objects.get(slug="demo"),
        name="bench.csv",
        sha256=kept.sha256,
        size=kept.size,
        stored=kept.name,
        source=BulkFile.Source.CSV,
        uploaded_by=ops,
    )
    check_soon(file.pk)
    while file.state == BulkFile.State.CHECKING:
        time.sleep(0.1)
        file.refresh_from_db()
        if file.checking_until and file.checking_until < timezone.now():
            check_soon(file.pk)  # there is no clock here that would find what was given up
            time.sleep(5)
    assert file.state == BulkFile.State.READY, list(file.problems.values_list("message")[:5])
    request = submit(
        CarryOutFile.of(file), actor=actor(ops), source="bench", reason="", key=uuid.uuid4().hex
    )
    for person in ("manager", "compliance"):
        request.refresh_from_db()
        if request.status == Status.PENDING:
            approve_lines(_person(person), request)
            _, live = live_before(request)
            approve(request, actor=actor(_person(person)), source="bench", seen=sha256(live))
    return request


def carried_out(logins: Sequence[int]) -> float:
    """Deposits a second, from the approval to the last outcome, checked to be exactly once."""
    request = approved(logins)
    swept = time.monotonic()
    while request.status != Status.DONE:
        time.sleep(0.2)
        request.refresh_from_db()
        if time.monotonic() > swept + SWEEP:
            sweep_bulk_files.apply_async(retry=False, expires=SWEEP)  # as the clock would
            swept = time.monotonic()
    if request.decided is None or request.finished is None:
        raise ValueError("A request that is done was decided on, and has an end.")
    rate = len(logins) / (request.finished - request.decided).total_seconds()
    done = BulkItem.objects.filter(file__request=request, state=BulkItem.State.DONE)
    assert done.count() == len(logins), _outcomes(request)
    assert Payment.objects.filter(request=request, status=Status.DONE).count() == len(logins)
    told = AuditEntry.objects.filter(
        action="bulk line done", reference__in=done.values("reference")
    )
    assert told.count() == len(logins)
    return rate


def _outcomes(request: ChangeRequest) -> list[tuple[str, str, str, int]]:
    """State, code and text of the file's lines, and how many have each."""
    lines = BulkItem.objects.filter(file__request=request).order_by()
    return list(lines.values_list("state", "code", "text").annotate(lines=Count("pk")))


def chain_holds() -> bool:
    """Whether the audit log is whole."""
    return audit.verify() is None


def memory(stack: Stack) -> int:
    """The most that any process of any worker ever held, in bytes."""
    most = 0
    for worker in stack.workers:
        for process in _family(worker.pid):
            with suppress(FileNotFoundError, ProcessLookupError):
                for line in Path(f"/proc/{process}/status").read_text().splitlines():
                    if line.startswith("VmHWM:"):
                        most = max(most, int(line.split()[1]) * 1024)
    return most


def _family(pid: int) -> list[int]:
    """A process and everything it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    found = [pid]
    with suppress(FileNotFoundError):
        for child in children.read_text().split():
            found += _family(int(child))
    return found


def _person(name: str) -> User:
    return User.objects.get(email=f"{name}@demo.test")
