"""The end of the audit log, remembered outside the database: in the cache and in DATA_DIR.

Where it is ahead of the database's own, the database was put back from a backup.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.db import connection

from panel.models import AuditEntry, AuditHead

KEY = "audit-head"


@dataclass(frozen=True, slots=True)
class Remembered:
    """The newest entry at some moment. `first` is the hash of entry 1: it tells one panel's log
    from another's, so that a fresh database is not taken for a restored one."""

    first: str
    seq: int
    hash: str


def remember(*, on_disk: bool = False) -> None:
    """Keep the present end of the log. Nothing is kept inside a transaction, which may yet be
    rolled back; the file is written where it is asked for: it is for when the cache is lost too."""
    if connection.in_atomic_block:
        return
    first = AuditEntry.objects.filter(seq=1).values_list("hash", flat=True).first()
    if first is None:
        return
    head = AuditHead.objects.get(pk=1)
    kept = json.dumps(asdict(Remembered(first, head.seq, head.hash)))
    cache.set(KEY, kept, None)
    if on_disk:
        path = _path()
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(kept)
        draft.replace(path)


def ahead() -> Remembered | None:
    """What is remembered and the database does not have, or has otherwise; None if all is well."""
    memories = [one for one in (_parse(cache.get(KEY)), _parse(_read())) if one is not None]
    if not memories:
        return None
    numbers = {1, *(one.seq for one in memories)}
    entries = dict(AuditEntry.objects.filter(seq__in=numbers).values_list("seq", "hash"))
    lost = [
        one for one in memories if entries.get(1) == one.first and entries.get(one.seq) != one.hash
    ]
    return max(lost, key=lambda one: one.seq, default=None)


def _path() -> Path:
    return Path(settings.DATA_DIR) / "audit-head.json"


def _read() -> str | None:
    try:
        return _path().read_text()
    except FileNotFoundError:
        return None


def _parse(kept: str | None) -> Remembered | None:
    return Remembered(**json.loads(kept)) if kept else None
