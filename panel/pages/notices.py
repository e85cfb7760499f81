"""A person's notices: the bell, the list, and the way from a notice to what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from panel.access.permissions import SIGNED_IN
from panel.access.request import PanelRequest
from panel.commands.notices import notices_of, seen, unread_count
from panel.commands.registry import command_class
from panel.door.views import PermissionRequired
from panel.models import Notice
from panel.pages.tables import request_url, review_url
from panel.ui.columns import Column
from panel.ui.filters import YesNoFilter
from panel.ui.tables import Empty, Table
from panel.ui.views import TableView


class NoticeTable(Table):
    """What a person was told."""

    name = "notices"
    label = "Notices"
    default_sort = "-created"
    columns: ClassVar[Sequence[Column]] = (
        Column("title", "What", "wrap"),
        Column("text", "More", "sentence"),
        Column("created", "When", "time", sort="created"),
        Column("read", "Read", "time", sort="read"),
        Column("mail", "By e-mail", value="get_mail_display", shown=False),
    )
    empty = Empty(
        "No notices yet",
        "You are told here what waits for you, and what became of what you asked for.",
        "bell",
    )

    def link(self, row: Any) -> str:
        """To what it is about; it is read then."""
        return reverse("notice_open", args=[row.pk])

    def row_class(self, row: Any) -> str:
        """What was read stands back."""
        return "dim" if row.read else "strong"


class NoticeFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Narrow the list."""

    unread = YesNoFilter(label="Unread", field_name="read", lookup_expr="isnull")
    kind = django_filters.ChoiceFilter(
        label="About", choices=Notice.Kind.choices, empty_label="any"
    )

    class Meta:
        model = Notice
        fields: ClassVar[list[str]] = []


class NoticeListView(TableView):
    """One's own notices; posting marks them all as read."""

    permission: ClassVar[str] = SIGNED_IN
    title = "Notices"
    template_name = "pages/notices.html"
    table_class = NoticeTable
    filterset_class = NoticeFilter

    def get_queryset(self) -> QuerySet[Notice]:
        """Only one's own."""
        return notices_of(self.request.actor.person_or_fail())

    def get_context(self, **extra: Any) -> dict[str, Any]:
        """With the number of those that are unread."""
        unread = unread_count(self.request.actor.person_or_fail())
        return super().get_context(unread=unread, **extra)

    def post(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """All of them are read."""
        self.get_queryset().filter(read__isnull=True).update(read=timezone.now())
        return HttpResponseRedirect(reverse("notice_list"))


class NoticeOpenView(PermissionRequired):
    """From a notice to where something can be done about it; the request's notices are read then.

    | kind | who gets it | where it leads |
    | --- | --- | --- |
    | decide | whoever may decide | the page of its kind (a withdrawal's: the desk), or its own |
    | settle | whoever may settle it | the evidence of the unknown outcome |
    | owed | whoever may correct it | the difference in the books |
    | pay | whoever may pay out and did not approve | the withdrawal on the desk, a file's list |
    | job | whoever switches jobs or would decide | the request of the job |
    | all others | the maker | the request |
    """

    permission: ClassVar[str] = SIGNED_IN

    def get(self, request: PanelRequest, pk: int) -> HttpResponse:
        """On to it: to the request, where there is nothing to be done any more."""
        person = request.actor.person_or_fail()
        mine = notices_of(person).select_related("request")
        notice = get_object_or_404(mine, pk=pk)
        seen(person, notice.request)
        match notice.kind:
            case Notice.Kind.DECIDE:
                return HttpResponseRedirect(review_url(notice.request))
            case Notice.Kind.SETTLE:
                url = reverse("unknown_detail", args=[notice.request.reference])
                return HttpResponseRedirect(url)
            case Notice.Kind.OWED | Notice.Kind.PAY:
                left = command_class(notice.request.command).left_open(notice.request)
                if left is not None:
                    return HttpResponseRedirect(left.url)
        return HttpResponseRedirect(request_url(notice.request))


class BellView(PermissionRequired):
    """The bell of the top bar, asked for again and again."""

    permission: ClassVar[str] = SIGNED_IN

    def get(self, request: PanelRequest) -> HttpResponse:
        """The bell alone."""
        unread = unread_count(request.actor.person_or_fail())
        return render(request, "ui/bell.html", {"unread": unread})
