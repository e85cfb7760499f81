"""Pages of payout batches: the list, a batch, its file, and ending it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from panel import audit
from panel.access import contact
from panel.access.request import PanelRequest
from panel.commands.base import Command, Invalid
from panel.models import ChangeRequest, Platform
from panel.ui import search
from panel.ui.administration import ReasonForm
from panel.ui.commands import CommandView
from panel.ui.csv_answer import plain_name
from panel.ui.links import Link
from panel.ui.platform import at
from panel.ui.views import OnPlatform, PanelView, TableView
from payments.beneficiaries import details
from payments.models import PayoutAnswer, PayoutBatch, PayoutFile, PayoutLine
from payments.payouts import bankfile, sending
from payments.payouts.choosing import batches_of
from payments.payouts.failing import waiting
from payments.payouts.making import CancelBatch
from payments.payouts.tables import BatchTable, batch_url

PAY = "payments.payout"
TYPES = {
    PayoutFile.Form.CSV: ("text/csv; charset=utf-8", "csv"),
    PayoutFile.Form.PAIN001: ("application/xml; charset=utf-8", "xml"),
}


class BatchListView(OnPlatform, TableView):
    """The batches of the platform in use."""

    permission: ClassVar[str] = "payments.view"
    title: ClassVar[str] = "Payout batches"
    table_class = BatchTable
    search_words: ClassVar[str] = "Reference of a batch or a withdrawal, paying account"

    def get_queryset(self) -> QuerySet[Any]:
        """Within the person's scopes, with what each counts."""
        rows = batches_of(self.request.actor.person_or_fail())
        waiting = Q(lines__state=PayoutLine.State.LISTED)
        rows = rows.filter(platform=self.platform).annotate(
            count=Count("lines"), waiting=Count("lines", filter=waiting), total=Sum("lines__amount")
        )
        return rows.select_related("account", "made_by")

    def search(self, queryset: QuerySet[Any], words: str) -> QuerySet[Any]:
        """A reference from its start, part of the provider's or of the account's name."""
        lines = PayoutLine.objects.filter(
            search.by_reference("withdrawal__payment__reference", words)
            | Q(provider_reference__icontains=words)
        )
        return queryset.filter(
            search.by_reference("reference", words)
            | Q(account__name__icontains=words)
            | Q(pk__in=lines.values("batch"))
        )

    def get_primary(self) -> Link | None:
        """Where the withdrawals are ticked."""
        if not self.request.actor.may(PAY):
            return None
        to_pay = at(reverse("withdrawal_stage", args=("to-pay",)), self.platform)
        return Link("To pay out", to_pay, "arrow-bar-to-up")

    def get_more(self) -> Sequence[Link]:
        """The accounts that pay."""
        return [Link("Paying accounts", reverse("paying_account_list"), "building-bank")]


class OfBatch(PanelView):
    """What the views of one batch have in common."""

    permission: ClassVar[str] = "payments.view"

    @cached_property
    def batch(self) -> PayoutBatch:
        """The batch, if this person may see all of it; for others it does not exist."""
        rows = batches_of(self.request.actor.person_or_fail())
        rows = rows.select_related("account", "made_by", "platform", "file")
        found: PayoutBatch = get_object_or_404(rows, reference=self.kwargs["reference"])
        return found

    def get_page_platform(self) -> Platform:
        """The batch's."""
        return self.batch.platform

    def get_crumbs(self) -> Sequence[Link]:
        """Below the list, and below the batch for what belongs to it."""
        crumbs = [Link("Payout batches", at(reverse("payout_batch_list"), self.batch.platform))]
        if self.title:
            crumbs.append(Link(f"Batch {self.batch}", batch_url(self.batch)))
        return crumbs

    def get_title(self) -> str:
        """The page's own, or the batch's."""
        return super().get_title() or f"Batch {self.batch}"


class BatchView(OfBatch):
    """A batch: what it pays, its file, and what the provider answered."""

    template_name = "payments/payouts/batch.html"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.trouble = ""

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page."""
        return self.show()

    def show(self, status: int = 200) -> HttpResponse:
        """The page, with what could not be done."""
        batch, actor = self.batch, self.request.actor
        rows = PayoutLine.objects.filter(batch=batch).order_by("number")
        lines = list(rows.select_related("withdrawal__payment"))
        counted = [line for line in lines if line.state != PayoutLine.State.TAKEN_OUT]
        clear = actor.may(contact.RIGHT)
        file = PayoutFile.objects.filter(batch=batch).first()
        failing = waiting(batch.reference, [str(line.withdrawal) for line in lines])
        is_open = batch.state in (PayoutBatch.State.OPEN, PayoutBatch.State.SENT)
        return self.render(
            status=status,
            batch=batch,
            trouble=self.trouble,
            lines=[
                (line, _number(line, clear=clear), failing.get(str(line.withdrawal)))
                for line in lines
            ],
            failing=len(failing),
            count=len(counted),
            total=sending.control_sum(counted),
            file=file,
            no_pain001=bankfile.no_pain001(batch, counted),
            answers=list(PayoutAnswer.objects.filter(batch=batch).select_related("uploaded_by")),
            may_pay=actor.may(PAY),
            may_download=actor.may(PAY) and clear,
            is_open=is_open,
        )


def _number(line: PayoutLine, *, clear: bool) -> str:
    return (
        details.spaced(line.paid_to) if clear else details.masked(details.number_of(line.paid_to))
    )


class FileView(BatchView):
    """The file for the bank: made by the first POST, downloaded by GET, each recorded."""

    permission: ClassVar[str] = PAY

    def may(self, request: PanelRequest) -> bool:
        """It holds whole account numbers."""
        return super().may(request) and request.actor.may(contact.RIGHT)

    def post(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Make it; from now on the bank may have it."""
        form = request.POST.get("form", "")
        if form not in PayoutFile.Form.values:
            self.trouble = "Choose what kind of file the bank takes."
            return self.show(422)
        try:
            sending.make_file(self.batch, form, request.actor)
        except Invalid as refused:
            self.trouble = str(refused)
            return self.show(409)
        return HttpResponseRedirect(batch_url(self.batch))

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The same bytes each time."""
        file = get_object_or_404(PayoutFile, batch=self.batch)
        batch = self.batch
        lines = sending.lines_of(batch)
        kind, ending = TYPES[PayoutFile.Form(file.form)]
        total = bankfile.amount_text(sending.control_sum(lines), batch.currency, batch.method)
        name = f"{batch.reference}-{len(lines)}-payouts-{total}-{batch.currency}.{ending}"
        audit.record(
            request.actor,
            "payout file downloaded",
            source="web",
            request=batch.request,
            obj=("payout batch", batch.reference, str(batch)),
            after={"form": file.form, "sha256": file.sha256},
        )
        headers = {"Content-Disposition": f'attachment; filename="{plain_name(name)}"'}
        return HttpResponse(file.content.encode(), content_type=kind, headers=headers)


class CancelView(OfBatch, CommandView):
    """Ending a batch."""

    permission: ClassVar[str] = PAY
    title: ClassVar[str] = "End batch"
    form_class = ReasonForm
    dangerous = True

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The end."""
        return CancelBatch(batch=self.batch.reference)

    def get_done_url(self, change: ChangeRequest) -> str:
        """The batch, or the request that waits for somebody."""
        if change.result:
            return batch_url(self.batch)
        return super().get_done_url(change)
