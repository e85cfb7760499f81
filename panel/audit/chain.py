"""The hash chain: how an entry is hashed, and how the whole is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Subquery

from panel.lib.digest import sha256_of_plain

if TYPE_CHECKING:
    from panel.models import AuditEntry

GENESIS = "0" * 64
# Entries that a walk reads at a time.
AT_ONCE = 2_000
FIELDS = (
    "seq",
    "actor_id",
    "actor",
    "roles",
    "session",
    "address",
    "source",
    "action",
    "platform_id",
    "platform",
    "object_kind",
    "object_key",
    "object_text",
    "mt4_group",
    "reference",
    "before",
    "after",
    "reason",
    "request_id",
    "activity_id",
    "code",
    "outcome",
    "detail",
    "previous_hash",
)


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry at which the chain does not hold, and why."""

    seq: int
    why: str


def entry_hash(entry: AuditEntry) -> str:
    """SHA-256 over every field of the entry, the hash before it included."""
    return hash_of({name: getattr(entry, name) for name in FIELDS}, entry.at)


def hash_of(fields: Mapping[str, Any], at: datetime) -> str:
    """The hash of an entry that is made of these `FIELDS` at this moment; plain values only."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return sha256_of_plain({**fields, "at": moment})


def head() -> tuple[int, str]:
    """The number and hash of the last entry, to be kept elsewhere and compared later."""
    row = apps.get_model("panel", "AuditHead").objects.get(pk=1)
    return row.seq, row.hash


def verify(
    known_head: tuple[int, str] | None = None, *, upto: tuple[int, str] | None = None
) -> Broken | None:
    """Walk the chain from its beginning; None if it holds.

    `upto` is the head at which the walk ends, read before it begins (here, if it is not given):
    entries up to a head never change, so whatever is written meanwhile disturbs neither the walk
    nor the writers. With a head that was kept elsewhere, a log that was cut short or rewritten is
    found as well.
    """
    end = upto or head()
    previous, expected = GENESIS, 1
    rows = apps.get_model("panel", "AuditEntry").objects.order_by("seq")
    while expected <= end[0]:
        # In portions: a cursor over the whole log would hold its snapshot open for as long.
        entries = list(rows.filter(seq__range=(expected, end[0]))[:AT_ONCE])
        if not entries:
            return Broken(expected, f"entry {expected} is missing")
        for entry in entries:
            why = _wrong(entry, expected, previous, known_head)
            if why:
                return Broken(expected, why)
            previous, expected = entry.hash, expected + 1
    if previous != end[1]:
        return Broken(end[0], "its hash is not the one that the log's head says")
    if known_head and known_head[0] >= expected:
        return Broken(expected, f"the log ends before entry {known_head[0]}")
    return _beyond_head()


def _wrong(
    entry: AuditEntry, expected: int, previous: str, known_head: tuple[int, str] | None
) -> str:
    """Why an entry is not the one that belongs here; empty if it is."""
    if entry.seq != expected:
        return f"entry {expected} is missing"
    if entry.previous_hash != previous:
        return "it does not follow the entry before it"
    if entry_hash(entry) != entry.hash:
        return "its content was changed"
    if known_head and known_head[0] == entry.seq and known_head[1] != entry.hash:
        return "it is not the entry whose hash was kept"
    return ""


def _beyond_head() -> Broken | None:
    """Entries of which the head does not know. One statement sees both at the same moment."""
    last = apps.get_model("panel", "AuditEntry").objects.order_by("-seq").values("seq")[:1]
    rows = apps.get_model("panel", "AuditHead").objects.filter(pk=1)
    seq, newest = rows.values_list("seq", Subquery(last)).get()
    if (newest or 0) == seq:
        return None
    return Broken(seq + 1, f"the log ends at {newest or 0}, its head says {seq}")
