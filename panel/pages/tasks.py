"""Tasks of the pages: a look at every platform, and checking the audit log when asked to."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from panel import audit
from panel.access.actor import Actor
from panel.models import Platform, PlatformState, User
from panel.mt4.client import Client, shared
from panel.mt4.errors import MT4Error
from panel.ui import staging

WATCH_LIFE = 10
"""Seconds after which a look that no worker took up is dropped: the next one is due."""
PATIENCE = 5.0
SLOW_AFTER = 1.0
QUARTER = 900
"""Zones differ by quarters of an hour: what is left over is the clock's own error."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What one look at a platform found; the offset in seconds, None if it did not answer."""

    state: PlatformState
    detail: str = ""
    latency_ms: int | None = None
    clock_offset: int | None = None
    server_name: str = ""


def watch_client(platform: Platform) -> Client:
    """A client of its own that does not wait as long as one that moves money has to."""
    impatient = replace(
        platform.connection,
        deadline_margin=1.0,
        connect_timeout=min(platform.connection.connect_timeout, PATIENCE),
    )
    return shared(impatient)


def glance(platform: Platform) -> Glance:
    """Ask a platform for its time; never raises."""
    begun = time.monotonic()
    try:
        client = watch_client(platform)
        server_time: datetime = client.call("ServerTime", deadline=PATIENCE).data
        took = time.monotonic() - begun
        name = platform.server_name
        if not name or platform.state not in (PlatformState.CONNECTED, PlatformState.SLOW):
            name = client.call("ManagerCommon", deadline=PATIENCE).data.name
    except MT4Error as error:
        return Glance(PlatformState.AWAY, detail=error.message[:300])
    then = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=took / 2)
    offset = round((server_time - then).total_seconds() / QUARTER) * QUARTER
    slow = took > SLOW_AFTER
    return Glance(
        PlatformState.SLOW if slow else PlatformState.CONNECTED,
        detail=f"Answered after {took:.1f} s." if slow else "",
        latency_ms=round(took * 1000),
        clock_offset=offset,
        server_name=name[:130],
    )


def keep(platform: Platform, seen: Glance) -> None:
    """Write what was seen; a change of state or of the clock's offset is an audit entry."""
    fields: dict[str, object] = {
        "state": seen.state,
        "state_at": timezone.now(),
        "state_detail": seen.detail,
        "latency_ms": seen.latency_ms,
    }
    if seen.clock_offset is not None:
        fields |= {"clock_offset": seen.clock_offset, "server_name": seen.server_name}
    was = {"state": platform.state, "clock_offset": platform.clock_offset}
    now = {name: fields.get(name, was[name]) for name in was}
    with transaction.atomic():
        # Held against what was read before: of two lookers only one tells of a change.
        rows = Platform.objects.filter(pk=platform.pk, **was).update(**fields)
        if rows == 1 and now != was:
            audit.record(
                Actor.system("platform watch"),
                "platform state",
                source="worker",
                obj=("platform", platform.slug, platform.name),
                platform=platform,
                before=was,
                after=now,
                detail=seen.detail,
            )


@shared_task
def watch_platform(platform_id: int) -> None:
    """Look at one platform."""
    platform = Platform.objects.filter(pk=platform_id, enabled=True).first()
    if platform is not None:
        keep(platform, glance(platform))


@shared_task
def watch_platforms() -> None:
    """Have every platform in use looked at, each by itself: one that hangs holds up no other."""
    enabled = Platform.objects.filter(enabled=True)
    for platform_id in enabled.values_list("pk", flat=True):
        watch_platform.apply_async((platform_id,), retry=False, expires=WATCH_LIFE)


@shared_task
def verify_log(user_id: int, request_id: str) -> None:
    """Walk the audit log's chain for a person; the finding is itself an entry."""
    person = User.objects.get(pk=user_id)
    seq, digest = audit.head()
    broken = audit.verify(upto=(seq, digest))
    audit.record(
        Actor.person(person, request_id=request_id),
        "audit verified",
        source="worker",
        obj=("audit", seq, "Audit log"),
        outcome="failed" if broken else "ok",
        detail=f"Broken at entry {broken.seq}: {broken.why}."
        if broken
        else f"The chain holds: {seq} entries, head {digest}.",
    )


@shared_task
def forget_uploads() -> int:
    """Files that were uploaded for forms which nobody sent; returns how many."""
    return staging.sweep()
