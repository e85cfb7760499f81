"""Tasks of the pages: a look at every platform, and checking the audit log when asked to."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from panel import audit
from panel.access.actor import Actor
from panel.commands import restoration
from panel.models import Platform, PlatformState, User
from panel.mt4.client import PATIENCE, Client, impatient, shared
from panel.mt4.errors import MT4Error
from panel.ui import staging

WATCH_LIFE = 10
"""Seconds after which a look that no worker took up is dropped: the next one is due."""
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
    identity: str = ""


def watch_client(platform: Platform) -> Client:
    """A client of its own that does not wait as long as one that moves money has to."""
    return shared(impatient(platform.address))


def glance(platform: Platform) -> Glance:
    """Ask a platform for its time; never raises."""
    begun = time.monotonic()
    try:
        client = watch_client(platform)
        server_time: datetime = client.call("ServerTime", deadline=PATIENCE).data
        took = time.monotonic() - begun
        common = client.call("ManagerCommon", deadline=PATIENCE).data
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
        server_name=common.name[:130],
        identity=common.identity,
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
        other = other_server(platform, seen.identity)
        fields |= {"other_server": other}
        if other:
            fields |= {"state": PlatformState.AWAY, "state_detail": other[:300]}
        else:
            fields |= {
                "clock_offset": seen.clock_offset,
                "server_name": seen.server_name,
                "identity": seen.identity,
            }
    was = {
        "state": platform.state,
        "clock_offset": platform.clock_offset,
        "identity": platform.identity,
        "other_server": platform.other_server,
    }
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
                detail=str(fields["state_detail"]),
            )


def other_server(platform: Platform, identity: str) -> str:
    """Why what answers at a platform's address is not its server, in words; empty if it is.

    A platform that was never reached takes the one that answers, unless another platform has it.
    """
    if platform.identity:
        if platform.identity == identity:
            return ""
        return (
            f"{identity} answers at its address, not {platform.identity}: nothing is asked of it."
        )
    same = Platform.objects.filter(identity=identity).exclude(pk=platform.pk).first()
    if same is None:
        return ""
    return f"{identity} answers there, which is the platform {same.name} already."


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
def watch_restoration() -> None:
    """Notice a restored backup, and look on MT4 for what was open in it."""
    row = restoration.notice(on_disk=True)
    if row is not None and row.looked is None:
        restoration.look_for_open(row)


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
