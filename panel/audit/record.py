"""Appending to the audit log, in the caller's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import transaction
from django.utils import timezone

from panel.audit.chain import entry_hash
from panel.lib.redact import redact

if TYPE_CHECKING:
    from panel.access.actor import Actor
    from panel.models import AuditEntry, ChangeRequest, Platform


def record(
    actor: Actor,
    action: str,
    *,
    source: str,
    obj: tuple[str, object, str] = ("", "", ""),
    platform: Platform | None = None,
    request: ChangeRequest | None = None,
    group: str = "",
    before: Any = None,
    after: Any = None,
    reason: str = "",
    activity_id: str = "",
    code: str = "",
    outcome: str = "ok",
    detail: str = "",
) -> AuditEntry:
    """Append one entry; `obj` is (kind, key, words) of what it is about.

    Belongs at the end of the transaction of what it tells of: the head of the chain stays locked
    until that commits. Secrets in `before` and `after` are masked by the names of their fields.
    """
    from panel.lib.digest import plain

    entry_model = apps.get_model("panel", "AuditEntry")
    head_model = apps.get_model("panel", "AuditHead")
    platform = platform or (request.platform if request else None)
    kind, key, words = obj
    with transaction.atomic():
        head = head_model.objects.select_for_update().get(pk=1)
        entry: AuditEntry = entry_model(
            seq=head.seq + 1,
            at=timezone.now(),
            actor_id=actor.user.pk if actor.user else None,
            actor=actor.label[:200],
            roles=actor.roles[:300],
            session=actor.session,
            address=actor.address,
            source=source,
            action=action,
            platform_id=platform.pk if platform else None,
            platform=platform.name if platform else "",
            object_kind=kind or (request.object_kind if request else ""),
            object_key=str(key or (request.object_key if request else ""))[:100],
            object_text=(words or (request.object_text if request else ""))[:200],
            mt4_group=group or (request.mt4_group if request else ""),
            reference=request.reference if request else "",
            before=plain(redact(before)),
            after=plain(redact(after)),
            reason=reason,
            request_id=actor.request_id or (request.request_id if request else ""),
            activity_id=activity_id,
            code=code,
            outcome=outcome,
            detail=detail,
            previous_hash=head.hash,
        )
        entry.hash = entry_hash(entry)
        entry_model.objects.bulk_create([entry])
        head_model.objects.filter(pk=1).update(seq=entry.seq, hash=entry.hash)
    return entry
