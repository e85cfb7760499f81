"""The audit log: search, single entries, the state of the chain, its head to keep elsewhere.

Reading it is itself an entry: one for each page, none for what a page does by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import django_filters
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from kombu.exceptions import OperationalError

from panel import audit
from panel.access import contact
from panel.access.request import PanelRequest
from panel.commands.inbox import beyond, within_scopes
from panel.commands.registry import COMMANDS
from panel.door.views import PermissionRequired
from panel.lib.references import as_reference
from panel.models import AuditEntry, User
from panel.models.audit import EVERY_GROUP
from panel.pages.tasks import verify_log
from panel.ui.columns import Column
from panel.ui.filters import DayRangeFilter
from panel.ui.links import Link
from panel.ui.states import state_html
from panel.ui.story import Row, currency_of, value_text, words_of
from panel.ui.tables import Empty, Table
from panel.ui.views import PanelView, TableView

READ = "audit read"
OUTCOMES = (
    ("ok", "done"),
    ("denied", "denied"),
    ("failed", "failed"),
    ("unknown", "outcome unknown"),
)


def visible_entries(person: User) -> QuerySet[AuditEntry]:
    """Entries of the panel itself, and those of platforms and MT4 groups within scopes.

    Of a request that concerns several accounts, only to those who see all of them. What others
    looked for in this log may name anybody: it is for those who see everything.
    """
    hidden = beyond(person).values("request__reference")
    seen, own_field = within_scopes(person), Q(platform_id__isnull=True)
    if not person.sees_everything:
        whole = [pk for pk, _ in person.scope_rows if pk and person.sees_every_group(pk)]
        seen &= ~Q(reference__in=hidden) & (~Q(mt4_group=EVERY_GROUP) | Q(platform_id__in=whole))
        own_field &= ~Q(action=READ) | Q(actor_id=person.pk)
    return AuditEntry.objects.filter(own_field | seen)


def entry_url(entry: AuditEntry) -> str:
    """The page of an entry."""
    return reverse("audit_entry", args=[entry.seq])


def request_of(entry: AuditEntry) -> str:
    """The page of the request that an entry tells of."""
    return reverse("request_detail", args=[entry.reference]) if entry.reference else ""


def action_words(action: str) -> str:
    """What was done, in words: a request by what it asks for."""
    command = COMMANDS.get(action.removeprefix("request "))
    return f"Request: {command.label.lower()}" if command else words_of(action)


def outcome_html(outcome: str) -> SafeString:
    """How it ended; what went well is quiet."""
    if outcome == "ok":
        return format_html('<span class="dim">{}</span>', "ok")
    if outcome == "denied":
        return format_html('<span class="tag tag-amber">{}</span>', "denied")
    return state_html(outcome)


class AuditTable(Table):
    """Entries, the last one first."""

    name = "audit"
    label = "Audit log"
    default_sort = "-seq"
    key = "seq"
    columns: ClassVar[Sequence[Column]] = (
        Column("seq", "Entry", sort="seq"),
        Column("at", "When", "time"),
        Column("actor", "Who", value=lambda entry: entry.actor.partition(" <")[0]),
        Column("roles", "Roles", "clip", shown=False),
        Column("action", "What", value=lambda entry: action_words(entry.action)),
        Column("object_text", "About", "clip"),
        Column("reference", "Reference", "copy", link=request_of),
        Column("platform", "Platform", shown=False),
        Column("mt4_group", "Group", shown=False),
        Column("outcome", "Outcome", "html", value=lambda entry: outcome_html(entry.outcome)),
        Column("detail", "Detail", "clip"),
        Column("address", "Address", shown=False),
        Column("source", "Source", shown=False),
        Column("request_id", "Request number", "copy", shown=False),
    )
    empty = Empty("No entries", "Whatever anybody does here is written down, and stays.", "book")

    def link(self, row: Any) -> str:
        """The whole entry."""
        return entry_url(row)

    def row_id(self, row: Any) -> str:
        """Its number."""
        return str(row.seq)


class AuditFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Narrow the log."""

    actor = django_filters.CharFilter(label="Who", lookup_expr="icontains")
    action = django_filters.CharFilter(label="What", lookup_expr="icontains")
    object = django_filters.CharFilter(label="About (login, name, key)", method="by_object")
    reference = django_filters.CharFilter(label="Reference", method="by_reference")
    outcome = django_filters.ChoiceFilter(label="Outcome", choices=OUTCOMES)
    at = DayRangeFilter(label="When")
    number = django_filters.CharFilter(label="Request number", field_name="request_id")
    reads = django_filters.ChoiceFilter(
        label="Readings of this log",
        choices=[("shown", "shown too")],
        empty_label="left out",
        method="with_reads",
    )

    class Meta:
        model = AuditEntry
        fields: ClassVar[list[str]] = []

    def by_object(self, rows: QuerySet[AuditEntry], name: str, value: str) -> QuerySet[AuditEntry]:
        """By key exactly, or by words in it."""
        return rows.filter(Q(object_key=value) | Q(object_text__icontains=value))

    def by_reference(
        self, rows: QuerySet[AuditEntry], name: str, value: str
    ) -> QuerySet[AuditEntry]:
        """As it is written, or as it stands in addresses."""
        return rows.filter(reference=as_reference(value) or value)

    def with_reads(self, rows: QuerySet[AuditEntry], name: str, value: str) -> QuerySet[AuditEntry]:
        """Nothing to narrow: the view leaves them out unless this is set."""
        return rows


class AuditListView(TableView):
    """The log, searched."""

    permission: ClassVar[str] = "audit.view"
    title = "Audit log"
    template_name = "pages/audit.html"
    table_class: ClassVar[type[Table]] = AuditTable
    filterset_class = AuditFilter
    search_words = "Name, reference, reason or detail"
    # It does not refresh itself: every reading is an entry.
    refresh = 0

    def get_queryset(self) -> QuerySet[AuditEntry]:
        """What this person may read; readings of the log only on request."""
        rows = visible_entries(self.request.actor.person_or_fail())
        if self.request.GET.get("reads") != "shown":
            rows = rows.exclude(action=READ)
        return rows

    def search(self, queryset: QuerySet[Any], words: str) -> QuerySet[Any]:
        """In every text that people read; dates narrow it where the log is long."""
        condition = Q(reference=as_reference(words) or words)
        for field in ("actor", "action", "object_text", "reason", "detail", "platform"):
            condition |= Q(**{f"{field}__icontains": words})
        return queryset.filter(condition)

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page; that it was read, and what was searched for, is written down."""
        response = super().get(request, *args, **kwargs)
        record_read(request, "audit", "log", request.GET.urlencode()[:500])
        return response

    def get_context(self, **extra: Any) -> dict[str, Any]:
        """The state of the chain beside the entries."""
        seq, digest = audit.head()
        return super().get_context(
            head_seq=seq,
            head_hash=digest,
            verified=AuditEntry.objects.filter(action="audit verified").first(),
            **extra,
        )


def record_read(request: PanelRequest, kind: str, key: object, detail: str) -> None:
    """That somebody read the log is an entry of the log."""
    audit.record(request.actor, READ, source="web", obj=(kind, key, "Audit log"), detail=detail)


@dataclass(frozen=True, slots=True)
class Difference:
    """One field before and after."""

    label: str
    before: str
    after: str


def _sides(entry: AuditEntry) -> tuple[dict[str, Any], dict[str, Any]]:
    before = entry.before if isinstance(entry.before, dict) else {}
    after = entry.after if isinstance(entry.after, dict) else {}
    return before, after


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    """Before and after side by side, only what differs; empty where they are not comparable."""
    if not before.keys() & after.keys():
        return []
    names = [*before, *(name for name in after if name not in before)]

    def text(side: dict[str, Any], name: str) -> str:
        return value_text(side.get(name), currency_of(side, name, ""))

    return [
        Difference(words_of(name), text(before, name), text(after, name))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _row(side: dict[str, Any], name: str) -> Row:
    return Row(words_of(name), value_text(side[name], currency_of(side, name, "")))


def apart(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, list[Row]]]:
    """Before and after as lists of their own, where one is no other state of the other."""
    if before.keys() & after.keys():
        return []
    titles = ("Stood on", "What was asked") if before and after else ("Before", "After")
    return [
        (title, [_row(side, name) for name in side])
        for title, side in zip(titles, (before, after), strict=True)
        if side
    ]


class AuditEntryView(PanelView):
    """One entry, whole."""

    permission: ClassVar[str] = "audit.view"
    template_name = "pages/audit_entry.html"

    def get_crumbs(self) -> list[Link]:
        """Below the log."""
        return [Link("Audit log", reverse("audit_list"))]

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The entry; read, so written down."""
        rows = visible_entries(request.actor.person_or_fail())
        entry = get_object_or_404(rows, seq=self.kwargs["seq"])
        sides = _sides(entry)
        if not request.actor.may(contact.RIGHT):
            sides = contact.concealed(sides[0]), contact.concealed(sides[1])
        response = self.render(
            title=f"Entry {entry.seq}: {action_words(entry.action)}",
            outcome=outcome_html(entry.outcome),
            apart=apart(*sides),
            entry=entry,
            differences=differences(*sides),
            reference_url=request_of(entry),
            earlier=rows.filter(seq__lt=entry.seq).order_by("-seq").first(),
            later=rows.filter(seq__gt=entry.seq).order_by("seq").first(),
        ).render()
        record_read(request, "audit", entry.seq, "")
        return response


class VerifyView(PermissionRequired):
    """Have the chain walked by a worker; the finding is an entry."""

    permission: ClassVar[str] = "audit.view"
    http_method_names = ["post"]

    def post(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Hand it to a worker."""
        person = request.actor.person_or_fail()
        try:
            verify_log.apply_async((person.pk, request.actor.request_id), retry=False)
        except OperationalError:
            messages.error(request, "No worker can be reached: nothing was started.")
        else:
            messages.info(
                request, "The chain is being walked. The finding appears here as “audit verified”."
            )
        return HttpResponseRedirect(reverse("audit_list"))


class HeadView(PermissionRequired):
    """The head of the chain as a file: kept elsewhere, it proves later that nothing was cut off."""

    permission: ClassVar[str] = "audit.view"

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Number and hash of the last entry; taking it is itself the next entry."""
        seq, digest = audit.head()
        now = timezone.now()
        audit.record(
            request.actor,
            "audit head exported",
            source="web",
            obj=("audit", seq, "Audit log"),
            detail=f"{seq}:{digest}",
        )
        response = JsonResponse(
            {"seq": seq, "hash": digest, "at": now.isoformat(), "check": f"--head {seq}:{digest}"}
        )
        response["Content-Disposition"] = f'attachment; filename="audit-head-{seq}.json"'
        return response
