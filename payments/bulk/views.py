"""Pages of bulk files: the list, the upload, a file from its check to its end, its lines."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from panel import audit
from panel.access import contact
from panel.access.request import PanelRequest
from panel.models import Platform
from panel.ui import search
from panel.ui.file_errors import SHOWN, FileErrors
from panel.ui.links import Link
from panel.ui.platform import at
from panel.ui.progress import progress_answer
from panel.ui.views import OnPlatform, PanelView, TableView
from payments.bulk import store
from payments.bulk.check import check
from payments.bulk.command import CarryOutRest, open_request
from payments.bulk.faults import faults_of
from payments.bulk.forms import UploadForm
from payments.bulk.queries import ENDED, MOVING, counts_of, files_of, progress_of
from payments.bulk.read import is_workbook
from payments.bulk.sums import flows_of, shown
from payments.bulk.tables import FileFilter, FileTable, LineFilter, LineTable
from payments.bulk.tasks import check_soon
from payments.flows import signed
from payments.models import BulkFile, BulkItem, WarningCheck
from payments.watermark import newest_known

UPLOAD = "payments.bulk"
# Something happens to the file that no bar shows: the page asks again by itself.
WAITING = (BulkFile.State.CHECKING, BulkFile.State.SUBMITTED)
# Files of this size are checked while one waits for the answer.
AT_ONCE = 64 * 1024


class FileListView(OnPlatform, TableView):
    """The files of the platform in use."""

    permission: ClassVar[str] = "payments.view"
    title: ClassVar[str] = "Bulk files"
    table_class = FileTable
    filterset_class = FileFilter
    search_words: ClassVar[str] = "Name or request"

    def get_queryset(self) -> QuerySet[BulkFile]:
        """Within the person's scopes."""
        rows = files_of(self.request.actor.person_or_fail())
        rows = rows.filter(platform=self.platform)
        return rows.select_related("uploaded_by", "run")

    def search(self, queryset: QuerySet[Any], words: str) -> QuerySet[Any]:
        """Part of the name, or of the reference."""
        named = Q(name__icontains=words)
        return queryset.filter(named | search.by_reference("run__reference", words))

    def get_primary(self) -> Link | None:
        """Uploading."""
        if not self.request.actor.may(UPLOAD):
            return None
        return Link("Upload a file", at(reverse("bulk_upload"), self.platform), "upload")


class UploadView(OnPlatform):
    """A file or pasted rows for the platform that the form names; stored, then checked."""

    permission: ClassVar[str] = UPLOAD
    title: ClassVar[str] = "Upload payments"
    template_name = "payments/bulk/upload.html"

    def get_crumbs(self) -> Sequence[Link]:
        """Below the list."""
        return (Link("Bulk files", at(reverse("bulk_list"), self.platform)),)

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The empty form."""
        return self.render(form=UploadForm())

    def post(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Store it, check it or have it checked, and go to its page."""
        form = UploadForm(request.POST, request.FILES)
        platform = self.platform
        if platform is None:
            raise Http404("There is no platform.")
        if not form.is_valid():
            return self.render(form=form, status=422)
        try:
            file = self.keep(platform, form.cleaned_data)
        except store.TooLarge:
            form.add_error("file", "The file is larger than 50 MiB: part it.")
            return self.render(form=form, status=422)
        if file.size <= AT_ONCE:
            check(file.pk)
        else:
            check_soon(file.pk)
        return HttpResponseRedirect(reverse("bulk_file", args=(file.pk,)))

    def keep(self, platform: Platform, cleaned: dict[str, Any]) -> BulkFile:
        """The stored file; raises `TooLarge`."""
        uploaded = cleaned["file"]
        if uploaded:
            book = is_workbook(uploaded)
            source = BulkFile.Source.XLSX if book else BulkFile.Source.CSV
            kept = store.keep(uploaded.chunks())
        else:
            source = BulkFile.Source.PASTE
            kept = store.keep([cleaned["rows"].encode()])
        actor = self.request.actor
        with transaction.atomic():
            file = BulkFile.objects.create(
                asked_after=newest_known(platform)[0],
                platform=platform,
                name=uploaded.name[:200] if uploaded else "pasted rows",
                sha256=kept.sha256,
                size=kept.size,
                stored=kept.name,
                source=source,
                method=cleaned["method"],
                credit_expires=cleaned["credit_expires"],
                uploaded_by=actor.person_or_fail(),
            )
            audit.record(
                actor,
                "bulk file uploaded",
                source="web",
                obj=("bulk file", file.pk, file.name),
                platform=file.platform,
                after={"sha256": kept.sha256, "size": kept.size, "source": source},
            )
        return file


class OfFile(PanelView):
    """What the views of one file have in common."""

    permission: ClassVar[str] = "payments.view"

    @cached_property
    def file(self) -> BulkFile:
        """The file, if this person may see it; for others it does not exist."""
        rows = files_of(self.request.actor.person_or_fail())
        rows = rows.select_related("platform", "uploaded_by", "request", "run__maker")
        found: BulkFile = get_object_or_404(rows, pk=self.kwargs["pk"])
        return found

    @property
    def address(self) -> str:
        """The file's page."""
        return reverse("bulk_file", args=(self.file.pk,))

    def get_title(self) -> str:
        """Its name."""
        return self.file.name

    def get_page_platform(self) -> Platform:
        """The file's own."""
        return self.file.platform

    def get_crumbs(self) -> Sequence[Link]:
        """Below the list."""
        return (Link("Bulk files", at(reverse("bulk_list"), self.file.platform)),)

    def tabs(self) -> Sequence[Link]:
        """The file, its lines once there are any, and what is to be known of them."""
        of_file = (self.file.pk,)
        return (
            Link("File", self.address),
            Link("Lines", reverse("bulk_lines", args=of_file)),
            Link("Warnings", reverse("bulk_warnings", args=of_file)),
        )

    def get_context(self, **extra: Any) -> dict[str, Any]:
        """With the file and its tabs."""
        return super().get_context(file=self.file, tabs=self.tabs(), **extra)

    def get_more(self) -> Sequence[Link]:
        """What can be taken home."""
        of_file = (self.file.pk,)
        links = []
        if self.request.actor.may(contact.RIGHT):
            source = reverse("bulk_source", args=of_file)
            links.append(Link("The file as uploaded", source, "download"))
        if self.file.state in (*MOVING, *ENDED):
            result = reverse("bulk_result", args=of_file)
            links.insert(0, Link("Result file", result, "file-spreadsheet"))
        return links


class FileView(OfFile):
    """A file: what is wrong with it, what it would do, how far it has come."""

    template_name = "payments/bulk/file.html"

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page, or its moving part for a poll."""
        file, actor = self.file, request.actor
        counts = counts_of(file)
        moving = file.state in (*MOVING, *ENDED)
        may_ask = actor.may(UPLOAD)
        faults = faults_of(file, clear=actor.may(contact.RIGHT), most=SHOWN)
        csv_url = reverse("bulk_errors", args=(file.pk,))
        twin = BulkFile.objects.filter(platform=file.platform_id, sha256=file.sha256)
        ticketless, asked_again = 0, None
        if file.state in ENDED:
            done = BulkItem.objects.filter(file=file, state=BulkItem.State.DONE)
            ticketless = done.filter(ticket__isnull=True).count()
            asked_again = open_request(CarryOutRest, file)
        template = "payments/bulk/file.html#live" if request.htmx else ""
        return self.render(
            template=template,
            address=self.address,
            counts=counts,
            progress=progress_of(file, counts) if moving else None,
            polls=ticketless or asked_again or file.state in WAITING,
            asked_again=asked_again,
            ticketless=ticketless,
            errors=FileErrors(list(faults), file.errors, csv_url),
            totals=shown(file.totals),
            flows=flows_of(file.totals),
            reading=file.warning_checks.filter(state=WarningCheck.State.DONE).first(),
            twin=twin.exclude(pk=file.pk).order_by("-pk").first(),
            may_ask=may_ask,
            key=str(uuid.uuid4()),
        )


class ProgressView(OfFile):
    """How far the file has come, for the bar."""

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The bar alone."""
        return progress_answer(request, progress_of(self.file, counts_of(self.file)))


class LinesView(OfFile, TableView):
    """The lines of a file."""

    permission: ClassVar[str] = "payments.view"
    template_name = "payments/bulk/lines.html"
    table_class = LineTable
    filterset_class = LineFilter
    search_words: ClassVar[str] = "Login, reference or name"

    @property
    def refresh(self) -> int:  # type: ignore[override]
        """Lines change while the file runs."""
        return 5 if self.file.state in MOVING else 0

    def get_queryset(self) -> QuerySet[BulkItem]:
        """All of them."""
        rows = BulkItem.objects.filter(file=self.file).select_related("file__platform")
        return rows.annotate(signed=signed())

    def search(self, queryset: QuerySet[Any], words: str) -> QuerySet[Any]:
        """A login exactly, a reference or a name anywhere."""
        return queryset.filter(
            search.by_reference("reference", words)
            | search.by_key("external_reference_key", words)
            | search.by_login("login", words)
            | Q(account_name__icontains=words)
            | Q(beneficiary__icontains=words)
        )
