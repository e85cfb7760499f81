"""The hash chain: how an entry is hashed, and how the whole is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.apps import apps

from panel.lib.digest import sha256_of_plain

if TYPE_CHECKING:
    from panel.models import AuditEntry

GENESIS = "0" * 64
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


def verify(known_head: tuple[int, str] | None = None) -> Broken | None:
    """Walk the chain from its beginning; None if it holds.

    With a head that was kept elsewhere, a log that was cut short or rewritten is found as well.
    """
    previous, expected = GENESIS, 1
    entries = apps.get_model("panel", "AuditEntry").objects.order_by("seq")
    for entry in entries.iterator(chunk_size=2000):
        if entry.seq != expected:
            return Broken(expected, f"entry {expected} is missing")
        if entry.previous_hash != previous:
            return Broken(entry.seq, "it does not follow the entry before it")
        if entry_hash(entry) != entry.hash:
            return Broken(entry.seq, "its content was changed")
        if known_head and known_head[0] == entry.seq and known_head[1] != entry.hash:
            return Broken(entry.seq, "it is not the entry whose hash was kept")
        previous, expected = entry.hash, expected + 1
    end = head()
    if end != (expected - 1, previous):
        return Broken(expected, f"the log ends at {expected - 1}, its head says {end[0]}")
    if known_head and known_head[0] >= expected:
        return Broken(expected, f"the log ends before entry {known_head[0]}")
    return None
