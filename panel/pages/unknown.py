"""Unknown outcomes: the evidence for each, another look, and settling by two people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from panel import audit
from panel.access.request import PanelRequest
from panel.commands import inbox
from panel.commands.base import Command, MT4Command, Records
from panel.commands.reconcile import look_again
from panel.commands.registry import command_class
from panel.commands.settle import SettleUnknown
from panel.door.views import PermissionRequired
from panel.models import ChangeRequest, Platform, Status
from panel.pages.tables import RequestFilter, search_requests
from panel.pages.tables import RequestTable as _RequestTable
from panel.ui.columns import Column
from panel.ui.commands import CommandView
from panel.ui.figures import money_text, when_whole
from panel.ui.links import Link
from panel.ui.story import Row, timeline, words_of
from panel.ui.tables import Empty, Table
from panel.ui.views import PanelView, TableView


def unknown_url(row: ChangeRequest) -> str:
    """The page with the evidence."""
    return reverse("unknown_detail", args=[row.reference])


class UnknownTable(_RequestTable):
    """Requests whose outcome nobody knows yet."""

    name = "unknown"
    label = "Unknown outcomes"
    default_sort = "unknown_since"
    columns: ClassVar[Sequence[Column]] = (
        *_RequestTable.columns[:7],
        Column("unknown_since", "Unknown since", "time", sort="unknown_since"),
        Column("checks", "Looks", "count", sort="checks"),
        Column("next_check", "Next look", "time"),
        Column("needs_person", "Waits for people", "yes_no", sort="needs_person"),
    )
    empty = Empty(
        "Every outcome is known",
        "When the trade server gives no answer, the request appears here until the panel has found "
        "out what happened. Nothing is sent twice meanwhile.",
        "circle-check",
    )

    def link(self, row: Any) -> str:
        """The evidence."""
        return unknown_url(row)


class UnknownListView(TableView):
    """What is being looked into, and what waits for people."""

    permission: ClassVar[str] = "unknown.view"
    title = "Unknown outcomes"
    table_class: ClassVar[type[Table]] = UnknownTable
    filterset_class = RequestFilter
    search_words = "Reference, login or name"
    refresh = 5

    def get_queryset(self) -> QuerySet[ChangeRequest]:
        """Those within this person's scopes."""
        person = self.request.actor.person_or_fail()
        rows = inbox.visible_requests(person).filter(status=Status.UNKNOWN)
        return rows.select_related("maker", "platform")

    def search(self, queryset: QuerySet[Any], words: str) -> QuerySet[Any]:
        """By reference, login or what it is about."""
        return search_requests(queryset, words)


def in_doubt(request: ChangeRequest) -> str:
    """The step nobody knows of, in words; empty where there is one alone."""
    command = command_class(request.command)
    return command.in_doubt(request) if issubclass(command, MT4Command) else ""


def evidence_of(request: ChangeRequest) -> Records:
    """MT4's records that may be this request's, live."""
    command = command_class(request.command)
    if request.platform is None or not issubclass(command, MT4Command):
        return Records()
    return command.records(request)


def kept_evidence(request: ChangeRequest) -> Iterator[tuple[str, str]]:
    """What the panel itself found last, by name, in words; a list has a line for each row."""
    for name, value in request.evidence.items():
        for row in value if isinstance(value, list) else [value]:
            words = row
            if isinstance(row, dict):
                words = ", ".join(f"{key} {text}" for key, text in row.items())
            yield name.replace("_", " ").capitalize(), str(words)


@dataclass(frozen=True, slots=True)
class Sent:
    """Where and how often a step was sent, and what was known of the server before that."""

    step: str
    rows: Sequence[Row]


def sent_of(request: ChangeRequest) -> list[Sent]:
    """Of each step that was announced and whose answer is not known, from the mark of its first
    sending; what an older version did not keep is left out."""
    return [
        Sent(words_of(name), list(_sent_rows(step, request)))
        for name, step in request.progress.items()
        if "started" in step
    ]


def _sent_rows(step: dict[str, Any], request: ChangeRequest) -> Iterator[Row]:
    mark, currency = step.get("mark", {}), request.currency
    times = step.get("sendings", 1)
    yield Row("Sent", "once" if times == 1 else f"{times} times, with the same key")
    yield Row("Last sent", when_whole(datetime.fromisoformat(step["started"])))
    for label, name in (("To server", "server"), ("Address", "api_base")):
        if mark.get(name):
            yield Row(label, mark[name])
    if mark.get("server_time"):
        # Its own clock, raw: it may have been moved since.
        yield Row("Its clock then", mark["server_time"].replace("T", " "))
    if mark.get("newest_ticket"):
        yield Row("Newest ticket then", f"{mark['newest_ticket']} on {mark['newest_login']}")
    for label, name in (("Balance then", "balance"), ("Credit then", "credit")):
        if mark.get(name) is not None:
            yield Row(label, money_text(Decimal(mark[name]), currency))


class RecordTable(Table):
    """MT4's own records, on the server's clock."""

    name = "evidence"
    columns: ClassVar[Sequence[Column]] = (
        Column("order", "Ticket", "copy"),
        Column("login", "Account"),
        Column("at", "Server time", value=lambda trade: when_whole(trade.open_time)),
        Column("kind", "Kind", value=lambda trade: trade.trade_command.name),
        Column("profit", "Amount", "money", strong=True),
        Column("comment", "Comment"),
    )

    def row_id(self, row: Any) -> str:
        """The ticket."""
        return str(row.order)


class UnknownDetailView(PanelView):
    """One unknown outcome with the evidence, read from MT4 when the page is opened."""

    permission: ClassVar[str] = "unknown.view"
    template_name = "pages/unknown.html"

    def get_object(self) -> ChangeRequest:
        """The request, if it lies within this person's scopes."""
        person = self.request.actor.person_or_fail()
        rows = inbox.visible_requests(person).select_related("maker", "platform")
        change = get_object_or_404(rows, reference=self.kwargs["reference"])
        self.stands_on = change.platform
        return change

    def get_crumbs(self) -> list[Link]:
        """Below the list."""
        return [Link("Unknown outcomes", reverse("unknown_list"))]

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page; once the outcome is known, the page of the request."""
        change = self.get_object()
        if change.status != Status.UNKNOWN:
            return HttpResponseRedirect(reverse("request_detail", args=[change.reference]))
        found = evidence_of(change)
        return self.render(
            title=f"Outcome unknown: {change.reference}",
            change=change,
            in_doubt=in_doubt(change),
            found=found,
            ours=RecordTable(request, list(found.ours)),
            candidates=RecordTable(request, list(found.candidates)),
            earlier=RecordTable(request, list(found.earlier)),
            asked=list(kept_evidence(change)),
            sent=sent_of(change),
            steps=timeline(change),
            settling=ChangeRequest.objects.filter(
                command=SettleUnknown.name,
                object_key=change.reference,
                status=Status.PENDING,
            ).first(),
        )


class LookAgainView(PermissionRequired):
    """Another look now, whatever pause was running."""

    permission: ClassVar[str] = "unknown.view"
    http_method_names = ["post"]

    def post(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Make it due, so that the next sweep of seconds takes it up, and write down who asked."""
        person = request.actor.person_or_fail()
        change = get_object_or_404(
            inbox.visible_requests(person), reference=self.kwargs["reference"]
        )
        if change.status == Status.UNKNOWN:
            look_again(change)
            audit.record(request.actor, "request looked at again", source="web", request=change)
            messages.info(request, "The panel looks again now.")
        return HttpResponseRedirect(unknown_url(change))


class SettleForm(forms.Form):
    """What a person found in MT4."""

    happened = forms.TypedChoiceField(
        label="What happened on the trade server",
        choices=(("yes", "It happened: write it down as done"), ("no", "It did not happen")),
        coerce=lambda value: value == "yes",
        empty_value=None,
        widget=forms.RadioSelect,
    )
    finding = forms.CharField(
        label="What you found, and where",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=2000,
        help_text="Tickets, the account's history, the server's journal. It stays in the audit "
        "log.",
    )


class SettleView(CommandView):
    """Propose how an unknown outcome is settled; a second person confirms it."""

    permission: ClassVar[str] = "unknown.settle"
    title = "Settle an unknown outcome"
    form_class = SettleForm

    def get_title(self) -> str:
        """Which one; for those who may not see it, it does not exist."""
        seen = inbox.visible_requests(self.request.actor.person_or_fail())
        change = get_object_or_404(seen, reference=self.kwargs["reference"])
        return f"Settle {change.reference}"

    def get_page_platform(self) -> Platform | None:
        """That of the request, if this person may see it."""
        rows = inbox.visible_requests(self.request.actor.person_or_fail())
        change = rows.select_related("platform").filter(reference=self.kwargs["reference"]).first()
        return change.platform if change else None

    def get_crumbs(self) -> list[Link]:
        """Below the evidence."""
        reference = self.kwargs["reference"]
        return [
            Link("Unknown outcomes", reverse("unknown_list")),
            Link(reference, reverse("unknown_detail", args=[reference])),
        ]

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The settlement."""
        return SettleUnknown(
            reference=self.kwargs["reference"],
            happened=cleaned["happened"],
            finding=cleaned["finding"],
        )
