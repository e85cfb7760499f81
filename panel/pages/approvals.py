"""The inbox: what waits for this person first, then what waits for others. And all requests."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse

from panel.access.request import PanelRequest
from panel.commands import inbox
from panel.commands.ages import with_due
from panel.commands.claims import with_claims
from panel.models import ChangeRequest, Claim, Status
from panel.pages.tables import (
    OthersTable,
    RequestFilter,
    RequestTable,
    WaitingFilter,
    WaitingTable,
    search_requests,
)
from panel.ui.tables import Table
from panel.ui.views import TableView

OTHERS_SHOWN = 50


def dressed(rows: QuerySet[ChangeRequest]) -> QuerySet[ChangeRequest]:
    """Requests with who has them in hand, and when they become late."""
    rows = with_claims(rows.select_related("maker", "platform"), Claim.Task.DECIDE, "reference")
    return with_due(rows)


class ApprovalListView(TableView):
    """What waits to be decided. Others' requests are shown, but not as this person's work."""

    permission: ClassVar[str] = "home.view"
    title = "Approvals"
    template_name = "pages/approvals.html"
    table_class: ClassVar[type[Table]] = WaitingTable
    filterset_class = WaitingFilter
    search_words = "Reference, login or name"
    refresh = 5

    def get_queryset(self) -> QuerySet[ChangeRequest]:
        """On which this person may decide now."""
        person = self.request.actor.person_or_fail()
        return dressed(inbox.waiting_for(person))

    def search(self, queryset: QuerySet[Any], words: str) -> QuerySet[Any]:
        """By reference, login or what it is about."""
        return search_requests(queryset, words)

    def others(self) -> OthersTable:
        """Pending requests that somebody else decides on; the oldest ones."""
        person = self.request.actor.person_or_fail()
        rows = inbox.visible_requests(person).filter(status=Status.PENDING)
        rows = rows.exclude(pk__in=inbox.waiting_for(person).values("pk"))
        rows = dressed(rows).order_by("created", "pk")
        return OthersTable(self.request, list(rows[:OTHERS_SHOWN]))

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page, or one of its two tables for htmx."""
        if request.headers.get("HX-Target") == "table-waiting-others":
            return self.render(template="pages/approvals.html#others", others=self.others())
        return super().get(request, *args, **kwargs)

    def get_context(self, **extra: Any) -> dict[str, Any]:
        """The second table beside the first."""
        extra.setdefault("others", self.others)
        return super().get_context(**extra)


class RequestListView(TableView):
    """All requests that this person may see, in any state."""

    permission: ClassVar[str] = "home.view"
    title = "Requests"
    table_class: ClassVar[type[Table]] = RequestTable
    filterset_class = RequestFilter
    search_words = "Reference, login or name"
    refresh = 10

    def get_queryset(self) -> QuerySet[ChangeRequest]:
        """One's own, and others' within scopes."""
        person = self.request.actor.person_or_fail()
        return inbox.visible_requests(person).select_related("maker", "platform")

    def search(self, queryset: QuerySet[Any], words: str) -> QuerySet[Any]:
        """By reference, login or what it is about."""
        return search_requests(queryset, words)
