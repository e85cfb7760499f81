"""Lines of unknown outcome: each becomes a request of its own, and goes the way of any other.

The request carries the line's reference and its key, and the step that was announced: so
reconciling looks for evidence first, then sends with the same key, and asks two people where
MT4's records do not decide. The line and its payment follow the request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from panel import audit
from panel.access.actor import Actor
from panel.commands import holds
from panel.commands.happenings import happened
from panel.commands.payload import to_payload
from panel.commands.sending import Verdict
from panel.lib.digest import plain, sha256
from panel.models import ChangeRequest, Happening, RequestAuthor, Status
from payments.bulk.engine.chunk import STEP, State
from payments.bulk.engine.line import BulkLine
from payments.desk.separation import deciders_of_lines, people_of_file
from payments.models import BulkFile, BulkItem, Kind, Method, Payment

WORKER = Actor.system("worker")
CORRECTIONS = (Kind.CORRECTION_IN, Kind.CORRECTION_OUT)


def fields_of(item: BulkItem, file: BulkFile) -> dict[str, Any]:
    """The payment of a line that was, or may have been, carried out: its fields by name."""
    return {
        "reference": item.reference,
        "kind": item.kind,
        # A correction stays within the house, whichever way the rest of the file takes.
        "method": Method.INTERNAL if item.kind in CORRECTIONS else file.method,
        "external_reference": item.external_reference,
        "external_reference_key": item.external_reference_key,
        "amount": item.amount,
        "currency": item.currency,
        "platform_id": file.platform_id,
        "login": item.login,
        "account_name": item.account_name,
        "mt4_group": item.mt4_group,
        "comment": item.comment,
        "asked_after": (item.mark or {}).get("ticket", file.asked_after),
    }


def make_requests(
    file: BulkFile, run: ChangeRequest, items: Sequence[BulkItem], doubts: Mapping[int, Verdict]
) -> list[audit.Happening]:
    """Requests for lines that may have been sent, with what the audit log is to be told.

    `doubts` says why, by line's key. Their accounts stay held, now by these requests.
    """
    if not items:
        return []
    with transaction.atomic():
        requests = ChangeRequest.objects.bulk_create(
            [_request(file, run, item, doubts[item.pk]) for item in items]
        )
        for one in requests:
            if one.needs_person:
                happened(one, Happening.Event.STUCK)
        _copy_hands(file, items, requests)
        Payment.objects.bulk_create(
            [
                Payment(
                    **fields_of(item, file),
                    request=one,
                    created=run.created,
                    status=Status.UNKNOWN,
                )
                for item, one in zip(items, requests, strict=True)
            ]
        )
        BulkItem.objects.filter(pk__in=[item.pk for item in items]).update(
            state=State.UNKNOWN,
            code="OutcomeUnknown",
            text="Its outcome is unknown; the panel looks for evidence.",
            lease_until=None,
            call_until=None,
            finished=None,
            not_before=None,
        )
        first: dict[int, ChangeRequest] = {}
        for item, one in zip(items, requests, strict=True):
            first.setdefault(item.login, one)
        holds.hand_over(run, first)
    return [
        audit.Happening(
            actor=WORKER,
            action="request unknown",
            source="worker",
            request=one,
            platform=file.platform,
            after=one.payload,
            code="OutcomeUnknown",
            outcome="unknown",
            detail=f"Line {item.line} of {file.name}, {run.reference}: {doubts[item.pk].text}",
        )
        for item, one in zip(items, requests, strict=True)
    ]


def _request(file: BulkFile, run: ChangeRequest, item: BulkItem, doubt: Verdict) -> ChangeRequest:
    now = timezone.now()
    # A line that was being sent by a version that kept no mark counts as sent.
    sent = {"started": now.isoformat(), "mark": item.mark or {}, "sendings": 1}
    was_sent = item.mark is not None or item.state == State.SENDING
    command = BulkLine(
        platform=file.platform.slug,
        item=item.pk,
        line=item.line,
        login=item.login,
        kind=item.kind,
        amount=item.amount,
        comment=item.comment,
        expires=item.expires,
    )
    payload = to_payload(command)
    return ChangeRequest(
        reference=item.reference,
        platform=file.platform,
        command=command.name,
        payload=payload,
        payload_digest=sha256(payload),
        preview=plain(command.preview(None).as_json()),
        object_kind="account",
        object_key=str(item.login),
        object_text=f"{item.login} {item.account_name}"[:200],
        login=item.login,
        mt4_group=item.mt4_group,
        amount=item.amount,
        currency=item.currency,
        moves_money=True,
        maker_id=run.maker_id,
        source="worker",
        reason=f"Line {item.line} of {file.name}, {run.reference}.",
        idempotency_key=f"line {item.pk} {item.reference}",
        status=Status.UNKNOWN,
        policy_text=f"Approved with {run.reference}.",
        decided=run.decided,
        expires=now + settings.REQUEST_LIFETIME,
        mt4_key=item.mt4_key,
        attempt=1,
        progress={STEP: sent if was_sent else {"sendings": 0}},
        outcome_code="OutcomeUnknown",
        outcome_text=doubt.text,
        needs_person=doubt.needs_person,
        unknown_since=now,
        next_check=now + timedelta(seconds=settings.RECONCILE_PAUSE),
    )


def _copy_hands(
    file: BulkFile, items: Sequence[BulkItem], requests: Sequence[ChangeRequest]
) -> None:
    """Whoever has a hand in the file or in the line has none in settling the line."""
    of_file = people_of_file(file)
    of_lines = deciders_of_lines(file, [item.line for item in items])
    RequestAuthor.objects.bulk_create(
        RequestAuthor(request=one, user_id=user)
        for item, one in zip(items, requests, strict=True)
        for user in sorted(of_file | of_lines.get(item.line, set()))
    )
