"""Appending to the audit log, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import transaction
from django.utils import timezone

from panel.audit.chain import hash_of
from panel.lib import rows
from panel.lib.redact import redact

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.models import AuditEntry, ChangeRequest, Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """What an entry tells. `obj` is (kind, key, words) of what it is about.

    What is not said is taken from the request. Secrets in `before` and `after` are masked by the
    names of their fields.
    """

    actor: Actor
    action: str
    source: str
    obj: tuple[str, object, str] = ("", "", "")
    platform: Platform | None = None
    request: ChangeRequest | None = None
    reference: str = ""
    group: str = ""
    before: Any = None
    after: Any = None
    reason: str = ""
    activity_id: str = ""
    code: str = ""
    outcome: str = "ok"
    detail: str = ""


def record(actor: Actor, action: str, *, source: str, **told: Any) -> AuditEntry:
    """Append one entry; the keywords are those of `Happening`.

    Belongs at the end of the transaction of what it tells of: the head of the chain stays locked
    until that commits. PostgreSQL looks at foreign keys only then, and locks the rows they point
    to: so other rows are locked with `no_key=True`, which lets it, and never waits for it here.
    """
    [entry] = _append([Happening(actor=actor, action=action, source=source, **told)])
    model: type[AuditEntry] = apps.get_model("panel", "AuditEntry")
    return model(**entry)


def record_many(happenings: Sequence[Happening]) -> None:
    """Append entries in their order, under one lock of the chain's head."""
    if happenings:
        _append(happenings)


def _append(happenings: Sequence[Happening]) -> list[dict[str, Any]]:
    """Append at least one; the fields of each entry, in the order of its columns."""
    head_model = apps.get_model("panel", "AuditHead")
    entries = [_fields(one) for one in happenings]
    with transaction.atomic():
        head = head_model.objects.select_for_update(no_key=True).get(pk=1)
        seq, previous, now = head.seq, head.hash, timezone.now()
        for entry in entries:
            seq += 1
            entry |= {"seq": seq, "previous_hash": previous}
            previous = hash_of(entry, now)
            entry |= {"at": now, "hash": previous}
        rows.insert(apps.get_model("panel", "AuditEntry"), entries)
        head_model.objects.filter(pk=1).update(seq=seq, hash=previous)
    return entries


def _fields(one: Happening) -> dict[str, Any]:
    """The columns that do not depend on the place in the chain."""
    from panel.lib.digest import plain

    request, actor = one.request, one.actor
    platform = one.platform or (request.platform if request else None)
    kind, key, words = one.obj
    return {
        "actor_id": actor.user.pk if actor.user else None,
        "actor": actor.label[:200],
        "roles": actor.roles[:300],
        "session": actor.session,
        "address": actor.address,
        "source": one.source,
        "action": one.action,
        "platform_id": platform.pk if platform else None,
        "platform": platform.name if platform else "",
        "object_kind": kind or (request.object_kind if request else ""),
        "object_key": str(key or (request.object_key if request else ""))[:100],
        "object_text": (words or (request.object_text if request else ""))[:200],
        "mt4_group": one.group or (request.mt4_group if request else ""),
        "reference": one.reference or (request.reference if request else ""),
        "before": plain(redact(one.before)),
        "after": plain(redact(one.after)),
        "reason": one.reason,
        "request_id": actor.request_id or (request.request_id if request else ""),
        "activity_id": one.activity_id,
        "code": one.code,
        "outcome": one.outcome,
        "detail": one.detail,
    }
