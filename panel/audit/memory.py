"""The end of the audit log, remembered outside the database: in the cache and in DATA_DIR.

Where the database does not have the entry that is remembered, it was put back from a backup. Both
places are asked before every sending. One that cannot be read does not stop it: the other is gone
by, and the process's log says so. With both unreadable there is nothing to compare, and the log
says that: the look into MT4's records before each first sending remains.
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
from redis.exceptions import RedisError

from panel.models import AuditEntry, AuditHead

log = structlog.get_logger(__name__)
KEY = "audit-head"
MODE = 0o640


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
    memories = [one for one, _ in map(_recall, _PLACES) if one is not None]
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
    is asked for: it is for when the cache is lost too. What cannot be read is not written over: it
    may tell another process, which can read it, of a restored backup.
    """
    if connection.in_atomic_block:
        return
    for place, write in _WRITES.items() if on_disk else [("cache", _WRITES["cache"])]:
        kept, readable = _recall(place)
        if not readable or not _goes_on(kept, end):
            continue
        try:
            write(json.dumps(asdict(end)))
        except _TROUBLES:
            log.exception("the end of the audit log cannot be remembered", place=place)


def _goes_on(kept: Remembered | None, end: Remembered) -> bool:
    """Whether the end is not behind what another process has kept since it was read."""
    if kept is None or (kept.first, kept.era) != (end.first, end.era):
        return True
    return kept.seq < end.seq


def _path() -> Path:
    return Path(settings.DATA_DIR) / "audit-head.json"


def _read() -> bytes | None:
    try:
        return _path().read_bytes()
    except FileNotFoundError:
        return None


def _write(kept: str) -> None:
    """All or nothing, on the disk: machines may share the folder, and lose their power. Processes
    of other users of the same group read it too.
    """
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    number, draft = tempfile.mkstemp(prefix=f"{path.stem}-", dir=path.parent)
    try:
        with os.fdopen(number, "w") as file:
            os.fchmod(number, MODE)
            file.write(kept)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _recall(place: str) -> tuple[Remembered | None, bool]:
    """What a place remembers, and whether it could be read. None for nothing, and for what is no
    record, such as a file that a fallen machine left in pieces. Trouble is told when it begins.
    """
    try:
        kept = _PLACES[place]()
    except _TROUBLES as error:
        _tell(place, "it cannot be read", error)
        return None, False
    try:
        found = _parse(kept)
    except (ValueError, TypeError) as error:
        _tell(place, "it is no record", error)
        return None, True
    _told.pop(place, None)
    return found, True


def _parse(kept: str | bytes | None) -> Remembered | None:
    """What was kept; None for nothing. Raises `ValueError` and `TypeError` for anything else."""
    if not kept:
        return None
    found = Remembered(**json.loads(kept))
    if not isinstance(found.seq, int):
        raise TypeError("The number of an entry is an integer.")
    if not all(isinstance(text, str) for text in (found.first, found.hash, found.era)):
        raise TypeError("Hashes are text.")
    return found


def _tell(place: str, trouble: str, error: Exception) -> None:
    """Once, not before every sending."""
    if _told.get(place) == trouble:
        return
    _told[place] = trouble
    log.error(
        "a place that remembers the end of the audit log is of no use",
        place=place,
        trouble=trouble,
        exc_info=error,
    )
    if len(_told) == len(_PLACES):
        log.error("nothing remembers the audit log: a restored backup would not be noticed")


_TROUBLES = (OSError, RedisError)
_PLACES = {"cache": lambda: cache.get(KEY), "file": _read}
_WRITES = {"cache": lambda kept: cache.set(KEY, kept, None), "file": _write}
# The trouble with a place, of which this process has told already.
_told: dict[str, str] = {}
