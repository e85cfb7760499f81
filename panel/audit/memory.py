"""The end of the audit log, remembered outside the database: in the cache and in DATA_DIR.

Where the database does not have the entry that is remembered, it was put back from a backup.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import Q

from panel.models import AuditEntry, AuditHead

log = structlog.get_logger(__name__)
KEY = "audit-head"


@dataclass(frozen=True, slots=True)
class Remembered:
    """The newest entry at some moment.

    `first` is the hash of entry 1: it tells one panel's log from another's, so that a fresh
    database is not taken for a restored one. `era` names the last restored backup that was noticed
    by then, empty before any: what was remembered in an earlier era is lost with a backup that is
    known already. It needs no clock.
    """

    first: str
    seq: int
    hash: str
    era: str = ""


def look(eras: Sequence[str]) -> tuple[Remembered | None, Remembered | None]:
    """The present end of the log (None if it is empty), and the newest entry that is remembered
    and that the log does not have, or has otherwise (None if all is well).

    `eras` are the restored backups noticed so far, oldest first. One statement reads both, so that
    a database that is put back meanwhile is seen either before or after.
    """
    memories = [one for one in (_parse(cache.get(KEY)), _parse(_read())) if one is not None]
    end = AuditHead.objects.filter(pk=1).values("seq")[:1]
    wanted = Q(seq__in={1, *(one.seq for one in memories)}) | Q(seq=end)
    entries = dict(AuditEntry.objects.filter(wanted).values_list("seq", "hash"))
    if 1 not in entries:
        return None, None
    seq, known = max(entries), ["", *eras]
    lost = [
        one
        for one in memories
        if one.first == entries[1]
        and one.era not in known[:-1]
        and entries.get(one.seq) != one.hash
    ]
    present = Remembered(entries[1], seq, entries[seq], known[-1])
    return present, max(lost, key=lambda one: one.seq, default=None)


def remember(end: Remembered, *, on_disk: bool = False) -> None:
    """Keep the end of the log that `look` has just found whole.

    Nothing is kept inside a transaction, which may yet be rolled back; the file is written where it
    is asked for: it is for when the cache is lost too.
    """
    if connection.in_atomic_block:
        return
    if _goes_on(_parse(cache.get(KEY)), end):
        cache.set(KEY, json.dumps(asdict(end)), None)
    if on_disk and _goes_on(_parse(_read()), end):
        _write(json.dumps(asdict(end)))


def _goes_on(kept: Remembered | None, end: Remembered) -> bool:
    """Whether the end is not behind what another process has kept since it was read."""
    if kept is None or (kept.first, kept.era) != (end.first, end.era):
        return True
    return kept.seq < end.seq


def _path() -> Path:
    return Path(settings.DATA_DIR) / "audit-head.json"


def _read() -> str | None:
    try:
        return _path().read_text()
    except FileNotFoundError:
        return None


def _write(kept: str) -> None:
    """All or nothing, on the disk: machines may share the folder, and lose their power."""
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    number, draft = tempfile.mkstemp(prefix=f"{path.stem}-", dir=path.parent)
    try:
        with os.fdopen(number, "w") as file:
            file.write(kept)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _parse(kept: str | None) -> Remembered | None:
    """What was kept; None for nothing, and for a file that a fallen machine left in pieces."""
    if not kept:
        return None
    try:
        return Remembered(**json.loads(kept))
    except (ValueError, TypeError):
        log.exception("the remembered end of the audit log is no record of it")
        return None
