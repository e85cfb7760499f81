"""Pages of a file's warnings: all of them, and the lines that are decided one by one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from panel.access import contact
from panel.access.request import PanelRequest
from panel.commands import decide
from panel.commands.base import Invalid
from panel.commands.errors import AlreadyDecided, Denied
from panel.models import ChangeRequest, Status
from panel.ui.links import Link
from panel.ui.views import TableView
from payments.beneficiaries.details import shown
from payments.bulk import readings
from payments.bulk.deciding import Decision, Flagged, decide_line, flagged, leave_open_out
from payments.bulk.tables import WarningFilter, WarningTable
from payments.bulk.tasks import read_warnings_soon
from payments.bulk.views import OfFile
from payments.models import BulkItem, BulkWarning, WarningCheck

DECIDE = "payments.approve_bulk"
ON_A_PAGE = 20
CONFLICT = 409
ALL = 0
"""Stands for a line's number where all that are open are meant."""


class OfReading(OfFile):
    """What the views of a file's warnings have in common: the reading that counts now."""

    @cached_property
    def change(self) -> ChangeRequest | None:
        """The request that carries the file out, or waits to; None before there is one."""
        file = self.file
        waiting = ChangeRequest.objects.filter(
            object_kind="bulk file", object_key=str(file.pk), status=Status.PENDING
        )
        return waiting.order_by("-pk").first() or file.run

    @cached_property
    def reading(self) -> WarningCheck | None:
        """What was read for that request; else what the file's check found."""
        own = readings.latest(self.file, self.change)
        return own or self.file.warning_checks.filter(state=WarningCheck.State.DONE).first()


class WarningsView(OfReading, TableView):
    """Everything that is to be known of a file's lines."""

    permission: ClassVar[str] = "payments.view"
    template_name = "payments/bulk/warnings.html"
    table_class = WarningTable
    filterset_class = WarningFilter
    refresh = 0

    def get_queryset(self) -> QuerySet[BulkWarning]:
        """Each with its line."""
        item = BulkItem.objects.filter(file=self.file, line=OuterRef("line"))
        names = ("login", "account_name", "kind", "amount", "currency")
        told = {f"item_{name}": Subquery(item.values(name)[:1]) for name in names}
        return BulkWarning.objects.filter(check_of=self.reading).annotate(**told)

    def get_context(self, **extra: Any) -> dict[str, Any]:
        """With the reading they are of."""
        return super().get_context(reading=self.reading, **extra)


class ReadingView(OfReading):
    """How far the reading of a file's warnings is, for the page that waits for it."""

    permission: ClassVar[str] = DECIDE
    template_name = "payments/bulk/reading.html"

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The waiting part alone; it stops asking once the reading is there."""
        change = self.change
        if change is None or change.status != Status.PENDING:
            raise Http404
        fresh = readings.is_fresh(self.reading, change)
        under_way = readings.under_way(self.file)
        if not fresh and under_way is None:
            read_warnings_soon(change.pk)
        return self.render(
            change=change,
            reading=self.reading,
            fresh=fresh,
            under_way=under_way,
            failure=None if fresh else readings.last_failure(self.file),
        )


class DecideView(OfReading):
    """The lines that are decided one by one: the next that are open first."""

    permission: ClassVar[str] = DECIDE
    template_name = "payments/bulk/decide.html"

    # What went wrong: of which line, what was typed, and why.
    trouble: tuple[int, str, str] | None = None

    def get_title(self) -> str:
        """The file they are of."""
        return f"Lines of {self.file.name} to decide"

    def get_crumbs(self) -> Sequence[Link]:
        """Below the request."""
        change = self.get_change()
        url = reverse("request_detail", args=(change.reference,))
        return (*super().get_crumbs(), Link(change.reference, url))

    def get_more(self) -> Sequence[Link]:
        """Nothing besides."""
        return ()

    def get_change(self) -> ChangeRequest:
        """The request; without one there is nothing to decide."""
        if self.change is None:
            raise Http404("Nobody has asked for this file.")
        return self.change

    def lines(self) -> list[Flagged]:
        """Those that this person has still to decide first, in the order of the file."""
        reading = self.reading
        if reading is None:
            return []
        person = self.request.actor.person_or_fail()
        found = flagged(self.get_change(), self.file, reading)
        return sorted(found, key=lambda one: (not one.is_open_for(person.pk), one.item.line))

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A page of them."""
        return self.show()

    def show(self, status: int = 200) -> HttpResponse:
        """The page, with what went wrong beside its line."""
        change, person = self.get_change(), self.request.actor.person_or_fail()
        lines = self.lines()
        page: Page[Flagged] = Paginator(lines, ON_A_PAGE).get_page(self.request.GET.get("page"))
        line, typed, why = self.trouble or (-1, "", "")
        clear = self.request.actor.may(contact.RIGHT)
        return self.render(
            status=status,
            change=change,
            reading=self.reading,
            page=page,
            rows=[
                {
                    "one": one,
                    "pay_to": shown(one.item.destination, clear=clear),
                    "open": one.is_open_for(person.pk),
                    "typed": typed if one.item.line == line else "",
                    "trouble": why if one.item.line == line else "",
                }
                for one in page
            ],
            lost="" if line in {ALL, *(one.item.line for one in page)} else why,
            of_all={"typed": typed, "trouble": why} if line == ALL else {},
            number=len(lines),
            number_open=sum(one.is_open_for(person.pk) for one in lines),
            why_not=decide.why_not(change, person),
            back=reverse("request_detail", args=(change.reference,)),
        )

    def post(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Approve one line, or leave it out; then on to the next."""
        change, sent = self.get_change(), request.POST
        if sent.get("decision") == "leave_all_out":
            return self.leave_all_out(change, sent.get("reason", ""))
        line, choice = sent.get("line", ""), sent.get("decision", "")
        if not line.isdecimal() or len(line) > 9 or choice not in Decision.values:
            raise Http404
        reason = sent.get("reason", "")
        try:
            row = decide_line(
                change,
                int(line),
                Decision(choice),
                actor=request.actor,
                source="web",
                seen=sent.get("seen", ""),
                reason=reason,
            )
        except AlreadyDecided as late:
            return self.too_late(change, late)
        except (Invalid, Denied) as wrong:
            self.trouble = (int(line), reason, str(wrong))
            return self.show(CONFLICT)
        messages.success(request, f"Line {row.line} {row.get_decision_display()}.")
        person = request.actor.person_or_fail()
        following = next((one for one in self.lines() if one.is_open_for(person.pk)), None)
        mark = f"#line-{following.item.line}" if following else ""
        return HttpResponseRedirect(f"{request.path}{mark}")

    def leave_all_out(self, change: ChangeRequest, reason: str) -> HttpResponse:
        """Leave out what is still open, with one reason for all."""
        actor = self.request.actor
        try:
            number = leave_open_out(change, actor=actor, source="web", reason=reason)
        except AlreadyDecided as late:
            return self.too_late(change, late)
        except (Invalid, Denied) as wrong:
            self.trouble = (ALL, reason, str(wrong))
            return self.show(CONFLICT)
        messages.success(self.request, f"{number:,} line{'' if number == 1 else 's'} left out.")
        return HttpResponseRedirect(self.request.path)

    def too_late(self, change: ChangeRequest, late: AlreadyDecided) -> HttpResponse:
        """To the request, which says what became of it."""
        messages.warning(self.request, str(late))
        return HttpResponseRedirect(reverse("request_detail", args=(change.reference,)))
