"""Downloading what is attached: for those with the right, always as a file, always recorded."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import FileResponse, Http404, HttpResponseBase
from django.shortcuts import get_object_or_404

from panel import audit
from panel.access.request import PanelRequest
from panel.door.views import PermissionRequired
from payments.desk.files import digest_of, path_of
from payments.models import Attachment
from payments.queries import payments_of


class AttachmentView(PermissionRequired):
    """One file. It is not shown in the browser: nothing in it may act as a page of the panel."""

    permission: ClassVar[str] = "payments.attachments"

    def get(
        self, request: PanelRequest, *args: Any, reference: str, pk: int, **kwargs: Any
    ) -> HttpResponseBase:
        """The file as it was attached; one that is no longer the same is not handed out."""
        payments = payments_of(request.actor.person_or_fail())
        rows = Attachment.objects.filter(payment__in=payments)
        rows = rows.select_related("payment__request__platform")
        row = get_object_or_404(rows, pk=pk, payment__reference=reference)
        self._record(request, row, self._trouble(row))
        response = FileResponse(
            path_of(row.stored).open("rb"),
            as_attachment=True,
            filename=row.name,
            content_type=row.content_type,
        )
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response

    def _trouble(self, row: Attachment) -> str:
        try:
            same = digest_of(row.stored) == row.sha256
        except FileNotFoundError:
            return "It is no longer in the data folder."
        return "" if same else "What lies in the data folder is not what was attached."

    def _record(self, request: PanelRequest, row: Attachment, trouble: str) -> None:
        audit.record(
            request.actor,
            "attachment downloaded",
            source="web",
            request=row.payment.request,
            obj=("attachment", row.pk, row.name),
            outcome="failed" if trouble else "ok",
            detail=trouble or f"{row.size} bytes, SHA-256 {row.sha256}.",
        )
        if trouble:
            raise Http404(f"{row.name}: {trouble}")
